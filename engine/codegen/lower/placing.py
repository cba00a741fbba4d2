"""Where gathers and scatters with known indices take each number from, and where they put it.

By NumPy: XLA would compile a program for each shape, of which one orbit has dozens.
Reference: "Gather" and "Scatter" in XLA's operation semantics, https://openxla.org/xla/operation_semantics.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

from ..ir import Unsupported

# What stands where a gather reads outside its operand.
OUTSIDE = -1


def gather_indices(
    shape: Sequence[int], indices: np.ndarray, dims: Any, sizes: Sequence[int], mode: Any
) -> np.ndarray:
    """Of each number that a gather gives, its index in the flat operand; `OUTSIDE` where it is filled.

    Parameters
    ----------
    shape : of the operand.
    indices : known; the last axis is over the components of an index.
    dims, sizes, mode : as of `jax.lax.gather`.
    """
    fills = _require_known(mode) == GatherScatterMode.FILL_OR_DROP
    rank = indices.ndim - 1 + len(dims.offset_dims)
    batch = [d for d in range(rank) if d not in dims.offset_dims]
    left_out = {*dims.collapsed_slice_dims, *dims.operand_batching_dims}
    window = [d for d in range(len(shape)) if d not in left_out]
    starts, inside = _starts(indices, dims.start_index_map, shape, sizes)
    beside = dict(zip(dims.operand_batching_dims, dims.start_indices_batching_dims, strict=True))
    along = dict(zip(window, dims.offset_dims, strict=True))
    lengths = [0] * rank
    for d, length in [*zip(batch, indices.shape[:-1], strict=True), *((along[d], sizes[d]) for d in window)]:
        lengths[d] = length
    flat = _flat_indices(shape, starts, beside, along, batch, lengths)
    if fills:
        flat = np.where(_over(inside, batch, rank), flat, OUTSIDE)
    return flat


def scatter_indices(
    shape: Sequence[int], indices: np.ndarray, updates: Sequence[int], dims: Any, mode: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Indices in the flat operand that a scatter writes, and the indices in the flat updates that come there.

    In the order of the writes: of several to one index the last one stays. What lies outside is left out.

    Parameters
    ----------
    shape, updates : shapes of the operand and the updates.
    indices : known; the last axis is over the components of an index.
    dims, mode : as of `jax.lax.scatter`.
    """
    clips, rank = _require_known(mode) == GatherScatterMode.CLIP, len(updates)
    batch = [d for d in range(rank) if d not in dims.update_window_dims]
    left_out = {*dims.inserted_window_dims, *dims.operand_batching_dims}
    window = [d for d in range(len(shape)) if d not in left_out]
    along = dict(zip(window, dims.update_window_dims, strict=True))
    sizes = [updates[along[d]] if d in along else 1 for d in range(len(shape))]
    starts, inside = _starts(indices, dims.scatter_dims_to_operand_dims, shape, sizes)
    beside = dict(zip(dims.operand_batching_dims, dims.scatter_indices_batching_dims, strict=True))
    targets = _flat_indices(shape, starts, beside, along, batch, updates)
    written = np.ones(updates, bool) if clips else np.broadcast_to(_over(inside, batch, rank), updates)
    # Index by index, each with its whole window.
    order = [*batch, *(d for d in range(rank) if d not in batch)]
    sources = np.arange(targets.size).reshape(targets.shape)
    chosen = written.transpose(order).ravel()
    return targets.transpose(order).ravel()[chosen], sources.transpose(order).ravel()[chosen]


def _require_known(mode: Any) -> Any:
    if mode not in (
        GatherScatterMode.CLIP,
        GatherScatterMode.FILL_OR_DROP,
        GatherScatterMode.PROMISE_IN_BOUNDS,
    ):
        raise Unsupported(f"indices by {mode}")
    return mode


def _starts(
    indices: np.ndarray, into: Sequence[int], shape: Sequence[int], sizes: Sequence[int]
) -> tuple[dict[int, np.ndarray], np.ndarray]:
    """Where each window begins along the axes that indices name, moved inside; and whether it lay inside."""
    starts, inside = {}, np.ones(indices.shape[:-1], bool)
    for k, d in enumerate(into):
        index, limit = indices[..., k], shape[d] - sizes[d]
        inside = inside & (index >= 0) & (index <= limit)
        starts[d] = np.clip(index, 0, limit).astype(np.int64)
    return starts, inside


def _flat_indices(
    shape: Sequence[int],
    starts: dict[int, np.ndarray],
    beside: dict[int, int],
    along: dict[int, int],
    batch: Sequence[int],
    lengths: Sequence[int],
) -> np.ndarray:
    """Indices in a flat array of a `shape`, over axes of these lengths.

    `starts` are over the axes in `batch`; `beside` says which of those an axis of the array follows, and
    `along` of which other axis it follows the window.
    """
    rank, flat, stride = len(lengths), np.zeros(lengths, np.int64), 1
    for d in reversed(range(len(shape))):
        if d in starts:
            flat += stride * _over(starts[d], batch, rank)
        if d in beside:
            flat += stride * _counted(batch[beside[d]], lengths)
        if d in along:
            flat += stride * _counted(along[d], lengths)
        stride *= shape[d]
    return flat


def _over(values: np.ndarray, batch: Sequence[int], rank: int) -> np.ndarray:
    """Values over the axes in `batch`, to be broadcast over all `rank` axes."""
    lengths = [1] * rank
    for d, length in zip(batch, values.shape, strict=True):
        lengths[d] = length
    return values.reshape(lengths)


def _counted(axis: int, lengths: Sequence[int]) -> np.ndarray:
    """0, 1, ... along an axis, to be broadcast over all."""
    return np.arange(lengths[axis]).reshape([-1 if d == axis else 1 for d in range(len(lengths))])
