"""Rough logarithms and powers of 2 against NumPy's, over all exponents."""

import jax
import numpy as np
import pytest
from equisweep.engine.ode.steps import rough

exp2, log2 = jax.jit(rough.exp2), jax.jit(rough.log2)
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@DTYPES
def test_logarithms_lie_below_by_what_a_line_leaves_out(dtype):
    limits = np.finfo(dtype)
    x = np.exp2(np.linspace(limits.minexp, limits.maxexp, 5001)[:-1]).astype(dtype)
    lacks = np.log2(x.astype(np.float64)) - np.asarray(log2(x), np.float64)
    assert lacks.min() > -1e-3
    assert 0.08 < lacks.max() < 0.088
    ends = np.asarray([limits.tiny, 1.0, 2.0, 0.25], dtype)
    np.testing.assert_array_equal(log2(ends), np.log2(ends))


@DTYPES
def test_powers_are_right_to_a_third_of_a_percent(dtype):
    limits = np.finfo(dtype)
    x = np.linspace(limits.minexp + 1, limits.maxexp - 1, 5001).astype(dtype)
    ratio = np.asarray(exp2(x), np.float64) / np.exp2(x.astype(np.float64))
    assert 1e-3 < abs(ratio - 1).max() < 3.3e-3
    whole = np.arange(limits.minexp + 1, limits.maxexp).astype(dtype)
    np.testing.assert_array_equal(exp2(whole), np.ldexp(np.ones_like(whole), whole.astype(int)))


@DTYPES
def test_what_is_no_number_stays_none(dtype):
    nothing = np.asarray(np.nan, dtype)
    assert np.isnan(log2(nothing))
    assert np.isnan(exp2(nothing))
