"""Implicit steps do not hold an orbit beside a rest point that it leaves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.ode.method import Method
from equisweep.engine.ode.steps.eigenvalue_bounds import excludes
from equisweep.engine.ode.steps.eigenvalues import eigenvalues
from equisweep.engine.ode.steps.growing import passes_over
from equisweep.kernels.status import Status
from helpers.flows import run
from helpers.products import some
from scipy.linalg import block_diag
from scipy.optimize import linear_sum_assignment

# A pair that swings and grows, and one that swings and decays.
GROWS, SETTLES = np.array([[0.5, -30], [30, 0.5]]), np.array([[-0.5, -30], [30, -0.5]])


def mixed(*rates):
    """A matrix with these eigenvalues whose entries are all in use; of a pair one is given."""
    blocks = [
        np.array([[z.real, -z.imag], [z.imag, z.real]][: 1 + (z.imag != 0)]) for z in map(complex, rates)
    ]
    blocks = [block[:, : len(block)] for block in blocks]
    count = sum(map(len, blocks))
    turn = np.eye(count) + np.triu(np.ones((count, count)), 1) + np.tril(np.full((count, count), 0.1), -1)
    return turn @ np.asarray(block_diag(*blocks)) @ np.linalg.inv(turn)


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
        # A pair is followed as far as it is damped by less than it grows.
        (np.array([[0.1, -30], [30, 0.1]]), 1.0, True),
        (np.array([[0.1, -30], [30, 0.1]]), 0.04, False),
        (mixed(-1e4, 0.5 + 30j), 10.0, True),
        (mixed(-1e4, 0.5 + 30j), 1.0, True),
        (mixed(-1e4, 0.5 + 30j), 0.05, False),
        (mixed(-1e4, -0.5 + 30j), 10.0, False),
        (mixed(-0.5, 0.6 + 8j), 3.0, True),  # Shilnikov's saddle
        (mixed(-1e4, 0.5, 0.5), 10.0, True),
        (mixed(-1e4, 0.5, 0.5), 1.0, False),
        (mixed(3.0, 0.5 + 3j), 1.0, True),
        (mixed(-3.0, 1e-3 + 0.5j), 1.0, False),
        (mixed(-1e4, -3.0, 0.5 + 30j), 1.0, True),  # four components, by bounds first
        (mixed(-1e4, -3.0, 0.5 + 30j), 0.05, False),
        (mixed(-1e4, -3.0, -0.5 + 30j), 10.0, False),
        (mixed(-1e4, 0.1, 0.5 + 30j), 1.0, True),
        (mixed(-1e4, 0.5, -1.0, -3.0), 20.0, True),
        (mixed(-1e4, 0.5, 0.5, -3.0), 20.0, True),
        (mixed(-1e4, -0.5, -1.0, 0.0), 20.0, False),
        (mixed(-1e4, 0.5, 0.5, -3.0, -40.0), 20.0, True),
        (mixed(-1e4, 0.5 + 30j, -1.0 + 5j), 1.0, True),
        (mixed(-1e4, 0.5 + 30j, 0.5 + 30j), 1.0, True),
        (mixed(-1e4, -0.5 + 30j, -1.0 + 5j), 100.0, False),
        (mixed(-1e4, 0.5j, 30j), 100.0, False),  # what neither grows nor decays is as well held
    ],
)
def test_it_is_seen_what_grows_within_a_step(jacobian, size, over):
    state, rates = np.ones(len(jacobian)), np.full(len(jacobian), 1e-12)
    assert seen(jacobian, size, state, rates) == over
    # Of more components it is not asked while any moves, and shows in the errors.
    assert seen(jacobian, size, state, rates, now=1.1 * state) == (over and len(jacobian) <= 4)


def test_bounds_exclude_nothing_that_grows_unseen_and_most_of_what_does_not():
    """Of four components: what decays in parts of very different speed, coupled; half have a growing pair."""
    random = np.random.default_rng(3)
    matrices = random.normal(size=(4000, 4, 4)) * (random.random((4000, 4, 4)) < 0.7)
    matrices -= np.exp(random.uniform(-2, 9, (4000, 4, 1))) * np.eye(4)
    growth, turn = random.uniform(1e-3, 2.5, 2000), random.uniform(0.5, 20, 2000)
    pair = np.moveaxis(np.array([[growth, -turn], [turn, growth]]), -1, 0)
    matrices[:2000, :2, :2], matrices[:2000, 2:, :2] = pair, 0
    sizes = np.exp(random.normal(size=(4000, 4)))
    changed = matrices * sizes[:, :, None] / sizes[:, None, :]  # in other units
    excluded = np.asarray(jax.jit(jax.vmap(lambda m, s: excludes(m, s, 0.68, 2.3)))(changed, sizes**2))
    values = np.linalg.eigvals(matrices)
    angle = np.abs(values)
    unseen = (values.real > 1e-4 * angle) & ((values.real > 2.3) | (7e-4 * angle**6 > values.real))
    assert unseen.any(axis=1).sum() > 1000
    assert not (excluded & unseen.any(axis=1)).any()
    decays = (values.real < -1e-3).all(axis=1)
    assert decays.sum() > 1000
    assert excluded[decays].mean() > 0.99


def test_eigenvalues_are_those_of_lapack():
    random = np.random.default_rng(5)
    matrices = random.normal(size=(60, 5, 5))
    matrices[20:40] *= 10 ** random.uniform(-8, 0, (20, 5, 1))
    # Of a ring, whose steps with the usual shift change nothing; of what is 0, and of what has one direction.
    matrices[40:44] = np.roll(np.eye(5), 1, 0), np.zeros((5, 5)), np.ones((5, 5)), np.triu(np.ones((5, 5)))
    matrices[44] = mixed(1e-3 + 0.5j, 1e-3 + 0.5j, -1.0)
    matrices /= np.maximum(np.abs(matrices).sum(2).max(1), 1e-300)[:, None, None]
    real, imaginary = (np.asarray(part) for part in jax.jit(jax.vmap(eigenvalues))(matrices))
    for ours, theirs in zip(real + 1j * imaginary, np.linalg.eigvals(matrices), strict=True):
        apart = np.abs(ours[:, None] - theirs[None, :])
        np.testing.assert_allclose(apart[linear_sum_assignment(apart)], 0, atol=1e-13)


@pytest.mark.parametrize("others", [[], [-4.0]])
def test_what_is_0_and_fed_by_nothing_does_not_grow(others):
    could = np.diag([-1.0, 3.0, *others])
    could[0, 1] = -2.0
    state = np.array([1.0, 0.0, *np.ones(len(others))])
    assert not seen(could, 50.0, state, 0 * state)
    assert seen(could, 50.0, state, 0 * state + 1e-12)


@pytest.mark.parametrize("solver", some(["rodas5p", "kvaerno5"], {"rodas5p"}))
def test_orbits_leave_a_threshold_a_saddle_and_what_swings(solver):
    """Two that compete for one place, beside where both are alike, and what follows them at once.

    The fourth starts so near that no error of a step shows on which side it ends. Of the others two grow
    about (0.4, 0.4), each to one of two ends or both to a circle.
    """
    apart, follows = np.array([1e-13, -1e-9, 1e-4, 1e-12]), np.array([1e3, 1e3, 1e3, 10.0])
    near, turns = np.array([1e-9, -1e-6, 1e-8, 1e-5]), np.array([0.0, 0.0, 1.0, 20.0])

    def field(z, p):
        x, y = z[0] - 0.4, z[1] - 0.4
        swings = jnp.where(p["turns"] > 0, 1.0, 0.0)
        turned = [
            x * (1 - 25 * (x**2 + swings * y**2)) - p["turns"] * y,
            y * (1 - 25 * (y**2 + swings * x**2)) + p["turns"] * x,
        ]
        compete = [z[0] * (1 - z[0] - 1.5 * z[1]), z[1] * (1 - z[1] - 1.5 * z[0])]
        slopes = [jnp.where(p["compete"] > 0, *both) for both in zip(compete, turned, strict=True)]
        return [*slopes, p["follows"] * (z[0] + z[1] - z[2])]

    out = run(
        ("x", "y", "w"), lambda p: [0.4 + p["apart"], 0.4 - p["apart"], p["w"]], field,
        Method(solver, rtol=1e-8), apart=[*apart, *near], follows=[*follows, *follows],
        turns=[0.0] * 4 + [*turns],
        compete=[1.0] * 4 + [0.0] * 4, w=[0.9, 0.9, 0.9, 0.8] + [0.8] * 4, horizon=[1e3] * 6 + [40.0] * 2,
    )  # fmt: skip
    assert out["status"].tolist() == [Status.ok] * 6 + [Status.not_steady] * 2
    np.testing.assert_allclose(out["x_final"][:4], apart > 0, atol=1e-6)
    np.testing.assert_allclose(out["y_final"][:4], apart < 0, atol=1e-6)
    x, y = out["x_final"][4:] - 0.4, out["y_final"][4:] - 0.4
    np.testing.assert_allclose([x[:2], y[:2]], 0.2 * np.sign([near[:2], -near[:2]]), atol=1e-6)
    np.testing.assert_allclose(np.hypot(x[2:], y[2:]), 0.2, rtol=1e-4)
