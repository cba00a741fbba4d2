"""Every solver is as accurate in deep troughs as its tolerance says, and derivatives go through them."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Flow
from equisweep.kernels.status import Status
from helpers.flows import orbits, same_logarithms, seen
from helpers.products import costs_seconds, some
from scipy.integrate import solve_ivp

OPEN = Status.not_steady


@cache
def prey_and_predators(prey, end, growth=1.0):
    def field(_t, u):
        return [growth - np.exp(min(u[1], 99)), np.exp(min(u[0], 99)) - 1]

    return solve_ivp(field, (0, end), [np.log(prey), 0.0], method="LSODA", rtol=1e-13, atol=1e-12).y[:, -1]


# From 1,500 prey fall to exp(-1,490) and are back at 1,500; ends are on the way down, below, up and after it.
ENDS = np.array([0.02, 0.5, 60.0, 1000.0, 1485.0, 1495.0])
# rtol, and how wrong logarithms may be.
SOLVERS = {
    "dopri8": (1e-10, 1e-6), "taylor": (1e-10, 1e-6), "rodas5p": (1e-8, 1e-4), "kvaerno5": (1e-8, 1e-3),
    "tsit5": (1e-7, 5e-3), "dopri5": (1e-7, 5e-3), "bosh3": (1e-6, 0.1), "heun": (1e-5, 0.1),
}  # fmt: skip


# One of each kind, explicit of three components.
OF_TWO, OF_THREE = {"taylor", "rodas5p"}, {"dopri5"}


@pytest.mark.parametrize("solver", some(SOLVERS, OF_TWO))
def test_prey_come_back_from_below_all_numbers(solver):
    rtol, within = SOLVERS[solver]
    settle = 0.0 if solver == "heun" else 1e-7  # with which it takes 4 million steps
    out = orbits(
        ("x", "y"), [1500.0, 1.0], lambda t, z, p: [z[0] * (1 - z[1]), z[1] * (z[0] - 1)],
        Method(solver, rtol=rtol, settle=settle, max_steps=1_000_000), horizon=ENDS,
    )  # fmt: skip
    right = np.array([prey_and_predators(1500.0, end) for end in ENDS]).T
    assert out["status"].tolist() == [OPEN] * len(ENDS)
    for values, logarithms in zip((out["x_final"], out["y_final"]), right, strict=True):
        same_logarithms(values, logarithms, within)


TIMES = np.array([1.0, 10, 50, 100, 120])
LAST = (0.5, 0.4, 0.5)  # how predators fall to those that eat them, and how these die and grow


@cache
def chain():
    fall, death, growth = LAST

    def field(_t, u):
        x, y, z = np.exp(np.minimum(u, 30))
        return [1 - y, x - 1 - fall * z, growth * y - death]

    start = np.log([300.0, 1.0, 1e-3])
    return solve_ivp(field, (0, 120), start, method="LSODA", rtol=1e-11, atol=1e-11, t_eval=TIMES).y


@pytest.mark.parametrize("solver", some(["dopri8", "kvaerno5", "dopri5", "heun"], OF_THREE))
def test_a_chain_of_three_is_right_while_one_of_them_is_below_all_numbers(solver):
    """Predators, between prey and those that eat them, come back from exp(-650) and fall to exp(-1,020)."""
    rtol, within = SOLVERS[solver]
    fall, death, growth = LAST
    out = orbits(
        "xyz", [300.0, 1.0, 1e-3],
        lambda t, u, p: [
            u[0] * (1 - u[1]), u[1] * (u[0] - 1 - fall * u[2]), u[2] * (growth * u[1] - death)
        ],
        Method(solver, rtol=rtol, settle=0.0, max_steps=3_000_000), horizon=TIMES,
    )  # fmt: skip
    assert chain()[1].min() < -1000
    assert out["status"].tolist() == [OPEN] * len(TIMES)
    for name, logarithms in zip("xyz", chain(), strict=True):
        same_logarithms(out[f"{name}_final"], logarithms, 5 * within)


@costs_seconds
@pytest.mark.parametrize("solver", ["tsit5", "rodas5p"])
def test_derivatives_go_through_what_falls_below_all_numbers(solver):
    """Of ln x and ln y by the growth of the prey, on the way down, below and after the trough."""
    flow = Flow(
        start=lambda p: jnp.stack([1500 + 0 * p["a"], 1 + 0 * p["a"]]),
        field=lambda t, z, p: jnp.stack([z[0] * (p["a"] - z[1]), z[1] * (z[0] - 1)]),
        observe=lambda z, p: dict(zip("xy", z, strict=True)),
        observables=seen("x", "y"),
    )
    method = Method(solver, rtol=1e-9, settle=0.0, max_steps=100_000)

    def ends(growth):
        out = lanes(flow, method)({"a": growth + jnp.zeros(4), "horizon": jnp.asarray(times)})
        return jnp.log(jnp.stack([out["x_final"], out["y_final"]]))

    times, h = np.array([0.5, 500.0, 800.0, 1498.0]), 1e-4
    values = np.asarray(jax.jacfwd(ends)(1.0))
    right = np.array([
        (prey_and_predators(1500.0, end, 1 + h) - prey_and_predators(1500.0, end, 1 - h)) / (2 * h)
        for end in times
    ]).T  # fmt: skip
    above = np.array([[True, False, True, True], [True, True, False, False]])  # the others are 0
    np.testing.assert_allclose(values[above], right[above], rtol=1e-4)
