"""Runge-Kutta methods: one step of one trajectory, and its error.

Explicit steps are written out stage by stage: under vmap this is twice as fast as a loop over stages.
Implicit steps solve their stages here, too.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..differences import jacobian_of
from .growing import passes_over
from .stage_equations import finite_part, solver_of
from .step_size import StepControl
from .stepper import Control, Field, Stages, stages_at
from .tableaux import Tableau
from .tangents import Around, Begin

Array = Any

# Stages are solved to this part of the error that is allowed, in as many iterations at most.
_SOLVED, _MOST_ITERATIONS = 1e-2, 10


class RungeKutta(StepControl):
    """Steps of an explicit Runge-Kutta method: a `Stepper`.

    Parameters
    ----------
    tableau : the coefficients of the method.
    field : field(t, state) -> rates, shape (d,).
    control : the tolerances, or the number of fixed steps.
    """

    def __init__(self, tableau: Tableau, field: Field, control: Control) -> None:
        self.tableau, self.field, self.control = tableau, field, control
        self._order, self.furthest = tableau.order, float(max(1.0, *tableau.c))
        self._again = partial(compact_step, tableau)

    def reach(self, t: Array, t_next: Array, state: Array, rates: Array) -> tuple[Array, Array]:
        """State and rates at a time inside a kept step, as accurate as its end."""
        end = compact_step(self.tableau, self.field, t, t_next, state, rates)
        return self._accurate(Begin(t, t_next, state, rates), end)

    def _take(
        self, t: Array, t_next: Array, state: Array, rates: Array, _solver_state: Any, /
    ) -> tuple[Array, Array, Array, Any, Stages]:
        slopes = _stages_written_out(self.tableau, self.field, t, t_next - t, state, rates)

        def stages() -> tuple[Array, Array]:
            size, rows = t_next - t, self.tableau.a
            states = [state + size * _weighted(row, slopes) for row in rows]
            return stages_at(t, size, self.tableau.c, states)

        return *_ended(self.tableau, self.field, t_next, state, t_next - t, slopes), None, stages


class ImplicitRungeKutta(RungeKutta):
    """Steps of a singly diagonally implicit method, stiffly accurate: a `Stepper`; parameters as above.

    Each stage is solved by simplified Newton iterations, far below the tolerances, with one factorisation a
    step. What is stiff in the estimate of the error is damped by the same matrix. Reference: Hairer and
    Wanner, "Solving ordinary differential equations II", sections IV.6 and IV.8.
    """

    reach = StepControl.reach  # the explicit one goes on from the field alone

    def __init__(self, tableau: Tableau, field: Field, control: Control) -> None:
        super().__init__(tableau, field, control)
        self._again = partial(_implicit_part, tableau)

    def _take(
        self, t: Array, t_next: Array, state: Array, rates: Array, _solver_state: Any, /
    ) -> tuple[Array, Array, Array, Any, Stages]:
        tableau, size = self.tableau, t_next - t
        own = tableau.diagonal * size
        jacobian, solve = _equations(self.field, t, own, size, state, rates, state)
        slopes, solved, new, seen = [rates], jnp.asarray(True), state, list[Array]()
        for node, row, guess in zip(tableau.c, tableau.a, tableau.guess, strict=True):
            begin, at = state + size * _weighted(row, slopes), t + float(node) * size

            def better(slope: Array, begin: Array = begin, at: Array = at) -> tuple[Array, Array]:
                there = begin + own * slope
                change = solve(self.field(at, there) - slope)
                # Of a component that is 0 at the begin, what is allowed is known from the stage alone.
                allowed = self.control.allowed(state, there + own * change, size)
                # Of one that stays 0 so little is allowed that a part of it would be 0 as well.
                return slope + change, jnp.max(jnp.abs(own * change) / allowed) / _SOLVED

            slope, far = _iterated(better, _weighted(guess, slopes))
            solved &= far <= 1
            slopes.append(slope)
            new = begin + own * slope
            seen.append(new)
        error = solve(size * _weighted(tableau.b_error, slopes))
        solved &= ~passes_over(jacobian, (state, new), rates, size, self.control.scale)
        error = jnp.where(solved, error, jnp.inf)
        return new, self.field(t_next, new), error, None, lambda: stages_at(t, size, tableau.c, seen)


def _implicit_part(
    tableau: Tableau, field: Field, t: Array, t_next: Array, moved: Array, rates: Array, around: Around
) -> tuple[Array, Array, Array]:
    """A part of an implicit step: a `Take`. Its error is no number where its stages are not solved.

    Its stages are compiled once for all, as it is there for few steps.
    """
    size = t_next - t
    own = tableau.diagonal * size
    _, solve = _equations(field, t, own, size, moved, rates, around.state + moved)
    tables = _rows(tableau.a), _rows(tableau.guess), tableau.c
    rows, guesses, nodes = (jnp.asarray(table, moved.dtype) for table in tables)

    def stage(at: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        i, slopes, solved, _ = at
        begin = moved + size * jnp.sum(rows[i][:, None] * slopes, axis=0)

        def better(slope: Array) -> tuple[Array, Array]:
            change = solve(field(t + nodes[i] * size, begin + own * slope) - slope)
            return slope + change, jnp.max(jnp.abs(own * change) / around.allowed) / _SOLVED

        slope, far = _iterated(better, jnp.sum(guesses[i][:, None] * slopes, axis=0))
        slopes = lax.dynamic_update_index_in_dim(slopes, slope, i + 1, 0)
        return i + 1, slopes, solved & (far <= 1), begin + own * slope

    slopes = jnp.zeros((len(tableau.b), *moved.shape), moved.dtype).at[0].set(rates)
    first = jnp.int32(0), slopes, jnp.asarray(True), moved
    _, slopes, solved, end = lax.while_loop(lambda at: at[0] < len(tableau.a), stage, first)
    error = solve(size * _weighted(tableau.b_error, slopes))
    return end, field(t_next, end), error * jnp.where(solved, 1.0, jnp.nan)


def _equations(
    field: Field, t: Array, own: Array, size: Array, state: Array, rates: Array, measured: Array
) -> tuple[Array, Callable]:
    """The Jacobian where an implicit step begins, and the solver of the equations of its stages.

    `own` is the step times what a stage counts in itself; sizes are those of the state `measured`.
    """
    jacobian = finite_part(jacobian_of(partial(field, t), state))
    matrix = jnp.eye(len(state), dtype=state.dtype) - own * jacobian
    return jacobian, solver_of(matrix, jacobian, measured, rates, size)


def _rows(rows: Any) -> Array:
    """Rows of weights, filled up to one column more than there are rows."""
    filled = np.zeros((len(rows), len(rows) + 1))
    for i, row in enumerate(rows):
        filled[i, : len(row)] = row
    return filled


def _iterated(better: Any, guess: Array) -> tuple[Array, Array]:
    """What Newton's method ends with, and its last change in units of what is allowed.

    One iteration more than needed is taken, so that derivatives are those of the solution.
    """

    def cond(carry: tuple[Array, Array, Array]) -> Array:
        count, _, far = carry
        return (count < _MOST_ITERATIONS) & ~(far <= 1)

    def body(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        count, value, _ = carry
        return count + 1, *better(value)

    far = jnp.asarray(jnp.inf, guess.dtype)
    _, value, far = lax.while_loop(cond, body, (jnp.int32(0), guess, far))
    return better(value)


def _ended(
    tableau: Tableau, field: Field, t_next: Array, state: Array, size: Array, slopes: Any
) -> tuple[Array, Array, Array]:
    """New state, rates there and estimate of the error, from the slopes of all stages."""
    new = state + size * _weighted(tableau.b, slopes)
    # The last stage of some methods (first same as last) is taken at the new state.
    error = size * _weighted(tableau.b_error, slopes)
    if tableau.b_again:
        error = jnp.maximum(jnp.abs(error), jnp.abs(size * _weighted(tableau.b_again, slopes)))
    return new, slopes[-1] if tableau.last_is_first else field(t_next, new), error


def compact_step(
    tableau: Tableau, field: Field, t: Array, t_next: Array, state: Array, rates: Array,
    _around: Around | None = None,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """New state, rates there and estimate of the error of an explicit step, in little code: a `Take`."""
    slopes = _stages_in_a_loop(tableau, field, t, t_next - t, state, rates)
    return _ended(tableau, field, t_next, state, t_next - t, slopes)


def _stages_written_out(
    tableau: Tableau, field: Field, t: Array, size: Array, state: Array, rates: Array
) -> Any:
    """The slopes of all stages, one after the other; `rates`, the field at the start, is the first."""
    slopes = [rates]
    for node, row in zip(tableau.c, tableau.a, strict=True):
        slopes.append(field(t + float(node) * size, state + size * _weighted(row, slopes)))
    return slopes


def _stages_in_a_loop(
    tableau: Tableau, field: Field, t: Array, size: Array, state: Array, rates: Array
) -> Any:
    """The same, compiled once for all stages: it compiles faster and runs half as fast."""
    rows = np.zeros((len(tableau.b), len(tableau.b)))
    for i, row in enumerate(tableau.a, start=1):
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
