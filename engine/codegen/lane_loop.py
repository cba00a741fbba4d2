"""``while cond(lane): lane = body(lane)`` for many lanes, each as long as it needs.

Under vmap `lax.while_loop` steps all lanes until the last one is done, and XLA's CPU code for a step of many
small operations is slow. On CPUs and NVIDIA's GPUs this loop becomes machine code of its own, made from the
trace of the same two functions; on other devices, and where the trace holds something that has no such form,
it is `lax.while_loop`. Which of the two it is, and why, is reported when it is traced.

The way of a loop: two functions -> jaxprs -> scalars (`lower`) -> LLVM code on vectors of lanes
(`cpu.lane_code`) -> a function in memory (`cpu.jit`), which XLA calls by name (`jax.ffi`); or of one lane
(`gpu.lane_code`) -> PTX (`gpu.ptx`), which XLA launches (`gpu.launch`). To look into it:
``Method(native=False)`` or ``lane_loop(..., native=False)`` must give the same numbers up to rounding.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from .backend import Backend, LaneProgram, primitive_loop
from .backends import lane_backends
from .how_compiled import NATIVE, Compiled, attempt, by_machine_code
from .ir import Graph, Unsupported, array_of, dtype_name, order_of
from .lanes import Leaf, Loop
from .live_code import live
from .lower.walk_jaxpr import lower_jaxpr
from .traced_once import TracedOnce

Array = Any
Cond = Callable[[Any, Any], Array]
Body = Callable[[Any, Any], Any]
Function = Callable[..., Any]
Report = Callable[[Compiled], None]
Make = Callable[[Sequence[jax.ShapeDtypeStruct]], Callable[[Loop], LaneProgram]]

# Each takes 128 bytes of the calling thread's stack.
_MOST_NUMBERS = 4096
# LLVM compiled 20,700 operations (Taylor steps of 28 components) in 4 s of a processor, where XLA took 110 s;
# 31,000 to 42,000 (products of matrices and vectors, pairs of bodies) in 2 to 9 s.
_MOST_OPERATIONS = 40_000


def lane_loop(
    cond: Cond,
    body: Body,
    lane: Any,
    fixed: Any,
    *,
    native: bool = True,
    report: Report = lambda _: None,
    link: bool = True,
    once: TracedOnce | None = None,
    make: Make | None = None,
) -> Any:
    """The lane after as many steps as `cond` asks for; `fixed` is what it needs and does not change.

    Parameters
    ----------
    cond : cond(lane, fixed) -> whether another step is wanted.
    body : body(lane, fixed) -> the lane after it, of the same shapes and dtypes.
    lane, fixed : trees of arrays.
    native : False asks for `lax.while_loop` everywhere.
    report : called with how the default device computes the loop, and each loop that its derivatives need; of
        `once` where that is not machine code of ours alone.
    link : False: nothing is compiled, and the lane comes back as it is: to trace what is only to be reported.
    once : it is one step, this function of `fixed`, and where the lane begins does not matter, but for its
        first number, a boolean that says that the step is done: `lane_call`.
    make : make(shapes of all leaves) makes a program of a loop, and no back end does; where a loop has none,
        Unsupported is raised.
    """
    flat_cond, flat_body, leaves, split = _flat(cond, body, lane, fixed)
    arrays = [jnp.asarray(a) for a in leaves]
    traced = None
    if once is not None:
        shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays[split:]]
        traced = once.trace(jax.tree.unflatten(jax.tree.structure(fixed), shapes))[0]
    way = _Way(report, link, once is not None, make)
    results = _loop(flat_cond, flat_body, arrays, split, native, way, traced)
    return jax.tree.unflatten(jax.tree.structure(lane), results)


@dataclass(frozen=True)
class _Way:
    """What the loops of derivatives take over from the loop itself; see `lane_loop`."""

    report: Report
    link: bool
    once: bool
    make: Make | None = None


def _flat(cond: Cond, body: Body, lane: Any, fixed: Any) -> tuple[Function, Function, list[Any], int]:
    """`cond` and `body` of a flat list of arrays, these, and how many of them are the lane's."""
    leaves, tree = jax.tree.flatten(lane)
    bound, fixed_tree = jax.tree.flatten(fixed)
    split = len(leaves)

    def both(arrays: Sequence[Array]) -> tuple[Any, Any]:
        return jax.tree.unflatten(tree, arrays[:split]), jax.tree.unflatten(fixed_tree, arrays[split:])

    def flat_cond(*arrays: Array) -> Array:
        return cond(*both(arrays))

    def flat_body(*arrays: Array) -> list[Array]:
        return jax.tree.leaves(body(*both(arrays)))

    return flat_cond, flat_body, [*leaves, *bound], split


def _loop(
    cond: Function,
    body: Function,
    arrays: list[Array],
    split: int,
    native: bool,
    way: _Way,
    traced: core.ClosedJaxpr | None = None,
) -> list[Array]:
    """The loop over a flat list of arrays, of which the first `split` change; `traced` as of `_lowered`."""

    def plain(*arrays: Array) -> list[Array]:
        fixed = arrays[split:]
        if way.once:
            return body(*arrays)
        return lax.while_loop(lambda a: cond(*a, *fixed), lambda a: body(*a, *fixed), list(arrays[:split]))

    if way.make is not None:
        return _handed_over(
            partial(_lowered, cond, body, arrays, split, way.once, traced), arrays, way, way.make
        )
    programs: dict[str, LaneProgram] = {}
    compiled = Compiled(False, "native = false")
    if native:
        lowered = cache(lambda: _lowered(cond, body, arrays, split, way.once, traced))
        for backend in lane_backends():
            program, compiled = attempt(partial(_native, lowered, backend, way.link), "stepping")
            if program is not None:
                programs[backend.platform] = program
                compiled = by_machine_code(lowered().scalars)
    if (
        compiled != NATIVE or not way.once
    ):  # loops decide how an orbit is computed, unless a call is otherwise
        way.report(compiled)
    if not programs:
        return plain(*arrays) if way.link else arrays[:split]
    calls = {platform: _of_arrays(program) for platform, program in programs.items()}

    @jax.custom_jvp
    def either(*arrays: Array) -> list[Array]:
        return by_platform(calls, plain, arrays)

    @either.defjvp
    def _(primals: Sequence[Array], tangents: Sequence[Array]) -> tuple[list[Array], list[Array]]:
        # Both: what does not move must not depend on the tangents, of which there may be a batch.
        return either(*primals), _tangents(cond, body, primals, tangents, split, way)

    return either(*arrays)


def _handed_over(lowered: Callable[[], Loop], arrays: list[Array], way: _Way, make: Make) -> list[Array]:
    """The loop by a program that somebody else makes. Raises Unsupported where there is none."""
    loop = lowered()
    compiled = by_machine_code(loop.scalars)
    if compiled != NATIVE or not way.once:
        way.report(compiled)
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays]
    return make(shapes)(primitive_loop(loop, lane_backends()[0]))(arrays)


def _tangents(
    cond: Function,
    body: Function,
    primals: Sequence[Array],
    tangents: Sequence[Array],
    split: int,
    way: _Way,
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

    def cond_too(*arrays: Array) -> Array:
        return cond(*halves(arrays)[0])

    def body_too(*arrays: Array) -> list[Array]:
        values, slopes = halves(arrays)
        after, change = jax.jvp(lambda *a: body(*a), values, slopes)
        return [*after, *(change[i] for i in moving)]

    results = _loop(cond_too, body_too, arrays, first, True, way)
    change: list[Any] = [np.zeros(jnp.shape(v), jax.dtypes.float0) for v in primals[:split]]
    for i, slope in zip(moving, results[split:], strict=True):
        change[i] = slope
    return change


def by_platform(calls: Mapping[str, Function], plain: Function, arrays: Sequence[Array]) -> Any:
    """What the function for the device makes of the arrays; `plain` for devices that have none.

    Where every kind of device here has one, `plain` is not traced: what it computes is not computed by XLA.
    """
    only = calls.get(jax.default_backend())
    if only is not None:  # the only kind of device there is: spare the others their tracing
        return only(*arrays)
    every = all(backend.platform in calls for backend in lane_backends())
    return lax.platform_dependent(*arrays, default=None if every else plain, **calls)


def _of_arrays(program: LaneProgram) -> Function:
    return lambda *arrays: program(arrays)


def _native(lowered: Callable[[], Loop], backend: Backend, link: bool) -> LaneProgram:
    """The program of the loop. Raises Unsupported where it has none."""
    loop = primitive_loop(lowered(), backend)
    backend.require(loop)
    return backend.lanes(loop) if link else lambda arrays: list(arrays[: loop.split])


def _lowered(
    cond: Function,
    body: Function,
    arrays: Sequence[Any],
    split: int,
    once: bool,
    traced: core.ClosedJaxpr | None,
) -> Loop:
    """The loop in scalars. Raises Unsupported where it has no such form.

    `once`: it is one step, of which `traced` is, if given, what makes all but the first number, which says
    that it is done: nothing is traced again.
    """
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays]
    if sum(a.size for a in shapes) > _MOST_NUMBERS:
        raise Unsupported(f"more than {_MOST_NUMBERS} numbers in a lane")
    graph, inputs, first = Graph(), [], 0
    for a in shapes:
        inputs.append(graph.inputs(a.shape, dtype_name(a.dtype), first))
        first += inputs[-1].size
    if traced is not None:
        on = graph.apply("not", inputs[0].item())
        done = array_of([graph.constant(True, "i1")], ())
        later = [done, *lower_jaxpr(graph, traced.jaxpr, traced.consts, inputs[split:])]
    else:
        (goes_on,) = _lowered_step(graph, cond, shapes, [jax.ShapeDtypeStruct((), bool)], inputs)
        on, later = goes_on.item(), _lowered_step(graph, body, shapes, shapes[:split], inputs)
    after = tuple(s for array in later for s in array.ravel())
    pairs = zip(inputs, later, strict=False)  # the leaves that may change, before and after a step
    changed = [k for k, (a, b) in enumerate(pairs) if once or a.ravel().tolist() != b.ravel().tolist()]
    needed = set(order_of([on, *(s for k in changed for s in later[k].ravel())]))
    read = changed[:1] if once else changed
    leaves = [
        Leaf(
            a.size, dtype_name(s.dtype), len(s.shape),
            used=k in read or not needed.isdisjoint(a.ravel()), changes=k >= split or k in changed,
        )
        for k, (a, s) in enumerate(zip(inputs, shapes, strict=True))
    ]  # fmt: skip
    loop = Loop(tuple(leaves), split, on, after, once)
    if len(loop.scalars) > _MOST_OPERATIONS:
        raise Unsupported(f"more than {_MOST_OPERATIONS} scalar operations in a step")
    return loop


def _lowered_step(
    graph: Graph, function: Function, shapes: Sequence[Any], wanted: Sequence[Any], inputs: Sequence[Any]
) -> list[Any]:
    """What a condition or a step makes of the inputs, of these shapes and dtypes, in scalars."""
    trace = live(jax.make_jaxpr(function)(*shapes))
    if [(a.shape, a.dtype) for a in trace.out_avals] != [(a.shape, a.dtype) for a in wanted]:
        # The loop's slots would not fit; `lax.while_loop` says what is wrong, or converts.
        raise Unsupported("a step that changes shapes or dtypes")
    return lower_jaxpr(graph, trace.jaxpr, trace.consts, inputs)
