"""Rest points of the game with shapes: the corners, one inside, and up to three on the side x = 1.

A falls in y, so it changes its sign once at most, at a root or at a step, and B is linear in x: there is at
most one rest point inside, whatever the shapes. On the side x = 1 they are the zeros of B(1, y), of which
`pieces` says how many there may be; along the other sides the gain does not change its sign.

A step at which a gain jumps over zero holds a rest point in Filippov's sense: zero lies among the mixtures
of the field on both sides. Where rho + phi falls there, y is driven back to the threshold from both sides,
and the orbit slides along it; where it rises, y is driven away.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...numerics.roots import bisect, line_root
from ...numerics.stability import RestClass, classify
from .mechanism import Mechanism, On
from .pieces import Pieces, pieces

Array = Any
Parameters = Mapping[str, Array]

REST_POINTS = ("(0,0)", "(0,1)", "(1,0)", "(1,1)", "interior", "edge 1", "edge 2", "edge 3")
INTERIOR = REST_POINTS.index("interior")


class OnThreshold(IntEnum):
    """Class of a rest point on a threshold, beside those of `RestClass`."""

    sliding_node = 9
    sliding_saddle = 10
    escaping = 11


CLASSES: dict[str, int] = {c.name: c.value for c in (*RestClass, *OnThreshold)}


class Candidate(NamedTuple):
    """Shares that are a rest point where it `exists`, and which steps are in force there.

    Where a gain `jumps` over zero there, its class is `on_threshold`.
    """

    shares: Array
    on: On
    exists: Array
    jumps: Array
    on_threshold: Array


class RestPoints(NamedTuple):
    """Shares, Jacobians and class numbers of rest points, in the order of `REST_POINTS`; NaN where absent."""

    shares: Array
    jacobian: Array
    rest_class: Array


class _Line(NamedTuple):
    """A share y at which a gain is zero, or jumps over it, and which steps are in force there."""

    y: Array
    on: On
    exists: Array
    jumps: Array


def rest_points(p: Parameters, m: Mechanism) -> RestPoints:
    """All rest points of a scenario, but for whole sides of them."""
    parts = pieces(p, m)
    every = [*_corners(p, m), _inside(m, parts), *on_edge(m, parts)]
    one = jax.tree.map(lambda *of_all: jnp.stack(of_all), *every)
    shares = jnp.where(one.exists[:, None], one.shares, jnp.nan)
    slopes = jax.vmap(lambda at, on: m.jacobian(at[0], at[1], on))(shares, one.on)
    smooth = one.exists & ~one.jumps
    slopes = jnp.where(smooth[:, None, None], slopes, jnp.nan)
    kinds = jax.vmap(classify)(slopes, jnp.arange(len(every)) < INTERIOR)
    kinds = jnp.where(one.exists & one.jumps, one.on_threshold, kinds).astype(jnp.int8)
    return RestPoints(shares, slopes, kinds)


def attracts(number: Array) -> Array:
    """Whether a rest point of this class is asymptotically stable."""
    linear = (number >= RestClass.ess) & (number <= RestClass.stable_focus)
    return linear | (number == OnThreshold.sliding_node)


def _corners(p: Parameters, m: Mechanism) -> list[Candidate]:
    zero = jnp.zeros((), jnp.result_type(p["r"]))
    there, none = jnp.asarray(True), jnp.int32(RestClass.absent)
    return [
        Candidate(jnp.stack([x, y]), m.on(y), there, ~there, none)
        for x in (zero, zero + 1)
        for y in (zero, zero + 1)
    ]


def _inside(m: Mechanism, parts: Pieces) -> Candidate:
    line = _falling_line(m, parts)
    left, right = m.managing(0.0, line.y, line.on), m.managing(1.0, line.y, line.on)
    x, there = line_root(left, right)
    there &= line.exists & m.b_is_clear(left) & m.b_is_clear(right)
    # Along a line that attracts, x' falls in x where B rises in x, and B does if it is negative at x = 0.
    kinds = jnp.where(left < 0, OnThreshold.sliding_node, OnThreshold.sliding_saddle)
    jump = _rise(m, parts, line.y)
    rising, level = jump > 0, ~m.b_is_clear(jump)
    on_threshold = jnp.where(rising, OnThreshold.escaping, kinds)
    # Where only A jumps, orbits turn about the point as about a centre, or pass it as a saddle.
    flat = jnp.where(left < 0, RestClass.centre, RestClass.saddle)
    return _candidate(x, line, there, jnp.where(level, flat, on_threshold))


def _falling_line(m: Mechanism, parts: Pieces) -> _Line:
    """Where A passes from positive to negative."""
    starts, stops = parts.ends[:3], parts.ends[1:]
    high, low = m.supervising(starts, parts.on), m.supervising(stops, parts.on)
    exists = (high[0] > 0) & (low[2] < 0) & m.a_is_clear(high[0]) & m.a_is_clear(low[2])
    # The last piece at whose start A is positive holds the root, or ends in the jump.
    piece = jnp.sum((high > 0) & (starts < 1)) - 1
    piece = jnp.clip(piece, 0, 2)
    on = On(*(_pick(fraction, piece) for fraction in parts.on))
    behind = On(*(_pick(fraction, jnp.minimum(piece + 1, 2)) for fraction in parts.on))
    jumps = (_pick(low, piece) >= 0) & _differ(on, behind)
    start, stop = _pick(starts, piece), _pick(stops, piece)
    root = bisect(lambda y: -m.supervising(y, on), start, stop)
    mixed = _mixed(m.supervising(stop, on), m.supervising(stop, behind), on, behind)
    on = On(*(jnp.where(jumps, two, one) for one, two in zip(on, mixed, strict=True)))
    return _Line(jnp.where(jumps, stop, root), on, exists, jumps & exists)


def on_edge(m: Mechanism, parts: Pieces) -> list[Candidate]:
    """Those within the side x = 1, three of them or fewer."""
    roots = [_root_in(m, parts, k) for k in range(3)]
    turns = [_at_end(m, parts, k) for k in range(2)]
    if m.reward == m.punishment == "step":
        lines = [turns[0], turns[1], roots[2]]  # constant between the thresholds: the pieces hold no root
    elif "step" in (m.reward, m.punishment):
        lines = [roots[0], roots[1], turns[0]]
    else:
        lines = [_either(roots[0], turns[0]), _either(roots[1], turns[1]), roots[2]]
    return [_edge_point(m, parts, line) for line in lines]


def _edge_point(m: Mechanism, parts: Pieces, line: _Line) -> Candidate:
    inwards = m.supervising(line.y, line.on)
    kinds = jnp.where(inwards > 0, OnThreshold.sliding_node, OnThreshold.sliding_saddle)
    kinds = jnp.where(m.a_is_clear(inwards), kinds, RestClass.degenerate)
    kinds = jnp.where(_rise(m, parts, line.y) > 0, OnThreshold.escaping, kinds)
    return _candidate(jnp.ones_like(line.y), line, line.exists, kinds)


def _root_in(m: Mechanism, parts: Pieces, k: int) -> _Line:
    """The zero of B(1, y) within piece k."""
    on, start, stop = _on(parts, k), parts.ends[k], parts.ends[k + 1]
    low, high = m.managing(1.0, start, on), m.managing(1.0, stop, on)
    exists = (low * high < 0) & m.b_is_clear(low) & m.b_is_clear(high) & (start < stop)
    up = jnp.where(high > 0, 1.0, -1.0)
    y = bisect(lambda y: up * m.managing(1.0, y, on), start, stop)
    return _Line(y, on, exists, jnp.zeros_like(exists))


def _at_end(m: Mechanism, parts: Pieces, k: int) -> _Line:
    """Where B(1, y) jumps over zero at the end of piece k, or only touches it there."""
    y, on, behind = parts.ends[k + 1], _on(parts, k), _on(parts, k + 1)
    low, high = m.managing(1.0, y, on), m.managing(1.0, y, behind)
    jumps = (low * high < 0) & m.b_is_clear(low) & m.b_is_clear(high)
    touches = ~_differ(on, behind) & ~m.b_is_clear(low)
    mixed = _mixed(low, high, on, behind)
    on = On(*(jnp.where(jumps, two, one) for one, two in zip(on, mixed, strict=True)))
    return _Line(y, on, (jumps | touches) & (y < 1), jumps)


def _candidate(x: Array, line: _Line, exists: Array, on_threshold: Array) -> Candidate:
    return Candidate(
        jnp.stack([x, line.y]), line.on, exists, line.jumps, jnp.asarray(on_threshold, jnp.int32)
    )


def _rise(m: Mechanism, parts: Pieces, y: Array) -> Array:
    """By how much rho + phi jumps up at a threshold."""
    steps = parts.on
    last = jnp.sum(parts.ends[1:3] <= y)
    first = jnp.sum(parts.ends[1:3] < y)
    before, behind = (On(*(_pick(fraction, k) for fraction in steps)) for k in (first, last))
    return m.lure(y, behind) - m.lure(y, before)


def _mixed(before: Array, behind: Array, on: On, after: On) -> On:
    """The mixture of both sides of a jump at which the gain is zero."""
    gap = before - behind
    part = -behind / jnp.where(gap == 0, 1.0, gap)
    return On(*(part * one + (1 - part) * two for one, two in zip(on, after, strict=True)))


def _either(one: _Line, other: _Line) -> _Line:
    return jax.tree.map(lambda a, b: jnp.where(one.exists, a, b), one, other)


def _differ(one: On, other: On) -> Array:
    return (one.reward != other.reward) | (one.fine != other.fine)


def _on(parts: Pieces, k: int) -> On:
    return On(*(fraction[k] for fraction in parts.on))


def _pick(values: Array, index: Array) -> Array:
    return jnp.take(values, index, mode="clip")
