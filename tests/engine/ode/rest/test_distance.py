"""How far an orbit is from rest: a spiral's peaks, slow drifts beside fast motion, ways into a saddle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.rest.distance import square_of_distance, swing_of
from equisweep.engine.ode.trajectory import lanes
from equisweep.kernels.flow import Attractor, Flow
from helpers.flows import seen
from helpers.products import covering
from scipy.linalg import expm

# A spiral, x and y; a third component that grows away from 0, unless it is there.
SPIRAL = Flow(
    start=lambda p: jnp.stack([1 + 0 * p["a"], 0 * p["a"], p["z0"]]),
    field=lambda t, s, p: jnp.stack([-p["a"] * s[0] - s[1], s[0] - p["a"] * s[1], s[2] * (1 - s[2])]),
    observe=lambda s, p: dict(zip("xyz", s, strict=True)),
    observables=seen("x", "y", "z"),
)


# Loose tolerances let dopri8 take a fifth of a turn at once, and pass over the peaks.
@pytest.mark.parametrize(
    ("solver", "rtol", "settle"),
    covering(
        [("tsit5", 1e-10, 1e-7), ("rodas5p", 1e-8, 1e-5), ("dopri8", 1e-6, 1e-3)],
        lambda solver, *_: solver == "dopri8",
        columns=0,
    ),
)
def test_a_spiral_settles_when_its_peaks_do_with_every_solver(solver, rtol, settle):
    a = np.array([0.05, 0.2, 0.1])
    p = {"a": a, "z0": np.zeros(3), "horizon": np.full(3, 1e3)}
    out = lanes(SPIRAL, Method(solver, rtol=rtol, settle=settle))(p)
    # The largest that y has been is its first peak, which is the unit of all that follow.
    first = np.arctan(1 / a)
    np.testing.assert_allclose(out["settle_time"], first - np.log(settle) / a, rtol=1e-2)


def test_an_orbit_that_starts_on_its_way_into_a_saddle_goes_into_it():
    p = {"a": np.full(3, 0.2), "z0": np.array([0.0, 1e-12, -1e-300]), "horizon": np.full(3, 150.0)}
    out = lanes(SPIRAL, Method("tsit5"))(p)
    assert list(out["attractor"]) == [Attractor.rest_point, Attractor.rest_point, Attractor.undecided]
    np.testing.assert_allclose(out["z_final"], [0, 1, 0], atol=1e-6)


# A slow component that rests at 0, but only in all time, beside a fast one that follows it.
DRIFT = Flow(
    start=lambda p: jnp.stack([p["x0"], p["x0"] ** 2]),
    field=lambda t, s, p: jnp.stack([-(s[0] ** 2), -p["fast"] * (s[1] - s[0] ** 2)]),
    observe=lambda s, p: {"x": s[0], "y": s[1]},
    observables=seen("x", "y"),
)


def test_a_drift_that_is_slow_beside_the_fastest_motion_is_no_rest():
    horizon = np.array([1e3, 1e5, 1e6, 1e9])
    p = {"x0": np.ones(4), "fast": np.array([1e8, 1e6, 1e8, 1e4]), "horizon": horizon}
    out = lanes(DRIFT, Method("rodas5p", rtol=1e-8))(p)
    np.testing.assert_allclose(out["x_final"][:3], 1 / (1 + horizon[:3]), rtol=1e-5)
    assert list(out["attractor"]) == [Attractor.undecided] * 3 + [Attractor.rest_point]
    assert out["x_final"][3] < 2e-7


@pytest.mark.parametrize(
    ("eigenvalues", "swings"),
    [([-0.1 + 2j, -0.1 - 2j], True), ([-1.0, -3.0], False), ([-0.1 + 2j, -0.1 - 2j, -0.5], True)],
    ids=str,
)
def test_peaks_are_those_of_linear_motion_and_never_below_the_distance(eigenvalues, swings):
    blocks = np.diag(np.real(eigenvalues)).astype(float)
    turn = abs(np.imag(eigenvalues[0]))
    blocks[0, 1] += turn
    blocks[1, 0] -= turn
    random = np.random.default_rng(3)
    basis = random.normal(size=blocks.shape)
    jacobian = basis @ blocks @ np.linalg.inv(basis)
    start = basis @ np.eye(len(blocks))[0]
    swing = jax.jit(swing_of)(jacobian, start)
    assert (float(swing.part) > 0) == swings
    none, scale = np.zeros(len(blocks), bool), np.ones(len(blocks))
    times = np.linspace(0, 12, 241)
    ahead = expm(jacobian * times[:, None, None]) @ start
    squares = jax.jit(jax.vmap(lambda z, moves: square_of_distance(z, moves, scale, none, swing)))
    square = np.asarray(squares(ahead, ahead @ jacobian.T))
    largest = np.abs(ahead).max(axis=1)
    assert (np.sqrt(square) >= largest * (1 - 1e-9)).all()
    to_come = np.maximum.accumulate(largest[::-1])[::-1]
    if swings:  # as high as the next peak, which is lower by half a turn's decay at most
        assert (np.sqrt(square)[:180] <= 1.01 * to_come[:180] * np.exp(0.1 * np.pi / turn)).all()
        assert (np.diff(square) < 0).all()
