"""Primitives of JAX that move numbers and do not change them, on arrays of scalars (see `scalarise`)."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of, kind_of, range_of

Arrays = list[np.ndarray]


def _reshaped(equation: Any, arrays: Arrays) -> Arrays:
    return [arrays[0].reshape(equation.outvars[0].aval.shape)]


def _broadcast(equation: Any, arrays: Arrays) -> Arrays:
    shape, places = equation.params["shape"], equation.params["broadcast_dimensions"]
    spread = [1] * len(shape)
    for place, size in zip(places, arrays[0].shape, strict=True):
        spread[place] = size
    return [np.broadcast_to(arrays[0].reshape(spread), shape)]


def _sliced(equation: Any, arrays: Arrays) -> Arrays:
    p = equation.params
    steps = p["strides"] or (1,) * arrays[0].ndim
    return [arrays[0][tuple(map(slice, p["start_indices"], p["limit_indices"], steps))]]


def _window(array: np.ndarray, starts: Arrays, sizes: Sequence[int]) -> tuple[slice, ...]:
    """Where a dynamic slice lies: moved inside the array, as JAX does."""
    firsts = [int(_values(s)) for s in starts]
    firsts = [min(max(f, 0), n - k) for f, n, k in zip(firsts, array.shape, sizes, strict=True)]
    return tuple(slice(f, f + k) for f, k in zip(firsts, sizes, strict=True))


def _updated(_equation: Any, arrays: Arrays) -> Arrays:
    found = arrays[0].copy()
    found[_window(arrays[0], arrays[2:], arrays[1].shape)] = arrays[1]
    return [found]


# What is met often has a short way; the rest is left to JAX.
MOVES: dict[str, Callable[[Any, Arrays], Arrays]] = {
    "reshape": _reshaped,
    "squeeze": _reshaped,
    "expand_dims": _reshaped,
    "broadcast_in_dim": _broadcast,
    "slice": _sliced,
    "transpose": lambda e, a: [a[0].transpose(e.params["permutation"])],
    "rev": lambda e, a: [np.flip(a[0], e.params["dimensions"])],
    "concatenate": lambda e, a: [np.concatenate(a, axis=e.params["dimension"])],
    "stack": lambda e, a: [np.stack(a, axis=e.params["axis"])],
    "dynamic_slice": lambda e, a: [a[0][_window(a[0], a[1:], e.params["slice_sizes"])]],
    "dynamic_update_slice": _updated,
}
STRUCTURAL = {"split", "unstack", "tile", "pad"}


def moved(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    """Let JAX itself move numbers that stand for the scalars, and put the scalars where they ended."""
    pool: list[Scalar] = []
    operands = []
    # The second operand of these two is places, not numbers to be moved.
    places = (1,) if equation.primitive.name in ("gather", "scatter") else ()
    for position, array in enumerate(arrays):
        if position not in places:
            operands.append(np.arange(len(pool), len(pool) + array.size, dtype=np.int32).reshape(array.shape))
            pool.extend(array.ravel())
        else:
            operands.append(_values(array))
    if equation.primitive.name == "gather":
        return [_gathered(graph, equation, pool, operands)]
    with jax.ensure_compile_time_eval():
        found = equation.primitive.bind(*map(jax.numpy.asarray, operands), **equation.params)
    found = found if equation.primitive.multiple_results else [found]
    return [array_of([pool[k] for k in np.ravel(f).tolist()], np.shape(f)) for f in found]


def _gathered(graph: Graph, equation: Any, pool: list[Scalar], operands: list[Any]) -> np.ndarray:
    params, outside = dict(equation.params), -1
    fill = params["mode"] == jax.lax.GatherScatterMode.FILL_OR_DROP
    with jax.ensure_compile_time_eval():
        params["fill_value"] = outside if fill else None
        found = equation.primitive.bind(*map(jax.numpy.asarray, operands), **params)
    aval = equation.outvars[0].aval
    filled = filler(graph, equation.params["fill_value"], kind_of(aval.dtype)) if fill else None
    return array_of([filled if k == outside else pool[k] for k in np.ravel(found).tolist()], aval.shape)


def filler(graph: Graph, value: Any, kind: str) -> Scalar:
    """What stands for numbers from outside an array: if not said, as in `jax.lax.gather`."""
    if value is None:
        least, largest = (0, 1) if kind[0] == "f" else range_of(kind)
        value = np.nan if kind[0] == "f" else least if kind[0] == "i" and kind != "i1" else largest
    return graph.constant(value, kind)


def _values(array: np.ndarray) -> np.ndarray:
    scalars = array.ravel().tolist()
    if not all(s.constant for s in scalars):
        raise Unsupported("an index that is computed")
    kinds = {"i32": np.int32, "i64": np.int64, "u8": np.uint8, "u32": np.uint32, "u64": np.uint64}
    dtype = kinds.get(scalars[0].kind, np.int32) if scalars else np.int32
    return np.array([s.value for s in scalars], dtype).reshape(array.shape)
