"""Replicator fields: the two coordinate systems agree, and the textbook games behave."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels import replicator as rep

EPS = float(np.finfo(np.float64).eps)
to_logits, to_log_ratios = jax.jit(rep.to_logits), jax.jit(rep.to_log_ratios)


def pair(x, y):
    """State-dependent payoffs, in no way symmetric."""
    return ((1 + y, -2.0), (0.3, x * y)), ((2.0, x), (-1.0, 0.5 - y))


def rock_paper_scissors(shares):
    return jnp.asarray(np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])) @ shares


share_field = jax.jit(partial(rep.share_field, pair))
logit_field = jax.jit(partial(rep.logit_field, pair))
population_field = jax.jit(partial(rep.population_field, rock_paper_scissors))
log_ratio_field = jax.jit(partial(rep.log_ratio_field, rock_paper_scissors))


@partial(jax.jit, static_argnums=0)
def pushed(function, at, along):
    return jax.jvp(function, (at,), (along,))


def test_shares_grow_by_payoff_above_the_population_mean():
    x, y = 0.3, 0.6
    (row, column) = pair(x, y)
    own = np.array(row) @ [y, 1 - y]
    other = [x, 1 - x] @ np.array(column)
    expected = [
        x * (own[0] - x * own[0] - (1 - x) * own[1]),
        y * (other[0] - y * other[0] - (1 - y) * other[1]),
    ]
    np.testing.assert_allclose(share_field(np.array([x, y])), expected, rtol=10 * EPS)


def test_logit_field_is_the_share_field_in_other_coordinates():
    logits = np.array([-1.3, 2.2])
    shares, moved = pushed(jax.nn.sigmoid, logits, logit_field(logits))
    np.testing.assert_allclose(moved, share_field(shares), rtol=20 * EPS)


def test_pure_strategies_stay_pure_and_have_finite_tangents():
    shares = np.array([0.0, 1.0])
    logits, slope = pushed(rep.to_logits, shares, np.ones(2))
    np.testing.assert_array_equal(pushed(jax.nn.sigmoid, logits, logits)[0], shares)
    np.testing.assert_array_equal(logit_field(logits), 0)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_shares_outside_the_unit_interval_have_no_logit(share):
    assert np.isnan(np.asarray(to_logits(np.array([share, 0.5])))[0])


def test_log_ratio_field_is_the_population_field_in_other_coordinates():
    shares = np.array([0.2, 0.5, 0.3])
    ratios = to_log_ratios(shares)
    back, moved = pushed(rep.from_log_ratios, ratios, log_ratio_field(ratios))
    np.testing.assert_allclose(back, shares, rtol=10 * EPS)
    np.testing.assert_allclose(moved, population_field(shares), atol=10 * EPS)


def test_shares_of_one_population_keep_their_sum_and_rest_at_equal_payoffs():
    assert abs(np.asarray(population_field(np.array([0.2, 0.5, 0.3]))).sum()) < 10 * EPS
    np.testing.assert_allclose(population_field(np.full(3, 1 / 3)), 0, atol=10 * EPS)


def test_motion_ignores_only_what_heads_out_beyond_the_bound():
    logits, rates = np.array([-40.0, 40.0, -40.0, 3.0]), np.array([-1.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(jax.jit(rep.logit_motion)(logits, rates)[1], [True, True, False, False])
    growth, out = jax.jit(rep.log_ratio_motion)(np.array([40.0, 40.5]), np.array([1.0, 1.0]))
    np.testing.assert_array_equal(out, [False, False, True])
    np.testing.assert_allclose(growth, [0, 0, -1], atol=1e-13)
