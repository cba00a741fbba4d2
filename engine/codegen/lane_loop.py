"""``while going(lane): lane = step(lane)`` for many lanes, each as long as it needs.

Under vmap `lax.while_loop` steps all lanes until the last one is done, and XLA's CPU code for a step of many
small operations is slow. On a CPU the loop here becomes machine code of its own, made from the trace of the
same two functions (`scalarise`, `lane_code`); on other devices, and where the trace holds something that has
no such form, it is `lax.while_loop`. Which of the two it is, and why, tells `why_plain`.

The way of a loop: two functions -> jaxprs -> scalars (`scalarise`) -> LLVM code on vectors of lanes
(`lane_code`) -> a function in memory (`machine_code`), which XLA calls by name (`jax.ffi`). To look into it:
``Method(native=False)`` or ``lane_loop(..., native=False)`` must give the same numbers up to rounding.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .backend import Backend, LaneProgram, primitives
from .devices import backend_of
from .ir import Graph, Unsupported, kind_of, operations, order_of
from .lanes import Leaf, Loop
from .lower.lower import lower_jaxpr

Array = Any
Going = Callable[[Any, Any], Array]
Step = Callable[[Any, Any], Any]
Function = Callable[..., Any]

# Each takes 128 bytes of the calling thread's stack.
_MOST_NUMBERS = 4096
# A product of a matrix and a vector of 8,000 operations compiled in 7 s, one of 16,000 in 41 s.
_MOST_OPERATIONS = 20_000

_HEARING: ContextVar[tuple[set[str], ...]] = ContextVar("hearing", default=())


def lane_loop(going: Going, step: Step, lane: Any, fixed: Any, *, native: bool = True) -> Any:
    """The lane after as many steps as it goes on; `fixed` is what it needs and does not change.

    Parameters
    ----------
    going : going(lane, fixed) -> whether another step is wanted.
    step : step(lane, fixed) -> the lane after it, of the same shapes and dtypes.
    lane, fixed : trees of arrays.
    native : False asks for `lax.while_loop` everywhere.
    """
    tell, move, leaves, split = _flat(going, step, lane, fixed)
    found = _loop(tell, move, [jnp.asarray(a) for a in leaves], split, native)
    return jax.tree.unflatten(jax.tree.structure(lane), found)


@contextmanager
def hearing() -> Iterator[set[str]]:
    """How the loops are computed that are traced meanwhile, in words: "machine code", "XLA (reason)"."""
    heard: set[str] = set()
    token = _HEARING.set((*_HEARING.get(), heard))
    try:
        yield heard
    finally:
        _HEARING.reset(token)


def why_plain(going: Going, step: Step, lane: Any, fixed: Any) -> str | None:
    """Why `lane_loop` of the same would be `lax.while_loop` on a CPU; None where it is machine code.

    Arrays may be given as `jax.ShapeDtypeStruct`. Nothing is compiled.
    """
    tell, move, leaves, split = _flat(going, step, lane, fixed)
    try:
        _taken_apart(tell, move, leaves, split)
    except Unsupported as reason:
        return str(reason)
    return None


def _flat(going: Going, step: Step, lane: Any, fixed: Any) -> tuple[Function, Function, list[Any], int]:
    """`going` and `step` of a flat list of arrays, these, and how many of them are the lane's."""
    leaves, tree = jax.tree.flatten(lane)
    bound, fixed_tree = jax.tree.flatten(fixed)
    split = len(leaves)

    def tell(*arrays: Array) -> Array:
        return going(jax.tree.unflatten(tree, arrays[:split]), jax.tree.unflatten(fixed_tree, arrays[split:]))

    def move(*arrays: Array) -> list[Array]:
        after = step(jax.tree.unflatten(tree, arrays[:split]), jax.tree.unflatten(fixed_tree, arrays[split:]))
        return jax.tree.leaves(after)

    return tell, move, [*leaves, *bound], split


def _loop(tell: Function, move: Function, arrays: list[Array], split: int, native: bool) -> list[Array]:
    """The loop over a flat list of arrays, of which the first `split` change."""

    def plain(*arrays: Array) -> list[Array]:
        fixed = arrays[split:]
        return lax.while_loop(lambda a: tell(*a, *fixed), lambda a: move(*a, *fixed), list(arrays[:split]))

    reason, program = _native(tell, move, arrays, split) if native else ("native = false", None)
    for heard in _HEARING.get():
        heard.add("machine code" if reason is None else f"XLA ({reason})")
    if program is None:
        return plain(*arrays)

    def compiled(*arrays: Array) -> list[Array]:
        return program(arrays)

    @jax.custom_jvp
    def either(*arrays: Array) -> list[Array]:
        if jax.default_backend() == "cpu":  # the only one there is: spare the other its tracing
            return compiled(*arrays)
        return lax.platform_dependent(*arrays, cpu=compiled, default=plain)

    @either.defjvp
    def _(primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        # Both: what does not move must not depend on the tangents, of which there may be a batch.
        return either(*primals), _tangents(tell, move, primals, tangents, split)

    return either(*arrays)


def _tangents(
    tell: Function, move: Function, primals: Sequence[Array], tangents: Sequence[Array], split: int
) -> list[Array]:
    """The loop's derivative along `tangents`: by a loop again, of the numbers and their derivatives."""
    count = len(primals)
    real = [i for i in range(count) if jnp.issubdtype(primals[i].dtype, jnp.inexact)]
    # In order: what changes, its derivatives, what does not, its derivatives.
    moving = [i for i in real if i < split]
    still = [i for i in real if i >= split]
    arrays = [
        *primals[:split], *(tangents[i] for i in moving), *primals[split:], *(tangents[i] for i in still)
    ]  # fmt: skip
    first = split + len(moving)

    def halves(arrays: Sequence[Array]) -> tuple[list[Array], list[Any]]:
        values = [*arrays[:split], *arrays[first : first + count - split]]
        slopes: list[Any] = [np.zeros(jnp.shape(v), jax.dtypes.float0) for v in values]
        given = [*arrays[split:first], *arrays[first + count - split :]]
        for i, slope in zip([*moving, *still], given, strict=True):
            slopes[i] = slope
        return values, slopes

    def tell_too(*arrays: Array) -> Array:
        return tell(*halves(arrays)[0])

    def move_too(*arrays: Array) -> list[Array]:
        values, slopes = halves(arrays)
        after, change = jax.jvp(lambda *a: move(*a), values, slopes)
        return [*after, *(change[i] for i in moving)]

    found = _loop(tell_too, move_too, arrays, first, native=True)
    change: list[Any] = [np.zeros(jnp.shape(v), jax.dtypes.float0) for v in primals[:split]]
    for i, slope in zip(moving, found[split:], strict=True):
        change[i] = slope
    return change


def _native(
    tell: Function, move: Function, arrays: list[Array], split: int
) -> tuple[str | None, LaneProgram | None]:
    """The loop in machine code; or why there is none."""
    try:
        return None, _backend().lanes(_taken_apart(tell, move, arrays, split))
    except Unsupported as reason:
        return str(reason), None
    except RuntimeError as error:  # of LLVM, or of XLA when told: slower is better than not at all
        warnings.warn(f"stepping through XLA, as the machine code failed: {error}", stacklevel=2)
        return "the machine code failed", None


def _backend() -> Backend:
    backend = backend_of("cpu")
    assert backend is not None
    return backend


def _taken_apart(tell: Function, move: Function, arrays: Sequence[Any], split: int) -> Loop:
    """The loop in scalars. Raises Unsupported where it has no such form."""
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays]
    if sum(a.size for a in shapes) > _MOST_NUMBERS:
        raise Unsupported(f"more than {_MOST_NUMBERS} numbers in a lane")
    graph, inputs, first = Graph(), [], 0
    for a in shapes:
        inputs.append(graph.inputs(a.shape, kind_of(a.dtype), first))
        first += inputs[-1].size
    found = []
    for function, wanted in ((tell, [jax.ShapeDtypeStruct((), bool)]), (move, shapes[:split])):
        trace = jax.make_jaxpr(function)(*shapes)
        if [(a.shape, a.dtype) for a in trace.out_avals] != [(a.shape, a.dtype) for a in wanted]:
            # The loop's places would not fit; `lax.while_loop` says what is wrong, or converts.
            raise Unsupported("a step that changes shapes or dtypes")
        found.append(lower_jaxpr(graph, trace.jaxpr, trace.consts, inputs))
    going, after = found[0][0].item(), tuple(s for array in found[1] for s in array.ravel())
    needed = order_of([going, *after])
    if operations([going, *after]) > _MOST_OPERATIONS:
        raise Unsupported(f"more than {_MOST_OPERATIONS} scalar operations in a step")
    needed = {s for s in needed if s.op == "input"}
    leaves = [
        Leaf(a.size, kind_of(s.dtype), len(s.shape), i < split or any(x in needed for x in a.ravel()))
        for i, (a, s) in enumerate(zip(inputs, shapes, strict=True))
    ]
    going, *after = primitives([going, *after], _backend())
    return Loop(tuple(leaves), split, going, tuple(after))
