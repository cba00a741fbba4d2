"""Real numbers that rest on integers are right, or there is none where these left their type.

Oracle: the integers of Python.
"""

from math import comb, factorial, fsum, isqrt, log, sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.wide.checked import BELOW
from equisweep.engine.wide.integers import with_wide_integers
from equisweep.sweeps import open_cube
from equisweep.sweeps.run import run
from equisweep.sweeps.spec.sweep import Sweep
from helpers.products import some
from jax import lax

SIZES = (0, 1, 3, 7, 11, 13, 20, 21, 25, 39, 40, 41, 42, 63, 64, 70, 130, 200)
ONE = np.int64(1)


def three(n):
    return ONE * 3**n


def drawn(n):
    """A key is neither a number nor an integer."""
    return jax.random.uniform(jax.random.fold_in(jax.random.key(n), n + 1))


def collatz(n):
    return lax.while_loop(
        lambda c: c[0] > 1,
        lambda c: (jnp.where(c[0] % 2 == 0, c[0] // 2, 3 * c[0] + 1), c[1] + 1),
        (n + 97 * 10**15, 0),
    )


def collatz_by_python(n):
    x, steps = n + 97 * 10**15, 0
    while x > 1:
        x, steps = (x // 2 if x % 2 == 0 else 3 * x + 1), steps + 1
    return steps


@jax.custom_jvp
def halved(x):
    return x / 2


halved.defjvp(lambda given, moved: (halved(*given), 7 * moved[0]))

# What a model makes of n, an integer of 64 bits, and of t = 3^n; and what Python makes of n.
ANSWERS = {
    "root": (lambda n, t: jnp.sqrt(t.astype(float)), lambda n: sqrt(3**n)),
    "a class of a root": (lambda n, t: jnp.where(jnp.sqrt(t.astype(float)) > 5, 1, 0),
                          lambda n: int(3**n > 25)),
    "no root": (lambda n, t: jnp.isnan(jnp.sqrt((5 - n) * 1.0)), lambda n: int(n > 5)),
    "of 32 bits": (lambda n, t: (n.astype(jnp.int32) * 100_000_000).astype(float), lambda n: n * 1e8),
    "of 8 bits": (lambda n, t: jnp.log1p((3 * n).astype(jnp.int8).astype(float)), lambda n: log(1 + 3 * n)),
    "cut of a float": (lambda n, t: 0.5 * (3.0 * n).astype(jnp.int8), lambda n: 1.5 * n),
    "factorial": (lambda n, t: 1.0 / lax.fori_loop(1, n + 1, lambda i, a: a * i, ONE),
                  lambda n: 1.0 / factorial(n)),
    "sum in a loop": (lambda n, t: lax.fori_loop(0, n, lambda i, s: s + 1.0 / 3**i, 0.0),
                      lambda n: fsum(1.0 / 3**i for i in range(n))),
    "choices": (lambda n, t: lax.scan(
        lambda a, i: (a * (n - i) // (i + 1), a / 2.0), ONE, jnp.arange(5))[0] / 3.0,
                lambda n: comb(n, 5) / 3.0),
    "chosen": (lambda n, t: jnp.where(n < 30, t * 1.0, 2.5), lambda n: 3.0**n if n < 30 else 2.5),
    "of two": (lambda n, t: lax.cond(n < 30, lambda x: x * 1.0, lambda x: 2.5 + 0 * x, t),
               lambda n: 3.0**n if n < 30 else 2.5),
    "mean": (lambda n, t: jnp.mean(jnp.stack([t, 1 + 0 * n]).astype(float)), lambda n: (3**n + 1) / 2),
    "bounded": (lambda n, t: jnp.minimum(t * 1.0, 1e6), lambda n: min(3.0**n, 1e6)),
    "with a rule": (lambda n, t: halved(t * 1.0), lambda n: 3**n / 2),
    "an exponent beyond": (lambda n, t: 2 ** t, lambda n: 2 ** 3**n if n < 4 else None),
    "of one": (lambda n, t: (n - n + 1) ** t, lambda n: 1),
    "of nought": (lambda n, t: (n - n) ** t, lambda n: 0),
    "of minus one": (lambda n, t: (n - n - 1) ** (n * 2**62), lambda n: (-1) ** (n * 2**62)),
    "of an exponent of 8 bits": (lambda n, t: 1.0 * 2 ** (2.0 * n).astype(jnp.int8), lambda n: 4.0**n),
    "unsigned": (lambda n, t: (1e8 * n).astype(jnp.uint32), lambda n: 10**8 * n),
    "unsigned and real": (lambda n, t: (1e8 * n).astype(jnp.uint32) / 4.0, lambda n: 2.5e7 * n),
    "unsigned, less": (lambda n, t: (20 - n).astype(jnp.uint32), lambda n: 20 - n),
    "unsigned, of 64": (lambda n, t: (20.0 - n).astype(jnp.uint64) * 1.0, lambda n: 20.0 - n),
    "unsigned power": (lambda n, t: t.astype(jnp.uint64) / 3, lambda n: 3**n / 3),
    "unsigned, narrow": (lambda n, t: (30.0 * n).astype(jnp.uint8), lambda n: 30 * n),
    "parity": (lambda n, t: (3.0 * n).astype(jnp.int8) & 1, lambda n: n % 2),
    "unsigned parity": (lambda n, t: (1e8 * n + 1).astype(jnp.uint32) & 1, lambda n: 1),
    "drawn": (lambda n, t: drawn(n), lambda n: float(drawn(n))),
    "steps": (lambda n, t: collatz(n)[1] / 2, lambda n: collatz_by_python(n) / 2),
    "quick steps": (lambda n, t: lax.while_loop(
        lambda c: c[1] < n, lambda c: (5 * c[0] + 1, c[1] + 1), (n, 0 * n))[0] * 1.0,
        lambda n: 5.0**n * n + (5.0**n - 1) / 4),
    "narrow steps": (lambda n, t: lax.while_loop(
        lambda c: c[1] < n, lambda c: (2 * c[0], c[1] + 1), (jnp.int8(1), jnp.int8(0)))[0] * 1.0,
        lambda n: 2.0**n),
    "square root in steps": (lambda n, t: lax.while_loop(
        lambda x: x * x > three(n), lambda x: (x + three(n) // x) // 2, three(n)),
        lambda n: isqrt(3**n)),
}  # fmt: skip
# From here on something leaves 64 bits.
OUTSIDE = {"with a rule": 40, "drawn": 1000, "square root in steps": 20,
           "steps": 1000, "unsigned": 43, "unsigned, less": 21,
           "unsigned, of 64": 21, "an exponent beyond": 4, "factorial": 21, "unsigned, narrow": 1000,
           "of 8 bits": 1000, "cut of a float": 1000, "of 32 bits": 1000, "parity": 1000, "choices": 1000,
           "unsigned and real": 43, "of one": 1000, "of minus one": 3, "of an exponent of 8 bits": 32,
           "quick steps": 25, "no root": 1000, "unsigned parity": 1000, "a class of a root": 40}  # fmt: skip


# With few loops, of which each is long to widen.
SUITE = {
    "root", "a class of a root", "no root", "of 32 bits", "of 8 bits", "chosen", "mean", "with a rule",
    "of one", "an exponent beyond", "unsigned", "unsigned and real", "unsigned, less", "parity", "drawn",
    "factorial",
}  # fmt: skip


@pytest.mark.parametrize("names", some([[*ANSWERS], sorted(SUITE)], [sorted(SUITE)]), ids=len)
def test_no_real_number_rests_on_an_integer_that_wrapped(names):
    def kernel(p):
        n = jnp.floor(p["n"]).astype(jnp.int64)
        power = three(n)  # once: what is widened anew for each is most of what the test costs
        return {name: ANSWERS[name][0](n, power) for name in names}

    outputs, lost = jax.jit(jax.vmap(lambda n: with_wide_integers(kernel, {"n": n}, names)))(
        jnp.asarray(SIZES, float)
    )
    for name in names:
        right = ANSWERS[name][1]
        for n, value in zip(SIZES, np.asarray(outputs[name]).tolist(), strict=True):
            none = not np.isfinite(value) or not BELOW < value < 2**63 - 1
            if none:
                assert n >= OUTSIDE.get(name, 39), (name, n, value)
            else:
                assert value == pytest.approx(right(n), rel=1e-14, abs=0), (name, n)
    assert lost.tolist() == [n > 20 for n in SIZES]


MODEL = """
import jax
import jax.numpy as jnp
from jax import lax
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@jax.custom_jvp
def tripled(x):
    return 3 * x
tripled.defjvp(lambda given, moved: (tripled(*given), 7 * moved[0]))

@model(
    parameters=[Parameter("x", "x", "1", 5.0, Domain(), "a number"),
                Parameter("n", "n", "1", 5, Domain(0), "a whole number", integer=True)],
    outputs=[Output("y", "y", "1", "a power"), Output("large", "l", "1", "a class", kind="class",
                                                      classes={"no": 0, "yes": 1}),
             Output("perhaps", "p", "1", "none where x < 0", may_be_nan=True),
             Output("slope", "s", "1", "3 x")],
)
def powers(p, n_max):
    n = jnp.floor(p["x"]).astype(jnp.int64)
    power = (jnp.int64(1) * 3 ** n).astype(float)
    kind = jnp.where(n < 45, 1, 3 ** n)
    return {"y": power, "large": jnp.where(jnp.sqrt(power) > 5, 1, 0), "slope": tripled(p["x"]) + p["n"],
            "perhaps": jnp.where(p["x"] > 60, power, jnp.sqrt(p["x"])), "status": kind}
"""


def test_a_cube_says_where_real_numbers_classes_and_the_status_rest_on_what_wrapped(tmp_path):
    (tmp_path / "powers.py").write_text(MODEL)

    def cube_of(outputs, **more):
        table = {
            "model": "powers.py:powers",
            "axes": {"x": [2.0, 30.0, 41.0, 50.0, 70.0]},
            "outputs": outputs,
        }
        name = tmp_path / f"{outputs[0]}.zarr"
        run(Sweep.from_table(table | more, folder=tmp_path), name, progress=False)
        return open_cube(name).load()

    cube = cube_of(["y", "large", "slope"], derivatives={"slope": ["x"]})
    assert cube["y"].values[:2].tolist() == [9.0, 3.0**30]
    assert np.isnan(cube["y"].values[2:]).all()
    assert cube["large"].values.tolist() == [0, 1, -1, -1, -1]
    assert cube["status"].values.tolist() == [1, 1, 8, 8, 8]
    assert cube["d_slope_d_x"].values.tolist() == [7.0] * 5
    assert cube_of(["slope"])["status"].values.tolist() == [1, 1, 1, 8, 8]
    perhaps = cube_of(["perhaps"])
    assert np.isnan(perhaps["perhaps"].values[4])
    assert perhaps["status"].values.tolist() == [1, 1, 1, 8, 8]
