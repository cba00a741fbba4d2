"""Gathers and scatters whose places may be computed, on arrays of scalars (see `scalarise`).

A number cannot be looked up in registers: every place that there is gives a candidate, and the one that is
meant is chosen by comparing. That suits arrays of a few numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import jax
import numpy as np
from jax.lax import GatherScatterMode

from ..ir import Graph, Scalar, Unsupported, array_of, kind_of
from .control_flow import chosen
from .structural import MOVES, filler, moved

Arrays = list[np.ndarray]
Rule = Callable[[Graph, Any, Arrays], Arrays]
Place = tuple[int, ...]

_MOST_PLACES = 64


def _places(limits: Sequence[int]) -> list[Place]:
    """All places from 0 to these limits."""
    if prod(limit + 1 for limit in limits) > _MOST_PLACES:
        raise Unsupported("a computed index into a large array")
    return list(product(*(range(limit + 1) for limit in limits)))


def _are_known(arrays: Arrays) -> bool:
    return all(s.constant for array in arrays for s in array.ravel())


def _inside(graph: Graph, index: Scalar, limit: int) -> Scalar:
    least, most = graph.constant(0, index.kind), graph.constant(limit, index.kind)
    return graph.apply("min", graph.apply("max", index, least), most)


def _is_at(graph: Graph, index: Sequence[Scalar], place: Place) -> Scalar:
    hits = graph.constant(True, "i1")
    for i, k in zip(index, place, strict=True):
        here = graph.apply("eq", i, graph.constant(k, i.kind), kind="i1")
        hits = graph.apply("and", hits, here)
    return hits


def _vectors(
    graph: Graph, indices: np.ndarray, limits: Sequence[int], clip: bool
) -> Iterator[tuple[Place, list]]:
    """The index vector at each place of an array of them, moved inside where it is to be clipped."""
    for at in np.ndindex(*indices.shape[:-1]):
        vector = list(indices[at])
        if clip:
            vector = [_inside(graph, i, limit) for i, limit in zip(vector, limits, strict=True)]
        yield at, vector


# --- gathers -------------------------------------------------------------------------------------------


def _gather(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    operand, indices = arrays
    p = equation.params
    if _are_known([indices]):
        return moved(graph, equation, arrays)
    dims = p["dimension_numbers"]
    limits = [operand.shape[d] - p["slice_sizes"][d] for d in dims.start_index_map]
    fill = p["mode"] == GatherScatterMode.FILL_OR_DROP
    vectors = dict(_vectors(graph, indices, limits, clip=not fill))
    shape, kind = equation.outvars[0].aval.shape, kind_of(equation.outvars[0].aval.dtype)
    found: np.ndarray | None = None
    if fill:
        found = np.full(shape, filler(graph, p["fill_value"], kind), object)
    batch = [d for d in range(len(shape)) if d not in dims.offset_dims]
    for place in _places(limits):
        constants = [
            graph.constant(k, i.kind) for k, i in zip(place, indices.reshape(-1, len(place))[0], strict=True)
        ]
        every = array_of(constants * prod(indices.shape[:-1]), indices.shape)
        (here,) = moved(graph, equation, [operand, every])
        if found is None:
            found = here
            continue
        hits = {at: _is_at(graph, vector, place) for at, vector in vectors.items()}
        which = array_of([hits[tuple(at[d] for d in batch)] for at in np.ndindex(*shape)], shape)
        found = chosen(graph, which, found, here)
    assert found is not None
    return [found]


def _dynamic_slice(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    operand, *starts = arrays
    if _are_known(starts):
        return MOVES["dynamic_slice"](equation, arrays)
    sizes = equation.params["slice_sizes"]
    limits = [n - k for n, k in zip(operand.shape, sizes, strict=True)]
    index = [_inside(graph, s.item(), limit) for s, limit in zip(starts, limits, strict=True)]
    found: np.ndarray | None = None
    for place in _places(limits):
        here = operand[tuple(slice(k, k + n) for k, n in zip(place, sizes, strict=True))]
        hits = array_of([_is_at(graph, index, place)], ())
        found = here if found is None else chosen(graph, hits, found, here)
    assert found is not None
    return [found]


# --- scatters ------------------------------------------------------------------------------------------


def _dynamic_update_slice(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    operand, update, *starts = arrays
    if _are_known(starts):
        return MOVES["dynamic_update_slice"](equation, arrays)
    limits = [n - k for n, k in zip(operand.shape, update.shape, strict=True)]
    index = [_inside(graph, s.item(), limit) for s, limit in zip(starts, limits, strict=True)]
    found = operand.copy()
    for place in _places(limits):
        window = tuple(slice(k, k + n) for k, n in zip(place, update.shape, strict=True))
        hits = array_of([_is_at(graph, index, place)], ())
        found[window] = chosen(graph, hits, found[window], update)
    return [found]


def _scatter(op: str | None) -> Rule:
    """`op` joins what is there with what comes; None: what comes replaces it."""

    def rule(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
        operand, indices, updates = arrays
        p = equation.params
        if op is None and not _replaces(p["update_jaxpr"]):
            raise Unsupported("a function applied at places of an array")
        known = _are_known([indices])
        if op is None and known:
            return moved(graph, equation, arrays)
        limits = _scatter_limits(operand, updates, p["dimension_numbers"])
        found, new = list(operand.ravel()), list(updates.ravel())
        clip = p["mode"] == GatherScatterMode.CLIP
        for at, vector in _vectors(graph, indices, limits, clip):
            before = list(found)  # one update writes each number at most once
            for place in [tuple(s.value for s in vector)] if known else _places(limits):
                hits = _is_at(graph, vector, place)
                if hits.constant and not hits.value:
                    continue
                which = _where_updates_land(equation, operand, indices, updates, at, place)
                for target in np.flatnonzero(which):
                    comes: Scalar = new[which.flat[target] - 1]
                    joined = comes if op is None else graph.apply(op, before[target], comes)
                    there: Scalar = found[target]
                    found[target] = graph.apply("select", hits, joined, there, kind=joined.kind)
        return [array_of(found, operand.shape)]

    return rule


def _replaces(update: Any) -> bool:
    """Whether what comes is put in the place of what is there: `.at[...].apply` does something else."""
    if update is None:
        return True
    inner = getattr(update, "jaxpr", update)
    return not inner.eqns and inner.outvars[0] is inner.invars[1]


def _scatter_limits(operand: np.ndarray, updates: np.ndarray, dims: Any) -> list[int]:
    """The last place of each index: as far as the window of an update fits."""
    inserted = {*dims.inserted_window_dims, *dims.operand_batching_dims}
    window = iter(updates.shape[d] for d in dims.update_window_dims)
    sizes = [1 if d in inserted else next(window) for d in range(operand.ndim)]
    return [operand.shape[d] - sizes[d] for d in dims.scatter_dims_to_operand_dims]


def _where_updates_land(
    equation: Any, operand: np.ndarray, indices: np.ndarray, updates: np.ndarray, at: Place, place: Place
) -> np.ndarray:
    """Which update comes to each number of the operand (from 1; 0: none), of those with index `at`."""
    outside = np.full(indices.shape, np.iinfo(np.int32).max, np.int32)
    outside[at] = place
    numbers = np.arange(1, updates.size + 1, dtype=np.int32).reshape(updates.shape)
    with jax.ensure_compile_time_eval():
        landed = jax.lax.scatter(
            np.zeros(operand.shape, np.int32),
            outside,
            numbers,
            equation.params["dimension_numbers"],
            mode=GatherScatterMode.FILL_OR_DROP,
        )
    return np.asarray(landed)


PLACES: dict[str, Rule] = {
    "gather": _gather,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "scatter": _scatter(None),
}
PLACES |= {f"scatter{dash}{op}": _scatter(op) for op in ("add", "sub", "mul", "min", "max") for dash in "-_"}
