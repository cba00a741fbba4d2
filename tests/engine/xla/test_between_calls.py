"""What XLA computes between calls of machine code is read from a trace: sums of floats, not moves of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from equisweep.engine.codegen.lane_call import lane_call
from equisweep.engine.codegen.lane_loop import lane_loop
from equisweep.engine.xla.between_calls import computed_between
from jax import lax

X, N = jnp.arange(6.0), jnp.arange(6, dtype=jnp.int32)


def between(function, *arguments):
    return computed_between(jax.make_jaxpr(function)(*arguments).jaxpr)


def halved(x):
    return lane_call(lane_loop, lambda x: jnp.exp(x) / 2, x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, n: jnp.concatenate([x[::2], x.reshape(2, 3).T[0]]),
        lambda x, n: jnp.where((n % 4 == 1) | jnp.any(n > 3), x, jnp.nan),
        lambda x, n: x.at[n[1]].set(x[n[2]]),
        lambda x, n: jnp.where(jnp.isfinite(x).all(), x, 0.0),
        lambda x, n: n.astype(x.dtype),
        lambda x, n: lax.scan(lambda c, one: (one, c), x[0], x),
        lambda x, n: lax.while_loop(lambda a: a[1] < 3, lambda a: (a[0][::-1], a[1] + 1), (x, n[0])),
        lambda x, n: jax.vmap(halved)(x),
        lambda x, n: jax.vmap(jax.jacfwd(halved))(x),
    ],
)
def test_moves_choices_counts_and_our_own_calls_are_exact(function):
    assert between(function, X, N) == set()


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda x: x + 1, "add"),
        (lambda x: jnp.where(x > 1, x, 0.0), "gt"),  # a processor may take tiny numbers for 0
        (lambda x: lax.scan(lambda c, one: (c * one, c), x[0], x), "mul"),
        (lambda x: lax.while_loop(lambda a: a[0] < 3.0, lambda a: a[::-1], x), "lt"),
        (lambda x: lax.cond(jnp.isfinite(x[0]), lambda x: -x, lambda x: x, x), "neg"),
        (lambda x: jax.jit(jnp.sin)(halved(x[0])), "sin"),
        (lambda x: x.astype(jnp.float32), "convert_element_type"),
        (lambda x: x.astype(jnp.int32), "convert_element_type"),
        (lambda x: jnp.arange(3).astype(jnp.int64).astype(x.dtype), "convert_element_type"),
        (lambda x: jax.pure_callback(np.sin, x, x), "pure_callback"),
        (lambda x: jax.ffi.ffi_call("theirs", x)(x), "ffi_call"),
        (lambda x: jnp.linalg.qr(x.reshape(2, 3))[1], "qr"),
    ],
)
def test_what_devices_may_round_otherwise_is_named(function, named):
    assert any(named in name for name in between(function, X))
