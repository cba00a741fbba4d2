"""Rest points on the lines of thresholds, in the sense of Filippov.

On a line, where x or y is at a threshold, the field has a value of either side, (A0, B0) and (A1, B1), and a
point rests where zero is a mixture of both: where they point in opposite directions. So it is a zero of

    F = A0 B1 - A1 B0

along the line at which both signs are opposite, and all zeros of F are found by a march, with bounds of F and
of its slope. Side 0 is that of the smaller share.

Orbits are driven to a line from both sides, and slide along it, where the gain across it jumps from
positive to negative. There the share along the line moves as the mixture does: on a line of y by
F / (B1 - B0), on a line of x by F / (A0 - A1). It comes to the point from both sides where this falls. Where
the gain across jumps up, orbits are driven off the line.

Source: Filippov, "Differential Equations with Discontinuous Righthand Sides" (1988), sections 4 and 19.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ...numerics.every_root import every_root
from ...numerics.interval import Interval, lacks_zero
from ...numerics.stability import RestClass
from ..supervision_shapes.rest import OnThreshold
from .inside import ROUNDINGS
from .mechanism import Mechanism, On
from .point import Point, on_jump
from .thresholds import Thresholds, pick

Array = Any

MOST_ON_LINES = 4


class _Lines(NamedTuple):
    """Stretches of lines between crossings, shape (stretches,): of y at a threshold, or `upright`, of x."""

    at: Array
    upright: Array
    start: Array
    stop: Array
    sides: tuple[On, On]
    jumps: Array


class _Gains(NamedTuple):
    """A and B on both sides, and their slopes along the line times share (1 - share)."""

    a: tuple[Any, Any]
    b: tuple[Any, Any]
    a_slope: tuple[Any, Any]
    b_slope: tuple[Any, Any]

    @property
    def mixture(self) -> Any:
        """F."""
        return self.a[0] * self.b[1] - self.a[1] * self.b[0]

    @property
    def slope(self) -> Any:
        """Slope of F along the line, times share (1 - share)."""
        one, other = self.a_slope, self.b_slope
        first = one[0] * self.b[1] - one[1] * self.b[0]
        return first + (self.a[0] * other[1] - self.a[1] * other[0])


def on_lines(m: Mechanism, lines: Thresholds) -> tuple[Point, Array]:
    """Those on lines, `MOST_ON_LINES` of them, but for crossings; whether these are shown to be all."""
    still = m.without_derivatives()
    every = _lines(still, lines)
    if every is None:
        absent = jnp.zeros(MOST_ON_LINES, bool) & (m.p["r"] != m.p["r"])
        nowhere = jnp.full_like(m.p["r"], 0.5) * jnp.ones(MOST_ON_LINES, m.p["r"].dtype)
        return on_jump(nowhere, nowhere, absent, RestClass.absent), m.p["r"] == m.p["r"]
    still_lines = lax.stop_gradient(every)

    def known(cell: Interval, k: Array) -> tuple[Array, Array]:
        return _known(still, cell, pick(still_lines, k))

    def function(share: Array, k: Array) -> Array:
        return _gains(still, share, pick(still_lines, k)).mixture

    roots = every_root(still_lines.start, still_lines.stop, known, function, MOST_ON_LINES)
    own = pick(every, roots.within)
    share = lax.stop_gradient(jnp.where(roots.exists, roots.at, 0.5))
    for _ in range(2):
        g = _gains(m, share, own)
        slope = jnp.where(roots.exists & (g.slope != 0), g.slope, 1.0)
        share -= share * (1 - share) * g.mixture / slope
    x, y = (jnp.where(own.upright == swap, share, own.at) for swap in (False, True))
    g = _gains(m, share, own)
    opposite, sure = _opposite(m, g, own)
    point = on_jump(x, y, roots.exists & opposite, _kind(m, g, own))
    return point, roots.complete & jnp.all(sure | ~roots.exists)


def _lines(m: Mechanism, lines: Thresholds) -> _Lines | None:
    """Every stretch of every line; None where no rule steps."""
    every = []
    for upright, across, ends in ((False, lines.y, lines.x), (True, lines.x, lines.y)):
        for k in range(1, len(across) - 1):
            for start, stop in pairwise(ends):
                before, behind = (
                    m.on(share, start) if upright else m.on(start, share)
                    for share in (across[k - 1], across[k])
                )
                jumps = m.differ(before, behind)
                every.append((across[k], jnp.asarray(upright), start, stop, (before, behind), jumps))
    if not every:
        return None
    return _Lines(*jax.tree.map(lambda *of_all: jnp.stack(of_all), *every))


def _gains(m: Mechanism, share: Any, line: _Lines) -> _Gains:
    """The gains at shares, numbers or intervals, along a line."""
    x, y = (_either(line.upright, line.at, share), _either(line.upright, share, line.at))
    of_side = []
    for on in line.sides:
        a_x, a_y, b_x, b_y = m.slopes(x, y, on)
        a_slope = _either(line.upright, share * (1.0 - share) * a_y, a_x)
        b_slope = _either(line.upright, b_y, b_x)
        of_side.append((m.supervising(x, y, on), m.managing(x, y, on), a_slope, b_slope))
    return _Gains(*zip(*of_side, strict=True))


def _either(condition: Array, one: Any, other: Any) -> Any:
    """`jnp.where` of numbers or intervals."""
    if not isinstance(one, Interval) and not isinstance(other, Interval):
        return jnp.where(condition, one, other)
    ends = [(v.low, v.high) if isinstance(v, Interval) else (v, v) for v in (one, other)]
    return Interval(*(jnp.where(condition, a, b) for a, b in zip(*ends, strict=True)))


def _known(m: Mechanism, cell: Interval, line: _Lines) -> tuple[Array, Array]:
    """Whether a cell holds no rest point, and whether F only rises or only falls in it."""
    g = _gains(m, cell, line)
    eps = float(jnp.finfo(cell.low.dtype).eps)
    alike = _one_sign(g.a, ROUNDINGS * eps * m.a_terms) | _one_sign(g.b, ROUNDINGS * eps * m.b_terms)
    far = lacks_zero(g.mixture, ROUNDINGS * eps * m.a_terms * m.b_terms)
    slope = g.slope
    size = jnp.maximum(jnp.abs(slope.low), jnp.abs(slope.high))
    return ~line.jumps | alike | far, lacks_zero(slope, ROUNDINGS * eps * size)


def _one_sign(sides: tuple[Any, Any], tolerance: Array) -> Array:
    one, other = sides
    return ((one.low > tolerance) & (other.low > tolerance)) | (
        (one.high < -tolerance) & (other.high < -tolerance)
    )


def _opposite(m: Mechanism, g: _Gains, line: _Lines) -> tuple[Array, Array]:
    """Whether the fields of both sides point in opposite directions; and whether rounding cannot tell."""
    clear_a = m.a_is_clear(g.a[0]) & m.a_is_clear(g.a[1])
    clear_b = m.b_is_clear(g.b[0]) & m.b_is_clear(g.b[1])
    # B does not jump where what is paid and what is fined jump by the same, in opposite directions.
    level = ~m.b_is_clear(g.b[0]) & ~m.b_is_clear(g.b[1])
    opposite = clear_a & (g.a[0] * g.a[1] < 0) & (level | (clear_b & (g.b[0] * g.b[1] < 0)))
    alike = (clear_a & (g.a[0] * g.a[1] > 0)) | (clear_b & (g.b[0] * g.b[1] > 0))
    return opposite, opposite | alike | ~line.jumps


def _kind(m: Mechanism, g: _Gains, line: _Lines) -> Array:
    across = jnp.where(line.upright, g.a[0], g.b[0])
    comes = jnp.where(line.upright, g.slope < 0, g.slope > 0)
    slides = jnp.where(comes, OnThreshold.sliding_node, OnThreshold.sliding_saddle)
    kind = jnp.where(across > 0, slides, OnThreshold.escaping)
    # On a line of y at which only A jumps orbits pass a saddle, or turn round about a point of no class.
    level = ~line.upright & ~m.b_is_clear(g.b[0])
    saddle = g.b_slope[0] + g.b_slope[1] < 0
    return jnp.where(level, jnp.where(saddle, RestClass.saddle, RestClass.degenerate), kind)
