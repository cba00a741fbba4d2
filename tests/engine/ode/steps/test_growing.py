"""Implicit steps do not hold an orbit beside a rest point that it leaves."""

import jax
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.steps.growing import passes_over
from equisweep.kernels.status import Status
from helpers.flows import run

# A pair that swings and grows, and one that swings and decays.
GROWS, SETTLES = np.array([[0.5, -30], [30, 0.5]]), np.array([[-0.5, -30], [30, -0.5]])


def mixed(*rates):
    """A matrix with these eigenvalues whose entries are all in use."""
    turn = np.eye(len(rates)) + np.triu(np.ones((len(rates), len(rates))), 1)
    turn += np.tril(np.full_like(turn, 0.1), -1)
    return turn @ np.diag(rates) @ np.linalg.inv(turn)


def seen(jacobian, size, state, rates, now=None):
    """Whether a step from a state, to the same one, is seen to pass over what grows."""
    given = (jacobian, size, state, rates, state if now is None else now)
    return bool(_passes_over(*(np.asarray(value, float) for value in given)))


@jax.jit
def _passes_over(jacobian, size, state, rates, now):
    return passes_over(jacobian, (state, now), rates, size, None)


@pytest.mark.parametrize(
    ("jacobian", "size", "over"),
    [
        (np.array([[2.0]]), 10.0, True),
        (np.array([[2.0]]), 0.5, False),  # as far as it grows tenfold methods follow
        (GROWS, 10.0, True),
        (SETTLES, 10.0, False),
        (np.diag([2.0, 2.0]), 10.0, True),
        (mixed(-1e4, 0.5, -1.0), 20.0, True),
        (mixed(-1e4, 0.5, -1.0, -3.0, -40.0), 20.0, True),
        (mixed(-1e4, -0.5, -1.0), 20.0, False),
        (mixed(-1e4, 0.5, -1.0), 5.0, True),  # where `rodas5p` would end on the other side
        (mixed(-1e4, 0.5, -1.0), 1.0, False),
    ],
)
def test_it_is_seen_what_grows_within_a_step(jacobian, size, over):
    state, rates = np.ones(len(jacobian)), np.full(len(jacobian), 1e-12)
    assert seen(jacobian, size, state, rates) == over
    assert not seen(jacobian, size, state, rates, now=1.1 * state)  # what moves shows in the errors


@pytest.mark.parametrize("others", [[], [-4.0]])
def test_what_is_0_and_fed_by_nothing_does_not_grow(others):
    could = np.diag([-1.0, 3.0, *others])
    could[0, 1] = -2.0
    state = np.array([1.0, 0.0, *np.ones(len(others))])
    assert not seen(could, 50.0, state, 0 * state)
    assert seen(could, 50.0, state, 0 * state + 1e-12)


@pytest.mark.parametrize("solver", ["rodas5p", "kvaerno5"])
def test_orbits_leave_a_threshold_and_a_saddle(solver):
    """Two that compete for one place, beside where both are alike, and what follows them at once.

    The last one starts so near that no error of a step shows on which side it ends.
    """
    apart, follows = np.array([1e-13, -1e-9, 1e-4, 1e-12]), np.array([1e3, 1e3, 1e3, 10.0])
    out = run(
        ("x", "y", "w"), lambda p: [0.4 + p["apart"], 0.4 - p["apart"], p["w"]],
        lambda z, p: [
            z[0] * (1 - z[0] - 1.5 * z[1]), z[1] * (1 - z[1] - 1.5 * z[0]),
            p["follows"] * (z[0] + z[1] - z[2]),
        ],
        Method(solver, rtol=1e-8), apart=apart, follows=follows, w=[0.9, 0.9, 0.9, 0.8], horizon=1000.0,
    )  # fmt: skip
    assert out["status"].tolist() == [Status.ok] * 4
    np.testing.assert_allclose(out["x_final"], apart > 0, atol=1e-6)
    np.testing.assert_allclose(out["y_final"], apart < 0, atol=1e-6)
