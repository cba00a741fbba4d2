"""Every rest point inside the square, by a march along the curve on which supervising gains nothing.

A falls in y, so A(x, y) = 0 has one solution y = Y(x) at most, and the rest points inside are the zeros of
H(x) = B(x, Y(x)). The march goes through x in cells. Of a cell intervals give bounds of Y, then of H, and of
the determinant of the Jacobian on the box that holds the curve, whose sign is the sign of H' (for
H' = -det / (x (1-x) y (1-y) A_y) and A_y < 0). A cell is done where H has no zero in it, or where H only
rises or only falls, so that the signs at its ends tell whether it has one; else it is halved. What is still
open at the least width may hold two points that all but coincide, and is reported as such.

Source: Moore, "Interval Analysis" (1966); Hansen and Walster, "Global Optimization Using Interval Analysis".
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ...numerics.interval import Interval, lacks_zero
from ...numerics.roots import Function, bisect
from .mechanism import Mechanism, On

MOST_INSIDE = 4
_WIDEST = 1 / 8
_MOST_CELLS = 2000
_ROUNDINGS = 1000.0


class Pieces(NamedTuple):
    """Shares that supervise between which no threshold lies, shape (4,), and what is passed in each, (3,)."""

    ends: Array
    on: On


class Inside(NamedTuple):
    """Points inside, `MOST_INSIDE` of them, in order of x; and whether they are shown to be all."""

    x: Array
    y: Array
    on: On
    exists: Array
    complete: Array


class _March(NamedTuple):
    x: Array
    width: Array
    piece: Array
    cells: Array
    number: Array
    low: Array
    high: Array
    within: Array
    complete: Array


def pieces(m: Mechanism) -> Pieces:
    """The pieces between thresholds; those beyond the last one are empty."""
    p, one = m.p, jnp.ones_like(m.p["r"])
    stepped = [
        p[name] if shape.startswith("step") else one
        for shape, name in (
            (m.rules.reward_in_x, "reward_x_threshold"),
            (m.rules.punishment_in_x, "fine_x_threshold"),
        )
    ]
    ends = jnp.stack([0 * one, jnp.minimum(*stepped), jnp.maximum(*stepped), one])
    return Pieces(ends, m.on(ends[:3]))


def inside(m: Mechanism) -> Inside:
    """All rest points inside, with derivatives by the implicit function theorem."""
    still = Mechanism({name: lax.stop_gradient(value) for name, value in m.p.items()}, m.rules)
    parts = pieces(still)
    end = _march(still, parts)
    on = _on(parts, end.within)
    up = jnp.where(_along(still, end.high, on) > 0, 1.0, -1.0)
    x = bisect(lambda x: up * _along(still, x, on), end.low, end.high)
    exists = jnp.arange(MOST_INSIDE) < end.number
    x, y = _polished(m, x, curve(still, x, on), on, exists)
    return Inside(x, y, on, exists, end.complete)


def _march(m: Mechanism, parts: Pieces) -> _March:
    zero, whole = jnp.zeros_like(parts.ends[0]), jnp.zeros((), jnp.int32)
    slots = jnp.zeros(MOST_INSIDE, zero.dtype)
    eps = float(jnp.finfo(zero.dtype).eps)

    def unfinished(s: _March) -> Array:
        return (s.piece < 3) & (s.cells < _MOST_CELLS)

    def advance(s: _March) -> _March:
        stop, on = _pick(parts.ends, s.piece + 1), _on(parts, s.piece)
        right = jnp.where(s.x + 1.5 * s.width >= stop, stop, s.x + s.width)
        holds_none, monotone = _known(m, Interval(s.x, right), on)
        ends = _along(m, jnp.stack([s.x, right]), on) > 0
        changes = ends[0] != ends[1]
        known = holds_none | monotone | (right <= s.x)
        # Powers are steep beside the sides: there cells are as narrow as they are near.
        near = jnp.minimum(s.x + s.width, 1 - s.x)
        done = known | (s.width <= jnp.maximum(eps**0.5 * near, 4 * eps))
        here = (jnp.arange(MOST_INSIDE) == s.number) & done & monotone & ~holds_none & changes
        full = s.number >= MOST_INSIDE
        one_more = done & monotone & ~holds_none & changes
        return _March(
            jnp.where(done, right, s.x),
            jnp.where(done, jnp.minimum(2 * s.width, _WIDEST), s.width / 2),
            s.piece + (done & (right >= stop)).astype(jnp.int32),
            s.cells + 1,
            s.number + (one_more & ~full).astype(jnp.int32),
            jnp.where(here, s.x, s.low),
            jnp.where(here, right, s.high),
            jnp.where(here, s.piece, s.within),
            s.complete & (known | ~done) & ~(one_more & full),
        )

    start = _March(
        zero,
        zero + _WIDEST,
        whole,
        whole,
        whole,
        slots,
        slots + 1,
        jnp.zeros(MOST_INSIDE, jnp.int32),
        zero == 0,
    )
    end = lax.while_loop(unfinished, advance, start)
    return end._replace(complete=end.complete & (end.piece >= 3))


def _known(m: Mechanism, cell: Interval, on: On) -> tuple[Array, Array]:
    """Whether a cell holds no zero of H, and whether H only rises or only falls in it."""
    at_side = m.supervising(cell, jnp.zeros_like(cell.low), on)
    # Of an interval A is one, but for shapes that are constant in x.
    start = at_side if isinstance(at_side, Interval) else Interval(at_side, at_side)
    y = _heights(m, cell, on)
    eps = float(jnp.finfo(cell.low.dtype).eps)
    gain = m.managing(cell, y, on)
    holds_none = (start.high <= 0) | lacks_zero(gain, _ROUNDINGS * eps * m.b_terms)
    turning = m.turning(cell, y, on)
    size = jnp.maximum(jnp.abs(turning.low), jnp.abs(turning.high))
    return holds_none, (start.low > 0) & lacks_zero(turning, _ROUNDINGS * eps * size)


def _heights(m: Mechanism, cell: Interval, on: On) -> Interval:
    """Bounds of Y on a cell; 0 where A is negative from y = 0 on."""

    def gain(y: Array) -> Array:
        bounds = m.supervising(cell, y, on)
        if not isinstance(bounds, Interval):
            return bounds
        return jnp.where(jnp.arange(2) == 0, bounds.low, bounds.high)

    low, high = _root_of_falling(gain, jnp.stack([cell.low, cell.low]))
    return Interval(low, high)


def _along(m: Mechanism, x: Array, on: On) -> Array:
    """H at a share that supervises."""
    return m.managing(x, curve(m, x, on), on)


def curve(m: Mechanism, x: Array, on: On) -> Array:
    """Y: the share that manages at which supervising gains nothing; 0 where it costs at any."""
    return _root_of_falling(lambda y: m.supervising(x, y, on), x)


def _root_of_falling(gain: Function, like: Array) -> Array:
    zero = jnp.zeros_like(like)
    y = bisect(lambda y: -gain(y), zero, zero + 1)
    return jnp.where(gain(zero) > 0, y, zero)


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


def _on(parts: Pieces, piece: Array) -> On:
    return On(*(_pick(passed, piece) for passed in parts.on))


def _pick(values: Array, index: Array) -> Array:
    return jnp.take(values, index, mode="clip")
