"""Every rest point inside the square and off thresholds, by a march along the curve A = 0.

A falls in y, so in an area without thresholds A(x, y) = 0 has one solution y = Y(x) at most, and the rest
points there are the zeros of H(x) = B(x, Y(x)). The march goes through x in cells (`numerics.every_root`). Of
a cell intervals give bounds of Y, then of H, and of the determinant of the Jacobian on the box that holds the
curve, whose sign is the sign of H' (for H' = -det / (x (1-x) y (1-y) A_y) and A_y < 0).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ...numerics.every_root import every_root
from ...numerics.interval import Interval, lacks_zero
from ...numerics.roots import Function, bisect
from .mechanism import Mechanism, On
from .thresholds import Areas, areas, pick, thresholds

MOST_INSIDE = 4
ROUNDINGS = 1000.0


class Inside(NamedTuple):
    """Points inside, `MOST_INSIDE` of them, in order of their areas; and whether they are shown to be all."""

    x: Array
    y: Array
    on: On
    exists: Array
    complete: Array


def inside(m: Mechanism) -> Inside:
    """All rest points inside and off thresholds, with derivatives by the implicit function theorem."""
    still = m.without_derivatives()
    every = areas(still, thresholds(still))

    def known(cell: Interval, k: Array) -> tuple[Array, Array]:
        return _known(still, cell, pick(every, k))

    def along(x: Array, k: Array) -> Array:
        area = pick(every, k)
        return still.managing(x, _curve(still, x, area), area.on)

    roots = every_root(every.left, every.right, known, along, MOST_INSIDE)
    area = pick(every, roots.within)
    y = _curve(still, roots.at, area)
    x, y = _polished(m, roots.at, y, area.on, roots.exists)
    return Inside(x, y, area.on, roots.exists, roots.complete)


def _known(m: Mechanism, cell: Interval, area: Areas) -> tuple[Array, Array]:
    """Whether a cell of an area holds no zero of H, and whether H only rises or only falls in it."""
    start, stop = (_bounds(m.supervising(cell, y, area.on)) for y in (area.bottom, area.top))
    y = _heights(m, cell, area)
    eps = float(jnp.finfo(cell.low.dtype).eps)
    gain = m.managing(cell, y, area.on)
    elsewhere = (start.high <= 0) | ((stop.low >= 0) & (area.top < 1)) | (area.bottom >= area.top)
    holds_none = elsewhere | lacks_zero(gain, ROUNDINGS * eps * m.b_terms)
    turning = m.turning(cell, y, area.on)
    size = jnp.maximum(jnp.abs(turning.low), jnp.abs(turning.high))
    crosses = (start.low > 0) & ((stop.high < 0) | (area.top >= 1))
    return holds_none, crosses & lacks_zero(turning, ROUNDINGS * eps * size)


def _bounds(value: Array | Interval) -> Interval:
    # Of an interval A is one, but for shapes that are constant in x.
    return value if isinstance(value, Interval) else Interval(value, value)


def _heights(m: Mechanism, cell: Interval, area: Areas) -> Interval:
    """Bounds of Y on a cell; at the end of the area beyond which it lies where it is not in it."""

    def gain(y: Array) -> Array:
        bounds = m.supervising(cell, y, area.on)
        if not isinstance(bounds, Interval):
            return bounds
        return jnp.where(jnp.arange(2) == 0, bounds.low, bounds.high)

    low, high = _root_of_falling(gain, jnp.stack([cell.low, cell.low]), area)
    return Interval(low, high)


def _curve(m: Mechanism, x: Array, area: Areas) -> Array:
    """Y: the share that manages at which supervising gains nothing, as far as the area goes."""
    return _root_of_falling(lambda y: m.supervising(x, y, area.on), x, area)


def _root_of_falling(gain: Function, like: Array, area: Areas) -> Array:
    bottom, top = (jnp.broadcast_to(end, like.shape) for end in (area.bottom, area.top))
    y = bisect(lambda y: -gain(y), bottom, top)
    return jnp.where(gain(bottom) > 0, y, bottom)


def _polished(m: Mechanism, x: Array, y: Array, on: On, exists: Array) -> tuple[Array, Array]:
    """Two steps of Newton's method, which have the derivatives of the root, of the first and second order."""
    x, y = (lax.stop_gradient(jnp.where(exists, share, 0.5)) for share in (x, y))
    for _ in range(2):
        a_x, a_y, b_x, b_y = m.slopes(x, y, on)
        wide, tall = x * (1 - x), y * (1 - y)
        a, b = m.supervising(x, y, on), m.managing(x, y, on)
        turning = a_x * b_y - tall * (a_y * b_x)
        turning = jnp.where(exists & (turning != 0), turning, 1.0)
        x, y = (
            x - wide * (b_y * a - tall * a_y * b) / turning,
            y - tall * (a_x * b - b_x * a) / turning,
        )
    return x, y
