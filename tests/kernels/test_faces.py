"""Flows of one's own that start on a face: what is pure stays, the rest moves as on the face."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.trajectory import lanes, trajectory
from equisweep.kernels.declare import flow_model
from equisweep.kernels.faces import check_of_faces, start_on_faces
from equisweep.kernels.flow import Attractor, Observable
from equisweep.kernels.model import Domain, Parameter
from equisweep.kernels.replicator import from_log_ratios, to_log_ratios
from equisweep.kernels.status import Status
from helpers.products import some
from scipy.integrate import solve_ivp

A, B = np.array([[1.5, 2.0], [4.5, 4.0]]), np.array([[1.0, 5.5], [2.0, 4.0]])
PARAMETERS = [
    Parameter("x0", "x_0", "1", 0.5, Domain(0, 1), "share at the start"),
    Parameter("y0", "y_0", "1", 0.5, Domain(0, 1), "share at the start"),
    Parameter("horizon", "T", "1", 5.0, Domain(0), "end"),
]


def logit(x):
    return jnp.log(x / (1 - x))


def shares(logits):
    return 1 / (1 + jnp.exp(-logits))


@flow_model(
    parameters=PARAMETERS,
    start=lambda p: jnp.stack([logit(p["x0"]), logit(p["y0"])]),
    observe=lambda state, p: {"x": shares(state)[0], "y": shares(state)[1]},
    observables=[Observable("x", "x", "1", "first"), Observable("y", "y", "1", "second")],
    coordinates="logits",
)
def two(t, state, p):
    """Two populations of two strategies, as a user writes them."""
    x, y = shares(state)
    of_x, of_y = A @ jnp.stack([y, 1 - y]), jnp.stack([x, 1 - x]) @ B
    return jnp.stack([of_x[0] - of_x[1], of_y[0] - of_y[1]])


def field(_t, z):
    of_x, of_y = A @ [z[1], 1 - z[1]], np.array([z[0], 1 - z[0]]) @ B
    return [z[0] * (1 - z[0]) * (of_x[0] - of_x[1]), z[1] * (1 - z[1]) * (of_y[0] - of_y[1])]


@pytest.mark.parametrize("solver", some(["dopri8", "taylor", "rodas5p"], {"taylor", "rodas5p"}))
def test_a_pure_share_stays_and_the_other_moves(solver):
    x0, y0 = (a.ravel() for a in np.meshgrid([0.0, 0.5, 0.99999, 1.0], [0.0, 0.5, 1.0]))
    p = {"x0": x0, "y0": y0, "horizon": np.full(len(x0), 2.0)}
    outputs = lanes(two.flow, Method(solver, settle=0))({k: jnp.asarray(v) for k, v in p.items()})
    for i, start in enumerate(zip(x0, y0, strict=True)):
        exact = solve_ivp(field, (0, 2), start, "DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
        np.testing.assert_allclose([outputs["x_final"][i], outputs["y_final"][i]], exact, rtol=0, atol=1e-8)
        for name, share in zip(("x_final", "y_final"), start, strict=True):
            assert share not in (0, 1) or outputs[name][i] == share
    pure = np.isin(x0, (0, 1)) | np.isin(y0, (0, 1))
    np.testing.assert_array_equal(np.asarray(outputs["status"]) == Status.boundary_start, pure)


def test_an_orbit_on_a_face_comes_to_rest():
    p = {"x0": jnp.asarray([1.0, 0.0]), "y0": jnp.asarray([0.5, 0.5]), "horizon": jnp.full(2, 200.0)}
    outputs = lanes(two.flow)(p)
    np.testing.assert_array_equal(outputs["attractor"], Attractor.rest_point)
    np.testing.assert_allclose(outputs["y_final"], 0, atol=1e-12)


def test_derivatives_on_a_face_are_those_along_it():
    def end(y0):
        p = {"x0": jnp.ones(()), "y0": y0, "horizon": jnp.asarray(2.0)}
        return trajectory(two.flow, p, Method(settle=0))["y_final"]

    slope = jax.jit(jax.jacfwd(end))(jnp.asarray(0.4))
    near = [
        solve_ivp(field, (0, 2), [1, y], "DOP853", rtol=1e-12, atol=1e-14).y[1, -1] for y in (0.399, 0.401)
    ]
    assert slope == pytest.approx((near[1] - near[0]) / 0.002, rel=1e-4)


@flow_model(
    parameters=[
        *(Parameter(f"s{i}", "s", "1", 0.25, Domain(0, 1), "share at the start") for i in range(3)),
        PARAMETERS[-1],
    ],
    start=lambda p: jnp.log(jnp.stack([p["s0"], p["s1"]]) / p["s2"]),
    observe=lambda state, p: {
        f"x{i}": share for i, share in enumerate(jax.nn.softmax(jnp.append(state, 0.0)))
    },
    observables=[Observable(f"x{i}", "x", "1", "share") for i in range(3)],
    coordinates="log_ratios",
)
def three(t, state, p):
    """Growth at the rates 1, 0.5 and 0."""
    return jnp.asarray([1.0, 0.5])


def test_a_share_of_0_in_log_ratios_stays_and_what_they_cannot_say_is_refused():
    starts = np.array([[0.0, 0.5, 0.5], [0.2, 0.0, 0.8], [0.2, 0.3, 0.5], [0.5, 0.5, 0.0]])
    p = {f"s{i}": jnp.asarray(starts[:, i]) for i in range(3)} | {"horizon": jnp.full(4, 3.0)}
    outputs = lanes(three.flow, Method(settle=0))(p)
    grown = starts * np.exp(3 * np.array([1.0, 0.5, 0.0]))
    for i in range(3):
        exact = grown[:3, i] / grown[:3].sum(axis=1)
        np.testing.assert_allclose(outputs[f"x{i}_final"][:3], exact, rtol=1e-9)
    wanted = [Status.boundary_start, Status.boundary_start, Status.not_steady, Status.out_of_domain]
    np.testing.assert_array_equal(outputs["status"], wanted)


def test_ratios_to_a_share_of_0_say_which_other_is_all_there_is():
    start = start_on_faces(lambda p: to_log_ratios(p["x"]))
    started = jax.jit(lambda x: from_log_ratios(start({"x": x})))
    check = check_of_faces(lambda p: to_log_ratios(p["x"]), ratios=True)
    checked = jax.jit(lambda x: check({"x": x}))
    for x in np.array([[0.4, 0, 0], [0, 2.0, 0], [0, 0.5, 0.5], [0, 0, 1.0]]):
        np.testing.assert_allclose(started(x), x / sum(x), rtol=0, atol=1e-15)
        assert checked(x) == Status.boundary_start
    assert checked(np.array([0.4, 0.5, 0.0])) == Status.out_of_domain
    assert np.isnan(jax.jit(to_log_ratios)(np.zeros(3))).all()
