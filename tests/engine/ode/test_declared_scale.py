"""A scale that an observable declares: tolerances and what counts as rest are measured in it."""

import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Attractor, Observable
from equisweep.kernels.model import Domain, Parameter

UNITS = (1e-12, 1e12)
RTOL, SETTLE, END = 1e-5, 1e-6, 20.0


def swing(t, drag):
    """Place and speed of u'' = -(1 + drag^2) u - 2 drag u' that begins at 1 without speed."""
    fall = np.exp(-drag * t)
    return fall * (np.cos(t) + drag * np.sin(t)), -fall * (1 + drag**2) * np.sin(t)


@pytest.fixture(scope="module")
def orbits():
    """Two oscillators in units of their own, of which one moves: as far as its unit, or a part of that."""
    names = ("x", "v", "y", "w")
    scales = (UNITS[0], UNITS[0], UNITS[1], UNITS[1])
    numbers = [Parameter(name, name, "1", 1.0, Domain(0), name) for name in ("x0", "y0", "drag", "horizon")]
    seen = [Observable(n, n, "1", n, scale=s) for n, s in zip(names, scales, strict=True)]

    @flow_model(
        parameters=numbers,
        start=lambda p: jnp.stack([p["x0"], 0 * p["x0"], p["y0"], 0 * p["y0"]]),
        observables=seen,
        title="swings",
    )
    def oscillators(t, z, p):
        del t
        push = -(1 + p["drag"] ** 2) * z[::2] - 2 * p["drag"] * z[1::2]
        return jnp.stack([z[1], push[0], z[3], push[1]])

    part, drag = np.array([1.0, 1e-3, 1.0, 1e-3]), np.array([0.0, 0.0, 1.0, 1.0])
    rest = np.zeros(4)
    p = {
        "x0": np.r_[part * UNITS[0], rest], "y0": np.r_[rest, part * UNITS[1]],
        "drag": np.r_[drag, drag], "horizon": np.full(8, END),
    }  # fmt: skip
    out = lanes(oscillators.flow, Method("tsit5", rtol=RTOL, settle=SETTLE))(
        {k: jnp.asarray(v) for k, v in p.items()}
    )
    out = {name: np.asarray(value) for name, value in out.items()}
    small = {key.replace("_final", ""): out[key][:4] for key in ("x_final", "v_final", "steps")}
    large = {key: out[name][4:] for key, name in (("x", "y_final"), ("v", "w_final"), ("steps", "steps"))}
    for one, rows in ((small, slice(4)), (large, slice(4, 8))):
        one |= {key: out[key][rows] for key in ("settle_time", "attractor")}
    return part, drag, {UNITS[0]: small, UNITS[1]: large}


@pytest.mark.parametrize("unit", UNITS)
def test_errors_are_small_parts_of_the_scale(orbits, unit):
    part, drag, out = orbits
    for name, right in zip("xv", swing(END, drag), strict=True):
        error = np.abs(out[unit][name] / unit - part * right)
        assert (error[drag == 0] < 20 * RTOL).all(), name
        assert (error[drag > 0] < SETTLE).all(), name


def test_below_one_they_are_as_large_as_that_whatever_the_size(orbits):
    # What swings by a thousandth of its scale may be wrong by as much of the scale: fewer steps do.
    part, drag, out = orbits
    free = out[UNITS[0]]["steps"][drag == 0]
    assert free[1] < 0.7 * free[0]
    # A scale above 1 leaves `atol` at `rtol`, and errors are measured in the size of what swings.
    error = np.abs(out[UNITS[1]]["x"] / UNITS[1] / part - swing(END, drag)[0])
    assert (error[drag == 0] < 20 * RTOL).all()


@pytest.mark.parametrize("unit", UNITS)
def test_rest_is_measured_in_the_scale(orbits, unit):
    part, drag, out = orbits
    assert (out[unit]["attractor"][drag > 0] == Attractor.rest_point).all()
    t = np.linspace(0, END, 100_001)
    for settle_time, size in zip(out[unit]["settle_time"][2:], part[2:], strict=True):
        away = size * np.abs(swing(t, 1.0)).max(axis=0) > SETTLE
        np.testing.assert_allclose(settle_time, t[np.flatnonzero(away)[-1]], atol=2e-3)
