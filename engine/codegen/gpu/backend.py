"""The back end for NVIDIA's GPUs."""

from collections.abc import Sequence
from typing import Any

from ..folds import Folding
from ..ir import DTYPES
from ..lanes import Loop
from ..llvm.floats import LIBRARY
from ..llvm.which_instruction import instruction
from ..route.part import Part
from ..route.route import Route
from ..schedule import Grid
from .fold_program import GpuFoldProgram
from .grid_code import parameters as parameters_of_stage
from .grid_code import works
from .grid_program import GpuGridProgram
from .lane_code import lane_kernel
from .lane_code import parameters as parameters_of_lanes
from .launch import Kernel, require_takes_ptx, run_lanes
from .libdevice import libdevice
from .ptx import ptx
from .route_program import GpuRouteProgram

Array = Any


class Gpu:
    """Computes a lane, or a point of a grid, in each thread."""

    platform = "cuda"
    width = 1
    traced_grids = True
    routes = True

    def supports(self, op: str, dtype: str) -> bool:
        """Whether there is an operation whose first argument has this dtype.

        No C library is on a GPU: there it is NVIDIA's libdevice, where that is installed.
        """
        return (op not in LIBRARY or libdevice() is not None) and instruction(op, dtype) is not None

    def require(self, work: Grid | Loop | None) -> None:
        """Raise Unsupported where JAX or a card takes no PTX, or a kernel would need too many arrays."""
        require_takes_ptx()
        if isinstance(work, Loop):
            parameters_of_lanes(work)
        elif work is not None:
            for one in works(work):
                parameters_of_stage(work, one)

    def grid(self, grid: Grid) -> GpuGridProgram:
        """A program that computes a grid."""
        return GpuGridProgram(grid)

    def folded(self, folding: Folding) -> GpuFoldProgram:
        """A program that folds the points of a grid."""
        return GpuFoldProgram(folding)

    def lanes(self, loop: Loop) -> "GpuLaneProgram":
        """A program that runs lanes."""
        return GpuLaneProgram(loop)

    def begin(self, part: Part) -> None:
        """Nothing: a kernel is one text."""

    def route(self, route: Route) -> GpuRouteProgram:
        """A program that takes lanes along a route."""
        return GpuRouteProgram(route)


class GpuLaneProgram:
    """A loop over lanes that XLA launches."""

    def __init__(self, loop: Loop) -> None:
        require_takes_ptx()
        self._loop = loop
        self._name = "equisweep_lanes"
        self._text = ptx(lane_kernel(loop, self._name))

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The leaves that change, once the lane is done; many lanes under ``jax.vmap`` are one launch."""
        leaves = self._loop.leaves
        if not self._loop.changing:
            return list(arrays[: self._loop.split])
        given = [(a, leaf.rank) for a, leaf in zip(arrays, leaves, strict=True) if leaf.used]
        results = tuple((arrays[k].shape, DTYPES[leaves[k].dtype]) for k in self._loop.changing)
        kernel = Kernel(self._name, self._text, tuple(rank for _, rank in given), results)
        return self._loop.whole(arrays, run_lanes(kernel, [a for a, _ in given]))
