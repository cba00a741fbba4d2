"""Gathers, scatters and dynamic slices: reading and writing at indices that may be computed.

A number cannot be looked up in registers: every index that there is gives a candidate, and the one that is
meant is chosen by comparing. That suits arrays of a few numbers.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np
from jax.lax import GatherScatterMode

from ..ir import Graph, Scalar, Unsupported, array_of, range_of
from .elementwise import choose_arrays
from .placing import gather_indices, scatter_indices
from .rule import Array, Context, Rule, rule
from .structural import known_values

Index = tuple[int, ...]

_MOST_INDICES = 64


def _indices(limits: Sequence[int]) -> list[Index]:
    """All indices from 0 to these limits."""
    if prod(limit + 1 for limit in limits) > _MOST_INDICES:
        raise Unsupported("a computed index into a large array")
    return list(product(*(range(limit + 1) for limit in limits)))


def _are_known(arrays: Sequence[Array]) -> bool:
    return all(s.constant for array in arrays for s in array.ravel())


def _clipped(graph: Graph, index: Scalar, limit: int) -> Scalar:
    least, most = graph.constant(0, index.dtype), graph.constant(limit, index.dtype)
    return graph.apply("min", graph.apply("max", index, least), most)


def _equals(graph: Graph, index: Sequence[Scalar], known: Index) -> Scalar:
    hits = graph.constant(True, "i1")
    for i, k in zip(index, known, strict=True):
        here = graph.apply("eq", i, graph.constant(k, i.dtype), dtype="i1")
        hits = graph.apply("and", hits, here)
    return hits


def _vectors(
    graph: Graph, indices: Array, limits: Sequence[int], clip: bool
) -> Iterator[tuple[Index, list[Scalar]]]:
    """The index vector at each place of an array of them, moved inside where it is to be clipped."""
    for at in np.ndindex(*indices.shape[:-1]):
        vector = list(indices[at])
        if clip:
            vector = [_clipped(graph, i, limit) for i, limit in zip(vector, limits, strict=True)]
        yield at, vector


# --- dynamic slices --------------------------------------------------------------------------------------


@rule("dynamic_slice")
def _dynamic_slice(context: Context, operand: Array, *starts: Array, slice_sizes: Sequence[int]) -> Array:
    (first, _), *others = _windows(context.graph, operand.shape, slice_sizes, starts)
    result = operand[first]
    for window, hits in others:
        result = choose_arrays(context.graph, hits, result, operand[window])
    return result


@rule("dynamic_update_slice")
def _dynamic_update_slice(context: Context, operand: Array, update: Array, *starts: Array) -> Array:
    result = operand.copy()
    for window, hits in _windows(context.graph, operand.shape, update.shape, starts):
        result[window] = choose_arrays(context.graph, hits, result[window], update)
    return result


def _windows(
    graph: Graph, shape: Sequence[int], sizes: Sequence[int], starts: Sequence[Array]
) -> list[tuple[tuple[Any, ...], Array]]:
    """Where a dynamic slice may lie, and whether it does: one place where its starts are known.

    A slice that begins outside is moved inside the array, as JAX does.
    """
    limits = [n - k for n, k in zip(shape, sizes, strict=True)]
    if _are_known(starts):
        firsts = [int(known_values(start)) for start in starts]
        first = tuple(min(max(f, 0), limit) for f, limit in zip(firsts, limits, strict=True))
        return [(_window(first, sizes), array_of([graph.constant(True, "i1")], ()))]
    index = [_clipped(graph, s.item(), limit) for s, limit in zip(starts, limits, strict=True)]
    return [
        (_window(known, sizes), array_of([_equals(graph, index, known)], ())) for known in _indices(limits)
    ]


def _window(first: Index, sizes: Sequence[int]) -> tuple[Any, ...]:
    """A part of an array as an index, which gives an array also where there is no axis."""
    return *(slice(f, f + size) for f, size in zip(first, sizes, strict=True)), ...


# --- gathers ---------------------------------------------------------------------------------------------


@rule("gather")
def _gather(
    context: Context,
    operand: Array,
    indices: Array,
    *,
    dimension_numbers: Any,
    slice_sizes: Sequence[int],
    mode: Any,
    fill_value: Any,
    **_: Any,
) -> Array:
    fill = mode == GatherScatterMode.FILL_OR_DROP
    filled = _filler(context, fill_value) if fill else None
    how = (dimension_numbers, slice_sizes, mode)
    if _are_known([indices]):
        return _gather_at(operand, known_values(indices), how, filled)
    limits = [operand.shape[d] - slice_sizes[d] for d in dimension_numbers.start_index_map]
    vectors = dict(_vectors(context.graph, indices, limits, clip=not fill))
    batch = [d for d in range(len(context.shape)) if d not in dimension_numbers.offset_dims]
    result = np.full(context.shape, filled, object) if fill else None
    for known in _indices(limits):
        every = np.broadcast_to(np.array(known, np.int32), indices.shape)
        here = _gather_at(operand, every, how, filled)
        if result is None:
            result = here
            continue
        hits = {at: _equals(context.graph, vector, known) for at, vector in vectors.items()}
        which = [hits[tuple(at[d] for d in batch)] for at in np.ndindex(*context.shape)]
        result = choose_arrays(context.graph, array_of(which, context.shape), result, here)
    assert result is not None  # a gather has an index, if only that of an array's only place
    return result


def _gather_at(operand: Array, indices: np.ndarray, how: tuple[Any, ...], filled: Scalar | None) -> Array:
    """A gather at known indices; `filled` stands for what lies outside, if that is asked for.

    `how` are dimension numbers, sizes of slices and mode.
    """
    pool = [*operand.ravel(), filled]  # the last one is where a gather reads outside
    flat = gather_indices(operand.shape, indices, *how)
    return array_of([pool[k] for k in flat.ravel().tolist()], flat.shape)


def _filler(context: Context, value: Any) -> Scalar:
    """What stands for numbers from outside an array: if not said, as in `jax.lax.gather`."""
    dtype = context.dtype
    if value is None:
        least, largest = (0, 1) if dtype[0] == "f" else range_of(dtype)
        value = np.nan if dtype[0] == "f" else least if dtype[0] == "i" and dtype != "i1" else largest
    return context.graph.constant(value, dtype)


# --- scatters --------------------------------------------------------------------------------------------


@rule("scatter")
def _scatter(
    context: Context, operand: Array, indices: Array, updates: Array, *, update_jaxpr: Any, **params: Any
) -> Array:
    if not _replaces(update_jaxpr):
        raise Unsupported("a function applied at indices of an array")
    if not _are_known([indices]):
        return _updated(context.graph, None, operand, indices, updates, params)
    result, new = list(operand.ravel()), updates.ravel()
    how = (params["dimension_numbers"], params["mode"])
    for target, source in zip(
        *scatter_indices(operand.shape, known_values(indices), updates.shape, *how), strict=True
    ):
        result[target] = new[source]
    return array_of(result, operand.shape)


def _scatter_with(op: str) -> Rule:
    """`op` joins what is there with what comes."""

    def scatter(context: Context, operand: Array, indices: Array, updates: Array, **params: Any) -> Array:
        return _updated(context.graph, op, operand, indices, updates, params)

    return scatter


for _op in ("add", "sub", "mul", "min", "max"):
    rule(f"scatter-{_op}")(_scatter_with(_op))


def _replaces(update: Any) -> bool:
    """Whether what comes is put in the place of what is there: `.at[...].apply` does something else."""
    if update is None:
        return True
    inner = getattr(update, "jaxpr", update)
    return not inner.eqns and inner.outvars[0] is inner.invars[1]


def _updated(
    graph: Graph, op: str | None, operand: Array, indices: Array, updates: Array, params: Mapping[str, Any]
) -> Array:
    """A scatter, index by index; without `op` what comes replaces what is there."""
    dims, clip = params["dimension_numbers"], params["mode"] == GatherScatterMode.CLIP
    known, limits = _are_known([indices]), _scatter_limits(operand, updates, dims)
    result, new = list(operand.ravel()), list(updates.ravel())
    for at, vector in _vectors(graph, indices, limits, clip):
        before = list(result)  # one update writes each number at most once
        for index in [tuple(s.value for s in vector)] if known else _indices(limits):
            hits = _equals(graph, vector, index)
            if hits.constant and not hits.value:
                continue
            which = _where_updates_land(dims, operand, indices, updates, at, index)
            for target in np.flatnonzero(which):
                comes: Scalar = new[which.flat[target] - 1]
                joined = comes if op is None else graph.apply(op, before[target], comes)
                result[target] = graph.apply("select", hits, joined, result[target], dtype=joined.dtype)
    return array_of(result, operand.shape)


def _scatter_limits(operand: Array, updates: Array, dims: Any) -> list[int]:
    """The last place of each index: as far as the window of an update fits."""
    inserted = {*dims.inserted_window_dims, *dims.operand_batching_dims}
    window = iter(updates.shape[d] for d in dims.update_window_dims)
    sizes = [1 if d in inserted else next(window) for d in range(operand.ndim)]
    return [operand.shape[d] - sizes[d] for d in dims.scatter_dims_to_operand_dims]


def _where_updates_land(
    dims: Any, operand: Array, indices: Array, updates: Array, at: Index, index: Index
) -> np.ndarray:
    """Which update comes to each number of the operand (from 1; 0: none), of those at `at` of the indices."""
    outside = np.full(indices.shape, np.iinfo(np.int32).max, np.int32)
    outside[at] = index
    landed = np.zeros(operand.size, np.int32)
    targets, sources = scatter_indices(
        operand.shape, outside, updates.shape, dims, GatherScatterMode.FILL_OR_DROP
    )
    landed[targets] = sources + 1
    return landed.reshape(operand.shape)
