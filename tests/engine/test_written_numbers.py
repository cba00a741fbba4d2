"""Numbers of a model's text that no narrow integer beside them holds count as they are written.

JAX converts them while it traces: ``x.astype(jnp.int8) > 300`` is a comparison with 44. Oracle: the integers
of Python.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.wide.checked import NAN
from equisweep.engine.wide.integers import with_wide_integers
from equisweep.engine.wide.written import constants_that_fit
from equisweep.sweeps import Sweep, SweepError
from equisweep.sweeps.plan import plan
from jax import lax

VALUES = (-7, 0, 50, 130, 299, 301, 400)


@jax.jit
def beyond(x, limit):
    return jnp.where(x.astype(jnp.int8) > limit, 1, 0)


# What a model counts of x, and what Python makes of it.
COUNTS = {
    "a comparison": (lambda x: jnp.where(x.astype(jnp.int8) > 300, 1, 0), lambda x: int(x > 300)),
    "unsigned": (lambda x: jnp.where(2 * x.astype(jnp.uint8) > 400, 1, 0), lambda x: int(2 * x > 400)),
    "equality": (lambda x: jnp.where(x.astype(jnp.int8) == 301, 1, 0), lambda x: int(x == 301)),
    "32 bits": (
        lambda x: jnp.where(x.astype(jnp.int32) * 20_000_000 > 6_000_000_000, 1, 0),
        lambda x: int(x > 300),
    ),
    "in a function": (lambda x: beyond(x, 300), lambda x: int(x > 300)),
    "a product": (lambda x: x.astype(jnp.int16) * 70_000, lambda x: x * 70_000),
    "a difference": (lambda x: x.astype(jnp.int8) - 500, lambda x: x - 500),
    "a remainder": (lambda x: x.astype(jnp.int8) % 1000, lambda x: x % 1000),
    "bounds": (lambda x: jnp.clip(x.astype(jnp.int8), -200, 300), lambda x: min(max(x, -200), 300)),
    "a choice": (lambda x: jnp.where(x > 60, x.astype(jnp.int8), 5000), lambda x: x if x > 60 else 5000),
    "an entry": (lambda x: jnp.zeros(3, jnp.int8).at[0].set(300).sum() + x.astype(int), lambda x: 300 + x),
    "a loop": (lambda x: lax.fori_loop(0, 3, lambda _, n: n + 300, x.astype(jnp.int8)), lambda x: x + 900),
    "a branch": (
        lambda x: lax.cond(x.astype(jnp.int8) > 300, lambda: jnp.int8(5) * 200, lambda: jnp.int8(1)),
        lambda x: 1000 if x > 300 else 1,
    ),
    "a constant made narrow": (
        lambda x: x.astype(int) + jnp.asarray(300).astype(jnp.int8), lambda x: x + 300),
    "whole numbers of reals": (
        lambda x: x.astype(jnp.int8) + jnp.asarray(300.7).astype(jnp.int8), lambda x: x + 300),
}  # fmt: skip


def test_what_is_counted_with_them_is_right():
    def all_of(x):
        return with_wide_integers(
            lambda p: {k: f(p["x"]) for k, (f, _) in COUNTS.items()}, {"x": x}, [*COUNTS]
        )

    counts, lost = jax.jit(jax.vmap(all_of))(jnp.array(VALUES, float))
    # What becomes an unsigned number of 8 bits is a whole number as any other.
    assert not lost.any()
    for name, (_, oracle) in COUNTS.items():
        assert np.asarray(counts[name]).tolist() == [oracle(x) for x in VALUES], name


def test_of_what_32_unsigned_bits_do_not_hold_there_are_none_but_masks_stay():
    def bits_of(p):
        bits = p["x"].astype(jnp.uint32)
        return {"negative": bits + -2, "large": bits * 5_000_000_000, "which": bits > -1, "mask": bits & -1}

    bits, _ = with_wide_integers(bits_of, {"x": jnp.array(5.0)}, ["negative", "large", "which", "mask"])
    assert {name: int(value) for name, value in bits.items()} == {
        "negative": NAN, "large": NAN, "which": NAN, "mask": 5
    }  # fmt: skip


def test_small_negative_numbers_are_no_large_unsigned_ones():
    def counted(p):
        few = jnp.sign(p["x"]).astype(jnp.int8)
        return {
            "sign": few.astype(jnp.uint8),
            "parameter": p["n"].astype(jnp.uint16),
            "above": jnp.where(p["x"].astype(jnp.uint8) > -1, 1, 0),
            "larger": jnp.maximum(p["x"].astype(jnp.uint8), -1),
        }

    values = {"x": jnp.array(-5.0), "n": jnp.array(-3.0)}
    counts, lost = with_wide_integers(counted, values, ["sign", "parameter", "above", "larger"], {"n": 3.0})
    assert [int(count) for count in counts.values()] == [-1, -3, 0, -1]
    assert not lost


@pytest.mark.parametrize("seed", [-5, 2**40, 2**32 - 1])
def test_random_numbers_and_other_programs_stay_what_they_are(seed):
    with constants_that_fit():
        drawn = jax.jit(lambda: jax.random.bits(jax.random.key(seed), (3,)))()
    assert drawn.tolist() == jax.random.bits(jax.random.key(seed), (3,)).tolist()
    assert jax.jit(lambda x: x.astype(jnp.int8) > 300)(50.0)  # as JAX has it, 44


def test_models_that_are_looked_at_at_once_leave_nothing_behind():
    """Two threads, of which the one that began first ends first."""
    both, first_ended = Barrier(2), Event()

    def looked_at(ends_first):
        with constants_that_fit():
            both.wait()
            with pytest.raises(OverflowError):
                jnp.full((), 300, jnp.int8)
            if not ends_first:
                first_ended.wait()
                with pytest.raises(OverflowError):
                    jnp.full((), 300, jnp.int8)
        first_ended.set()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(looked_at, (True, False)))
    assert jnp.full((), 300, jnp.int8) == 44


MODEL = """
import jax.numpy as jnp
import numpy as np
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(
    parameters=[Parameter("x", "x", "1", 50.0, Domain(), "a number")],
    outputs=[Output("large", "l", "1", "whether x is large")],
)
def own(p):
    return {"large": WRITTEN}
"""
CONSTANTS = [
    "jnp.full((), 300, jnp.int8) * p['x']",
    "jnp.full_like(p['x'].astype(jnp.int16), np.int64(2**20))",
]


@pytest.mark.parametrize("written", CONSTANTS)
def test_a_constant_that_its_own_type_does_not_hold_is_refused_with_its_line(tmp_path, written):
    (tmp_path / "own.py").write_text(MODEL.replace("WRITTEN", written))
    table = {"model": "own.py:own", "axes": {"x": [50.0, 400.0]}}
    with pytest.raises(SweepError, match=r"own.py, line 12: OverflowError: .* is out of bounds for int"):
        plan(Sweep.from_table(table, folder=tmp_path), trial=False)
