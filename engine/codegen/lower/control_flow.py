"""Primitives of JAX that hold functions: choices and loops, on arrays of scalars (see `scalarise`)."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import jax
import numpy as np

from ..ir import Graph, Scalar, Unsupported, array_of

Arrays = list[np.ndarray]
Inner = Callable[[Graph, Any, Arrays], Arrays]

# A scan is written out where it takes at most this many steps; one that only carries is a loop from here on.
_LONGEST_SCAN, _SHORTEST_LOOP = 64, 17


def choose(graph: Graph, which: Scalar, *cases: Scalar) -> Scalar:
    """The case whose number `which` is; with two cases it may be a truth value."""
    if which.kind == "i1":
        return graph.apply("select", which, cases[1], cases[0], kind=cases[0].kind)
    found = cases[0]
    for i, case in enumerate(cases[1:], start=1):
        here = graph.apply("eq", which, graph.constant(i, which.kind), kind="i1")
        found = graph.apply("select", here, case, found, kind=case.kind)
    return found


def _cond(graph: Graph, equation: Any, arrays: Arrays, inner: Inner) -> Arrays:
    """Both branches, and a choice between their results."""
    which, *operands = arrays
    cases = [inner(graph, branch, operands) for branch in equation.params["branches"]]
    if which.item().kind == "i1" and len(cases) != 2:
        raise Unsupported("cond")
    return [chosen(graph, which, *results) for results in zip(*cases, strict=True)]


def chosen(graph: Graph, which: np.ndarray, *cases: np.ndarray) -> np.ndarray:
    """`choose` number by number; `which` is spread over the cases."""
    flat = [a.ravel() for a in (np.broadcast_to(which, cases[0].shape), *cases)]
    return array_of([choose(graph, *scalars) for scalars in zip(*flat, strict=True)], cases[0].shape)


def _while(graph: Graph, equation: Any, arrays: Arrays, inner: Inner) -> Arrays:
    p = equation.params
    told, moved = p["cond_nconsts"], p["cond_nconsts"] + p["body_nconsts"]

    def going(carried: Arrays) -> np.ndarray:
        return inner(graph, p["cond_jaxpr"], [*arrays[:told], *carried])[0]

    def after(carried: Arrays) -> Arrays:
        return inner(graph, p["body_jaxpr"], [*arrays[told:moved], *carried])

    return _looped(graph, arrays[moved:], going, after)


def _looped(
    graph: Graph, first: Arrays, going: Callable[[Arrays], np.ndarray], after: Callable[[Arrays], Arrays]
) -> Arrays:
    """Rounds as long as `going` says so: one truth value, or those of several loops that vmap made one."""
    starts = [s for array in first for s in array.ravel()]
    carried = graph.carried([s.kind for s in starts])
    arrays = _arrays_like(first, carried)
    on, later = going(arrays), after(arrays)
    if on.shape:  # a loop that is done keeps what it has while others go on
        pairs = zip(arrays, later, strict=True)
        later = [chosen(graph, _over_last(on, new.ndim), old, new) for old, new in pairs]
    some = reduce(lambda a, b: graph.apply("or", a, b), on.ravel(), graph.constant(False, "i1"))
    return _arrays_like(first, graph.loop(starts, carried, some, [s for a in later for s in a.ravel()]))


def _over_last(on: np.ndarray, rank: int) -> np.ndarray:
    """An array of the first dims, to be spread over the others."""
    return on.reshape(on.shape + (1,) * (rank - on.ndim))


def _arrays_like(arrays: Arrays, scalars: list[Scalar]) -> Arrays:
    found, at = [], 0
    for array in arrays:
        found.append(array_of(scalars[at : at + array.size], array.shape))
        at += array.size
    return found


def _scan(graph: Graph, equation: Any, arrays: Arrays, inner: Inner) -> Arrays:
    p, (constants, carries) = equation.params, _counts(equation.params, len(arrays))
    fixed, carried = arrays[:constants], arrays[constants : constants + carries]
    along = arrays[constants + carries :]
    stacks = len(equation.outvars) - carries
    if p["length"] >= _SHORTEST_LOOP and not along and not stacks:
        return _counted(graph, equation, fixed, carried, inner)
    if p["length"] > _LONGEST_SCAN:
        raise Unsupported(f"scan of {p['length']} steps along an array")
    if not p["length"]:
        raise Unsupported("scan over nothing")
    order = range(p["length"])[::-1] if p["reverse"] else range(p["length"])
    rows: dict[int, Arrays] = {}
    for i in order:
        given = [*fixed, *carried, *(a[i, ...] for a in along)]
        results = inner(graph, p["jaxpr"], [np.asarray(a) for a in given])
        carried, rows[i] = results[:carries], results[carries:]
    stacked = [np.stack([rows[i][k] for i in sorted(rows)]) for k in range(stacks)]
    return [*carried, *stacked]


def _counts(params: Any, operands: int) -> tuple[int, int]:
    """How many of a scan's operands are constants, and how many are carried."""
    if "ft_in" in params:  # since JAX 0.12
        constants, carried, _ = map(list, params["ft_in"].update(range(operands)).unpack())
        return len(constants), len(carried)
    return params["num_consts"], params["num_carry"]


def _counted(graph: Graph, equation: Any, fixed: Arrays, carried: Arrays, inner: Inner) -> Arrays:
    """A scan that only carries, as a loop with a counter."""
    length, one = graph.constant(equation.params["length"], "i32"), graph.constant(1, "i32")
    first = [array_of([graph.constant(0, "i32")], ()), *carried]

    def after(arrays: Arrays) -> Arrays:
        count = graph.apply("add", arrays[0].item(), one)
        return [array_of([count], ()), *inner(graph, equation.params["jaxpr"], [*fixed, *arrays[1:]])]

    def going(arrays: Arrays) -> np.ndarray:
        return array_of([graph.apply("lt", arrays[0].item(), length, kind="i1")], ())

    return _looped(graph, first, going, after)[1:]


def _written_out(graph: Graph, equation: Any, arrays: Arrays, inner: Inner) -> Arrays:
    """What newer JAX keeps as one object that knows how to be written out: `custom_root` since 0.12."""
    held = equation.params.get("_prim")
    if not (hasattr(held, "expand") and hasattr(held, "in_tree")):
        raise Unsupported(f"primitive {equation.primitive.name}")

    def plain(*flat: Any) -> list[Any]:
        return jax.tree.leaves(held.expand(*jax.tree.unflatten(held.in_tree, flat)))

    given = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in equation.invars]
    return inner(graph, jax.make_jaxpr(plain)(*given), arrays)


BRANCHES: dict[str, Callable[[Graph, Any, Arrays, Inner], Arrays]] = {
    "cond": _cond,
    "scan": _scan,
    "while": _while,
    "call_hi_primitive": _written_out,
}
