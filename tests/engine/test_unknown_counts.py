"""What is made of counts beyond 64 bits by comparing them is right, or said to be unknown.

Oracle: the integers of Python.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.wide.checked import BELOW
from equisweep.engine.wide.integers import with_wide_integers
from equisweep.kernels.numerics.roots import bisect
from helpers.products import some
from jax import lax
from jax.extend import core
from jax.interpreters import mlir

SIZES = (0, 1, 3, 7, 38, 39, 40, 41, 62, 63, 64, 65, 70, 90)
ONE = np.int64(1)
HALF = 2**62 + 2**61


def until(goes_on, step, begin):
    return lax.while_loop(lambda c: goes_on(*c), lambda c: step(*c), begin)


def walked(goes_on, step, begin):
    for _ in range(1000):
        if not goes_on(*begin):
            return begin
        begin = step(*begin)
    return (None,) * len(begin)


def congruent(n):
    x = n
    while x % 7:
        x = 5 * x + 3
        if x > 2**63:
            return None
    return x


def bits(x):
    """The integer of 64 bits that a mixture of bits is."""
    return (x + 2**63) % 2**64 - 2**63


def mixed_by_python(n):
    x = n
    for _ in range(20):
        x = bits(x * 6364136223846793005 + 1442695040888963407)
        x = bits(x - 3 * (x << 9))
    return (x >> 33) & 0xFFFF


def mixed(n):
    def step(_, x):
        x = x * 6364136223846793005 + 1442695040888963407
        return x - 3 * (x << 9)

    return (lax.fori_loop(0, 20, step, n) >> 33) & 0xFFFF


def three(n):
    return ONE * 3**n


# What a model makes of n, an integer of 64 bits, of t = 3**n and u = 3**(n + 1), and what Python makes of n;
# None of what need not be known.
ANSWERS = {
    "equal": (lambda n, t, u: t == u, lambda n: 0 if n < 40 else None),
    "more": (lambda n, t, u: jnp.where(u > t, 1, 2), lambda n: 1),
    "more than a number": (lambda n, t, u: jnp.where(t > 10**6, 1, 2), lambda n: 1 if 3**n > 1e6 else 2),
    "more than a float": (lambda n, t, u: jnp.where(t < 1e25, 1, 2), lambda n: 1 if 3**n < 1e25 else 2),
    "a small float": (lambda n, t, u: jnp.where(t < 1e15, 1, 2), lambda n: 1 if 3**n < 1e15 else 2),
    "both sides": (lambda n, t, u: t > -t, lambda n: 1),
    "of NaN": (lambda n, *_: jnp.where(jnp.sqrt(40.0 - n).astype(int) < 5, 1, 2),
               lambda n: (1 if 40 - n < 25 else 2) if n <= 40 else None),
    "of a part": (lambda n, t, u: jnp.minimum(t // 3**30, 100), lambda n: min(3**n // 3**30, 100)),
    "of a part, as a float": (lambda n, t, u: jnp.floor(1e18 / t), lambda n: 1e18 // 3**n),
    "bounded as a float": (lambda n, t, u: jnp.minimum(t, 5.5), lambda n: min(3**n, 5.5)),
    "back": (lambda n, *_: jnp.where((ONE << n) - HALF - HALF < 0, 1, 2),
             lambda n: 1 if 2**n < 2 * HALF else 2),
    "logic": (lambda n, t, u: (t > u) & (n > 5), lambda n: 0),
    "either": (lambda n, t, u: (t == u) | (n > 5), lambda n: int(n > 5)),
    "neither": (lambda n, t, u: ~(t > u), lambda n: 1),
    "any": (lambda n, t, u: jnp.any(jnp.stack([t, ONE * 3 ** (n + 2)]) > u), lambda n: 1),
    "all": (lambda n, t, u: jnp.all(jnp.stack([t, 0 * n]) > 1), lambda n: 0),
    "as a number": (lambda n, t, u: 5 * (t < u).astype(int), lambda n: 5),
    "largest": (lambda n, t, u: jnp.argmax(jnp.stack([t, u, 5 * n])), lambda n: 1),
    "smallest": (lambda n, t, u: jnp.argmin(jnp.stack([t, u, -n])), lambda n: 2),
    "order": (lambda n, t, u: jnp.argsort(jnp.stack([u, t, -ONE]))[2], lambda n: 0),
    "sorted": (lambda n, t, u: jnp.sort(jnp.stack([t, 5 + 0 * n, -1 - n]))[0], lambda n: -1 - n),
    "at a place": (lambda n, t, u: jnp.arange(3)[t], lambda n: min(3**n, 2)),
    "at a narrow place": (
        lambda n, *_: jnp.arange(300)[(4 * n).astype(jnp.int8)], lambda n: 4 * n if n < 75 else 299),
    "at no place": (
        lambda n, *_: jnp.arange(9)[jnp.sqrt(40.0 - n).astype(int)],
        lambda n: int((40 - n) ** 0.5) if n <= 40 else None),
    "a branch": (
        lambda n, *_: lax.switch(jnp.sqrt(40.0 - n).astype(int), [lambda: 5, lambda: 6, lambda: 7]),
        lambda n: 5 + min(int((40 - n) ** 0.5), 2) if n <= 40 else None),
    "one of two": (
        lambda n, t, u: lax.cond(t > u, lambda: 1, lambda: 2), lambda n: 2),
    "doubled until": (
        lambda n, *_: until(lambda k: (ONE << k) < n * 1e17, lambda k: (k + 1,), (0 * ONE,))[0],
        lambda n: int(n * 1e17 - 1).bit_length() if n else 0),
    "powers until": (
        lambda n, *_: until(lambda k: k**4 < 1e14 * (n + 1) ** 3, lambda k: (k + 100,), (0 * ONE,))[0],
        lambda n: walked(lambda k: k**4 < 1e14 * (n + 1) ** 3, lambda k: (k + 100,), (0,))[0]),
    "threes until": (
        lambda n, *_: until(lambda k: 3**k < n * 1e17, lambda k: (k + 1,), (0 * ONE,))[0],
        lambda n: walked(lambda k: 3**k < n * 1e17, lambda k: (k + 1,), (0,))[0]),
    "divisible": (lambda n, *_: until(lambda x: x % 7 != 0, lambda x: (5 * x + 3,), (n,))[0], congruent),
    "never less": (
        lambda n, *_: until(lambda x: x > 5, lambda x: (x - 7,), (jnp.where(n > 62, ONE << n, n),))[0],
        lambda n: (n if n < 6 else (n - 6) % 7 - 1) if n <= 62 else None),
    "from side to side": (
        lambda n, *_: until(lambda x, y: abs(x) > 5, lambda x, y: (-3 * x, y + 1), (n, 0 * ONE))[1],
        lambda n: None if n > 5 else 0),
    "steps beside": (
        lambda n, *_: until(lambda x, i: (x != 7) & (i < n), lambda x, i: (3 * x, i + 1), (ONE, 0 * ONE))[1],
        lambda n: n),
    "steps of NaN": (
        lambda n, *_: lax.fori_loop(0, jnp.sqrt(40.0 - n).astype(int), lambda i, a: a + 2, 0 * ONE),
        lambda n: 2 * int((40 - n) ** 0.5) if n <= 40 else None),
    "of no steps": (
        lambda n, t, u: lax.scan(lambda a, x: (a + x, a), t, jnp.arange(0))[0], lambda n: 3**n),
    "mixed": (lambda n, *_: mixed(n), mixed_by_python),
    "bits": (lambda n, t, u: lax.population_count(t), lambda n: (3**n).bit_count() if n < 40 else None),
    "zeros": (lambda n, t, u: lax.clz(t), lambda n: 64 - (3**n).bit_length() if n < 40 else None),
}  # fmt: skip
# Of these all has to be known: what is compared is on different sides, or small, or within 64 bits.
ALWAYS = (
    "more than a number", "a small float", "both sides", "bounded as a float", "either", "all", "sorted",
    "at a place", "at a narrow place", "steps beside", "mixed", "smallest",
)  # fmt: skip
INSIDE = 39


# Without most loops, of which each is long to widen.
LONG = {
    "of NaN", "of a part, as a float", "a small float", "neither", "any", "as a number", "order",
    "at a narrow place", "a branch", "doubled until", "powers until", "threes until", "never less",
    "from side to side", "steps beside", "steps of NaN", "mixed", "zeros",
}  # fmt: skip
SUITE = [name for name in ANSWERS if name not in LONG]


@pytest.mark.parametrize("names", some([[*ANSWERS], SUITE], [SUITE]), ids=len)
def test_no_answer_about_counts_beyond_64_bits_is_wrong(names):
    def kernel(p):
        n = jnp.floor(p["n"]).astype(jnp.int64)
        powers = three(n), three(n + 1)  # once: to widen them anew for each is most of what the test costs
        return {name: ANSWERS[name][0](n, *powers) for name in names}

    result = jax.jit(jax.vmap(lambda n: with_wide_integers(kernel, {"n": n}, names)[0]))(
        jnp.asarray(SIZES, float)
    )
    for name in names:
        right = ANSWERS[name][1]
        for n, value in zip(SIZES, np.asarray(result[name]).tolist(), strict=True):
            exact, none = right(n), not np.isfinite(value) or not BELOW < value < 2**63 - 1
            if exact is None:
                assert none, (name, n, value)
            elif none:
                assert n >= INSIDE, (name, n)
                assert name not in ALWAYS, (name, n)
            else:
                assert value == exact, (name, n, value)


CHOICE = core.Primitive("choice")
CHOICE.def_impl(lax.select)
mlir.register_lowering(CHOICE, mlir.lower_fun(lax.select, multiple_results=False))


@CHOICE.def_abstract_eval
def _shape_of_choice(which, one, other):
    """As a loop of equinox, it takes a boolean and nothing else."""
    assert which.dtype == bool
    assert one.dtype == other.dtype
    return one


def test_a_primitive_of_a_library_takes_counts_beside_the_boolean_that_it_declares():
    def kernel(p):
        return {"y": CHOICE.bind(p["n"] > 5.0, three(p["n"].astype(int)), ONE)}

    for n in (3, 7, 39):
        result = jax.jit(lambda n: with_wide_integers(kernel, {"n": n}, ["y"])[0]["y"])(float(n))
        assert int(result) == (3**n if n > 5 else 1)


@jax.custom_jvp
def bisected(level, times):
    """The root of x**2 = level, found by comparing so often; its slope is known otherwise."""

    def halved(carry):
        low, high, count = carry
        middle = (low + high) / 2
        above = middle**2 > level
        return jnp.where(above, low, middle), jnp.where(above, middle, high), count + 1

    return lax.while_loop(lambda c: c[2] < times, halved, (0 * level, 0 * level + 8, jnp.int32(0)))[0]


@bisected.defjvp
def _slope_of_root(primals, tangents):
    root = bisected(*primals)
    return root, tangents[0] / (2 * root)


@pytest.mark.parametrize("power", some([4, 60], {60}))
def test_a_rule_of_its_own_gives_derivatives_beside_counts(power):
    """Comparing alone would have 0 for the derivative of a root, under status ok."""

    def kernel(p):
        count = jnp.minimum(3 ** p["n"].astype(int), 60)
        return {"y": bisected(p["x"] ** 2, jnp.int32(60)), "z": bisected(p["x"], count), "count": count}

    def outputs(x):
        result, _ = with_wide_integers(kernel, {"x": x, "n": float(power)}, ["y", "z", "count"])
        return result["y"], result["z"], result["count"].astype(float)

    y, z, count = jax.jit(outputs)(2.0)
    np.testing.assert_allclose([y, z, count], [2.0, 2**0.5, 60.0], rtol=1e-12)
    slopes = jax.jit(jax.jacfwd(outputs))(2.0)
    np.testing.assert_allclose(slopes, [1.0, 0.5 / 2**0.5, 0.0], rtol=1e-12)


def test_a_root_that_is_bisected_moves_with_what_it_depends_on():
    def kernel(p):
        return {"y": bisect(lambda v: v - (1 - v) - p["x"], jnp.asarray(1e-9), jnp.asarray(1.0))}

    slope = jax.jacfwd(lambda x: with_wide_integers(kernel, {"x": x}, ["y"], None, True)[0]["y"])(0.1)
    np.testing.assert_allclose(slope, 0.5, rtol=1e-12)
