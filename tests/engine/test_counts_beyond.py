"""Counts beyond 64 bits are said to be none, wherever in a model they leave the integers.

Oracle: the integers of Python.
"""

from bisect import bisect_left
from math import comb, factorial, isqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.wide.checked import ABOVE, BELOW, LOST, NAN
from equisweep.engine.wide.integers import may_lose, with_wide_integers
from equisweep.sweeps import open_cube
from equisweep.sweeps.run import run
from equisweep.sweeps.spec.sweep import Sweep
from helpers.codegen.jaxprs import equations
from helpers.codegen.primitives import ABSENT, EXACT, ROUNDED
from helpers.products import some
from jax import lax
from jax.ad_checkpoint import checkpoint_name

SIZES = (1, 5, 20, 21, 31, 40, 62, 63, 64, 92, 93, 100)
ONE = np.int64(1)


def shifted(x):
    """A generator that mixes bits on purpose: it may leave them."""
    x = x ^ (x << 13)
    x = x ^ lax.shift_right_logical(x, jnp.int64(7))
    return x ^ (x << 17)


def shifted_by_python(n):
    x = 88172645463325252
    for _ in range(n):
        x ^= (x << 13) & (2**64 - 1)
        x ^= x >> 7
        x ^= (x << 17) & (2**64 - 1)
    return x & 0xFFFF


def narrow(n):
    """A cube that 32 bits do not hold."""
    return (1000 * n).astype(jnp.int32) ** 3


def root_at(right):
    """A root that Newton's method finds in one step."""
    return lax.custom_root(lambda x: x - right, 0.0 * right, lambda f, x: x - f(x), lambda g, y: y / g(1.0))


def congruent(n):
    x = 42
    for _ in range(n):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
    return x


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def threes_to(bound):
    n = 0
    while 3**n < bound:
        n += 1
    return n


# What a model counts of n, an integer of 64 bits, and what Python makes of it; None of what no integer is.
COUNTS = {
    "factorial": (
        lambda n: lax.fori_loop(1, n + 1, lambda i, a: a * i, ONE), factorial),
    "fibonacci": (
        lambda n: lax.fori_loop(0, n, lambda i, ab: (ab[1], ab[0] + ab[1]), (0 * ONE, ONE))[0], fibonacci),
    "power": (lambda n: ONE * 3**n, lambda n: 3**n),
    "negative power": (lambda n: -(ONE * (-7) ** n), lambda n: -((-7) ** n)),
    "the smaller": (lambda n: jnp.minimum(ONE * (-3) ** n, 1000), lambda n: min((-3) ** n, 1000)),
    "of a negative exponent": (lambda n: ONE * 2 ** (5 - n), lambda n: 2 ** (5 - n) if n <= 5 else None),
    "shifted": (lambda n: ONE << n, lambda n: 1 << n),
    "product": (lambda n: jnp.prod(jnp.where(jnp.arange(100) < n, 3, 1)), lambda n: 3**n),
    "products": (lambda n: jnp.cumprod(jnp.where(jnp.arange(100) < n, 2, 1))[-1], lambda n: 2**n),
    "sum": (lambda n: jnp.sum(jnp.full(8, ONE << n)), lambda n: 8 * 2**n),
    "scalar product": (lambda n: jnp.dot(jnp.full(3, ONE << n), jnp.arange(3)), lambda n: 3 * 2**n),
    "added at places": (
        lambda n: jnp.zeros(2, int).at[jnp.array([0, 0, 1])].add(ONE << n)[0], lambda n: 2 * 2**n),
    "difference": (lambda n: (ONE << n) - 3 * (ONE << n), lambda n: -2 * 2**n),
    "of a scan": (
        lambda n: lax.scan(lambda a, d: (10 * a + d, a), 0 * ONE, jnp.arange(1, 10))[0] * n**6,
        lambda n: 123456789 * n**6),
    "of a branch": (
        lambda n: lax.cond(n > 30, lambda a: a * a, lambda a: -a, ONE << n),
        lambda n: 4**n if n > 30 else -(2**n)),
    "steps until": (
        lambda n: lax.while_loop(
            lambda c: c[0] < n * 1e17, lambda c: (3 * c[0], c[1] + 1), (ONE, 0 * ONE))[1],
        lambda n: threes_to(n * 1e17) if n * 1e17 < 2**63 else None),
    "narrow": (narrow, lambda n: (1000 * n) ** 3),
    "place of a narrow one": (
        lambda n: jnp.searchsorted(jnp.array([0, 10**9, 2 * 10**9], jnp.int32), narrow(n)),
        lambda n: bisect_left([0, 10**9, 2 * 10**9], (1000 * n) ** 3)),
    "subtracted at places": (
        lambda n: jnp.zeros(2, jnp.int32).at[jnp.array([0, 0, 1])].subtract(narrow(n))[0],
        lambda n: -2 * (1000 * n) ** 3),
    "subtracted at its place": (
        lambda n: jnp.zeros(7, jnp.int32).at[narrow(n) % 7].subtract(1)[6],
        lambda n: -((1000 * n) ** 3 % 7 == 6)),
    "behind a barrier": (
        lambda n: lax.optimization_barrier((n > 3, narrow(n)))[1] + 1, lambda n: (1000 * n) ** 3 + 1),
    "of a polynomial": (
        lambda n: jnp.polyval(jnp.array([1, 0, 2], jnp.int32), (1000 * n).astype(jnp.int32)),
        lambda n: (1000 * n) ** 2 + 2),
    "named": (lambda n: checkpoint_name(narrow(n), "cube"), lambda n: (1000 * n) ** 3),
    "in a root": (lambda n: root_at(narrow(n).astype(float)), lambda n: (1000 * n) ** 3),
    "power of an exponent": (
        lambda n: jnp.ldexp(1.0, jnp.minimum(narrow(n) // 10**9, 40)),
        lambda n: 2 ** min((1000 * n) ** 3 // 10**9, 40)),
    "choices": (
        lambda n: lax.fori_loop(0, 5, lambda i, a: a * (n - i) // (i + 1), ONE), lambda n: comb(n, 5)),
    "chosen": (lambda n: jnp.where(n < 60, ONE << n, 7), lambda n: 2**n if n < 60 else 7),
    "half, as a float": (
        lambda n: jnp.floor(0.5 * (ONE * 5**n)), lambda n: 5**n // 2 if 5**n < 2**53 else 5**n / 2),
    "of NaN": (
        lambda n: 2 * jnp.sqrt(50.0 - n).astype(int) + 1,
        lambda n: 2 * isqrt(50 - n) + 1 if n <= 50 else None),
    "a class of NaN": (
        lambda n: jnp.clip(jnp.sqrt(36.0 - n).astype(int), 0, 3),
        lambda n: min(isqrt(36 - n), 3) if n <= 36 else None),
    "divided by 0": (lambda n: n // (n - n), lambda n: None),
    "congruent": (
        lambda n: lax.fori_loop(0, n, lambda i, x: (x * 1103515245 + 12345) & 0x7FFFFFFF, 42 * ONE),
        congruent),
    "bits": (
        lambda n: lax.fori_loop(0, n, lambda i, x: shifted(x), np.int64(88172645463325252)) & 0xFFFF,
        shifted_by_python),
}  # fmt: skip


# What is quickly widened.
SUITE = [
    "factorial", "power", "the smaller", "of a negative exponent", "shifted", "product", "sum",
    "added at places", "difference", "of a branch", "narrow", "subtracted at its place", "in a root",
    "chosen", "half, as a float", "of NaN", "divided by 0", "congruent",
]  # fmt: skip


@pytest.mark.parametrize("names", some([[*COUNTS], SUITE], [SUITE]), ids=len)
def test_no_count_wraps_whatever_it_is_made_by(names):
    def kernel(p):
        n = jnp.floor(p["n"]).astype(jnp.int64)
        return {name: COUNTS[name][0](n) for name in names}

    outputs = jax.jit(jax.vmap(lambda n: with_wide_integers(kernel, {"n": n}, names)[0]))(
        jnp.asarray(SIZES, float)
    )
    for name in names:
        right = COUNTS[name][1]
        for n, value in zip(SIZES, np.asarray(outputs[name]).tolist(), strict=True):
            exact = right(n)
            if isinstance(value, float):
                assert value == exact if np.isfinite(value) else exact > 2.0**61, (name, n)
            elif exact is None or abs(exact) >= ABOVE:
                assert value in (NAN, LOST, BELOW, ABOVE), (name, n, value)
            else:
                assert value == exact, (name, n)


def test_no_primitive_that_takes_integers_is_left_as_it_is():
    """But those that permute, or mix bits."""
    left = set()
    for name, function in (EXACT | ROUNDED).items():
        if name in ABSENT:
            continue

        def of_counts(x, y, b, i, j, function=function):
            results = function(x, y, i.astype(jnp.int32), j.astype(jnp.int32), b > 0.5)
            return [r for r in jax.tree.leaves(results) if not jnp.issubdtype(r.dtype, jax.dtypes.prng_key)]

        given = [jax.ShapeDtypeStruct((), float)] * 5
        trace = jax.make_jaxpr(of_counts)(*given)
        own = [e for e in equations(trace) if e.primitive.name == name]
        counts = any(
            all(any(v.aval.dtype == "int32" for v in of) for of in (e.invars, e.outvars)) for e in own
        )
        if counts and not may_lose(of_counts, *given):
            left.add(name)
    assert left == {"lu_pivots_to_permutation", "reduce_and", "reduce_or"}


def test_what_left_the_integers_stays_on_its_side():
    """Bounds cut it, and it returns by no operation."""

    def kernel(p):
        big = jnp.floor(p["x"]).astype(jnp.int64) * 10**15
        return {"cut": jnp.clip(big, -5, 5), "back": big // 10**15, "more": big + 1, "less": big - 1}

    x = jnp.array([2e4, -2e4, 3.0])
    outputs = jax.vmap(lambda x: with_wide_integers(kernel, {"x": x}, ["cut", "back", "more", "less"])[0])(x)
    assert outputs["cut"].tolist() == [5, -5, 5]
    for name, right in (("more", 3 * 10**15 + 1), ("less", 3 * 10**15 - 1)):
        assert outputs[name].tolist() == [ABOVE, BELOW, right]
    assert outputs["back"].tolist() == [NAN, NAN, 3]


def test_what_is_small_is_counted_as_it_is():
    """Sums of booleans and counters need no second look: no floating-point number stands beside them."""

    def kernel(p):
        steps, _ = lax.while_loop(lambda c: c[1] < p["x"], lambda c: (c[0] + 1, 2 * c[1]), (0 * ONE, 1.0))
        return {"c": jnp.sum(jnp.arange(300) < p["x"]) + 3 * jnp.argmax(jnp.arange(5) * p["x"]) + steps}

    def text(function):
        return str(jax.make_jaxpr(function)(jnp.asarray(3.0)))

    def checked(x):
        return with_wide_integers(kernel, {"x": x}, ["c"])[0]["c"]

    assert "inf" not in text(checked)


MODEL = """
import jax.numpy as jnp
from jax import lax
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    title="ways",
    parameters=[Parameter("n", "n", "1", 5, Domain(0), "things", integer=True)],
    outputs=[Output("orders", "N", "1", "orders of n things", kind="count"),
             Output("subsets", "S", "1", "subsets", kind="count")],
)
def ways(p, n_max):
    n = p["n"].astype(int)
    return {"orders": lax.fori_loop(1, n + 1, lambda i, a: a * i, jnp.int64(1)), "subsets": jnp.power(2, n)}
"""


@pytest.mark.parametrize("native", some([True, False], {True}))
def test_a_cube_says_which_counts_do_not_fit(tmp_path, monkeypatch, native):
    if not native:
        monkeypatch.setattr("equisweep.engine.grid.function._reason_for_xla", lambda *_a, **_k: "asked for")
    (tmp_path / "ways.py").write_text(MODEL)
    table = {"model": "ways.py:ways", "axes": {"n": [5, 20, 21, 62, 63, 70]}}
    run(Sweep.from_table(table, folder=tmp_path), tmp_path / "w.zarr", progress=False)
    cube = open_cube(tmp_path / "w.zarr").load()
    assert cube["orders"].values.tolist() == [120, factorial(20), -1, -1, -1, -1]
    assert cube["subsets"].values.tolist() == [32, 2**20, 2**21, 2**62, -1, -1]
    assert cube["status"].values.tolist() == [1, 1, 8, 8, 8, 8]
