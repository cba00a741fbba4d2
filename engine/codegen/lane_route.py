"""``function(loop, fixed)`` of one lane as a single program: all that it calls, and what lies between.

A function that starts, steps, looks and reports is a handful of calls and loops of machine code (`lane_call`,
`lane_loop`), between which XLA only moves numbers and decides what comes next. XLA decides that for many
lanes at once, so all wait for the last one, time after time. Here the same calls and loops, with the same
bits, are the parts of one program, through which each lane takes its own way (`route`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from ..xla.between_calls import computed_between
from . import lane_loop as lane_loops
from .backend import Backend, RouteProgram, primitives, require_supported
from .how_compiled import Compiled, attempt
from .ir import Unsupported
from .lane_loop import by_platform, lane_loop
from .live_code import live
from .route.part import PART, Part, part_of
from .route.route import Route
from .route.trace import route_of

Array = Any
Loop = Callable[..., Any]


def lane_route(loop: Loop, function: Callable[[Loop, Any], Any], fixed: Any, native: bool = True) -> Any:
    """What `function` makes of `fixed`, a tree of arrays; it must not take any other array.

    Where that has no single program, and for derivatives, it is ``function(loop, fixed)`` itself.

    Parameters
    ----------
    loop : runs loops: `lane_loop`, or that with options.
    function : function(loop, fixed) -> a tree of arrays. Loops and calls run by the `loop` that it is given.
    native : False: it is called as it is.
    """
    options = _options(loop)
    backends = [backend for backend in lane_loops.lane_backends() if backend.routes]
    wanted = native and options is not None and options.get("link", True)
    if not wanted or not backends:
        return function(loop, fixed)
    report = (options or {}).get("report", lambda _: None)
    plain = partial(function, loop)

    # Lazily: derivatives need none of it.
    @jax.custom_jvp
    def either(fixed: Any) -> Any:
        way, _ = attempt(partial(_way, function, fixed, backends), "stepping")
        programs = {} if way is None else _programs(way.route, backends)
        if way is None or not programs:
            return plain(fixed)
        for compiled in way.reports:
            report(compiled)

        def of(program: RouteProgram, fixed: Any) -> Any:
            return jax.tree.unflatten(way.tree, program(jax.tree.leaves(fixed), way.shapes))

        calls = {platform: partial(of, program) for platform, program in programs.items()}
        return by_platform(calls, plain, [fixed])

    @either.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        return jax.jvp(plain, primals, tangents)

    return either(jax.tree.map(jnp.asarray, fixed))


def _options(loop: Loop) -> dict[str, Any] | None:
    """What `lane_loop` is asked for besides the loop itself; None of another way to run loops."""
    if loop is lane_loop:
        return {}
    return dict(loop.keywords) if isinstance(loop, partial) and loop.func is lane_loop else None


@dataclass(frozen=True)
class _Way:
    """A route, the shapes and the tree of its results, and how its loops are computed."""

    route: Route
    shapes: list[jax.ShapeDtypeStruct]
    tree: Any
    reports: list[Compiled]


def _way(function: Callable[[Loop, Any], Any], fixed: Any, backends: Sequence[Backend]) -> _Way:
    """The route of a function. Raises Unsupported where there is none."""
    reports: list[Compiled] = []

    def begin(part: Part) -> None:
        for backend in backends:
            backend.begin(part)

    loop = partial(lane_loop, report=reports.append, make=partial(part_of, begin=begin))
    given = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), fixed)
    trace, result = jax.make_jaxpr(partial(function, loop), return_shape=True)(given)
    trace = live(trace)
    between = computed_between(trace.jaxpr) - {PART}
    if between:  # machine code might round otherwise than XLA, which `plan` expects
        raise Unsupported(f"{', '.join(sorted(between))} between calls")
    first = lane_loops.lane_backends()[0]
    route = route_of(trace, lambda scalars: primitives(scalars, first))
    shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in trace.out_avals]
    return _Way(route, shapes, jax.tree.structure(result), reports)


def _programs(route: Route, backends: Sequence[Backend]) -> dict[str, RouteProgram]:
    """By platforms, of those back ends that have one."""
    programs = {}
    for backend in backends:
        program, _ = attempt(partial(_program, route, backend), "stepping")
        if program is not None:
            programs[backend.platform] = program
    return programs


def _program(route: Route, backend: Backend) -> RouteProgram:
    """Its program. Raises Unsupported where there is none."""
    for part in route.parts:
        require_supported(part.loop, backend)
    return backend.route(route)
