"""Where rest points have met and are gone an orbit creeps, and does not rest; where they meet it does."""

import jax.numpy as jnp
import numpy as np
from equisweep.engine.ode.method import Method
from equisweep.kernels.flow import Attractor
from helpers.flows import orbits, run
from scipy.integrate import solve_ivp

LOOSE = Method("tsit5", rtol=1e-6, settle=1e-3)


def test_a_phase_that_goes_round_for_ever_never_rests_however_large_its_scale():
    """The distance that counts as rest grows with the scale, in the end beyond all turns.

    Nor does one that only creeps where its rest points have met and gone; where they meet it does.
    """
    w, horizon = np.array([0.5, 1.1, 1.5, 3.0]), 2000.0
    ghosts = 1 + np.array([0, 1e-4, 1e-6, 1e-8])
    horizons = np.repeat([horizon, 1e4], 4)
    out = run(
        "x", lambda p: [0 * p["w"]], lambda z, p: [p["w"] - jnp.sin(z[0])], LOOSE, w=np.append(w, ghosts),
        horizon=horizons,
    )  # fmt: skip
    rest, turns = [Attractor.rest_point], [Attractor.undecided] * 3
    assert out["attractor"].tolist() == rest + turns + rest + turns
    turns = np.sqrt(w[1:] ** 2 - 1) * horizon
    np.testing.assert_allclose(out["x_final"][:4], [np.pi / 6, *turns], rtol=1e-2)
    # There x = pi/2 - 2 / (1 + t), which is also its scale.
    np.testing.assert_allclose(out["settle_time"][4], 1001 * 4 / np.pi - 1, rtol=1e-3)
    w, half = ghosts[1:], np.sqrt(ghosts[1:] ** 2 - 1) * 1e4 / 2
    right = 2 * np.arctan((1 + np.sqrt(w**2 - 1) * np.tan(half - np.arctan(1 / np.sqrt(w**2 - 1)))) / w)
    np.testing.assert_allclose(np.cos(out["x_final"][5:] - right), 1, atol=1e-3)


def test_in_single_precision_rates_of_a_ghost_are_no_rounding_either():
    w = np.array([1, 1.0001, 1.001, 1.01])
    out = orbits(
        "x", [0.0], lambda t, z, p: [p["w"] - jnp.sin(z[0])], Method("tsit5", rtol=1e-4, settle=1e-2),
        dtype=np.float32, w=w, horizon=1e4,
    )  # fmt: skip
    assert out["attractor"].tolist() == [Attractor.rest_point, *[Attractor.undecided] * 3]


def test_where_rest_points_met_and_are_gone_none_is_and_of_a_line_one_that_the_orbit_comes_to():
    """X creeps past 0 on its way to -1, and y follows; or x dies out, and y stays where it is by then."""
    e, y0, k = np.array([1e-4, 1e-6, 1e-8, 1e-3, 1e-3]), [0.5, 0.5, 0.5, 0.5, 0.02], [1, 1, 1, 1, 3]
    out = run(
        "xy",
        lambda p: [0.8 + 0.2 * p["line"], p["y0"]],
        lambda z, p: [
            -p["line"] * z[0] * (1 + z[1]) - (1 - p["line"]) * (p["e"] + z[0] ** 2) * (1 + z[0]),
            p["line"] * p["k"] * z[0] * z[1] + (1 - p["line"]) * 0.05 * (z[0] ** 2 - z[1]),
        ],
        LOOSE, e=e, line=e == 1e-3, y0=y0, k=k, horizon=20 / np.sqrt(e),
    )  # fmt: skip
    assert (out["attractor"] == Attractor.rest_point).all()
    np.testing.assert_allclose(out["x_final"], [-1, -1, -1, 0, 0], atol=2e-3)
    assert (out["settle_time"][:3] > np.pi / np.sqrt(e[:3])).all()
    # Along each orbit x + y + log y is the same.
    y = out["y_final"][3]
    np.testing.assert_allclose(y + np.log(y), 1.5 + np.log(0.5), atol=3e-3)
    # In the last one it is y that comes late: Newton's method led along the line by three times `settle`.
    for i, component in ((3, 0), (4, 1)):
        right = solve_ivp(
            lambda t, z, k=k[i]: [-z[0] * (1 + z[1]), k * z[0] * z[1]], (0, 40), [1, y0[i]],
            rtol=1e-10, atol=1e-13, dense_output=True,
        )  # fmt: skip
        end, there = right.y[component, -1], right.sol(out["settle_time"][i])[component]
        np.testing.assert_allclose(np.abs(there - end) / right.y[component].max(), 1e-3, rtol=2e-3)
