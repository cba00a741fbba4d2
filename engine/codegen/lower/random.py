"""Random numbers: JAX's keys and the cipher behind them, which is integer arithmetic.

A key is two unsigned integers of 32 bits: keys of shape s are an array of scalars of shape (*s, 2). Only
JAX's default generator, threefry, is written out. Source: Salmon, Moraes, Dror and Shaw (2011), "Parallel
random numbers: as easy as 1, 2, 3", section 4.2 (Threefry-2x32, 20 rounds).
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of
from .keys import is_key, physical_shape
from .rule import Array, Context, rule

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


@rule("threefry2x32")
def _threefry(context: Context, *operands: Array) -> list[Array]:
    first_key, second_key, first, second = np.broadcast_arrays(*operands)
    pairs = zip(first_key.ravel(), second_key.ravel(), first.ravel(), second.ravel(), strict=True)
    results = [_enciphered(context.graph, *pair) for pair in pairs]
    return [array_of([result[k] for result in results], first.shape) for k in range(2)]


def _enciphered(graph: Graph, k0: Scalar, k1: Scalar, x0: Scalar, x1: Scalar) -> tuple[Scalar, Scalar]:
    """Two numbers enciphered by a key of two."""

    def number(value: int) -> Scalar:
        return graph.constant(value, "u32")

    def rotated(x: Scalar, by: int) -> Scalar:
        left = graph.apply("shift_left", x, number(by))
        return graph.apply("or", left, graph.apply("shift_right_logical", x, number(32 - by)))

    keys = [k0, k1, graph.apply("xor", graph.apply("xor", k0, k1), number(_PARITY))]
    x0, x1 = graph.apply("add", x0, k0), graph.apply("add", x1, k1)
    for group in range(5):
        for by in _ROTATIONS[group % 2]:
            x0 = graph.apply("add", x0, x1)
            x1 = graph.apply("xor", x0, rotated(x1, by))
        x0 = graph.apply("add", x0, keys[(group + 1) % 3])
        x1 = graph.apply("add", graph.apply("add", x1, keys[(group + 2) % 3]), number(group + 1))
    return x0, x1


@rule("iota_2x32_shape")
def _counts(context: Context, *, shape: tuple[int, ...]) -> list[Array]:
    """The numbers 0, 1, 2, ... in an array of this shape, the upper and the lower 32 bits apart."""
    numbers = range(int(np.prod(shape)))
    return [
        array_of([context.graph.constant(part, "u32") for part in parts], shape)
        for parts in ([n >> 32 for n in numbers], [n & 0xFFFFFFFF for n in numbers])
    ]


@rule("random_wrap")
def _wrap(context: Context, operand: Array, *, impl: Any) -> Array:
    _generator(context)
    del impl
    return operand


@rule("random_unwrap")
def _unwrap(_context: Context, operand: Array) -> Array:
    return operand


@rule("random_seed")
def _seed(context: Context, seeds: Array, *, impl: Any) -> Array:
    del impl
    return _for_each(context, _generator(context).seed, [seeds.ravel()])


@rule("random_split")
def _split(context: Context, keys: Array, *, shape: tuple[int, ...]) -> Array:
    return _for_each(context, partial(_generator(context).split, shape=shape), [keys.reshape(-1, 2)])


@rule("random_fold_in")
def _fold_in(context: Context, keys: Array, numbers: Array) -> Array:
    return _for_each(context, _generator(context).fold_in, [keys.reshape(-1, 2), numbers.ravel()])


@rule("random_bits")
def _bits(context: Context, keys: Array, *, bit_width: int, shape: tuple[int, ...]) -> Array:
    bits = partial(_generator(context).random_bits, bit_width=bit_width, shape=shape)
    return _for_each(context, bits, [keys.reshape(-1, 2)])


@rule("random_gamma")
def _gamma(context: Context, keys: Array, shapes: Array, *, log_space: bool) -> list[Array]:
    """By JAX's own rejection of what does not fit: a loop that ends once each number has been accepted."""
    _generator(context)
    sample = context.primitive.impl
    with_vmap = {"use_vmap": True} if "use_vmap" in inspect.signature(sample).parameters else {}
    (keys_in, shapes_in), impl = context.avals_in, "threefry2x32"

    def draw(bits: Any, shapes: Any) -> Any:
        return sample(jax.random.wrap_key_data(bits, impl=impl), shapes, log_space=log_space, **with_vmap)

    given = [
        jax.ShapeDtypeStruct(physical_shape(keys_in), jnp.uint32),
        jax.ShapeDtypeStruct(shapes_in.shape, shapes_in.dtype),
    ]
    return context.lower(jax.make_jaxpr(draw)(*given), [keys, shapes])


def _for_each(context: Context, function: Callable[..., Any], operands: Sequence[Array]) -> Array:
    """A function of one key, written in JAX's own operations, of each of several."""
    dtypes = [jnp.uint32 if is_key(aval) else aval.dtype for aval in context.avals_in]
    given = [jax.ShapeDtypeStruct(a.shape[1:], d) for a, d in zip(operands, dtypes, strict=True)]
    trace = jax.make_jaxpr(function)(*given)
    results = [context.lower(trace, [np.asarray(a) for a in row])[0] for row in _rows(operands)]
    return np.reshape(np.stack(results), physical_shape(context.avals_out[0]))


def _rows(operands: Sequence[Array]) -> list[list[Array]]:
    return [[array_of([*np.ravel(a[i])], a.shape[1:]) for a in operands] for i in range(len(operands[0]))]


def _generator(context: Context) -> Any:
    """JAX's functions of one key. Raises Unsupported for a generator that is not threefry."""
    dtype = next(aval.dtype for aval in (*context.avals_in, *context.avals_out) if is_key(aval))
    if str(dtype) != "key<fry>":
        raise Unsupported(f"random numbers of {dtype}")
    return dtype._impl
