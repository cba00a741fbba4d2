"""The size of steps: the first one, whether one is kept, and how large the next is to be.

Of Runge-Kutta's and Rosenbrock's methods; steps of `taylor` have a size of their own.

It is chosen here, not by a library, so that a step whose error is not a number is made smaller instead of
poisoning other trajectories, and so that a step can end exactly on a wanted time. Reference: Hairer, Norsett
and Wanner, "Solving ordinary differential equations I", section II.4.
"""

from abc import ABC, abstractmethod
from typing import Any

import jax.numpy as jnp
from jax import lax

from .stepper import STRETCH, Control, Field, Stages, Step, all_finite
from .tangents import Allowed, Begin, Take, with_accurate_tangents

Array = Any

_SAFETY, _SHRINK_MOST, _GROW_MOST = 0.9, 0.2, 8.0


class StepControl(ABC):
    """Steps whose size follows from an estimate of their error: what methods with one share.

    A method says its `_order`, that of the estimate and one more, and takes a step by `_take`.
    """

    field: Field
    control: Control
    furthest: float = 1.0
    _order: float
    # Takes a step in parts, for its derivatives; None: they are those of the step.
    _again: Take | None = None

    def solver_state(self, _t: Array, _end: Array, _state: Array) -> Any:  # noqa: B027 (nothing is the answer)
        """None: a step needs nothing of the one before but the rates."""

    def moved(self, solver_state: Any, _t: Array, _state: Array) -> Any:
        """The same: nothing that is carried is of the state."""
        return solver_state

    def first_size(self, rates: Array, state: Array, end: Array) -> Array:
        """A first step, in which the state moves by about a hundredth of its own size.

        Hairer, Norsett and Wanner, algorithm of p. 169, first guess; the error test does the rest.
        """
        if self.control.fixed_steps is not None:
            return end / self.control.fixed_steps
        scale = self.control.weights(state)
        there, moving = jnp.max(jnp.abs(state) / scale), jnp.max(jnp.abs(rates) / scale)
        guess = jnp.where((there > 1e-5) & (moving > 1e-5), 0.01 * there / moving, 1e-6)
        return lax.stop_gradient(jnp.minimum(guess, end))

    def step(
        self, t: Array, until: Array, size: Array, state: Array, rates: Array, solver_state: Any
    ) -> Step:
        """Try a step of `size` from `t`, cut to end on `until` where it would pass it."""
        last = t + STRETCH * size >= until
        t_next = jnp.where(last, until, t + size)
        new, slope, error, solver_state, stages = self._take(t, t_next, state, rates, solver_state)
        if self.control.fixed_steps is not None:
            return Step(t_next, new, slope, solver_state, jnp.asarray(True), size)
        ratio = self._error_ratio(state, new, error, t_next - t)
        keep = ratio <= 1
        new, slope = self._accurate(Begin(t, t_next, state, rates), (new, slope, error), keep)
        taken = lax.stop_gradient(t_next - t)
        wanted = taken * self._factor(ratio)
        # A step cut short by `until` says nothing against the longer one that was planned.
        planned = jnp.where(keep & last, jnp.maximum(wanted, size), wanted)
        return Step(t_next, new, slope, solver_state, keep, planned, stages=stages)

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        """State and rates at a time inside a kept step, as accurate as its end."""
        new, slope, error, *_ = self._take(t, t_next, state, rates, None)
        # What a step divides by its size has no derivative where there is none: an orbit that starts on a
        # switch begins right behind it, and is seen where it starts.
        nowhere, size = t_next <= t, t_next - t
        new, slope = self._accurate(Begin(t, t_next, state, rates), (new, slope, error), ~nowhere)
        return jnp.where(nowhere, state + size * rates, new), jnp.where(nowhere, rates, slope)

    @abstractmethod
    def _take(
        self, t: Array, t_next: Array, state: Array, rates: Array, solver_state: Any, /
    ) -> tuple[Array, Array, Array, Any, Stages]:
        """New state, rates there, estimate of the error, solver state, and where the field was taken."""

    def _accurate(
        self, begin: Begin, end: tuple[Array, Array, Array], keep: Array | bool = True
    ) -> tuple[Array, Array]:
        """State and rates at the end of a step, whose derivatives are as accurate as they are."""
        if self._again is None or self.control.fixed_steps is not None:
            return end[:2]
        old, new = begin.state, end[0]
        allowed = Allowed(
            self.control.allowed(old, new, begin.t_next - begin.t), self.control.of_size(old, new)
        )
        return with_accurate_tangents(self._again, int(self._order), self.field, begin, end, allowed, keep)

    def _error_ratio(self, old: Array, new: Array, error: Array, size: Array) -> Array:
        allowed = self.control.allowed(old, new, size)
        ratio = lax.stop_gradient(jnp.max(jnp.abs(error) / allowed))
        finite = (ratio < jnp.inf) & all_finite(new)
        return jnp.where(finite, ratio, jnp.inf)

    def _factor(self, ratio: Array) -> Array:
        tiny = jnp.finfo(ratio.dtype).tiny
        factor = _SAFETY * jnp.exp(jnp.log(jnp.maximum(ratio, tiny)) / -self._order)
        return jnp.clip(factor, _SHRINK_MOST, _GROW_MOST)
