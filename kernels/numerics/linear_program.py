"""A small linear program, solved exactly, that fits inside vmap: the dual simplex method.

    maximise  w . x    subject to    sum(x) = total    and    rows . x >= bounds

Its first rows bound each variable from below, so "everything to the variable of largest weight, the
others at their bounds" is a vertex that no multiplier speaks against. From there the method takes in
violated rows one by one until none is left, or until one proves that there is no solution.

The rows are not stored: the caller gives all slacks at a point, and single rows. N**2 rows of two
entries then cost memory of the order of N**2 per point, where a tableau needs N**3.

Why not a library. linrax 0.3.0 agrees with HiGHS to 1e-15 on these programs, but its dense two-phase
tableau took 520 KB and 15 ms per contract of ten types where this takes 7 KB and 0.06 ms (two CPU
cores, inside vmap), and among several optima it has no rule for which it returns. MPAX 0.2.4 (the
last, of May 2025) is a first-order method, made for large sparse programs and fewer digits.

Reference: G. B. Dantzig, A. Orden, P. Wolfe, "The generalized simplex method", Pacific J. Math. 5
(1955), for the lexicographic rule; C. E. Lemke, Naval Res. Logist. Quart. 1 (1954), for the dual.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

RUNNING, OPTIMAL, INFEASIBLE, OUT_OF_PIVOTS = 0, 1, 2, 3


class Program(NamedTuple):
    """The inequality rows of a linear program in N variables, as functions of `data`.

    Rows are numbered from 0; row k < N must be the lower bound of variable k, with coefficient 1.
    They should be scaled so that their largest coefficients are near 1.
    """

    slack: Callable[[Any, Array], Array]
    """``slack(data, x)``: rows . x - bounds, one number per row."""
    row: Callable[[Any, Array], tuple[Array, Array]]
    """``row(data, index)``: the coefficients [N] and the bound of one row."""


class Vertex(NamedTuple):
    """Where the search ended."""

    x: Array
    """The point [N]; meaningless unless the verdict is OPTIMAL. Differentiable in data and total."""
    verdict: Array
    """OPTIMAL, INFEASIBLE or OUT_OF_PIVOTS."""
    multipliers: Array
    """Of the N - 1 rows that hold with equality, >= 0 [N - 1]. All positive: x is the only optimum."""


class _Search(NamedTuple):
    basis: Array  # int32 [N - 1], the rows that hold with equality besides the sum
    inverse: Array  # [N, N], of the matrix whose rows are the sum's and then the basis'
    verdict: Array
    pivots: Array


def tolerance(dtype: Any) -> float:
    """How far a scaled row may be violated before it counts: 4e-11 in double, 2e-5 in single."""
    return float(jnp.finfo(dtype).eps) ** (2 / 3)


def _negligible(dtype: Any) -> float:
    """What counts as zero among numbers near 1 after a few operations: 2e-12 in double."""
    return float(jnp.finfo(dtype).eps) ** 0.75


def maximise(
    program: Program, data: Any, weights: Array, total: Array, prefer: int = 1, skip: Array | bool = False
) -> Vertex:
    """Solve the program at one point.

    Among several optima the one with the largest last variable is returned, then with the largest
    last but one, and so on; with ``prefer = -1`` the one with the smallest. So the answer is unique
    by definition, and the search, which breaks ties by the same order, cannot cycle.

    Parameters
    ----------
    program, data
        The rows; `data` is any pytree of arrays. Variables should be of the order of 1.
    weights
        What is maximised [N].
    total
        The sum of all variables.
    skip
        Where true, nothing is searched, and the verdict is OUT_OF_PIVOTS.
    """
    if weights.shape[0] == 1:  # nothing to choose
        return _alone(program, data, total, skip)
    fixed = lax.stop_gradient((data, weights, total))
    best = _search(program, *fixed, prefer, jnp.asarray(skip))
    matrix, bounds = _equations(program, data, total, best.basis)
    multipliers = -(weights @ best.inverse)[1:]
    # Not jnp.linalg.solve: with it, batched, half of the runs of a stress test hung in jaxlib 0.10.2
    # on two CPU cores. The inverse is at hand; it is a constant to autodiff, and each correction makes
    # one more order of derivatives right.
    x = lax.stop_gradient(best.inverse @ bounds)
    for _ in range(2):
        x = x + best.inverse @ (bounds - matrix @ x)
    return Vertex(x, best.verdict, multipliers)


def _alone(program: Program, data: Any, total: Array, skip: Array | bool) -> Vertex:
    """The only point of one variable: all of the total, if the rows allow it."""
    x = jnp.reshape(total, 1)
    fits = jnp.all(program.slack(data, x) >= -tolerance(x.dtype))
    verdict = jnp.where(skip, OUT_OF_PIVOTS, jnp.where(fits, OPTIMAL, INFEASIBLE))
    return Vertex(x, verdict.astype(jnp.int32), jnp.zeros(0, x.dtype))


def several_optima(program: Program, data: Any, weights: Array, total: Array, best: Vertex) -> Array:
    """Whether other points are as good as `best`: then preferring small last variables finds one of them."""
    tol = tolerance(best.x.dtype)
    size_of_weights = jnp.max(jnp.abs(weights))
    unique = jnp.all(best.multipliers > tol * size_of_weights)
    other = maximise(program, data, weights, total, prefer=-1, skip=unique)
    return (other.verdict == OPTIMAL) & jnp.any(jnp.abs(other.x - best.x) > 100 * tol)


def _search(program: Program, data: Any, weights: Array, total: Array, prefer: int, skip: Array) -> _Search:
    size, dtype = weights.shape[0], weights.dtype
    tol = tolerance(dtype)
    scaled = weights / jnp.maximum(jnp.max(jnp.abs(weights)), jnp.finfo(dtype).tiny)
    # Row 0 is what is maximised, the others break ties: the last variable first.
    order = jnp.concatenate([scaled[None], prefer * jnp.eye(size, dtype=dtype)[::-1]])

    def pivot(s: _Search) -> _Search:
        _, bounds = _equations(program, data, total, s.basis)
        slack = program.slack(data, s.inverse @ bounds)
        entering = jnp.argmin(slack)
        row, _ = program.row(data, entering)
        weight_of = row @ s.inverse  # the entering row as a combination of those that hold
        leaving, blocked = _leaving(-(order @ s.inverse)[:, 1:], weight_of[1:])
        verdict = jnp.where(s.pivots < 50 * size, RUNNING, OUT_OF_PIVOTS)
        verdict = jnp.where(blocked, INFEASIBLE, verdict)
        verdict = jnp.where(slack[entering] >= -tol, OPTIMAL, verdict)
        moved = _Search(
            s.basis.at[leaving].set(entering.astype(jnp.int32)),
            _exchange(s.inverse, weight_of, leaving + 1),
            verdict.astype(jnp.int32),
            s.pivots + 1,
        )
        ended = verdict != RUNNING
        return jax.tree.map(lambda old, new: jnp.where(ended, old, new), s, moved)._replace(
            verdict=moved.verdict
        )

    def pivots_from_a_polished_inverse(s: _Search) -> _Search:
        s = s._replace(inverse=_polished(program, data, total, s))
        after = lax.while_loop(_running, pivot, s)
        # A verdict stands only if it was reached before any exchange could add rounding.
        confirmed = (after.pivots == s.pivots) | (after.verdict == OUT_OF_PIVOTS)
        return after._replace(verdict=jnp.where(confirmed, after.verdict, RUNNING))

    start = _start(scaled, prefer)
    start = start._replace(verdict=jnp.where(skip, OUT_OF_PIVOTS, RUNNING).astype(jnp.int32))
    return lax.while_loop(_running, pivots_from_a_polished_inverse, start)


def _running(s: _Search) -> Array:
    return s.verdict == RUNNING


def _start(weights: Array, prefer: int) -> _Search:
    """Everything to the variable of largest weight: of several, the last (or first, as preferred)."""
    size = weights.shape[0]
    # Weights that rounding alone tells apart are equal, here as in the search's comparisons.
    best = weights >= jnp.max(weights) - _negligible(weights.dtype)
    favourite = size - 1 - jnp.argmax(best[::-1]) if prefer > 0 else jnp.argmax(best)
    others = jnp.arange(size - 1, dtype=jnp.int32)
    basis = others + (others >= favourite).astype(jnp.int32)
    # x_favourite = total - the others; the others equal their bounds.
    inverse = jnp.zeros((size, size), weights.dtype).at[basis, others + 1].set(1)
    inverse = inverse.at[favourite].set(-1).at[favourite, 0].set(1)
    return _Search(basis, inverse, jnp.int32(RUNNING), jnp.int32(0))


def _equations(program: Program, data: Any, total: Array, basis: Array) -> tuple[Array, Array]:
    """The matrix [N, N] and right-hand side [N] of the sum and the rows that hold with equality."""
    rows, bounds = jax.vmap(lambda index: program.row(data, index))(basis)
    matrix = jnp.concatenate([jnp.ones((1, rows.shape[1]), rows.dtype), rows])
    return matrix, jnp.concatenate([jnp.reshape(total, 1).astype(bounds.dtype), bounds])


def _leaving(multipliers: Array, weight_of: Array) -> tuple[Array, Array]:
    """Which row gives way to the entering one, and whether none can: then there is no solution.

    `multipliers` is [1 + N, N - 1]: for what is maximised, and for every tie-break. The row that
    leaves is the one whose multipliers per weight come first in lexicographic order.
    """
    small = _negligible(multipliers.dtype)
    multipliers = jnp.where(jnp.abs(multipliers) <= small, 0, multipliers)
    candidates = weight_of > small * jnp.maximum(1, jnp.max(jnp.abs(weight_of)))
    divisor = jnp.where(candidates, weight_of, 1)

    def undecided(carry):
        k, left = carry
        return (jnp.sum(left) > 1) & (k < multipliers.shape[0])

    def narrow(carry):
        k, left = carry
        ratio = jnp.where(left, multipliers[k] / divisor, jnp.inf)
        least = jnp.min(ratio)
        return k + 1, left & (ratio <= least + small * jnp.maximum(1, jnp.abs(least)))

    _, left = lax.while_loop(undecided, narrow, (jnp.int32(0), candidates))
    return jnp.argmax(left), ~jnp.any(candidates)


def _exchange(inverse: Array, weight_of: Array, position: Array) -> Array:
    """The inverse after the row at `position` was replaced by one that weighs the old ones so."""
    column = inverse[:, position] / weight_of[position]
    return (inverse - column[:, None] * weight_of[None, :]).at[:, position].set(column)


def _polished(program: Program, data: Any, total: Array, s: _Search) -> Array:
    """Two Newton steps for the inverse: each squares the error that the exchanges left."""
    matrix, _ = _equations(program, data, total, s.basis)
    twice = 2 * jnp.eye(matrix.shape[0], dtype=matrix.dtype)
    inverse = s.inverse @ (twice - matrix @ s.inverse)
    return inverse @ (twice - matrix @ inverse)
