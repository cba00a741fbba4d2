"""Reductions over chunks, combined as a tree: moments for the standard deviation, extremes with their index.

Each keeps a record of fixed size per chunk, so memory does not grow with the cube. A plain array is
one chunk, for which dask is not loaded.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_MOMENTS = np.dtype([("count", "f8"), ("mean", "f8"), ("squares", "f8")])
_EXTREME = np.dtype([("value", "f8"), ("at", "i8")])
_NOWHERE = np.iinfo(np.int64).max


def deviation(values: Any, axes: Sequence[int]) -> Any:
    """Standard deviation (of the points themselves, divisor n) of an array over `axes`, NaN left out.

    Counts, means and sums of squares of chunks are combined by the update of Chan, Golub and LeVeque
    (1983), which loses no digits to a large mean.
    """
    if isinstance(values, np.ndarray):
        return _root(np.squeeze(_moments(values, tuple(axes), True), axis=tuple(axes)))
    da = _dask()
    records = da.reduction(
        values, _moments, lambda x, axis, keepdims: _joined(x, axis, keepdims), axis=tuple(axes),
        combine=_joined, dtype=_MOMENTS, meta=np.empty((0,) * (values.ndim - len(axes)), _MOMENTS),
    )  # fmt: skip
    return records.map_blocks(_root, dtype=np.float64)


def extreme(values: Any, axes: Sequence[int], sign: int) -> tuple[Any, Any]:
    """Largest (`sign` 1) or smallest (-1) value over `axes`, and its index; NaN left out.

    The index counts through `axes`, the last fastest; of equal values it is the first. Where there is
    none the value is NaN and the index -1.
    """
    if isinstance(values, np.ndarray):
        indices = _indices(values.shape, axes, np.arange, lambda axis: {})
        kept = _best(_candidates(values, np.broadcast_to(indices, values.shape), sign), tuple(axes), False)
        return _value(kept, sign), _index(kept)
    da = _dask()
    index = _indices(values.shape, axes, da.arange, lambda axis: {"chunks": (values.chunks[axis],)})
    indices = da.broadcast_to(index, values.shape, chunks=values.chunks)
    records = da.map_blocks(_candidates, values, indices, sign, dtype=_EXTREME)
    kept = da.reduction(
        records, _best, _best, axis=tuple(axes), combine=_best, dtype=_EXTREME,
        meta=np.empty((0,) * (values.ndim - len(axes)), _EXTREME),
    )  # fmt: skip
    result = kept.map_blocks(_value, sign, dtype=np.float64)
    return result, kept.map_blocks(_index, dtype=np.int64)


def blockwise(function: Callable[..., np.ndarray], array: Any, *others: Any, dtype: np.dtype) -> Any:
    """A function of each chunk of an array."""
    if isinstance(array, np.ndarray):
        return function(array, *others)
    return array.map_blocks(function, *others, dtype=dtype)


def _indices(
    shape: Sequence[int],
    axes: Sequence[int],
    arange: Callable[..., Any],
    chunks_of: Callable[[int], dict[str, Any]],
) -> Any:
    """The index of each number along `axes`, the last fastest, of length 1 along the others."""
    index = None
    for axis in axes:
        along = [size if i == axis else 1 for i, size in enumerate(shape)]
        step = arange(shape[axis], **chunks_of(axis)).reshape(along)
        index = step if index is None else index * shape[axis] + step
    return index


def _dask() -> Any:
    """dask.array, whose own types do not say that its functions take what its documents say."""
    import dask.array

    return dask.array


def _moments(values: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    there = ~np.isnan(values)
    count = there.sum(axis=axis, keepdims=True).astype(float)
    mean = np.where(there, values, 0).sum(axis=axis, keepdims=True) / np.maximum(count, 1)
    squares = (np.where(there, values - mean, 0) ** 2).sum(axis=axis, keepdims=True)
    return _record(_MOMENTS, count=count, mean=mean, squares=squares)


def _joined(parts: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    count = parts["count"].sum(axis=axis, keepdims=True)
    mean = (parts["count"] * parts["mean"]).sum(axis=axis, keepdims=True) / np.maximum(count, 1)
    between = parts["count"] * (parts["mean"] - mean) ** 2
    squares = (parts["squares"] + between).sum(axis=axis, keepdims=True)
    joined = _record(_MOMENTS, count=count, mean=mean, squares=squares)
    return joined if keepdims else np.squeeze(joined, axis=axis)


def _root(records: np.ndarray) -> np.ndarray:
    count = records["count"]
    return np.where(count > 0, np.sqrt(records["squares"] / np.maximum(count, 1)), np.nan)


def _candidates(values: np.ndarray, indices: np.ndarray, sign: int) -> np.ndarray:
    there = ~np.isnan(values)
    signed = np.where(there, sign * values, -np.inf)
    return _record(_EXTREME, value=signed, at=np.where(there, indices, _NOWHERE))


def _best(records: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    # An index that is nowhere never wins over one that is: -inf may be a value too.
    value = records["value"].max(axis=axis, keepdims=True)
    at = np.where(records["value"] == value, records["at"], _NOWHERE).min(axis=axis, keepdims=True)
    best = _record(_EXTREME, value=value, at=at)
    return best if keepdims else np.squeeze(best, axis=axis)


def _value(records: np.ndarray, sign: int) -> np.ndarray:
    return np.where(records["at"] == _NOWHERE, np.nan, sign * records["value"])


def _index(records: np.ndarray) -> np.ndarray:
    return np.where(records["at"] == _NOWHERE, -1, records["at"])


def _record(dtype: np.dtype, **fields: np.ndarray) -> np.ndarray:
    first = next(iter(fields.values()))
    record = np.empty(first.shape, dtype)
    for name, values in fields.items():
        record[name] = values
    return record
