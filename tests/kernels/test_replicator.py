"""Replicator fields: the two coordinate systems agree, and the textbook games behave."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels import replicator as rep

EPS = float(np.finfo(np.float64).eps)


def pair(x, y):
    """State-dependent payoffs, in no way symmetric."""
    return ((1 + y, -2.0), (0.3, x * y)), ((2.0, x), (-1.0, 0.5 - y))


def rock_paper_scissors(shares):
    return jnp.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) @ shares


def test_shares_grow_by_payoff_above_the_population_mean():
    x, y = 0.3, 0.6
    (row, column) = pair(x, y)
    own = np.array(row) @ [y, 1 - y]
    other = [x, 1 - x] @ np.array(column)
    expected = [
        x * (own[0] - x * own[0] - (1 - x) * own[1]),
        y * (other[0] - y * other[0] - (1 - y) * other[1]),
    ]
    np.testing.assert_allclose(rep.share_field(pair, jnp.array([x, y])), expected, rtol=10 * EPS)


def test_logit_field_is_the_share_field_in_other_coordinates():
    logits = jnp.array([-1.3, 2.2])
    shares, moved = jax.jvp(jax.nn.sigmoid, (logits,), (rep.logit_field(pair, logits),))
    np.testing.assert_allclose(moved, rep.share_field(pair, shares), rtol=20 * EPS)


def test_pure_strategies_stay_pure_and_have_finite_tangents():
    shares = jnp.array([0.0, 1.0])
    logits, slope = jax.jvp(rep.to_logits, (shares,), (jnp.ones(2),))
    np.testing.assert_array_equal(jax.nn.sigmoid(logits), shares)
    np.testing.assert_array_equal(rep.logit_field(pair, logits), 0)
    assert bool(jnp.all(jnp.isfinite(slope)))


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_shares_outside_the_unit_interval_have_no_logit(share):
    assert np.isnan(rep.to_logits(jnp.array([share, 0.5]))[0])


def test_log_ratio_field_is_the_population_field_in_other_coordinates():
    shares = jnp.array([0.2, 0.5, 0.3])
    ratios = rep.to_log_ratios(shares)
    back, moved = jax.jvp(rep.from_log_ratios, (ratios,), (rep.log_ratio_field(rock_paper_scissors, ratios),))
    np.testing.assert_allclose(back, shares, rtol=10 * EPS)
    np.testing.assert_allclose(moved, rep.population_field(rock_paper_scissors, shares), atol=10 * EPS)


def test_shares_of_one_population_keep_their_sum_and_rest_at_equal_payoffs():
    shares = jnp.array([0.2, 0.5, 0.3])
    assert abs(rep.population_field(rock_paper_scissors, shares).sum()) < 10 * EPS
    np.testing.assert_allclose(
        rep.population_field(rock_paper_scissors, jnp.full(3, 1 / 3)), 0, atol=10 * EPS
    )


def test_motion_ignores_only_what_heads_out_beyond_the_bound():
    logits, rates = jnp.array([-40.0, 40.0, -40.0, 3.0]), jnp.array([-1.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(rep.logit_motion(logits, rates)[1], [True, True, False, False])
    growth, out = rep.log_ratio_motion(jnp.array([40.0, 40.5]), jnp.array([1.0, 1.0]))
    np.testing.assert_array_equal(out, [False, False, True])
    np.testing.assert_allclose(growth, [0, 0, -1], atol=1e-13)
