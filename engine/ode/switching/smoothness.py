"""Steps within which the field is smooth, where nothing shows at what it switches.

A loop decides at each of its steps, and a function outside JAX in ways that nobody sees. What comes of it
may jump; or it is as smooth as what a bisection finds, of which every decision jumps and the result does not.
So the field itself is asked at places within each step. Eighth differences of what is smooth vanish beside
the tolerances; those of what jumps by J anywhere are J or more, and a step is kept only where J times its
size is below them.
"""

from math import comb
from typing import Any, Self

import jax.numpy as jnp
from jax import lax

from ..steps.stepper import Control, Step, Stepper
from .crossing import HARMLESS, cubic
from .switches import ROUNDINGS

Array = Any

# The field is asked at so many places less one, with these weights.
_PARTS = 8
_WEIGHTS = tuple((-1.0) ** k * comb(_PARTS, k) for k in range(_PARTS + 1))
# A step that is smaller than was planned by more than this has been tried in vain before.
_AS_PLANNED = 0.9


class Smoothed:
    """Steps of another stepper that are kept where the field is smooth within them: a `Stepper`.

    Parameters
    ----------
    stepper, control : what takes the steps, and how accurate they are.
    longest : the largest step that is asked of it; None for any.
    """

    def __init__(self, stepper: Stepper, control: Control, longest: Array | None = None) -> None:
        self.longest = longest
        self.field, self.inner, self.control = stepper.field, stepper, control
        self.furthest = stepper.furthest

    def over(self, stepper: Stepper, control: Control) -> Self:
        """The same of another stepper."""
        return type(self)(stepper, control, self.longest)

    def first_size(self, rates: Array, state: Array, end: Array) -> Array:
        """That of the stepper."""
        return self.inner.first_size(rates, state, end)

    def solver_state(self, t: Array, end: Array, state: Array) -> Any:
        """That of the stepper; the size that was planned; whether something jumps ahead."""
        return self.inner.solver_state(t, end, state), jnp.zeros_like(t), jnp.asarray(False)

    def moved(self, solver_state: Any, t: Array, state: Array) -> Any:
        """As the stepper does."""
        carried, *rest = solver_state
        return self.inner.moved(carried, t, state), *rest

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        """As the stepper does."""
        return self.inner.reach(t, t_next, state, rates)

    def step(
        self, t: Array, until: Array, size: Array, state: Array, rates: Array, solver_state: Any
    ) -> Step:
        """Try a step. One within which the field is not smooth is tried again with half its size.

        The half after one that was kept is not smooth: no longer one is tried.
        """
        carried, planned, ahead = solver_state
        tried = self.inner.step(t, until, size, state, rates, carried)
        taken = tried.t - t
        rough = self._roughness(t, state, rates, tried)
        shortest = 4 * ROUNDINGS * jnp.finfo(t.dtype).eps * jnp.abs(t)
        smooth = (rough <= HARMLESS) | ((taken <= 2 * shortest) & (rough < jnp.inf))
        halved = size < _AS_PLANNED * planned
        next_size = jnp.where(halved, jnp.minimum(tried.next_size, size), tried.next_size)
        next_size = jnp.where(
            smooth, next_size, jnp.minimum(tried.next_size, jnp.maximum(taken / 2, shortest))
        )
        if self.longest is not None:
            next_size = jnp.minimum(next_size, jnp.asarray(self.longest, next_size.dtype))
        next_size = lax.stop_gradient(next_size)
        return tried._replace(
            solver_state=(tried.solver_state, next_size, halved),
            keep=tried.keep & smooth,
            next_size=next_size,
            switched=tried.switched | halved | ahead,
        )

    def _roughness(self, t: Array, state: Array, rates: Array, tried: Step) -> Array:
        """The eighth difference of the rates within a step, times its size, in units of what is allowed.

        Infinite where they are no numbers.
        """
        size = tried.t - t

        def within(fraction: Array) -> Array:
            there = cubic(fraction, state, size * rates, tried.state, size * tried.rates)
            return self.field(t + fraction * size, there)

        fractions = jnp.arange(1, _PARTS, dtype=t.dtype) / _PARTS
        inner = lax.map(within, fractions)
        seen = jnp.concatenate([rates[None], inner, tried.rates[None]])
        weights = jnp.asarray(_WEIGHTS, state.dtype)[:, None]
        bend = jnp.abs(jnp.sum(weights * seen, axis=0))
        rounding = ROUNDINGS * jnp.finfo(state.dtype).eps * jnp.sum(jnp.abs(weights * seen), axis=0)
        bend = jnp.where(bend <= rounding, 0.0, bend)
        rough = jnp.max(bend * size / self.control.allowed(state, tried.state, size))
        return lax.stop_gradient(jnp.where(jnp.isfinite(rough), rough, jnp.inf))
