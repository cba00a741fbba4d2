"""A function of one point, computed over a grid through XLA: nested vmap, one level per axis.

The general path: any function, any device. Each axis has its own vmap, so what does not depend on an axis is
not recomputed along it, unless XLA fuses it into what does.
"""

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ..codegen.traced_once import TracedOnce
from ..device import each_of
from ..feedback.compiler_clock import compiler_at_work
from ..feedback.compiling import compiling
from ..feedback.progress import clock
from ..xla.effort import effort, hurried
from ..xla.executable import Keep, Program, compiled_anew
from ..xla.guarded_loops import loops_guarded
from ..xla.inline_calls import holds_pooled_calls, inline_calls
from ..xla.library_checks import checks_as_nan
from ..xla.live_bytes import equation_count, live_bytes, longest_chain, loop_count
from ..xla.operation_by_operation import evaluated, seconds_to_compile
from .windows import Coordinates, put

Array = Any
Arrays = Mapping[str, Array]

# Seconds of compiling from which on a program is not compiled whole, if its operations one by one take less;
# else XLA is asked to optimise less, which takes 0.5 to 0.9 times as long.
LONG = 20.0
# XLA took 2.4 s for 3,000 equations in a chain, 5.7 for 200 outputs apart, 3 for 30 loops (CPU, one core).
_PER_EQUATION, _PER_OUTPUT, _PER_LOOP = 0.8e-3, 25e-3, 25e-3
_TIMES_AS_QUICK, _WORTH_A_WORD = 3, 5.0


class GridVmap:
    """A function of coordinates over grids, compiled by XLA once for each combination of lengths.

    The function is traced once, at a point; for each combination of lengths that trace is vectorised.
    `compile_seconds` is about how long that takes, as the number of equations has it, and `remark` says what
    is done about it where that is long. `launched` is `point` where that takes a whole grid at once, or None.

    Parameters
    ----------
    point : point(*coordinates, *shared) -> outputs by name.
    coordinates : of one grid: an array, or its shape and dtype, for each name along each axis. Their lengths
        are those to which `live_bytes`, what is held at once, belongs.
    device : where to compute.
    count : called whenever XLA compiles.
    shared : arrays that are the same at every point.
    what : what is shown while it is compiled.
    seldom : whether nearly all of the time goes into machine code that it calls; asked once it is traced.
    whole : `point` takes all coordinates of a grid at once: machine code that XLA launches.
    keep : keeps what is compiled for other processes, and finds what they have kept.
    """

    def __init__(
        self,
        point: Callable[..., Arrays],
        coordinates: Coordinates,
        device: Any,
        count: Callable[[], None] = lambda: None,
        shared: Sequence[Array] = (),
        what: str = "",
        seldom: Callable[[], bool] = lambda: False,
        whole: bool = False,
        keep: Keep | None = None,
    ) -> None:
        self._plain = once = point
        if not whole:
            once = point if isinstance(point, TracedOnce) else TracedOnce(point)
            names = sorted(once.trace(*jax.tree.map(_at_a_point, list(coordinates)), *map(_shape, shared))[1])
            status = names.index("status") if "status" in names else None
            once = once.rewritten(partial(checks_as_nan, status=status))
            self._plain = vmapped(once.rewritten(loops_guarded), len(coordinates), len(shared))
        self._named = _named(self._plain)
        self._made_with = once, device, what, seldom, whole, keep
        self.launched = once if whole else None
        self._keep = keep
        self._options: dict[str, Any] = {}
        self._loaded: dict[tuple[int, ...], Program] = {}
        self._function = self._jit()
        first = each_of(device)[0]
        self._device = None if first == jax.devices()[0] else first  # it goes there by itself, and sooner
        self._shared = tuple(shared)
        self._what = f"{what} through XLA".strip()
        trace = self._function.trace(*coordinates, *shared)
        rewritten = device.platform == "cpu" and holds_pooled_calls(trace.jaxpr.jaxpr)
        if rewritten:
            self._plain = inline_calls(self._plain)
            self._named = _named(self._plain)
            self._function = self._jit()
        self.compile_seconds, self.remark, self._by_operation = _estimate(trace), "", False
        self._opened = False
        self._programs: dict[tuple[int, ...], tuple[Any, Any]] = {}
        if device.platform == "cpu":
            self._hurry(trace.jaxpr.jaxpr, seldom())
        if self._by_operation and not rewritten:  # tracing a long program takes long, too
            self._programs[lengths_of(coordinates)] = trace.jaxpr, jax.tree.structure(trace.out_info)
        inner = len(coordinates)
        self.outputs = {n: (v.shape[inner:], np.dtype(v.dtype)) for n, v in trace.out_info.items()}
        self._first = lengths_of(coordinates), trace.jaxpr.jaxpr
        self._count, self._compiling = count, threading.Lock()
        self._temporary: dict[tuple[int, ...], int] = {}

    def _jit(self, name: str = "") -> Any:
        """The function compiled, when it is called, with all arguments: also those on which nothing depends.

        Traced once, whatever the options, unless it gets a name of its own.
        """
        function = _named(self._plain, name) if name else self._named
        return jax.jit(function, keep_unused=True, compiler_options=self._options or None)

    @cached_property
    def live_bytes(self) -> int:
        """Bytes that are held at once, for the lengths that it was made for."""
        return live_bytes(self._first[1])

    def _hurry(self, jaxpr: Any, seldom: bool) -> None:
        """Compile quickly what takes little of the time; take another way than to compile a long program."""
        self._options = effort(equation_count(jaxpr), longest_chain(jaxpr), seldom)
        if seldom:
            self.compile_seconds /= _TIMES_AS_QUICK
        if self._options:
            self._function = self._jit()
        whole = self.compile_seconds
        if whole <= LONG:
            return
        by_operation, way = seconds_to_compile(jaxpr), "operation by operation"
        if by_operation > LONG:
            opened = seconds_to_compile(jaxpr, opened=True)
            if opened < by_operation:
                by_operation, way, self._opened = opened, f"{way}, also in loops", True
        self._by_operation = by_operation < whole
        if self._by_operation:
            self.compile_seconds = by_operation
            self.remark = f"{way}, as compiling it whole would take about {clock(whole)}"
        else:
            self.remark = f"optimised less, as that would be compiled for about {clock(whole)}"
            if not seldom:  # it is compiled quickly already
                self._options = hurried()
                self._function = self._jit()
        self._what += f", {self.remark.partition(', ')[0]},"

    def sharing(self, *shared: Array) -> "GridVmap":
        """The same compiled function with other `shared` arrays of the same shapes and dtypes."""
        other = copy(self)
        other._shared = shared
        return other

    def of_lengths(self, coordinates: Coordinates) -> "GridVmap":
        """The same function made for grids of other lengths, from the same trace of a point."""
        if lengths_of(coordinates) == self._first[0]:
            return self
        once, device, what, seldom, whole, keep = self._made_with
        return GridVmap(once, coordinates, device, self._count, self._shared, what, seldom, whole, keep)

    def counting(self, count: Callable[[], None]) -> "GridVmap":
        """The same compiled function; `count` is called whenever XLA compiles for it from now on."""
        other = copy(self)
        other._count = count
        return other

    def compile(self, coordinates: Coordinates) -> int:
        """Compile for coordinates of these lengths, unless that is done: bytes it takes besides outputs."""
        lengths = lengths_of(coordinates)
        if lengths in self._temporary:
            return self._temporary[lengths]
        with self._compiling, compiling(self._what, self._expected):
            if lengths not in self._temporary:  # not by every thread
                self._count()
                if self._by_operation:
                    self._temporary[lengths] = live_bytes(self._program(coordinates)[0].jaxpr)
                    return self._temporary[lengths]
                self._temporary[lengths] = self._compile(coordinates)
        return self._temporary[lengths]

    def _compile(self, coordinates: Coordinates) -> int:
        """Compile, or find what was: the bytes that it takes besides outputs."""
        trace = self._function.trace(*coordinates, *self._shared)
        lowered, keep = trace.lower(), self._keep
        described = self._described(trace) if keep is not None else {}
        loaded = keep.load(coordinates, described, lowered) if keep is not None else None
        if loaded is not None:
            self._loaded[lengths_of(coordinates)], temporary = loaded
            return temporary
        with compiler_at_work():
            compiled, now = compiled_anew(lowered)
            if keep is not None and not now and keep.can_keep(coordinates, described, lowered, compiled):
                other = self._jit(f"grid_{secrets.token_hex(8)}")
                compiled = other.lower(*coordinates, *self._shared).compile()
        memory = compiled.memory_analysis()  # None where a device does not tell
        temporary = getattr(memory, "temp_size_in_bytes", 0)
        if keep is not None:
            keep.keep(coordinates, described, temporary, lowered, compiled)
        return temporary

    def _described(self, trace: Any) -> dict[str, Any]:
        """What is said of a program that is kept."""
        return {
            "outputs": [[name, shape, dtype.str] for name, (shape, dtype) in self.outputs.items()],
            "live_bytes": live_bytes(trace.jaxpr.jaxpr),
            "remark": self.remark,
            "compile_seconds": self.compile_seconds,
            "options": sorted(self._options.items()),
        }

    def _program(self, coordinates: Coordinates) -> tuple[Any, Any]:
        """The function for coordinates of these lengths as a program, and the tree of its results."""
        lengths = lengths_of(coordinates)
        if lengths not in self._programs:
            make = jax.make_jaxpr(self._plain, return_shape=True)
            program, shapes = make(*coordinates, *self._shared)
            self._programs[lengths] = program, jax.tree.structure(shapes)
        return self._programs[lengths]

    @property
    def _expected(self) -> float | None:
        """Seconds that a compilation takes, where they are worth a word."""
        return self.compile_seconds if self.compile_seconds >= _WORTH_A_WORD else None

    def begin(self, coordinates: Coordinates, device: Any = None) -> Arrays:
        """The outputs at these coordinates, which may still be on their way; from one of several devices."""
        device = self._device if device is None else device
        if device is not None:
            coordinates = sent(coordinates, device)
        leaves = jax.tree.leaves((coordinates, self._shared))
        if any(isinstance(v, Tracer) for v in leaves):
            return self._plain(*coordinates, *self._shared)  # how to compile is for the whole to say
        self.compile(coordinates)
        if self._by_operation:
            closed, tree = self._program(coordinates)
            return jax.tree.unflatten(tree, evaluated(closed, leaves, self._opened))
        loaded = self._loaded.get(lengths_of(coordinates))
        if loaded is not None:
            return dict(zip(sorted(self.outputs), loaded(leaves), strict=True))
        return self._function(*coordinates, *self._shared)

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates."""
        put(outputs, self.begin(coordinates))


def sent(coordinates: Coordinates, device: Any) -> Coordinates:
    """The same on a device."""
    return jax.device_put(coordinates, device)


def _named(function: Callable[..., Arrays], name: str = "grid") -> Callable[..., Arrays]:
    """The same function, called so by XLA: its own name has what stands around it in it."""

    def named(*arguments: Any) -> Arrays:
        return function(*arguments)

    named.__name__ = name
    return named


def _estimate(trace: Any) -> float:
    """About how many seconds XLA will compile a traced function."""
    jaxpr = trace.jaxpr.jaxpr
    inside = _PER_EQUATION * equation_count(jaxpr) + _PER_LOOP * loop_count(jaxpr)
    return inside + _PER_OUTPUT * len(jaxpr.outvars)


def lengths_of(coordinates: Coordinates) -> tuple[int, ...]:
    """How many values each name of each axis has."""
    return tuple(len(values) for c in coordinates for values in c.values())


def _shape(array: Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(jnp.shape(array), array.dtype)


def _at_a_point(array: Array) -> jax.ShapeDtypeStruct:
    """Of an array of values along an axis, one of them."""
    return jax.ShapeDtypeStruct(array.shape[1:], array.dtype)


def vmapped(point: Callable[..., Arrays], count: int, shared: int = 0) -> Callable[..., Arrays]:
    """Vectorise a function of `count` coordinates over the grid they span, one vmap per axis.

    `shared` arguments more are the same at every point.
    """
    function = point
    for i in reversed(range(count)):
        axes = tuple(0 if j == i else None for j in range(count + shared))
        function = jax.vmap(function, in_axes=axes)
    return function
