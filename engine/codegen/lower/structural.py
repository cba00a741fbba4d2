"""Primitives that place numbers and do not change them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import Unsupported, array_of
from .rule import Array, Context, rule

_DTYPES = {"i32": np.int32, "i64": np.int64, "u8": np.uint8, "u32": np.uint32, "u64": np.uint64}


@rule("iota")
def _iota(context: Context, *, shape: tuple[int, ...], dimension: int, **_: Any) -> Array:
    along = [-1 if i == dimension else 1 for i in range(len(shape))]
    length = shape[dimension]
    values = array_of([context.graph.constant(v, context.dtype) for v in range(length)], (length,))
    return np.broadcast_to(values.reshape(along), shape)


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


@rule("split")
def _split(_context: Context, operand: Array, *, sizes: Sequence[int], axis: int) -> list[Array]:
    return np.split(operand, np.cumsum(sizes)[:-1], axis)


@rule("unstack")
def _unstack(_context: Context, operand: Array, *, axis: int) -> list[Array]:
    moved = np.moveaxis(operand, axis, 0)
    return [moved[k, ...] for k in range(len(moved))]


@rule("tile")
def _tile(_context: Context, operand: Array, *, reps: Sequence[int]) -> Array:
    return np.tile(operand, tuple(reps))


@rule("pad")
def _pad(
    context: Context, operand: Array, value: Array, *, padding_config: Sequence[tuple[int, int, int]]
) -> Array:
    """Numbers between and around those of the operand, or, of a negative width, fewer of them."""
    result = np.full(context.shape, value.item(), object)
    into, from_ = [], []
    for length, size, (low, _, between) in zip(operand.shape, context.shape, padding_config, strict=True):
        targets = low + np.arange(length) * (between + 1)
        inside = (targets >= 0) & (targets < size)
        into.append(targets[inside])
        from_.append(np.flatnonzero(inside))
    result[np.ix_(*into)] = operand[np.ix_(*from_)]
    return result


def known_values(array: Array) -> np.ndarray:
    """The numbers of an array of constants. Raises Unsupported where one is computed."""
    scalars = array.ravel().tolist()
    if not all(s.constant for s in scalars):
        raise Unsupported("an index that is computed")
    dtype = _DTYPES.get(scalars[0].dtype, np.int32) if scalars else np.int32
    return np.array([s.value for s in scalars], dtype).reshape(array.shape)
