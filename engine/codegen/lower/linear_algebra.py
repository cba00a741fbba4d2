"""Small linear algebra, written out: elimination with pivoting, substitution, Cholesky, Jacobi's rotations.

Each routine is a JAX function of one matrix that holds no call into LAPACK; its trace is lowered in place of
the primitive. Numbers agree with LAPACK's to a few roundings where a matrix is well conditioned, and are
infinite or NaN where LAPACK's are. Eigenvectors have the sign that the rotations give them.

Reference: Golub and Van Loan, "Matrix computations", algorithms 3.4.1, 3.1.1, 4.2.1 and section 8.5.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..ir import Unsupported
from .rule import Array, Context, rule

# The elimination of a 16 x 16 matrix is 10,000 operations: more is better left to LAPACK.
_LARGEST = 16
_MOST_SWEEPS = 30


def _written_out(context: Context, function: Callable[..., Any], *operands: Array) -> list[Array]:
    """The results of a function of one matrix for each matrix of a batch."""
    *batch, rows, columns = context.avals_in[0].shape
    if max(rows, columns) > _LARGEST:
        raise Unsupported(f"a matrix of more than {_LARGEST} rows or columns")
    for _ in batch:
        function = jax.vmap(function)
    given = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in context.avals_in]
    return context.lower(jax.make_jaxpr(function)(*given), operands)


@rule("lu")
def _lu_rule(context: Context, operand: Array) -> list[Array]:
    return _written_out(context, lu, operand)


def lu(matrix: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Both factors in one matrix, the row that each step exchanged, and the permutation of all rows."""
    rows, order, pivots = list(matrix), list(jnp.arange(len(matrix), dtype=jnp.int32)), []
    for k in range(min(matrix.shape)):
        largest = jnp.argmax(jnp.abs(jnp.stack([row[k] for row in rows[k:]]))).astype(jnp.int32)
        pivots.append(k + largest)
        rows, order = _exchanged(rows, k, pivots[-1]), _exchanged(order, k, pivots[-1])
        for i in range(k + 1, len(rows)):
            rows[i] = _eliminated(rows[i], rows[k], k)
    return jnp.stack(rows), jnp.stack(pivots), jnp.stack(order)


def _exchanged(items: list[Any], k: int, other: jax.Array) -> list[Any]:
    """The list with items `k` and `other`, which is not before it, exchanged."""
    result, later = items[k], list(items)
    for i in range(k + 1, len(items)):
        result = jnp.where(other == i, items[i], result)
        later[i] = jnp.where(other == i, items[k], items[i])
    later[k] = result
    return later


def _eliminated(row: jax.Array, pivot: jax.Array, k: int) -> jax.Array:
    """A row after step `k`; a pivot of 0 is the largest there was, so nothing is to be done."""
    factor = jnp.where(pivot[k] == 0, row[k], row[k] / pivot[k])
    return jnp.concatenate([row[:k], factor[None], row[k + 1 :] - factor * pivot[k + 1 :]])


@rule("lu_pivots_to_permutation")
def _permutation(context: Context, pivots: Array, *, permutation_size: int) -> list[Array]:
    def permutation(pivots: jax.Array) -> jax.Array:
        order = list(jnp.arange(permutation_size, dtype=pivots.dtype))
        for k, other in enumerate(pivots):
            order = _exchanged(order, k, other)
        return jnp.stack(order)

    for _ in pivots.shape[:-1]:
        permutation = jax.vmap(permutation)
    given = jax.ShapeDtypeStruct(pivots.shape, context.avals_in[0].dtype)
    return context.lower(jax.make_jaxpr(permutation)(given), [pivots])


@rule("triangular_solve")
def _triangular_rule(
    context: Context,
    matrix: Array,
    right: Array,
    *,
    left_side: bool,
    lower: bool,
    transpose_a: bool,
    unit_diagonal: bool,
    conjugate_a: bool = False,  # of real numbers
) -> list[Array]:
    def solve(matrix: jax.Array, right: jax.Array) -> jax.Array:
        # x A = b is A^T x^T = b^T.
        turned = transpose_a == left_side
        result = substitution(
            matrix.T if turned else matrix, right if left_side else right.T, lower != turned, unit_diagonal
        )
        return result if left_side else result.T

    return _written_out(context, solve, matrix, right)


def substitution(matrix: jax.Array, right: jax.Array, lower: bool, unit_diagonal: bool) -> jax.Array:
    """X in A X = B for a triangular matrix."""
    rows: dict[int, jax.Array] = {}
    for i in range(len(matrix)) if lower else reversed(range(len(matrix))):
        rest = right[i]
        for j, row in rows.items():
            rest = rest - matrix[i, j] * row
        rows[i] = rest if unit_diagonal else rest / matrix[i, i]
    return jnp.stack([rows[i] for i in range(len(matrix))])


@rule("cholesky")
def _cholesky_rule(context: Context, operand: Array) -> list[Array]:
    return _written_out(context, cholesky, operand)


def cholesky(matrix: jax.Array) -> jax.Array:
    """L in A = L L^T, from the lower half of A; all NaN where A is not positive definite."""
    columns: list[jax.Array] = []
    definite = jnp.asarray(True)
    for j in range(len(matrix)):
        rest = matrix[:, j]
        for column in columns:
            rest = rest - column[j] * column
        definite &= rest[j] > 0
        above = jnp.zeros(j, matrix.dtype)
        columns.append(jnp.concatenate([above, rest[j:] / jnp.sqrt(rest[j])]))
    return jnp.where(definite, jnp.stack(columns).T, jnp.nan)


@rule("eigh")
def _eigh_rule(
    context: Context, operand: Array, *, lower: bool, subset_by_index: Any = None, **_: Any
) -> list[Array]:
    if subset_by_index not in (None, (0, context.shape[-1])):
        raise Unsupported("some of the eigenvalues of a matrix")
    return _written_out(context, lambda matrix: eigh(matrix, lower), operand)


def eigh(matrix: jax.Array, lower: bool) -> tuple[jax.Array, jax.Array]:
    """Eigenvectors, a column each, and eigenvalues in rising order, by sweeps of Jacobi's rotations."""
    size = len(matrix)
    half = jnp.tril(matrix) if lower else jnp.triu(matrix).T
    full = half + jnp.tril(half, -1).T
    finite = jnp.all(jnp.isfinite(full))

    def cond(carry: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
        sweeps, a, _ = carry
        return (sweeps < _MOST_SWEEPS) & (jnp.sum(jnp.abs(jnp.tril(a, -1))) > 0)

    def body(carry: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        sweeps, a, vectors = carry
        for p in range(size):
            for q in range(p + 1, size):
                a, vectors = _rotated(a, vectors, p, q)
        return sweeps + 1, a, vectors

    first = (jnp.int32(0), jnp.where(finite, full, 0.0), jnp.eye(size, dtype=matrix.dtype))
    _, a, vectors = lax.while_loop(cond, body, first)
    values, *columns = lax.sort([jnp.diagonal(a), *vectors], num_keys=1)
    return tuple(jnp.where(finite, x, jnp.nan) for x in (jnp.stack(columns), values))  # pyright: ignore


def _rotated(a: jax.Array, vectors: jax.Array, p: int, q: int) -> tuple[jax.Array, jax.Array]:
    """Entry (p, q) made 0 by a rotation of rows and columns p and q."""
    entry, difference = a[p, q], a[q, q] - a[p, p]
    # Below the rounding of both diagonal entries it changes neither: it is dropped.
    small = (jnp.abs(a[p, p]) + jnp.abs(entry) == jnp.abs(a[p, p])) & (
        jnp.abs(a[q, q]) + jnp.abs(entry) == jnp.abs(a[q, q])
    )
    ratio = difference / (2 * jnp.where(small, 1.0, entry))
    sign = jnp.where(ratio < 0, -1.0, 1.0)
    tangent = jnp.where(small, 0.0, sign / (jnp.abs(ratio) + jnp.sqrt(1 + ratio**2)))
    cosine = 1 / jnp.sqrt(1 + tangent**2)
    sine = tangent * cosine
    rows = list(a)
    rows[p], rows[q] = cosine * a[p] - sine * a[q], sine * a[p] + cosine * a[q]
    a = jnp.stack(rows)
    columns = list(a.T)
    columns[p], columns[q] = cosine * columns[p] - sine * columns[q], sine * columns[p] + cosine * columns[q]
    a = jnp.stack(columns).T.at[p, q].set(0.0).at[q, p].set(0.0)
    turned = list(vectors.T)
    turned[p], turned[q] = cosine * turned[p] - sine * turned[q], sine * turned[p] + cosine * turned[q]
    return a, jnp.stack(turned).T


@rule("custom_linear_solve")
def _linear_solve(context: Context, *operands: Array, const_lengths: Any, jaxprs: Any) -> list[Array]:
    """By the method that comes with it; its derivatives are taken already."""
    first = const_lengths.matvec + const_lengths.vecmat
    constants = operands[first : first + const_lengths.solve]
    return context.lower(jaxprs.solve, [*constants, *operands[sum(const_lengths) :]])
