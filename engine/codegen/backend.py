"""What a back end offers: from scalars to a program for one kind of device.

Scalars come to it as `primitives` makes them. A new device is a folder with a class of this form, and an
entry in `backends.BACKENDS`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import jax
import numpy as np

from .decompose import decompose
from .folds import Folding, Rows
from .ir import Scalar, Unsupported, with_loops
from .lanes import Loop
from .route.part import Part
from .route.route import Route
from .schedule import Grid

Array = Any


class GridProgram(Protocol):
    """Computes a grid. Several threads may call it at once."""

    def __call__(
        self, coordinates: Sequence[np.ndarray], outputs: Sequence[np.ndarray], lengths: Sequence[int]
    ) -> None:
        """Write every field into its array: the grid's axes, then those of the numbers at a point.

        Arrays may be windows of larger ones. `coordinates` are those of the grid's inputs, `lengths` those of
        the axes. Raises ValueError where outputs lie in memory as the program cannot write them.
        """
        ...


class FoldProgram(Protocol):
    """Computes a grid and folds its points. Several threads may call it at once."""

    def __call__(
        self, coordinates: Sequence[np.ndarray], lengths: Sequence[int], rows: Rows
    ) -> tuple[np.ndarray, np.ndarray]:
        """Accumulators and counters, as of `fold_loop.FoldLoop`."""
        ...


class TracedFoldProgram(Protocol):
    """Folds the points of a grid where XLA computes. JAX can trace it."""

    def __call__(self, fields: Sequence[Array], lengths: Sequence[int], rows: Rows) -> tuple[Array, Array]:
        """The same, of the fields that a `TracedGridProgram` gives."""
        ...


class TracedGridProgram(Protocol):
    """Computes a grid where XLA computes. JAX can trace it."""

    def __call__(self, coordinates: Sequence[Array], lengths: Sequence[int]) -> list[Array]:
        """Every field: the grid's axes, then the numbers at a point in a row."""
        ...


class LaneProgram(Protocol):
    """Runs lanes. JAX can trace it, also under ``jax.vmap``, where each call is of one lane."""

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The leaves that change, as they are when the lane is done, from all leaves of the loop."""
        ...


class RouteProgram(Protocol):
    """Takes lanes along a route. JAX can trace it, also under ``jax.vmap``: then of many lanes."""

    def __call__(self, arrays: Sequence[Array], shapes: Sequence[jax.ShapeDtypeStruct]) -> list[Array]:
        """The results, of these shapes, from the inputs of the route."""
        ...


class Backend(Protocol):
    """Makes programs for the devices of one platform of JAX."""

    platform: str  # as `jax.lax.platform_dependent` calls it
    width: int  # points that are computed side by side
    traced_grids: bool  # whether `grid` makes what JAX traces, not what fills arrays
    routes: bool  # whether it has `route`

    def supports(self, op: str, dtype: str) -> bool:
        """Whether there is an operation whose first argument has this dtype."""
        ...

    def require(self, work: Grid | Loop | None) -> None:
        """Raise Unsupported where there is no program for this here, as `grid` and `lanes` would.

        Of None where there is none for anything.
        Nothing is compiled: so it is known where nothing is to be, as for a plan.
        """
        ...

    def grid(self, grid: Grid) -> GridProgram | TracedGridProgram:
        """A program that computes a grid. Raises RuntimeError where the compiler fails."""
        ...

    def folded(self, folding: Folding) -> FoldProgram | TracedFoldProgram:
        """A program that computes a grid and folds its points, or where grids are traced that folds these.

        Raises Unsupported where there is no such code, and RuntimeError where the compiler fails.
        """
        ...

    def lanes(self, loop: Loop) -> LaneProgram:
        """A program that runs lanes. Raises RuntimeError where the compiler fails."""
        ...

    def begin(self, part: Part) -> None:
        """It will be a part of a route that is still traced: its code may be made meanwhile."""
        ...

    def route(self, route: Route) -> RouteProgram:
        """A program that takes lanes along a route.

        Raises Unsupported where it has none, RuntimeError where the compiler fails.
        """
        ...


def primitives(scalars: Sequence[Scalar], backend: Backend) -> list[Scalar]:
    """The same numbers from operations that a back end has. Raises Unsupported where it lacks one."""
    simple = decompose(scalars)
    _require(with_loops(simple), backend)
    return simple


def primitive_loop(loop: Loop, backend: Backend) -> Loop:
    """The same loop from such operations."""
    on, *after = decompose([loop.cond, *loop.body], [*loop.scalars, loop.cond])
    simple = replace(loop, cond=on, body=tuple(after))
    require_supported(simple, backend)
    return simple


def require_supported(loop: Loop, backend: Backend) -> None:
    """Unsupported where a back end lacks an operation of a loop."""
    _require([*loop.scalars, loop.cond], backend)


def _require(scalars: Iterable[Scalar], backend: Backend) -> None:
    """Unsupported where a back end lacks one of these operations."""
    used = {(s.op, s.args[0].dtype): None for s in scalars if s.op not in _STRUCTURE}
    for op, dtype in used:
        if not backend.supports(op, dtype):
            raise Unsupported(f"{op} of {dtype}")


_STRUCTURE = frozenset({"call", "constant", "input", "carried", "loop", "result"})
