"""The loop as machine code, and its parts, against JAX, NumPy and the C library."""

import math
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.lane_loop import lane_loop, why_plain
from equisweep.engine.ode.runge_kutta import Method
from equisweep.engine.ode.trajectory import trajectory
from equisweep.kernels.games.registry import MODELS
from jax import lax
from scipy import special

RANDOM = np.random.default_rng(5)
EPS = np.finfo(float).eps


def once(function, *arrays):
    """`function` of the arrays, lane by lane, as the only round of a loop in machine code."""
    shapes = jax.eval_shape(jax.vmap(function), *arrays)

    def one(*values):
        start = (jnp.int32(0), jax.tree.map(lambda s: jnp.zeros(s.shape[1:], s.dtype), shapes))
        return lane_loop(lambda a, _: a[0] < 1, lambda a, v: (a[0] + 1, function(*v)), start, values)[1]

    jitted = jax.jit(jax.vmap(one))
    assert is_machine_code(jax.vmap(one), *arrays), function
    return jax.tree.map(np.asarray, jitted(*arrays))


def is_machine_code(function, *arguments):
    return "ffi_call" in str(jax.make_jaxpr(function)(*arguments))


def ulps(found, expected):
    return np.abs(found - expected) / np.spacing(np.abs(expected).astype(float))


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
    found, expected = once(all_of(functions), *arrays), jax.jit(jax.vmap(all_of(functions)))(*arrays)
    for name in functions:
        for a, b in zip(jax.tree.leaves(found[name]), jax.tree.leaves(expected[name]), strict=True):
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


@pytest.mark.parametrize(
    "function",
    [
        lambda x: lax.reduce(jnp.stack([x, x + 1]), 0.0, lambda a, b: a + 2 * b, (0,)),
        lambda x: lax.scan(lambda c, a: (c + a, c), x, jnp.zeros(0)),
        lambda x: jax.random.uniform(jax.random.key(0)) + x,
        lambda x: jnp.dot(jnp.stack([x > 0, x > 1]), jnp.stack([x > 0, x > 1])),
    ],
    ids=["reduce", "empty scan", "random", "dot of truth values"],
)
def test_what_only_looks_translatable_goes_through_xla(function):
    start = (jnp.int32(0), jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(function, 1.0)))
    told = why_plain(lambda a, _: a[0] < 1, lambda a, v: (a[0] + 1, function(v)), start, jnp.asarray(1.0))
    assert told


def test_a_step_that_changes_a_dtype_is_refused_as_by_jax():
    """In machine code it would write past the end of its places."""
    with pytest.raises(TypeError, match="carry"):
        lane_loop(lambda x, _: x < 1, lambda x, v: x + v, jnp.float32(0), jnp.float64(2))


WIDE = np.concatenate(
    [RANDOM.uniform(-708, 709, 4000), RANDOM.uniform(-1, 1, 4000), 10.0 ** RANDOM.uniform(-300, 2, 2000)]
)
EDGES = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 710.0, -746.0, 709.78, -708.39, 1e-310, -1.0, 5e-324, 1.0]
)


def test_exp_log_and_the_logistic_function_are_exact_to_two_units():
    found = once(lambda x: (jnp.exp(x), jnp.log(jnp.abs(x)), lax.logistic(x)), WIDE)
    exact = WIDE.astype(np.longdouble)
    for values, expected in zip(
        found, (np.exp(exact), np.log(np.abs(exact)), 1 / (1 + np.exp(-exact))), strict=True
    ):
        normal = expected > np.finfo(float).tiny
        assert ulps(values, expected)[normal | (expected < 0)].max() < 2


def test_exp_and_log_at_the_edges():
    found_exp, found_log = once(lambda x: (jnp.exp(x), jnp.log(x)), EDGES)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(found_exp, np.exp(EDGES), rtol=4 * EPS, atol=np.finfo(float).tiny)
        # Numbers below the smallest normal one count as 0, as in XLA.
        normal = np.where(np.abs(EDGES) < np.finfo(float).tiny, 0.0, EDGES)
        np.testing.assert_allclose(found_log, np.log(normal), rtol=4 * EPS)


def test_a_nan_stays_one_whatever_bits_it_carries():
    carrying = (0x7FF8000000000000 | np.arange(4096, dtype=np.uint64)).view(float)
    for values in once(lambda x: (jnp.exp(x), jnp.log(x), lax.logistic(x)), carrying):
        assert np.isnan(values).all()


LIBRARY = {
    "tanh": np.tanh, "sin": np.sin, "cos": np.cos, "tan": np.tan, "expm1": np.expm1, "exp2": np.exp2,
    "sinh": np.sinh, "cosh": np.cosh, "arcsinh": np.arcsinh, "arctan": np.arctan, "cbrt": np.cbrt,
}  # fmt: skip


def test_the_c_library_serves_the_rest():
    x, y = RANDOM.uniform(-3, 3, (2, 33))
    found = once(lambda x: [getattr(jnp, name)(x) for name in LIBRARY], x)
    for name, values in zip(LIBRARY, found, strict=True):
        np.testing.assert_allclose(values, LIBRARY[name](x), rtol=8 * EPS, err_msg=name)

    def several(x, y):
        return jnp.abs(x) ** y, lax.erf(x), jnp.arctan2(x, y), jnp.log1p(jnp.abs(x)), lax.lgamma(jnp.abs(y))

    power, erf, angle, below, log_gamma = once(several, x, y)
    np.testing.assert_allclose(power, np.abs(x) ** y, rtol=8 * EPS)
    np.testing.assert_allclose(erf, special.erf(x), rtol=8 * EPS)
    np.testing.assert_allclose(angle, np.arctan2(x, y), rtol=8 * EPS)
    np.testing.assert_allclose(below, np.log1p(np.abs(x)), rtol=8 * EPS)
    np.testing.assert_allclose(log_gamma, [math.lgamma(abs(v)) for v in y], rtol=8 * EPS, atol=8 * EPS)


def test_single_precision():
    x = RANDOM.uniform(-3, 3, 40).astype(np.float32)
    found = once(lambda x: (jnp.exp(x) * 3, x + 1 / x, jnp.sin(x)), x)
    for values, expected in zip(found, (np.exp(x) * 3, x + 1 / x, np.sin(x)), strict=True):
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, expected, rtol=4 * np.finfo(np.float32).eps)


def collatz(start, native=True):
    """Rounds until 1: wildly different from lane to lane, in whole numbers."""

    def step(lane, fixed):
        n, rounds = lane
        return jnp.where(n % 2 == 0, n // 2, fixed * n + 1), rounds + 1

    return lane_loop(lambda lane, _: lane[0] != 1, step, (start, jnp.int32(0)), jnp.int64(3), native=native)[
        1
    ]


@pytest.mark.parametrize("lanes", [1, 3, 16, 17, 500])
def test_every_lane_takes_as_many_rounds_as_it_needs(lanes):
    starts = jnp.arange(1, lanes + 1)
    assert is_machine_code(jax.vmap(collatz), starts)
    expected = []
    for n in range(1, lanes + 1):
        rounds = 0
        while n != 1:
            n, rounds = (n // 2 if n % 2 == 0 else 3 * n + 1), rounds + 1
        expected.append(rounds)
    assert jax.jit(jax.vmap(collatz))(starts).tolist() == expected


def test_no_lane_and_a_single_scalar_lane():
    assert jax.vmap(collatz)(jnp.zeros(0, jnp.int64)).shape == (0,)
    assert int(jax.jit(collatz)(jnp.int64(27))) == 111


def newton(a, power, native=True):
    """The root a^(1/power), with a number of rounds that depends on both."""

    def step(x, fixed):
        a, power = fixed
        return (
            x[0] - (x[0] ** power - a) / (power * x[0] ** (power - 1)),
            jnp.abs(x[0] ** power - a),
            x[2] + 1,
        )

    def going(x, fixed):
        return x[1] > 1e-13 * fixed[0]

    start = (jnp.maximum(a, 1.0), jnp.full_like(a, jnp.inf), 0)
    return lane_loop(going, step, start, (a, power), native=native)[0]


def test_lanes_over_a_grid_of_two_axes():
    a, power = jnp.linspace(0.1, 50, 13), jnp.array([2.0, 3.0, 5.0])
    grid = jax.jit(jax.vmap(jax.vmap(newton, in_axes=(None, 0)), in_axes=(0, None)))
    np.testing.assert_allclose(grid(a, power), np.asarray(a)[:, None] ** (1 / np.asarray(power)), rtol=1e-13)


def test_derivatives_run_through_the_loop():
    a, power = jnp.linspace(0.1, 50, 13), jnp.full(13, 3.0)
    slopes = jax.vmap(jax.jacfwd(newton, argnums=(0, 1)))
    assert is_machine_code(slopes, a, power)
    by_a, by_power = jax.jit(slopes)(a, power)
    root = a ** (1 / 3)
    np.testing.assert_allclose(by_a, root / (3 * a), rtol=1e-12)
    np.testing.assert_allclose(by_power, -root * np.log(a) / 9, rtol=1e-11)


def test_what_has_no_scalar_form_goes_through_xla():
    def step(x, m):
        return x[0] + jnp.linalg.solve(m, x[1]).sum(), x[1] * 1.5, x[2] + 1

    def run(v):
        m = jnp.array([[2.0, 1.0], [0.0, 1.0]])
        return lane_loop(lambda x, _: x[2] < 3, step, (jnp.zeros(()), v, 0), m)[0]

    v = jnp.array([1.0, 2.0])
    assert not is_machine_code(run, v)
    expected = sum(
        np.linalg.solve([[2.0, 1.0], [0.0, 1.0]], 1.5**k * np.array([1.0, 2.0])).sum() for k in range(3)
    )
    assert abs(float(run(v)) - expected) < 1e-13


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.flow is not None])
def test_every_flow_of_the_registry_is_machine_code(name):
    model = MODELS[name]
    p = {q.name: jnp.full(3, 0.5) if q.dim else jnp.asarray(q.default) for q in model.parameters}
    static = {choice.name: choice.default for choice in model.choices}
    for method in (Method(), Method(solver="tsit5"), Method(solver="heun", fixed_steps=7)):
        assert is_machine_code(lambda p, method=method: trajectory(model.flow, p, method, **static), p)
    assert not is_machine_code(lambda p: trajectory(model.flow, p, Method(native=False), **static), p)
