"""Orbits as one program, from parameters to outputs: the bits of one call of machine code after another."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest
from equisweep.engine.codegen import lane_loop as loops
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.codegen.route.route import Repeat
from equisweep.engine.ode.integration import Integration
from equisweep.engine.ode.method import SOLVERS, Method
from equisweep.engine.ode.trajectory import integrated
from helpers.flows import DECAY, LORENZ, VAN_DER_POL
from helpers.products import costs_seconds, some

TIMES = np.array([0.0, 0.3, 0.7, 0.8, 5.0, 11.0])
LANES = 40


def orbits(flow, method, times, **parameters):
    """Every output of many lanes, and what XLA is given for it."""

    def one(p):
        return integrated(Integration(flow, p, method, {}, partial(lane_loop)), times)

    lowered = jax.jit(jax.vmap(one)).lower(parameters)
    return jax.tree.map(np.asarray, lowered.compile()(parameters)), lowered.as_text()


def by_parts(monkeypatch, *given, **parameters):
    """The same, one call after another."""
    with monkeypatch.context() as patch:
        patch.setattr(type(loops.lane_backends()[0]), "routes", False)
        return orbits(*given, **parameters)[0]


def each_loop_once(route):
    """Lanes that come to a loop by different ways are computed together."""
    parts = [block.end.part for block in route.blocks if isinstance(block.end, Repeat)]
    return len(parts) == len(set(parts)) > 0


def same(monkeypatch, flow, method, times, **parameters):
    routes, backend = [], type(loops.lane_backends()[0])
    with monkeypatch.context() as patch:
        program = backend.route
        patch.setattr(backend, "route", lambda self, route: (routes.append(route), program(self, route))[1])
        actual, text = orbits(flow, method, times, **parameters)
    assert each_loop_once(*routes)
    assert text.count("stablehlo.custom_call") == 1
    assert "stablehlo.while" not in text
    expected = by_parts(monkeypatch, flow, method, times, **parameters)
    assert actual.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(
            actual[name].view(np.uint8), values.view(np.uint8), err_msg=f"{name} of {method.solver}"
        )
    return actual


@pytest.fixture(scope="module")
def uneven():
    """Horizons that differ a hundredfold, one at which nothing is left to do, one that is no number."""
    rng = np.random.default_rng(1)
    end = np.exp(rng.uniform(np.log(0.2), np.log(20.0), LANES))
    end[3], end[5], end[7] = 0.0, np.nan, -1.0
    return {"horizon": end, "x0": rng.normal(size=LANES), "v0": np.ones(LANES)}


# Others stand in tests below, implicit ones in tests/gpu/test_kernels.py, too.
SETTLING = {"taylor"}


@pytest.mark.parametrize("solver", some(SOLVERS, SETTLING))
def test_orbits_of_every_solver_pass_their_saved_times_and_settle(monkeypatch, uneven, solver):
    """Those by `taylor`, whose programs are made soonest, go on until they are decided."""
    given = {"horizon": uneven["horizon"], "z0": uneven["x0"], "k": np.geomspace(0.01, 8.0, LANES)}
    method = Method(solver, rtol=1e-4, max_steps=900, horizon="decided" if solver == "taylor" else "given")
    result = same(monkeypatch, DECAY, method, TIMES, **given)
    assert len(np.unique(result["status"])) > 2
    assert np.isnan(result["z_path"]).any()
    assert solver == "heun" or np.isfinite(result["settle_time"]).any()
    assert len(np.unique(result["steps"])) > 5


@costs_seconds
@pytest.mark.parametrize("solver", ["tsit5", "rodas5p"])
def test_cycles_are_followed_past_saved_times(monkeypatch, uneven, solver):
    method = Method(solver, rtol=1e-5, max_steps=2000)
    result = same(monkeypatch, VAN_DER_POL, method, TIMES, mu=np.full(LANES, 0.7), **uneven)
    assert len(np.unique(result["status"])) > 2
    assert len(np.unique(result["steps"])) > 10


@costs_seconds
def test_orbits_that_go_on_until_they_are_decided(monkeypatch, uneven):
    """Centres and cycles: turns of an orbit, and of the search for its cycle, lane by lane."""
    method = Method("dopri5", rtol=1e-6, horizon="decided", longest=80.0)
    result = same(monkeypatch, VAN_DER_POL, method, np.array([]), mu=np.linspace(0.0, 1.5, LANES), **uneven)
    assert (result["attractor"] == 2).sum() > 10


def test_saved_times_are_rounded_before_an_orbit_begins_whatever_its_dtype(uneven):
    """XLA would round them between its calls, and the numbers be those of one machine."""
    single = {"horizon": uneven["horizon"], "z0": uneven["x0"], "k": np.ones(LANES)}
    single = {name: values.astype(np.float32) for name, values in single.items()}
    method = Method("heun", rtol=1e-4, fixed_steps=9, settle=0)

    def one(p):
        return integrated(Integration(DECAY, p, method, {}, partial(lane_loop)), TIMES.tolist())

    text = jax.jit(jax.vmap(one)).lower(single).as_text()
    assert text.count("stablehlo.custom_call") == 1
    assert "stablehlo.while" not in text


@costs_seconds
def test_fixed_steps_through_chaos(monkeypatch):
    end = np.linspace(1.0, 9.0, LANES)
    start = {"x0": np.linspace(1, 2, LANES), "y0": np.ones(LANES), "z0": np.ones(LANES)}
    given = {"sigma": np.full(LANES, 10.0), "rho": np.linspace(0.5, 28, LANES), "beta": np.full(LANES, 8 / 3)}
    same(
        monkeypatch,
        replace(LORENZ, swings=()),
        Method("tsit5", fixed_steps=200),
        TIMES,
        horizon=end,
        **start,
        **given,
    )
