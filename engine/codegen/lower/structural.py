"""Primitives that place numbers and do not change them."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from ..ir import Scalar, Unsupported, array_of
from .rule import Array, Context, rule

_DTYPES = {"i32": np.int32, "i64": np.int64, "u8": np.uint8, "u32": np.uint32, "u64": np.uint64}


@rule("iota")
def _iota(context: Context, *, shape: tuple[int, ...], dimension: int, **_: Any) -> Array:
    along = [-1 if i == dimension else 1 for i in range(len(shape))]
    values = np.broadcast_to(np.arange(shape[dimension]).reshape(along), shape)
    return array_of([context.graph.constant(v, context.dtype) for v in values.ravel().tolist()], shape)


@rule("reshape")
def _reshape(context: Context, operand: Array, *, dimensions: Sequence[int] | None = None, **_: Any) -> Array:
    ordered = operand if dimensions is None else operand.transpose(dimensions)
    return ordered.reshape(context.shape)


@rule("squeeze")
def _squeeze(context: Context, operand: Array, **_: Any) -> Array:
    return operand.reshape(context.shape)


@rule("broadcast_in_dim")
def _broadcast_in_dim(
    _context: Context,
    operand: Array,
    *,
    shape: tuple[int, ...],
    broadcast_dimensions: Sequence[int],
    **_: Any,
) -> Array:
    sizes = [1] * len(shape)
    for dimension, size in zip(broadcast_dimensions, operand.shape, strict=True):
        sizes[dimension] = size
    return np.broadcast_to(operand.reshape(sizes), shape)


@rule("slice")
def _slice(
    _context: Context,
    operand: Array,
    *,
    start_indices: Sequence[int],
    limit_indices: Sequence[int],
    strides: Sequence[int] | None,
) -> Array:
    steps = strides or (1,) * operand.ndim
    return operand[tuple(map(slice, start_indices, limit_indices, steps))]


@rule("transpose")
def _transpose(_context: Context, operand: Array, *, permutation: Sequence[int]) -> Array:
    return operand.transpose(permutation)


@rule("rev")
def _rev(_context: Context, operand: Array, *, dimensions: Sequence[int]) -> Array:
    return np.flip(operand, tuple(dimensions))


@rule("concatenate")
def _concatenate(_context: Context, *operands: Array, dimension: int) -> Array:
    return np.concatenate(operands, axis=dimension)


@rule("stack")
def _stack(_context: Context, *operands: Array, axis: int) -> Array:
    return np.stack(operands, axis=axis)


@rule("split", "unstack", "tile", "pad")
def _by_jax(context: Context, *operands: Array, **params: Any) -> list[Array]:
    """Let JAX itself place numbers that stand for the scalars, and put the scalars where they went."""
    pool, stand_ins = numbered(operands)
    return [
        array_of([pool[k] for k in np.ravel(r).tolist()], r.shape) for r in bind(context, stand_ins, params)
    ]


def numbered(operands: Sequence[Array]) -> tuple[list[Scalar], list[Array]]:
    """All scalars in a row, and arrays like the operands that hold their numbers in it."""
    pool: list[Scalar] = []
    stand_ins = []
    for array in operands:
        first, last = len(pool), len(pool) + array.size
        stand_ins.append(np.arange(first, last, dtype=np.int32).reshape(array.shape))
        pool.extend(array.ravel())
    return pool, stand_ins


def bind(context: Context, operands: Sequence[Array], params: Any) -> list[Array]:
    """The results of the context's primitive for arrays of numbers, by JAX."""
    with jax.ensure_compile_time_eval():
        results = context.primitive.bind(*map(jax.numpy.asarray, operands), **params)
    return [np.asarray(r) for r in (results if context.primitive.multiple_results else [results])]


def known_values(array: Array) -> np.ndarray:
    """The numbers of an array of constants. Raises Unsupported where one is computed."""
    scalars = array.ravel().tolist()
    if not all(s.constant for s in scalars):
        raise Unsupported("an index that is computed")
    dtype = _DTYPES.get(scalars[0].dtype, np.int32) if scalars else np.int32
    return np.array([s.value for s in scalars], dtype).reshape(array.shape)
