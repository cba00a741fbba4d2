"""The dual simplex on programs that are nothing like contracts, against HiGHS."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.kernels.numerics import linear_program as lp
from helpers.products import covering
from scipy.optimize import linprog


def _slack(data, x):
    low, rows, bounds = data
    return jnp.concatenate([x - low, rows @ x - bounds])


def _row(data, index):
    low, rows, bounds = data
    size = low.shape[0]
    matrix = jnp.concatenate([jnp.eye(size), rows])
    return matrix[index], jnp.concatenate([low, bounds])[index]


PROGRAM = lp.Program(_slack, _row)


@partial(jax.jit, static_argnames="prefer")
def solve(low, rows, bounds, weights, total, prefer=1, skip=False):
    return lp.maximise(PROGRAM, (low, rows, bounds), weights, total, prefer, skip)


def highs(low, rows, bounds, weights, total):
    return linprog(
        -weights,
        A_ub=-rows,
        b_ub=-bounds,
        A_eq=np.ones((1, low.size)),
        b_eq=[total],
        bounds=[(x, None) for x in low],
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )


@pytest.mark.parametrize(
    ("size", "count"), covering([(2, 3), (5, 12), (16, 60)], lambda size, _: size == 5, columns=0)
)
def test_dense_random_programs_agree_with_highs(size, count):
    rng = np.random.default_rng(size)
    verdicts = []
    for _ in range(60):
        rows = rng.uniform(-1, 1, (count, size))
        inside = rng.dirichlet(np.ones(size))
        bounds = rows @ inside - rng.uniform(rng.choice([-0.3, 0.0]), 0.3, count)
        arguments = (np.zeros(size), rows, bounds, rng.normal(size=size), 1.0)
        got, best = solve(*arguments), highs(*arguments)
        assert (got.verdict == lp.INFEASIBLE) == (best.status == 2)
        assert got.verdict in (lp.OPTIMAL, lp.INFEASIBLE)
        verdicts.append(int(got.verdict))
        if best.status == 0:
            np.testing.assert_allclose(got.x, best.x, atol=1e-9)
            assert np.all(np.asarray(got.multipliers) >= -1e-9)
    assert verdicts.count(lp.OPTIMAL) > 5
    assert lp.INFEASIBLE in verdicts


def test_integer_programs_full_of_ties_end_and_agree_with_highs():
    """Small integer coefficients: most vertices are degenerate, and simplex methods can cycle."""
    rng = np.random.default_rng(77)
    for _ in range(150):
        size, count = 5, 12
        rows = rng.integers(-1, 2, (count, size)).astype(float)
        arguments = (np.zeros(size), rows, np.zeros(count), rng.integers(-1, 3, size).astype(float), 1.0)
        got, best = solve(*arguments), highs(*arguments)
        assert (got.verdict == lp.INFEASIBLE) == (best.status == 2)
        if best.status == 0:
            assert got.verdict == lp.OPTIMAL
            np.testing.assert_allclose(arguments[3] @ np.asarray(got.x), -best.fun, atol=1e-9)


def test_among_equal_optima_the_last_or_the_first_variables_are_preferred():
    data = (jnp.array([0.1, 0.1, 0.1]), jnp.zeros((1, 3)), jnp.zeros(1))
    last = solve(*data, jnp.ones(3), 1.0)
    first = solve(*data, jnp.ones(3), 1.0, prefer=-1)
    np.testing.assert_allclose(last.x, [0.1, 0.1, 0.8])
    np.testing.assert_allclose(first.x, [0.8, 0.1, 0.1])
    np.testing.assert_array_equal(last.multipliers, [0, 0])


def test_a_skipped_search_returns_no_verdict_on_the_program():
    data = (jnp.zeros(3), jnp.zeros((1, 3)), jnp.zeros(1))
    assert solve(*data, jnp.ones(3), 1.0, skip=True).verdict == lp.OUT_OF_PIVOTS


def test_the_gradient_of_the_optimum_in_the_bounds_is_minus_the_multipliers():
    rng = np.random.default_rng(31)
    low, rows, weights = np.zeros(4), rng.uniform(-1, 1, (6, 4)), rng.normal(size=4)
    bounds = rows @ rng.dirichlet(np.ones(4)) - 0.02

    def optimum(b):
        vertex = solve(low, rows, b, weights, 1.0)
        return weights @ vertex.x, vertex

    (value, vertex), gradient = jax.value_and_grad(optimum, has_aux=True)(jnp.asarray(bounds))
    assert vertex.verdict == lp.OPTIMAL
    assert value == pytest.approx(-highs(low, rows, bounds, weights, 1.0).fun, abs=1e-10)
    nonzero = np.sort(np.asarray(-gradient)[np.abs(gradient) > 1e-12])
    assert nonzero.size > 0
    for price in nonzero:
        assert np.min(np.abs(np.asarray(vertex.multipliers) - price)) < 1e-10
