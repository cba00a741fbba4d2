"""From a jaxpr to scalars: what each primitive of JAX does to arrays of them (see `scalars`)."""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.extend import core

from .scalars import Graph, Scalar, Untranslatable, array_of, kind_of

# A scan is written out where it takes at most this many steps.
_LONGEST_SCAN = 64

Arrays = list[np.ndarray]


def scalarise(graph: Graph, jaxpr: Any, constants: Sequence[Any], inputs: Sequence[np.ndarray]) -> Arrays:
    """The outputs of a jaxpr as arrays of scalars, from its inputs as such.

    Raises Untranslatable where it holds a loop of unknown length, linear algebra, sorting and the like.
    """
    known: dict[Any, np.ndarray] = {}

    def read(atom: Any) -> np.ndarray:
        return _constants(graph, atom.val) if isinstance(atom, core.Literal) else known[atom]

    for variable, value in zip(jaxpr.constvars, constants, strict=True):
        known[variable] = value if _is_scalars(value) else _constants(graph, value)
    known.update(zip(jaxpr.invars, inputs, strict=True))
    for equation in jaxpr.eqns:
        results = _apply(graph, equation, [read(atom) for atom in equation.invars])
        for variable, value in zip(equation.outvars, results, strict=True):
            known[variable] = value
    return [read(atom) for atom in jaxpr.outvars]


def _is_scalars(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == object


def _constants(graph: Graph, value: Any) -> np.ndarray:
    if isinstance(value, Tracer):
        raise Untranslatable("a function that closes over a traced value")
    values = np.asarray(value)
    kind = kind_of(values.dtype)
    return array_of([graph.constant(v, kind) for v in values.ravel().tolist()], values.shape)


def _apply(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    name = equation.primitive.name
    kind = kind_of(equation.outvars[0].aval.dtype) if equation.outvars else "i1"
    if name in _SAME:
        return arrays[:1]
    if name in _ELEMENTWISE:
        return [_each(_ELEMENTWISE[name](graph, equation.params, kind), arrays)]
    if name in _MOVES:
        return _MOVES[name](equation, arrays)
    if name in _STRUCTURAL:
        return _moved(graph, equation, arrays)
    if name in _REDUCTIONS:
        return [_reduced(graph, _REDUCTIONS[name], arrays[0], equation.params["axes"])]
    if name in _SPECIAL:
        return _SPECIAL[name](graph, equation, arrays)
    inner = next((equation.params[k] for k in ("jaxpr", "call_jaxpr") if k in equation.params), None)
    if inner is None or name in ("while", "scan", "shard_map", "pallas_call"):
        raise Untranslatable(f"primitive {name}")
    if hasattr(inner, "jaxpr"):
        return scalarise(graph, inner.jaxpr, inner.consts, arrays)
    return scalarise(graph, inner, (), arrays)


def _each(rule: Callable[..., Scalar], arrays: Arrays) -> np.ndarray:
    spread = np.broadcast_arrays(*arrays) if len(arrays) > 1 else arrays
    flat = [a.ravel() for a in spread]
    return array_of([rule(*scalars) for scalars in zip(*flat, strict=True)], spread[0].shape)


# --- one number from each of the arrays ---------------------------------------------------------------


def _plain(op: str) -> Callable[..., Any]:
    return lambda g, _params, _kind: lambda *a: g.apply(op, *a)


def _compare(op: str) -> Callable[..., Any]:
    return lambda g, _params, _kind: lambda a, b: g.apply(op, a, b, kind="i1")


def _select(g: Graph, _params: Any, _kind: str) -> Any:
    def rule(which: Scalar, *cases: Scalar) -> Scalar:
        if which.kind == "i1":
            return g.apply("select", which, cases[1], cases[0], kind=cases[0].kind)
        found = cases[0]
        for i, case in enumerate(cases[1:], start=1):
            here = g.apply("eq", which, g.constant(i, which.kind), kind="i1")
            found = g.apply("select", here, case, found, kind=case.kind)
        return found

    return rule


def _convert(g: Graph, _params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        if a.kind == kind:
            return a
        if a.constant:
            return g.constant(bool(a.value) if kind == "i1" else a.value, kind)
        if kind == "i1":
            return g.apply("ne", a, g.constant(0, a.kind), kind="i1")
        return g.apply("convert", a, kind=kind)

    return rule


def _clamp(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda low, a, high: g.apply("min", g.apply("max", a, low), high)


def _sign(g: Graph, _params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        zero, one = g.constant(0, kind), g.constant(1, kind)
        below = g.apply("select", g.apply("lt", a, zero, kind="i1"), g.apply("neg", one), a, kind=kind)
        return g.apply("select", g.apply("gt", a, zero, kind="i1"), one, below, kind=kind)

    return rule


def _is_finite(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda a: g.apply("lt", g.apply("abs", a), g.constant(np.inf, a.kind), kind="i1")


def _power(g: Graph, params: Any, kind: str) -> Any:
    def rule(a: Scalar) -> Scalar:
        wanted, found, square = abs(params["y"]), None, a
        while wanted:
            if wanted & 1:
                found = square if found is None else g.apply("mul", found, square)
            wanted >>= 1
            square = g.apply("mul", square, square) if wanted else square
        one = g.constant(1, kind)
        found = one if found is None else found
        return g.apply("div", one, found) if params["y"] < 0 else found

    return rule


def _square(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda a: g.apply("mul", a, a)


def _not(g: Graph, _params: Any, _kind: str) -> Any:
    return lambda a: g.constant(not a.value, "i1") if a.constant and a.kind == "i1" else g.apply("not", a)


def _round(g: Graph, params: Any, _kind: str) -> Any:
    even = int(params["rounding_method"]) == int(jax.lax.RoundingMethod.TO_NEAREST_EVEN)
    return lambda a: g.apply("roundeven" if even else "round", a)


_SAME = {"stop_gradient", "copy", "copy_p", "device_put", "optimization_barrier", "pvary"}
_ONE_FOR_ONE = (
    "add sub mul div rem neg abs max min and or xor exp log sqrt logistic pow exp2 expm1 log1p sin cos tan "
    "asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc lgamma cbrt floor ceil"
)
_ELEMENTWISE: dict[str, Callable[[Graph, Any, str], Callable[..., Scalar]]] = {
    name: _plain(name) for name in _ONE_FOR_ONE.split()
}
_ELEMENTWISE |= {name: _compare(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")}
_ELEMENTWISE |= {
    "add_any": _plain("add"),
    "select_n": _select,
    "convert_element_type": _convert,
    "clamp": _clamp,
    "sign": _sign,
    "is_finite": _is_finite,
    "integer_pow": _power,
    "square": _square,
    "not": _not,
    "round": _round,
    "rsqrt": lambda g, _p, kind: lambda a: g.apply("div", g.constant(1, kind), g.apply("sqrt", a)),
}

# --- numbers moved, not changed ---------------------------------------------------------------------


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
_MOVES: dict[str, Callable[[Any, Arrays], Arrays]] = {
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
_STRUCTURAL = {"split", "unstack", "tile", "pad", "gather", "scatter"}


def _moved(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
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
        return [_gathered(equation, arrays[0], operands)]
    with jax.ensure_compile_time_eval():
        found = equation.primitive.bind(*map(jax.numpy.asarray, operands), **equation.params)
    found = found if equation.primitive.multiple_results else [found]
    return [array_of([pool[k] for k in np.ravel(f).tolist()], np.shape(f)) for f in found]


def _gathered(equation: Any, array: np.ndarray, operands: list[Any]) -> np.ndarray:
    params = dict(equation.params)
    # What lies outside would be filled with a number that stands for no scalar.
    params["mode"], params["fill_value"] = jax.lax.GatherScatterMode.CLIP, None
    with jax.ensure_compile_time_eval():
        found = equation.primitive.bind(*map(jax.numpy.asarray, operands), **params)
    return array_of([array.ravel()[k] for k in np.ravel(found).tolist()], np.shape(found))


def _values(array: np.ndarray) -> np.ndarray:
    scalars = array.ravel().tolist()
    if not all(s.constant for s in scalars):
        raise Untranslatable("an index that is computed")
    kinds = {"i32": np.int32, "i64": np.int64, "u8": np.uint8, "u32": np.uint32, "u64": np.uint64}
    dtype = kinds.get(scalars[0].kind, np.int32) if scalars else np.int32
    return np.array([s.value for s in scalars], dtype).reshape(array.shape)


# --- several numbers into one -----------------------------------------------------------------------

_REDUCTIONS = {
    "reduce_sum": "add", "reduce_prod": "mul", "reduce_max": "max", "reduce_min": "min",
    "reduce_and": "and", "reduce_or": "or",
}  # fmt: skip


def _reduced(graph: Graph, op: str, array: np.ndarray, axes: Sequence[int]) -> np.ndarray:
    kept = [i for i in range(array.ndim) if i not in axes]
    rows = array.transpose([*kept, *axes]).reshape(int(np.prod([array.shape[i] for i in kept])), -1)
    if not rows.shape[1]:
        raise Untranslatable(f"{op} over nothing")
    found = [reduce(lambda a, b: graph.apply(op, a, b), row) for row in rows]
    return array_of(found, tuple(array.shape[i] for i in kept))


def _accumulated(op: str) -> Callable[..., Arrays]:
    def rule(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
        axis, backwards = equation.params["axis"], equation.params["reverse"]
        moved = np.moveaxis(arrays[0], axis, 0)
        moved = moved[::-1] if backwards else moved
        rows = [moved[0]]
        for row in moved[1:]:
            rows.append(_each(lambda a, b: graph.apply(op, a, b), [rows[-1], row]))
        found = np.stack(rows[::-1] if backwards else rows)
        return [np.moveaxis(found, 0, axis)]

    return rule


def _dot(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    left, right = arrays
    left_free = [i for i in range(left.ndim) if i not in (*left_sum, *left_batch)]
    right_free = [i for i in range(right.ndim) if i not in (*right_sum, *right_batch)]
    a, b = (
        left.transpose([*left_batch, *left_free, *left_sum]),
        right.transpose([*right_batch, *right_free, *right_sum]),
    )
    shape = equation.outvars[0].aval.shape
    batch = [left.shape[i] for i in left_batch]
    found = []
    for at in product(*map(range, shape)):
        row = a[(*at[: len(batch)], *at[len(batch) : len(batch) + len(left_free)])]
        column = b[(*at[: len(batch)], *at[len(batch) + len(left_free) :])]
        terms = [graph.apply("mul", x, y) for x, y in zip(np.ravel(row), np.ravel(column), strict=True)]
        found.append(reduce(lambda x, y: graph.apply("add", x, y), terms))
    return [array_of(found, shape)]


def _extreme_place(op: str) -> Callable[..., Arrays]:
    def rule(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
        (axis,) = equation.params["axes"]
        kind = kind_of(equation.outvars[0].aval.dtype)
        moved = np.moveaxis(arrays[0], axis, -1)

        def place(row: Any) -> Scalar:
            best, found = row[0], graph.constant(0, kind)
            for i, a in enumerate(row[1:], start=1):
                better = graph.apply(op, a, best, kind="i1")
                best = graph.apply("select", better, a, best, kind=a.kind)
                found = graph.apply("select", better, graph.constant(i, kind), found, kind=kind)
            return found

        rows = moved.reshape(-1, moved.shape[-1])
        return [array_of([place(row) for row in rows], moved.shape[:-1])]

    return rule


# --- what holds functions ------------------------------------------------------------------------------


def _cond(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    """Both branches, and a choice between their results."""
    which, *operands = arrays
    cases = [scalarise(graph, b.jaxpr, b.consts, operands) for b in equation.params["branches"]]
    choose = _select(graph, {}, "")
    if which.item().kind == "i1" and len(cases) != 2:
        raise Untranslatable("cond")
    return [_each(choose, [which, *results]) for results in zip(*cases, strict=True)]


def _scan(graph: Graph, equation: Any, arrays: Arrays) -> Arrays:
    p = equation.params
    if p["length"] > _LONGEST_SCAN:
        raise Untranslatable(f"scan of {p['length']} steps")
    fixed, carried = arrays[: p["num_consts"]], arrays[p["num_consts"] : p["num_consts"] + p["num_carry"]]
    along = arrays[p["num_consts"] + p["num_carry"] :]
    order = range(p["length"])[::-1] if p["reverse"] else range(p["length"])
    rows: dict[int, Arrays] = {}
    for i in order:
        inner = [*fixed, *carried, *(a[i, ...] for a in along)]
        results = scalarise(graph, p["jaxpr"].jaxpr, p["jaxpr"].consts, [np.asarray(a) for a in inner])
        carried, rows[i] = results[: p["num_carry"]], results[p["num_carry"] :]
    stacked = [np.stack([rows[i][k] for i in sorted(rows)]) for k in range(len(rows[0]))] if rows else []
    return [*carried, *stacked]


def _iota(graph: Graph, equation: Any, _arrays: Arrays) -> Arrays:
    shape, axis = equation.params["shape"], equation.params["dimension"]
    values = np.broadcast_to(
        np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape
    )
    kind = kind_of(equation.params["dtype"])
    return [array_of([graph.constant(v, kind) for v in values.ravel().tolist()], shape)]


_SPECIAL: dict[str, Callable[[Graph, Any, Arrays], Arrays]] = {
    "dot_general": _dot,
    "argmax": _extreme_place("gt"),
    "argmin": _extreme_place("lt"),
    "cumsum": _accumulated("add"),
    "cumprod": _accumulated("mul"),
    "cummax": _accumulated("max"),
    "cummin": _accumulated("min"),
    "cond": _cond,
    "scan": _scan,
    "iota": _iota,
}
