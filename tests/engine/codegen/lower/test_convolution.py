"""Convolutions as machine code, against NumPy and what JAX gives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.codegen.grids import assert_same, by_jax, computed, reason_for_xla
from jax import lax

X = {"x": np.linspace(-2, 2, 9)}


def rows(x, *shape):
    return jnp.sin(x + jnp.arange(1.0, np.prod(shape) + 1)).reshape(shape)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_vectors_are_convolved_as_numpy_does(mode):
    def point(p):
        a, b = rows(p["x"], 7), rows(2 * p["x"], 3)
        return {"v": jnp.convolve(a, b, mode), "c": jnp.correlate(b, a, mode)}

    outputs = computed(point, [X])
    for k, x in enumerate(X["x"]):
        a, b = (np.sin(s + np.arange(1.0, n + 1)) for s, n in ((x, 7), (2 * x, 3)))
        np.testing.assert_allclose(outputs["v"][k], np.convolve(a, b, mode), rtol=1e-13, atol=1e-14)
        np.testing.assert_allclose(outputs["c"][k], np.correlate(b, a, mode), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(
    "given",
    [
        {"padding": [(2, 1), (0, 3)], "window_strides": (2, 1)},
        {"padding": [(-1, 2), (1, -1)], "lhs_dilation": (2, 1), "rhs_dilation": (1, 2)},
        {"padding": "SAME", "feature_group_count": 2},
        {"padding": "VALID", "dimension_numbers": ("NHWC", "HWIO", "NHWC")},
    ],
    ids=["strides", "dilation", "groups", "channels last"],
)
def test_arrays_of_two_dimensions(given):
    last = "dimension_numbers" in given
    left = (1, 4, 5, 2) if last else (2, 2, 4, 5)
    right = (2, 3, 2, 4) if last else (4, 2 // given.get("feature_group_count", 1), 2, 2)
    given = {"window_strides": (1, 1)} | given

    def point(p):
        return {"v": lax.conv_general_dilated(rows(p["x"], *left), rows(-p["x"], *right), **given)}

    assert_same(computed(point, [X]), by_jax(point, [X]), rtol=1e-12, atol=1e-13)


def test_nothing_around_an_array_is_no_number():
    def point(p):
        return {"v": jnp.convolve(p["x"] * jnp.ones(2), jnp.array([1.0, jnp.inf]))}

    outputs = computed(point, [{"x": np.array([1.0, 2.0])}])
    np.testing.assert_array_equal(outputs["v"], [[1, np.inf, np.inf], [2, np.inf, np.inf]])


def test_large_ones_are_left_to_xla():
    reason = reason_for_xla(lambda p: {"v": jnp.convolve(rows(p["x"], 80), rows(p["x"], 80))}, [X])
    assert reason == "a convolution of more than 4096 products"


def test_derivatives_too():
    def point(p):
        return {"d": jax.jacfwd(lambda x: jnp.convolve(rows(x, 4), rows(x, 3)))(p["x"])}

    assert_same(computed(point, [X]), by_jax(point, [X]), rtol=1e-12, atol=1e-13)
