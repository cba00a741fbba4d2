"""Bounds of eigenvalues, by which most implicit steps are seen to pass over nothing that grows.

What grows unseen within a step has an eigenvalue, times its size, with a positive real part: a pair that is
some way from 0, or a large real one. Eigenvalues themselves cost several times what a step does. Eliminations
without exchanges are a small part of it, and exclude them of most Jacobians: one where rows are dominated by
their diagonals, in any units, as of what competes; one where components that are measured in the roots of
their sizes make the matrix nearly symmetric, as of reactions. Of four rows Routh's and Hurwitz' conditions
say whether all decays, as beside a rest point about which an orbit swings.

References: Berman and Plemmons, "Nonnegative matrices in the mathematical sciences", chapter 6; Horn and
Johnson, "Topics in matrix analysis", section 1.5; Gantmacher, "The theory of matrices", volume 2, chapter XV.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

Array = Any
# The minors of two rows, by their columns.
Minors = dict[tuple[int, int], Array]

# So many roundings of what is summed up leave a sign open.
_ROUNDINGS = 64


def excludes(jacobian: Array, sizes: Array, least: float, most: float) -> Array:
    """Whether nothing grows unseen, as far as bounds show it: False where they leave it open.

    jacobian : times the size of the step. sizes : of the components, shape (d,), none of which is 0.
    least : the angle of the nearest pairs that are sought, which barely grow; those that grow more are
    farther from 0. most : what is sought of other eigenvalues has a larger real part than this.
    """
    excluded = _is_dominated(jacobian, least, most) | _turns_away(jacobian, sizes, least, most)
    return excluded | _all_decay(jacobian) if len(jacobian) == 4 else excluded


def _is_dominated(jacobian: Array, least: float, most: float) -> Array:
    """By Ostrowski: each diagonal is farther from such numbers than its row is long, in some units."""
    diagonal = jnp.diagonal(jacobian)
    apart = jnp.minimum(jnp.sqrt(diagonal * diagonal + least**2), most - diagonal)
    matrix = jnp.where(jnp.eye(len(jacobian), dtype=bool), apart[:, None], -jnp.abs(jacobian))
    holds = matrix[0, 0] > 0
    while len(matrix) > 1:
        factors = matrix[1:, 0] / matrix[0, 0]
        matrix = matrix[1:, 1:] - factors[:, None] * matrix[:1, 1:]
        holds &= matrix[0, 0] > 0
    return holds


def _turns_away(jacobian: Array, sizes: Array, least: float, most: float) -> Array:
    """By the numerical range: it lies on the side of 0 of the line from `most` to `least` times i.

    So one of each pair that is sought lies beyond that, and the Hermitian matrix that says so is definite.
    """
    cosine, sine = np.array([least, most]) / np.hypot(least, most)
    flows = 0.5 * jacobian * sizes[None, :]
    real = jnp.diag((sine * least) * sizes) - cosine * (flows + flows.T)
    imaginary = sine * (flows - flows.T)
    holds = real[0, 0] > 0
    while len(real) > 1:
        inverse = 1 / real[0, 0]
        x, y = real[1:, 0], imaginary[1:, 0]
        own_x, own_y = x * inverse, y * inverse
        real = real[1:, 1:] - (own_x[:, None] * x[None, :] + own_y[:, None] * y[None, :])
        imaginary = imaginary[1:, 1:] - (own_y[:, None] * x[None, :] - own_x[:, None] * y[None, :])
        holds &= real[0, 0] > 0
    return holds


def _all_decay(jacobian: Array) -> Array:
    """Of four rows: whether all eigenvalues are in the left half plane, where one may be 0.

    By the polynomial x^4 + a x^3 + b x^2 + c x + d; False where the rounding of its coefficients leaves a
    sign open.
    """
    a, b, c, d = _coefficients(-jacobian, -1.0)
    most_a, most_b, most_c, most_d = _coefficients(jnp.abs(jacobian), 1.0)
    rest, size = b * c - a * d, jnp.abs(a)
    of_rest = jnp.abs(b) * most_c + jnp.abs(c) * most_b + size * most_d + jnp.abs(d) * most_a
    wrong = jnp.abs(rest) * most_a + size * of_rest + 2 * jnp.abs(c) * most_c
    small = _ROUNDINGS * jnp.finfo(wrong.dtype).eps
    signs = (a > 0) & (b > small * most_b) & (c > small * most_c) & (d > -small * most_d)
    return signs & (a * rest - c * c > small * wrong)


def _coefficients(matrix: Array, sign: float) -> tuple[Array, Array, Array, Array]:
    """The sums of the principal minors of one to four rows; with `sign` 1, of sizes, their most."""
    first, second, third, fourth = matrix

    def minors(x: Array, y: Array) -> Minors:
        return {(i, j): x[i] * y[j] + sign * x[j] * y[i] for i in range(4) for j in range(i + 1, 4)}

    def along(row: Array, i: int, j: int, k: int, of: Minors) -> Array:
        return row[i] * of[j, k] + sign * row[j] * of[i, k] + row[k] * of[i, j]

    upper, lower = minors(first, second), minors(third, fourth)
    across = [(first, 0), (second, 1)]
    pairs = [x[i] * y[j] + sign * x[j] * y[i] for x, i in across for y, j in ((third, 2), (fourth, 3))]
    triples = [
        along(third, 0, 1, 2, upper), along(fourth, 0, 1, 3, upper),
        along(first, 0, 2, 3, lower), along(second, 1, 2, 3, lower),
    ]  # fmt: skip
    whole = (
        upper[0, 1] * lower[2, 3] + sign * upper[0, 2] * lower[1, 3] + upper[0, 3] * lower[1, 2]
        + upper[1, 2] * lower[0, 3] + sign * upper[1, 3] * lower[0, 2] + upper[2, 3] * lower[0, 1]
    )  # fmt: skip
    diagonal = first[0] + second[1] + third[2] + fourth[3]
    return diagonal, upper[0, 1] + lower[2, 3] + sum(pairs), sum(triples), whole
