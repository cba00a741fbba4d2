"""Steps by Taylor series: as far as the solution's own coefficients (`series`) reach.

High orders and long steps cost little. Reference for order and step size: Jorba and Zou (2005), "A software
package for the numerical integration of ODEs by means of high-order Taylor methods".
"""

from functools import partial
from math import ceil, log
from typing import Any

import jax.numpy as jnp
from jax import lax

from .rough import exp2, log2
from .runge_kutta import compact_step
from .series import LoweredField
from .stepper import STRETCH, Control, Field, Step, all_finite
from .tableaux import DOPRI8
from .tangents import Allowed, Begin, with_accurate_tangents

Array = Any
_SAFETY, _SHRINK, _GROW = 0.9, 0.25, 4.0
# A step is taken back where the field at its end is this many times further from the series' slope there
# than its last terms say: the field is not smooth within it.
_TRUST = 10.0
# Jorba and Zou take 1/2 where only the recursions cost; the two values of the field a step let higher
# orders pay: 191,000, 204,000, 204,000 and 152,000 lanes a second with 1/2, 5/8, 3/4 and 1 (tolerance 1e-10).
_ORDER_PER_DIGIT = 5 / 8
_LEAST_ORDER, _MOST_ORDER = 4, 30
# So many roundings of the time make a step that the clock resolves.
_SHORTEST = 16


class Taylor:
    """Steps by the solution's Taylor series: a `Stepper`.

    The order follows from the tolerances, 15 at 1e-10; it is lower where a step of that order would compile
    for minutes, and the steps are shorter then. Raises SweepError where the field holds what has no rule.

    Parameters
    ----------
    field : field(t, state) -> rates, shape (d,), smooth along the trajectory.
    control : the tolerances, or the number of fixed steps.

    Attributes
    ----------
    order : the order that the tolerances ask for.
    """

    def __init__(self, field: Field, control: Control) -> None:
        self.field, self.control, self.furthest = field, control, 1.0
        wanted = ceil(1 - _ORDER_PER_DIGIT * log(min(control.nominal, 0.1)))
        self.order = min(max(wanted, _LEAST_ORDER), _MOST_ORDER)

    def solver_state(self, t: Array, _end: Array, state: Array) -> tuple[Array, ...]:
        """What takes long of the field, so that a step need not compute again what ended the one before."""
        return LoweredField(self.field, t, state).costly_at(t, state)

    def moved(self, _solver_state: Any, t: Array, state: Array) -> tuple[Array, ...]:
        """The same, of where the orbit is now."""
        return self.solver_state(t, t, state)

    def first_size(self, _rates: Array, state: Array, end: Array) -> Array:
        """The whole way: each step's size follows from its own series."""
        if self.control.fixed_steps is not None:
            return end / self.control.fixed_steps
        return lax.stop_gradient(jnp.asarray(end, state.dtype))

    def step(
        self, t: Array, until: Array, size: Array, state: Array, rates: Array, solver_state: Any
    ) -> Step:
        """Take a step of at most `size` from `t`, not past `until`."""
        lowered = LoweredField(self.field, t, state)
        series = lowered.series(t, state, self.order, rates, solver_state)
        fixed = self.control.fixed_steps is not None
        wanted = size if fixed else jnp.minimum(size, self._size(series, t, state, size))
        last = t + wanted * STRETCH >= until
        t_next = jnp.where(last, until, t + wanted)
        taken = t_next - t
        new, slope = _at(series, taken)
        new, rates = self._accurate(Begin(t, t_next, state, rates), new, series)
        carried = lowered.costly_at(t_next, new)
        if fixed:
            return Step(t_next, new, rates, carried, jnp.asarray(True), size)
        allowed = self.control.allowed(state, new, taken)
        close = jnp.abs((slope - rates) * taken) <= (_TRUST * len(series)) * allowed
        keep = lax.stop_gradient(jnp.all(close)) & all_finite(new) & all_finite(rates)
        if self.control.atol is not None and self.control.scale is not None:
            # A change of sign is seen at the end of a step alone. Without a scale none is asked about.
            keep &= ~_changes_sign_by_an_error(series, state, new, taken, allowed)
        most = lax.stop_gradient(jnp.where(keep, jnp.maximum(size, taken * _GROW), taken * _SHRINK))
        return Step(t_next, new, rates, carried, keep, most)

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        """State and rates at a time inside a step, as accurate as its end."""
        series = LoweredField(self.field, t, state).series(t, state, self.order, rates)
        new, _ = _at(series, t_next - t)
        return self._accurate(Begin(t, t_next, state, rates), new, series)

    def _accurate(self, begin: Begin, new: Array, series: list[Array]) -> tuple[Array, Array]:
        """State and rates at the end of a step, whose derivatives are as accurate as they are.

        Where the series is too long for them it is taken in parts by a method of less code.
        """
        rates, control = self.field(begin.t_next, new), self.control
        if control.fixed_steps is not None:
            return new, rates
        size = begin.t_next - begin.t
        terms = _last_two(series, size)
        allowed = Allowed(control.allowed(begin.state, new, size), control.of_size(begin.state, new))
        again = partial(compact_step, DOPRI8)
        return with_accurate_tangents(again, DOPRI8.order, self.field, begin, (new, rates, terms), allowed)

    def order_at(self, t: Array, state: Array) -> int:
        """The order of steps of such a state. Raises SweepError where the field holds what has no rule."""
        return LoweredField(self.field, t, state).order_within(self.order)

    def _size(self, series: list[Array], t: Array, state: Array, planned: Array) -> Array:
        """How far the last two terms stay below the tolerances."""
        limits, soon = jnp.finfo(state.dtype), state
        if not self.control.allows_at_zero:
            # A component that is 0, or as good as that, and moves is measured where the clock's shortest step
            # takes it.
            moved = series[1] * (_SHORTEST * limits.eps * jnp.abs(t))
            soon = jnp.where(jnp.abs(state) < jnp.abs(moved), moved, state)
        allows = 1 / self.control.allowed(soon, soon, planned)
        reach = []
        for k in (len(series) - 2, len(series) - 1):
            # Of a component that is 0 next to nothing is allowed, and the part overflows in large units.
            part = jnp.minimum(jnp.max(jnp.abs(series[k] * allows)), limits.max)
            reach.append(log2(jnp.maximum(part, limits.tiny)) * (-1 / k))
        return lax.stop_gradient(_SAFETY * exp2(jnp.minimum(*reach)))


def _changes_sign_by_an_error(
    series: list[Array], old: Array, new: Array, size: Array, allowed: Array
) -> Array:
    """Whether the last two terms of what changes its sign in a step are more than is allowed then."""
    error = jnp.max(jnp.abs(_last_two(series, size)), axis=0)
    return lax.stop_gradient(jnp.any((old * new < 0) & (error > allowed)))


def _last_two(series: list[Array], size: Array) -> Array:
    """The last two terms after a step of this size, shape (2, d)."""
    last = len(series) - 1
    return jnp.stack([series[k] * size**k for k in (last - 1, last)])


def _at(series: list[Array], step: Array) -> tuple[Array, Array]:
    """Value and slope of the series after `step`, by Horner's rule."""
    value, slope = series[-1], jnp.zeros_like(series[-1])
    for coefficient in reversed(series[:-1]):
        slope = slope * step + value
        value = value * step + coefficient
    return value, slope
