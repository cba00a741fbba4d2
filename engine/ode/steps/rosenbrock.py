"""Rosenbrock steps, for stiff fields: implicit as far as the field is linear.

There are no iterations that may fail: a step is one factorisation of a small matrix, eight substitutions and
eight values of the field, which become machine code as they stand. The method is Rodas5P, of order 5 with an
error estimate of order 4, stiffly accurate and L-stable, with coefficients that keep much of the order where
the solution follows a stiff forcing. References: Steinebach (2023), "Construction of Rosenbrock-Wanner method
Rodas5P and numerical benchmarks within the Julia Differential Equations package", BIT 63, 27; Hairer and
Wanner, "Solving ordinary differential equations II", section IV.7.
"""

from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..differences import in_time_of, jacobian_of
from .growing import passes_over
from .stage_equations import finite_part, solver_of
from .step_size import StepControl
from .stepper import Control, Field, Stages, stages_at
from .tangents import Around

Array = Any

# In the transformed variables of Hairer and Wanner (7.25): the diagonal of the method; where each stage takes
# the field, in the state and in time; what it adds of the stages before; and the weight of the slope in time.
GAMMA = 0.21193756319429014
STATES = (
    (),
    (3.0,),
    (2.849394379747939, 0.45842242204463923),
    (-6.954028509809101, 2.489845061869568, -10.358996098473584),
    (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
    (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946),
)
COUPLINGS = (
    (),
    (-14.155112264123755,),
    (-17.97296035885952, -2.859693295451294),
    (147.12150275711716, -1.41221402718213, 71.68940251302358),
    (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
    (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
    (
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ),
    (
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ),
)
TIMES = (0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0)
SLOPES_IN_TIME = (
    0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069,
)  # fmt: skip


class Rosenbrock(StepControl):
    """Steps of Rodas5P: a `Stepper`.

    Parameters
    ----------
    field : field(t, state) -> rates, shape (d,); differentiated in both (`differences`).
    control : the tolerances, or the number of fixed steps.
    """

    _order = 5

    def __init__(self, field: Field, control: Control) -> None:
        self.field, self.control, self._again = field, control, _part

    def _take(
        self, t: Array, t_next: Array, state: Array, rates: Array, _solver_state: Any, /
    ) -> tuple[Array, Array, Array, Any, Stages]:
        size = t_next - t
        jacobian, in_time, solve = _equations(self.field, t, size, state, rates, state)
        stages: list[Array] = []
        new, seen = state, list[Array]()
        for i, couplings in enumerate(COUPLINGS):
            # The last two stages go on from where the one before them came to.
            new = _added(state, STATES[i], stages) if i < len(STATES) else new + stages[-1]
            seen.append(new)
            right = rates if i == 0 else self.field(t + TIMES[i] * size, new)
            right = _added(right, [c / size for c in couplings], stages)
            if i < len(SLOPES_IN_TIME):
                right = right + SLOPES_IN_TIME[i] * size * in_time
            stages.append(solve(right))
        end = new + stages[-1]
        over = passes_over(jacobian, (state, end), rates, size, self.control.scale)
        error = jnp.where(over, jnp.inf, stages[-1])
        return end, self.field(t_next, end), error, None, lambda: stages_at(t, size, TIMES, seen)


def _part(
    field: Field, t: Array, t_next: Array, moved: Array, rates: Array, around: Around
) -> tuple[Array, Array, Array]:
    """A part of a step: a `Take`. Its stages are compiled once for all, as it is there for few steps."""
    size = t_next - t
    _, in_time, solve = _equations(field, t, size, moved, rates, around.state + moved)
    count = len(COUPLINGS)
    states, couplings = np.zeros((count + 1, count)), np.zeros((count, count))
    for i, row in enumerate(COUPLINGS):
        couplings[i, : len(row)] = row
        if i < len(STATES):
            states[i, : len(STATES[i])] = STATES[i]
    for i in range(len(STATES), count + 1):
        states[i] = states[i - 1] + np.eye(count)[i - 1]
    tables = [states, couplings, [*SLOPES_IN_TIME, 0.0, 0.0, 0.0], TIMES]
    into, on, slopes, times = (jnp.asarray(table, moved.dtype) for table in tables)

    def stage(at: tuple[Array, Array]) -> tuple[Array, Array]:
        i, stages = at
        right = field(t + times[i] * size, moved + jnp.sum(into[i][:, None] * stages, axis=0))
        right = right + jnp.sum(on[i][:, None] * stages, axis=0) / size + slopes[i] * size * in_time
        return i + 1, lax.dynamic_update_index_in_dim(stages, solve(right), i, 0)

    first = jnp.int32(0), jnp.zeros((count, *moved.shape), moved.dtype)
    _, stages = lax.while_loop(lambda at: at[0] < count, stage, first)
    end = moved + jnp.sum(into[count][:, None] * stages, axis=0)
    return end, field(t_next, end), stages[-1]


def _equations(
    field: Field, t: Array, size: Array, state: Array, rates: Array, measured: Array
) -> tuple[Array, Array, Any]:
    """The Jacobian where a step begins, the slope of the field in time, and the solver of its equations.

    Sizes are those of the state `measured`.
    """
    jacobian = finite_part(jacobian_of(partial(field, t), state))
    in_time = in_time_of(lambda t: field(t, state), t, rates, size)
    diagonal = jnp.eye(len(state), dtype=state.dtype) / (GAMMA * size)
    return jacobian, in_time, solver_of(diagonal - jacobian, jacobian, measured, rates, size)


def _added(begin: Array, weights: Any, stages: list[Array]) -> Array:
    """The sum of weighted stages, added to `begin`; the stages to come have no weight yet."""
    for weight, stage in zip(weights, stages, strict=False):
        begin = begin + weight * stage
    return begin
