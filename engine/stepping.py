"""One step of one lane: its size, its error, whether it is kept.

The step itself is diffrax's; the size is chosen here, so that a lane whose error is not a number is
made smaller instead of poisoning its neighbours, and so that a step can end exactly on a wanted time.
Reference for the choice of step size: Hairer, Norsett and Wanner, "Solving ordinary differential
equations I", section II.4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
from jax import lax

Array = Any
Field = Callable[[Array, Array], Array]

_SOLVERS = {
    name.lower(): getattr(diffrax, name)
    for name in (
        *("Euler", "Heun", "Midpoint", "Ralston", "Bosh3", "Tsit5", "Dopri5", "Dopri8"),
        *("Kvaerno3", "Kvaerno4", "Kvaerno5", "ImplicitEuler"),
    )
}
SOLVERS: tuple[str, ...] = tuple(_SOLVERS)

# Stages in a loop that can be differentiated forwards; diffrax's default only goes backwards.
_PLAIN_LOOP = {"scan_kind": "lax"}
_SAFETY, _SHRINK_MOST, _GROW_MOST = 0.9, 0.2, 8.0
# A step that would leave less than 1% of itself before the wanted time is stretched to it.
_STRETCH = 1.01


@dataclass(frozen=True)
class Method:
    """How to integrate, the same for all lanes of a sweep.

    The defaults keep the first integral of the supervision game to 1e-6 over 1,000 periods.

    Parameters
    ----------
    solver : one of `SOLVERS`. The first eight are explicit; Kvaerno and implicit Euler suit stiff flows.
    rtol, atol : a step is kept where every component's error is below atol + rtol |state|.
    max_steps : steps tried, kept or not, before a lane is given up (status ``max_steps``).
    fixed_steps : if given, this many equal steps span the horizon, whatever their error.
    settle : a lane stops once its distance to a rest point, in the coordinates integrated, is below
        this. Well above rtol and atol, or it is lost in the noise of the steps. 0: never stop.
    """

    solver: str = "dopri8"
    rtol: float = 1e-10
    atol: float = 1e-10
    max_steps: int = 20_000
    fixed_steps: int | None = None
    settle: float = 1e-7

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise ValueError(f"solver = {self.solver!r}: must be one of {', '.join(SOLVERS)}")
        if not (self.rtol >= 0 and self.atol >= 0 and self.rtol + self.atol > 0):
            raise ValueError(f"rtol = {self.rtol}, atol = {self.atol}: neither may be negative, nor both 0")
        if self.max_steps < 1:
            raise ValueError(f"max_steps = {self.max_steps}: must be at least 1")
        if self.fixed_steps is not None and self.fixed_steps < 1:
            raise ValueError(f"fixed_steps = {self.fixed_steps}: must be at least 1")
        if self.settle < 0:
            raise ValueError(f"settle = {self.settle}: must not be negative")
        if self.fixed_steps is None and self.solver == "euler":
            raise ValueError("solver = 'euler' estimates no error: give fixed_steps")


class Step(NamedTuple):
    """A tried step: where it leads, and what to do with it."""

    t: Array
    state: Array
    memory: Any
    dense: Any
    keep: Array
    next_size: Array


class Stepper:
    """Steps of `method` along ``field(t, state)``, for one lane."""

    def __init__(self, field: Field, method: Method) -> None:
        self.method = method
        self._terms = diffrax.ODETerm(lambda t, state, _: field(t, state))
        self._solver = _solver(method)
        self._order = self._solver.order(self._terms)

    def memory(self, t: Array, end: Array, state: Array) -> Any:
        """What the solver carries from step to step (the last slope, where it can be used again)."""
        return self._solver.init(self._terms, t, end, state, None)

    def first_size(self, slope: Array, state: Array, end: Array) -> Array:
        """A first step, in which the state moves by about a hundredth of its own size.

        Hairer, Norsett and Wanner, algorithm of p. 169, first guess; the error test does the rest.
        """
        if self.method.fixed_steps is not None:
            return end / self.method.fixed_steps
        scale = self.method.atol + self.method.rtol * jnp.abs(state)
        there, moving = jnp.max(jnp.abs(state) / scale), jnp.max(jnp.abs(slope) / scale)
        guess = jnp.where((there > 1e-5) & (moving > 1e-5), 0.01 * there / moving, 1e-6)
        return lax.stop_gradient(jnp.minimum(guess, end))

    def step(self, t: Array, until: Array, size: Array, state: Array, memory: Any) -> Step:
        """Try a step of `size` from `t`, cut to end on `until` where it would pass it."""
        last = t + _STRETCH * size >= until
        t_next = jnp.where(last, until, t + size)
        new, error, dense, memory, result = self._solver.step(
            self._terms, t, t_next, state, None, memory, made_jump=False
        )
        if self.method.fixed_steps is not None:
            return Step(t_next, new, memory, dense, jnp.asarray(True), size)
        ratio = self._error_ratio(state, new, error)
        ratio = jnp.where(result == diffrax.RESULTS.successful, ratio, jnp.inf)
        keep = ratio <= 1
        taken = lax.stop_gradient(t_next - t)
        wanted = taken * self._factor(ratio)
        # A step cut short by `until` says nothing against the longer one that was planned.
        return Step(
            t_next, new, memory, dense, keep, jnp.where(keep & last, jnp.maximum(wanted, size), wanted)
        )

    def interpolate(self, t: Array, t_next: Array, dense: Any) -> Callable[[Array], Array]:
        """The state inside a step, as a function of time, to about the accuracy of the error estimate."""
        return self._solver.interpolation_cls(t0=t, t1=t_next, **dense).evaluate

    def _error_ratio(self, old: Array, new: Array, error: Array) -> Array:
        allowed = self.method.atol + self.method.rtol * jnp.maximum(jnp.abs(old), jnp.abs(new))
        ratio = lax.stop_gradient(jnp.max(jnp.abs(error) / allowed))
        finite = jnp.isfinite(ratio) & jnp.all(jnp.isfinite(new))
        return jnp.where(finite, ratio, jnp.inf)

    def _factor(self, ratio: Array) -> Array:
        tiny = jnp.finfo(ratio.dtype).tiny
        factor = _SAFETY * jnp.maximum(ratio, tiny) ** (-1 / self._order)
        return jnp.clip(factor, _SHRINK_MOST, _GROW_MOST)


def _solver(method: Method) -> Any:
    cls = _SOLVERS[method.solver]
    options: dict[str, Any] = {} if method.solver in ("euler", "impliciteuler") else dict(_PLAIN_LOOP)
    if issubclass(cls, diffrax.AbstractImplicitSolver):
        options["root_finder"] = diffrax.VeryChord(rtol=max(method.rtol, 1e-12), atol=max(method.atol, 1e-12))
    return cls(**options)


def select(keep: Array, new: Any, old: Any) -> Any:
    """`new` where `keep`, else `old`, for every array of a tree."""
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old)
