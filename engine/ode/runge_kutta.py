"""One step of one lane: its size, its error, whether it is kept.

Explicit steps take their coefficients from diffrax and are written out stage by stage: under vmap this
is twice as fast as its loop over stages. Implicit steps are diffrax's. The size is chosen here, so that
a lane whose error is not a number is made smaller instead of poisoning its neighbours, and so that a
step can end exactly on a wanted time. Reference for the choice of step size: Hairer, Norsett and
Wanner, "Solving ordinary differential equations I", section II.4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Array = Any
Field = Callable[[Array, Array], Array]

_SOLVERS = {
    name.lower(): getattr(diffrax, name)
    for name in ("Heun", "Bosh3", "Tsit5", "Dopri5", "Dopri8", "Kvaerno5")
}
SOLVERS: tuple[str, ...] = (*_SOLVERS, "taylor")

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
    solver : one of `SOLVERS`. All but kvaerno5, which suits stiff flows, are explicit; taylor, for smooth
        flows, takes its order from the tolerances and is the fastest where they are tight (`taylor`).
    rtol, atol : a step is kept where every component's error is below atol + rtol |state|.
    max_steps : steps tried, kept or not, before a lane is given up (status ``max_steps``).
    fixed_steps : if given, this many equal steps span the horizon, whatever their error.
    settle : a lane stops once its distance to a rest point, in the coordinates integrated, is below
        this. Well above rtol and atol, or it is lost in the noise of the steps. 0: never stop.
    native : on a CPU, step in machine code made from the flow, several times as fast (`lane_loop`);
        False: through XLA, as on a GPU.
    """

    solver: str = "dopri8"
    rtol: float = 1e-10
    atol: float = 1e-10
    max_steps: int = 20_000
    fixed_steps: int | None = None
    settle: float = 1e-7
    native: bool = True

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


class Step(NamedTuple):
    """A tried step: where it leads, how the state moves there, and what to do with it."""

    t: Array
    state: Array
    rates: Array
    memory: Any
    keep: Array
    next_size: Array


class Stepper:
    """Steps of `method` along ``field(t, state)``, for one lane."""

    def __init__(self, field: Field, method: Method) -> None:
        self.method = method
        self.field = field
        self._terms = diffrax.ODETerm(lambda t, state, _: field(t, state))
        self._solver = _solver(method)
        self._order = self._solver.order(self._terms)
        self._explicit = not isinstance(self._solver, diffrax.AbstractImplicitSolver)

    def memory(self, t: Array, end: Array, state: Array) -> Any:
        """What an implicit solver carries from step to step; an explicit one needs nothing but the rates."""
        return None if self._explicit else self._solver.init(self._terms, t, end, state, None)

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

    def step(self, t: Array, until: Array, size: Array, state: Array, rates: Array, memory: Any) -> Step:
        """Try a step of `size` from `t`, cut to end on `until` where it would pass it."""
        last = t + _STRETCH * size >= until
        t_next = jnp.where(last, until, t + size)
        new, slope, error, memory = self._take(t, t_next, state, rates, memory)
        if self.method.fixed_steps is not None:
            return Step(t_next, new, slope, memory, jnp.asarray(True), size)
        ratio = self._error_ratio(state, new, error)
        keep = ratio <= 1
        taken = lax.stop_gradient(t_next - t)
        wanted = taken * self._factor(ratio)
        # A step cut short by `until` says nothing against the longer one that was planned.
        planned = jnp.where(keep & last, jnp.maximum(wanted, size), wanted)
        return Step(t_next, new, slope, memory, keep, planned)

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        """State and rates at a time inside a kept step, as accurate as its end."""
        if self._explicit:
            found = _explicit_step(self._solver.tableau, self.field, t, t_next, state, rates, small=True)
            return found[0], found[1]
        new, slope, _, _ = self._take(t, t_next, state, rates, self.memory(t, t_next, state))
        return new, slope

    def _take(
        self, t: Array, t_next: Array, state: Array, rates: Array, memory: Any
    ) -> tuple[Array, Array, Array, Any]:
        """New state, rates there, estimate of the error, memory."""
        if self._explicit:
            return *_explicit_step(self._solver.tableau, self.field, t, t_next, state, rates), None
        new, error, _, memory, result = self._solver.step(
            self._terms, t, t_next, state, None, memory, made_jump=False
        )
        error = jnp.where(result == diffrax.RESULTS.successful, error, jnp.inf)
        return new, self.field(t_next, new), error, memory

    def _error_ratio(self, old: Array, new: Array, error: Array) -> Array:
        allowed = self.method.atol + self.method.rtol * jnp.maximum(jnp.abs(old), jnp.abs(new))
        ratio = lax.stop_gradient(jnp.max(jnp.abs(error) / allowed))
        finite = jnp.isfinite(ratio) & jnp.all(jnp.isfinite(new))
        return jnp.where(finite, ratio, jnp.inf)

    def _factor(self, ratio: Array) -> Array:
        tiny = jnp.finfo(ratio.dtype).tiny
        factor = _SAFETY * jnp.exp(jnp.log(jnp.maximum(ratio, tiny)) / -self._order)
        return jnp.clip(factor, _SHRINK_MOST, _GROW_MOST)


def _explicit_step(
    tableau: Any, field: Field, t: Array, t_next: Array, state: Array, rates: Array, small: bool = False
) -> tuple[Array, Array, Array]:
    """New state, rates there and estimate of the error, by an explicit Runge-Kutta method.

    `rates`, the field at the start, is the first stage. `small`: compile faster, run half as fast.
    """
    size = t_next - t
    stages = _stages_in_a_loop if small else _stages_written_out
    slopes = stages(tableau, field, t, size, state, rates)
    new = state + size * _weighted(tableau.b_sol, slopes)
    # The last stage of some methods (first same as last) is taken at the new state.
    return new, slopes[-1] if tableau.fsal else field(t_next, new), size * _weighted(tableau.b_error, slopes)


def _stages_written_out(tableau: Any, field: Field, t: Array, size: Array, state: Array, rates: Array) -> Any:
    slopes = [rates]
    for node, row in zip(tableau.c, tableau.a_lower, strict=True):
        slopes.append(field(t + float(node) * size, state + size * _weighted(row, slopes)))
    return slopes


def _stages_in_a_loop(tableau: Any, field: Field, t: Array, size: Array, state: Array, rates: Array) -> Any:
    """The same, compiled once for all stages."""
    rows = np.zeros((len(tableau.b_sol), len(tableau.b_sol)))
    for i, row in enumerate(tableau.a_lower, start=1):
        rows[i, :i] = row
    weights, nodes = jnp.asarray(rows, state.dtype), jnp.asarray(np.append(0.0, tableau.c), state.dtype)

    def stage(i: Array, slopes: Array) -> Array:
        moved = state + size * jnp.sum(weights[i][:, None] * slopes, axis=0)
        return lax.dynamic_update_index_in_dim(slopes, field(t + nodes[i] * size, moved), i, 0)

    begin = jnp.zeros((len(rows), *state.shape), state.dtype).at[0].set(rates)
    return lax.fori_loop(1, len(rows), stage, begin)


def _weighted(weights: Any, slopes: Any) -> Array:
    """Weighted sum of slopes; weights of zero cost nothing."""
    terms = [float(w) * slopes[i] for i, w in enumerate(weights) if w != 0]
    return sum(terms[1:], terms[0])


def _solver(method: Method) -> Any:
    cls: Any = _SOLVERS[method.solver]
    if not issubclass(cls, diffrax.AbstractImplicitSolver):
        return cls()
    root_finder = diffrax.VeryChord(rtol=max(method.rtol, 1e-12), atol=max(method.atol, 1e-12))
    implicit: Any = cls
    return implicit(root_finder=root_finder, **_PLAIN_LOOP)


def select(keep: Array, new: Any, old: Any) -> Any:
    """`new` where `keep`, else `old`, for every array of a tree."""
    return jax.tree.map(lambda a, b: jnp.where(keep, a, b), new, old)
