"""Linear algebra written out in machine code, against NumPy's LAPACK on matrices of every size it takes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.ir import Unsupported
from helpers.codegen.grids import computed
from helpers.products import some
from jax.scipy.linalg import solve_triangular

EPS = np.finfo(float).eps
POINTS = np.linspace(-1.0, 2.0, 17)


def grid(function):
    """What machine code makes of ``function(a)`` at all points."""
    return computed(lambda p: {"x": function(p["a"])}, [{"a": POINTS}])["x"]


def random_matrices(size, seed):
    """One fixed matrix, and what is added to it at each point."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, size)), rng.normal(size=(size, size))


def assert_close_by_condition(actual, wanted, matrices, factor=20):
    """Both routines may be off by a few roundings times the condition of each matrix."""
    for x, y, matrix in zip(actual, wanted, matrices, strict=True):
        size = max(np.abs(y).max(), np.finfo(float).tiny)
        assert np.abs(x - y).max() <= factor * len(matrix) * EPS * np.linalg.cond(matrix) * size


@pytest.mark.parametrize("size", some([1, 2, 3, 5, 8], {1, 5}))
def test_solve_inv_and_det_are_those_of_lapack(size):
    base, slope = random_matrices(size, size)
    right = np.arange(1.0, size + 1)
    matrices = np.array([base + a * slope for a in POINTS])
    solved = grid(lambda a: jnp.linalg.solve(base + a * slope, right))
    assert_close_by_condition(solved, np.linalg.solve(matrices, right[:, None])[..., 0], matrices)
    assert_close_by_condition(
        grid(lambda a: jnp.linalg.inv(base + a * slope)), np.linalg.inv(matrices), matrices
    )
    outputs = grid(lambda a: jnp.stack(jnp.linalg.slogdet(base + a * slope)))
    sign, logarithm = np.linalg.slogdet(matrices)
    np.testing.assert_array_equal(outputs[:, 0], sign)
    np.testing.assert_allclose(outputs[:, 1], logarithm, atol=1e-12, rtol=1e-12)


def test_the_largest_matrix_is_solved_and_a_larger_one_is_left_to_lapack_with_the_reason():
    base, slope = random_matrices(16, 0)
    matrices = np.array([base + a * slope for a in POINTS])
    right = np.ones(16)
    solved = grid(lambda a: jnp.linalg.solve(base + a * slope, right))
    assert_close_by_condition(solved, np.linalg.solve(matrices, right[:, None])[..., 0], matrices)
    with pytest.raises(Unsupported, match="a matrix of more than 16 rows or columns"):
        grid(lambda a: jnp.linalg.solve(a * jnp.eye(17), jnp.ones(17)))


@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (4, 2), (2, 4), (1, 3)])
def test_factors_and_pivots_are_those_of_lapack(rows, columns):
    rng = np.random.default_rng(rows * 10 + columns)
    base, slope = rng.normal(size=(2, rows, columns))
    stack = jnp.asarray([base + a * slope for a in POINTS])
    for k, wanted in enumerate(jax.lax.linalg.lu(stack)):
        outputs = grid(lambda a, k=k: jax.lax.linalg.lu(base + a * slope)[k])
        np.testing.assert_allclose(outputs, wanted, atol=1e-13, rtol=1e-11)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("left_side", [True, False])
@pytest.mark.parametrize("transpose_a", [True, False])
@pytest.mark.parametrize("unit_diagonal", [True, False])
def test_triangular_systems_of_every_kind(lower, left_side, transpose_a, unit_diagonal):
    base, slope = random_matrices(4, 7)
    base = base + 3 * np.eye(4)
    right = np.arange(8.0).reshape((4, 2) if left_side else (2, 4)) - 2

    def solve(a, xp):
        return xp.linalg.triangular_solve(  # in numbers by NumPy below
            base + 0.1 * a * slope, right, left_side=left_side, lower=lower, transpose_a=transpose_a,
            unit_diagonal=unit_diagonal,
        )  # fmt: skip

    outputs = grid(lambda a: solve(a, jax.lax))
    for a, x in zip(POINTS, outputs, strict=True):
        matrix = base + 0.1 * a * slope
        matrix = np.tril(matrix) if lower else np.triu(matrix)
        if unit_diagonal:
            np.fill_diagonal(matrix, 1.0)
        matrix = matrix.T if transpose_a else matrix
        np.testing.assert_allclose(matrix @ x if left_side else x @ matrix, right, atol=1e-12)


@pytest.mark.parametrize("size", some([1, 2, 4, 7], {1, 4}))
def test_symmetric_matrices_have_the_factor_and_the_eigenvalues_of_lapack(size):
    base, slope = random_matrices(size, size + 40)
    matrices = np.array([(base + a * slope) @ (base + a * slope).T + 0.1 * np.eye(size) for a in POINTS])

    def matrix(a):
        return (base + a * slope) @ (base + a * slope).T + 0.1 * jnp.eye(size)

    factors = grid(lambda a: jnp.linalg.cholesky(matrix(a)))
    assert_close_by_condition(factors, np.linalg.cholesky(matrices), matrices)
    values = grid(lambda a: jnp.linalg.eigvalsh(matrix(a)))
    for actual, m in zip(values, matrices, strict=True):
        wanted = np.linalg.eigvalsh(m)
        assert np.abs(actual - wanted).max() <= 10 * size * EPS * wanted.max()
    vectors = grid(lambda a: jnp.linalg.eigh(matrix(a))[1])
    for v, w, m in zip(vectors, values, matrices, strict=True):
        np.testing.assert_allclose(v.T @ v, np.eye(size), atol=1e-13)
        np.testing.assert_allclose(m @ v, v * w, atol=1e-12 * np.abs(w).max())


def test_eigenvalues_that_repeat_or_differ_a_lot():
    diagonal = jnp.asarray([1e-9, 5.0, 5.0, 1e9])
    values = grid(lambda a: jnp.linalg.eigvalsh(jnp.diag(diagonal) * (1 + 0 * a)))
    np.testing.assert_allclose(values, np.tile(np.asarray(diagonal), (len(POINTS), 1)), rtol=1e-14)


SINGULAR = {
    "zero": np.zeros((3, 3)),
    "a row of zeros": np.array([[1.0, 2, 3], [0, 0, 0], [4, 5, 6]]),
    "equal rows": np.array([[1.0, 2, 3], [1, 2, 3], [4, 5, 7]]),
    "a NaN": np.array([[1.0, 2, 3], [np.nan, 1, 0], [4, 5, 7]]),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_singular_matrices_give_what_lapack_gives(name):
    matrix, right = SINGULAR[name], jnp.asarray([1.0, 2.0, 3.0])

    def solve(a):
        return jnp.linalg.solve(matrix * (1 + 0 * a), right)

    outputs = grid(solve)
    wanted = np.asarray(jax.jit(jax.vmap(solve))(POINTS))
    assert not np.isfinite(wanted).all()
    np.testing.assert_array_equal(np.isfinite(outputs), np.isfinite(wanted))


@pytest.mark.parametrize("matrix", [-np.eye(3), np.diag([1.0, 0.0, 1.0]), np.diag([1.0, -2.0, np.nan])])
def test_what_is_not_positive_definite_has_no_factor(matrix):
    def factor(a):
        return jnp.linalg.cholesky(matrix * (1 + 0 * a))

    actual, wanted = grid(factor), np.asarray(jax.jit(jax.vmap(factor))(POINTS))
    assert np.isnan(actual[:, np.tril_indices(3)[0], np.tril_indices(3)[1]]).all()
    np.testing.assert_array_equal(actual, wanted)


def test_what_is_not_finite_has_no_eigenvalues():
    broken = np.diag([1.0, np.nan, 1.0])
    assert np.isnan(grid(lambda a: jnp.linalg.eigvalsh(broken * (1 + 0 * a)))).all()


def test_newton_with_solve_in_a_loop_is_machine_code_and_has_derivatives():
    def root(a):
        def step(_, x):
            jacobian = jax.jacfwd(lambda x: x**3 + x - a + 0.1 * jnp.sum(x))(x)
            return x - jnp.linalg.solve(jacobian, x**3 + x - a + 0.1 * jnp.sum(x))

        return jax.lax.fori_loop(0, 30, step, jnp.ones(2) * a).sum()

    value, slope = grid(lambda a: jnp.stack([root(a), jax.jacfwd(root)(a)])).T
    one = value / 2
    np.testing.assert_allclose(one**3 + 1.2 * one, POINTS, atol=1e-14)
    np.testing.assert_allclose(slope, 2 / (3 * one**2 + 1.2), rtol=1e-12)


def test_a_batch_of_matrices_at_a_point():
    base, slope = random_matrices(3, 9)
    outputs = grid(lambda a: jnp.linalg.inv(jnp.stack([base + a * slope, base - a * slope])))
    wanted = np.array([np.linalg.inv(np.stack([base + a * slope, base - a * slope])) for a in POINTS])
    np.testing.assert_allclose(outputs, wanted, rtol=1e-9, atol=1e-9)


def test_single_precision():
    base = np.eye(3, dtype=np.float32) * 4 + 1
    outputs = computed(
        lambda p: {
            "x": solve_triangular(
                jnp.linalg.cholesky(base + p["a"] * 0), jnp.ones(3, jnp.float32), lower=True
            )
        },
        [{"a": POINTS.astype(np.float32)}],
    )["x"]
    assert outputs.dtype == np.float32
    wanted = np.linalg.solve(np.linalg.cholesky(base.astype(float)), np.ones(3))
    np.testing.assert_allclose(outputs, np.tile(wanted, (len(POINTS), 1)), rtol=1e-6)
