"""Operations in the machine code of lanes, against JAX, NumPy and the C library."""

import math
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from helpers.codegen.lanes import once
from jax import lax
from scipy import special

RANDOM = np.random.default_rng(5)


EPS = np.finfo(float).eps


def ulps(actual, expected):
    return np.abs(actual - expected) / np.spacing(np.abs(expected).astype(float))


X = np.concatenate(
    [RANDOM.uniform(-3, 3, 97), [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e300, -1e-300]]
)


Y = np.concatenate([RANDOM.uniform(-3, 3, 97), [0.0, 2.0, -1.0, 0.0, 1.0, np.inf, 0.0, np.nan, -1e300]])


NUMBERS = {
    "arithmetic": lambda x, y: (x + y * 3 - x / (y - 7), -x, jnp.abs(y), x - y),
    "compare": lambda x, y: (x < y, x <= y, x > y, x >= y, x == y, x != y),
    "logic": lambda x, y: ((x < y) & (y > 0), (x < 0) | ~(y < 1), (x < 0) ^ (y < 0), jnp.isfinite(x)),
    "choose": lambda x, y: (
        jnp.where(x < y, x, 2.0), jnp.maximum(x, y), jnp.minimum(x, y), jnp.clip(x, -1, 1), jnp.sign(x)
    ),
    "round": lambda x, y: (jnp.floor(x), jnp.ceil(y), jnp.round(x), lax.round(x)),
    "powers": lambda x, y: (x**2, x**-3, jnp.square(y), jnp.sqrt(jnp.abs(x)), lax.rsqrt(jnp.abs(y))),
    "whole": lambda x, y: (
        jnp.clip(x, -9, 9).astype(jnp.int32) * 3 // 2,
        (x > 0).astype(jnp.uint8) + jnp.uint8(250),
        (y > 0).astype(jnp.int16) - jnp.int16(1), jnp.int64(7) % jnp.clip(x, 1, 9).astype(jnp.int64),
    ),
}  # fmt: skip


def all_of(functions):
    """All of them as one function: compiled once instead of one by one."""
    return lambda *arrays: {name: function(*arrays) for name, function in functions.items()}


def assert_as_in_jax(functions, arrays, rtol, atol):
    actual, expected = once(all_of(functions), *arrays), jax.jit(jax.vmap(all_of(functions)))(*arrays)
    for name in functions:
        for a, b in zip(jax.tree.leaves(actual[name]), jax.tree.leaves(expected[name]), strict=True):
            assert a.dtype == b.dtype, name
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=name)


def test_numbers_are_those_of_jax():
    assert_as_in_jax(NUMBERS, (X, Y), rtol=4 * EPS, atol=0)


WHOLE = {
    "quotients": lambda a, b: (lax.div(a, b), lax.rem(a, b), a // b, a % b),
    "unsigned": lambda a, b: (
        lax.div(a.astype(jnp.uint8), b.astype(jnp.uint8)), lax.rem(a.astype(jnp.uint8), b.astype(jnp.uint8))
    ),
    "overflow": lambda a, b: (
        jnp.uint8(250) + jnp.uint8(10) > a.astype(jnp.uint8), jnp.int64(2**62 + 1) // jnp.int64(3) + a,
        jnp.int8(-128) * jnp.int8(2) + b.astype(jnp.int8), jnp.abs(jnp.int8(-128)) + b.astype(jnp.int8),
    ),
}  # fmt: skip


def test_whole_numbers_are_those_of_jax_and_no_division_ends_the_process():
    """Divisors of 0 and -1, the least number among the dividends, and places without a lane, which hold 0."""
    pairs = product([0, 1, -7, 2**31 - 1, -(2**31)], [0, 1, -1, 3, -5])
    a, b = np.array(list(pairs), np.int32).T
    assert_as_in_jax(WHOLE, (a, b), rtol=0, atol=0)
    assert lax.div(jnp.int32(-7), jnp.asarray(b[:1])).tolist() == [-1]  # what XLA says of a division by 0


def stacked(x, y):
    v = jnp.stack([x, y, x * y, x + y])
    m = jnp.outer(v, v[:3])
    return v, m


SHAPES = {
    "stack": lambda x, y: stacked(x, y),
    "slices": lambda x, y: (
        stacked(x, y)[0][1:3], stacked(x, y)[1][::-1, 1], jnp.roll(stacked(x, y)[0], 1)
    ),
    "sums": lambda x, y: (
        stacked(x, y)[1].sum(), stacked(x, y)[1].max(axis=0), stacked(x, y)[1].min(axis=1),
        stacked(x, y)[0].prod(),
        jnp.all(stacked(x, y)[0] > 0), jnp.any(stacked(x, y)[0] > 0), stacked(x, y)[0].mean(),
    ),
    "products": lambda x, y: (
        stacked(x, y)[1] @ stacked(x, y)[0][:3], stacked(x, y)[1].T @ stacked(x, y)[1],
        jnp.einsum("ij,ij->i", *[stacked(x, y)[1]] * 2),
    ),
    "cumulative": lambda x, y: (
        jnp.cumsum(stacked(x, y)[0]), jnp.cumprod(stacked(x, y)[0]),
        lax.cummax(stacked(x, y)[0], reverse=True),
    ),
    "places": lambda x, y: (jnp.argmax(stacked(x, y)[0]), jnp.argmin(stacked(x, y)[1], axis=1)),
    "update": lambda x, y: (
        stacked(x, y)[0].at[2].set(x), stacked(x, y)[0][jnp.array([3, 0])],
        lax.dynamic_update_slice(stacked(x, y)[0], jnp.stack([y]), (1,)), jnp.pad(stacked(x, y)[0], 1),
    ),
    "branches": lambda x, y: (
        lax.cond(x < y, lambda a: a * 2, lambda a: -a, x),
        lax.switch(
            (x > 0).astype(int) + (y > 0).astype(int), [lambda a: a, lambda a: a + 5, lambda a: -a], y
        ),
        lax.select_n((x > 0).astype(jnp.int32) + (y > 0).astype(jnp.int32), x, y, x - y),
    ),
    "scan": lambda x, y: lax.scan(lambda c, a: (c * a + x, c), y, stacked(x, y)[0], reverse=True),
    "softmax": lambda x, y: (jax.nn.softmax(stacked(x, y)[0]), jax.nn.softplus(x), jax.nn.sigmoid(y)),
}  # fmt: skip


def test_small_arrays_are_those_of_jax():
    assert_as_in_jax(SHAPES, RANDOM.uniform(-2, 2, (2, 21)), rtol=100 * EPS, atol=100 * EPS)


EDGE_CASES = {
    "outside": lambda x, y: (
        jnp.take(jnp.stack([x, y]), jnp.array([0, 5, -1])), jnp.stack([x, y]).at[jnp.array([7])].set(3.0),
        jnp.stack([x, y]).at[jnp.array([1, 5])].get(mode="fill", fill_value=3.0),
        (jnp.stack([x, y]) > 0).astype(jnp.int32).at[jnp.array([9])].get(mode="fill"),
    ),
    "extremes": lambda x, y: (jnp.argmax(jnp.stack([1.0, x, y])), jnp.argmin(jnp.stack([1.0, x, y]))),
    "powers": lambda x, y: (jnp.abs(x) ** jnp.floor(jnp.clip(y, -3, 3)).astype(jnp.int32),),
    "nothing": lambda x, y: (jnp.zeros((2, 0)) @ jnp.zeros((0, 2)) + x, jnp.cumsum(jnp.zeros(0)) + y),
    "saturate": lambda x, y: (lax.cond(x < y, lambda: 1e300, lambda: jnp.nan) * 0 + x).astype(jnp.int32),
}  # fmt: skip


def test_edges_are_those_of_jax():
    with np.errstate(all="ignore"):
        assert_as_in_jax(EDGE_CASES, (X, Y), rtol=8 * EPS, atol=0)


WIDE = np.concatenate(
    [RANDOM.uniform(-708, 709, 4000), RANDOM.uniform(-1, 1, 4000), 10.0 ** RANDOM.uniform(-300, 2, 2000)]
)


EDGES = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 710.0, -746.0, 709.78, -708.39, 1e-310, -1.0, 5e-324, 1.0]
)


def test_exp_log_and_the_logistic_function_are_exact_to_two_units():
    outputs = once(lambda x: (jnp.exp(x), jnp.log(jnp.abs(x)), lax.logistic(x)), WIDE)
    exact = WIDE.astype(np.longdouble)
    for values, expected in zip(
        outputs, (np.exp(exact), np.log(np.abs(exact)), 1 / (1 + np.exp(-exact))), strict=True
    ):
        normal = expected > np.finfo(float).tiny
        assert ulps(values, expected)[normal | (expected < 0)].max() < 2


def test_exp_and_log_at_the_edges():
    actual_exp, actual_log = once(lambda x: (jnp.exp(x), jnp.log(x)), EDGES)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(actual_exp, np.exp(EDGES), rtol=4 * EPS, atol=np.finfo(float).tiny)
        # Subnormal numbers count as what they are, whatever the calling thread does with them.
        np.testing.assert_allclose(actual_log, np.log(EDGES), rtol=4 * EPS)


def test_a_nan_stays_one_whatever_bits_it_carries():
    carrying = (0x7FF8000000000000 | np.arange(4096, dtype=np.uint64)).view(float)
    for values in once(lambda x: (jnp.exp(x), jnp.log(x), lax.logistic(x)), carrying):
        assert np.isnan(values).all()


LIBRARY = {
    "tan": np.tan, "exp2": np.exp2,
    "sinh": np.sinh, "cosh": np.cosh, "arcsinh": np.arcsinh, "arctan": np.arctan, "cbrt": np.cbrt,
}  # fmt: skip


def test_the_c_library_serves_the_rest():
    x, y = RANDOM.uniform(-3, 3, (2, 33))
    outputs = once(lambda x: [getattr(jnp, name)(x) for name in LIBRARY], x)
    for name, values in zip(LIBRARY, outputs, strict=True):
        np.testing.assert_allclose(values, LIBRARY[name](x), rtol=8 * EPS, err_msg=name)

    def several(x, y):
        return lax.erf(x), jnp.arctan2(x, y), lax.lgamma(jnp.abs(y))

    erf, angle, log_gamma = once(several, x, y)
    np.testing.assert_allclose(erf, special.erf(x), rtol=8 * EPS)
    np.testing.assert_allclose(angle, np.arctan2(x, y), rtol=8 * EPS)
    np.testing.assert_allclose(log_gamma, [math.lgamma(abs(v)) for v in y], rtol=8 * EPS, atol=8 * EPS)


def test_single_precision():
    x = RANDOM.uniform(-3, 3, 40).astype(np.float32)
    outputs = once(lambda x: (jnp.exp(x) * 3, x + 1 / x, jnp.sin(x)), x)
    for values, expected in zip(outputs, (np.exp(x) * 3, x + 1 / x, np.sin(x)), strict=True):
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, expected, rtol=4 * np.finfo(np.float32).eps)
