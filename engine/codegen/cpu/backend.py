"""The back end for CPUs: machine code on vectors, by LLVM."""

from weakref import WeakKeyDictionary

import llvmlite.binding as llvm

from ..folds import Folding
from ..lanes import Loop
from ..llvm.which_instruction import instruction
from ..route.part import Part
from ..route.route import Route
from ..schedule import Grid
from . import jit
from .fold_program import CpuFoldProgram
from .grid_program import CpuGridProgram
from .lane_program import CpuLaneProgram
from .route_program import Begun, CpuRouteProgram
from .row_code import part_code

_AVX512, _FEW_NUMBERS = 16, 32
# Numbers in a register of AVX-512, and operations of a long call. LLVM compiles what is done once a lane in
# two thirds of the time without a second register, which gained nothing there. Shorter ones are made at each
# saved time: by one register they cost 2 to 4% of a path.
_ONE_REGISTER = 8
_LONG_CALL = 2000


class Cpu:
    """Computes `width` points or lanes side by side; as many as suit this processor if not given."""

    platform = "cpu"
    traced_grids = False
    routes = True

    def __init__(self, width: int | None = None) -> None:
        self.width, self._given = width or _best_width(), width is not None
        self._begun: WeakKeyDictionary[Part, Begun] = WeakKeyDictionary()

    def supports(self, op: str, dtype: str) -> bool:
        """Whether there is an operation whose first argument has this dtype."""
        return instruction(op, dtype) is not None

    def require(self, work: Grid | Loop | None) -> None:
        """Nothing: there is a program for all that is in operations that there are."""

    def grid(self, grid: Grid) -> CpuGridProgram:
        """A program that computes a grid."""
        return CpuGridProgram(grid, self.width)

    def folded(self, folding: Folding) -> CpuFoldProgram:
        """A program that computes a grid and folds its points."""
        return CpuFoldProgram(folding, self.width)

    def lanes(self, loop: Loop) -> CpuLaneProgram:
        """A program that runs lanes."""
        return CpuLaneProgram(loop, self._width_of(loop))

    def begin(self, part: Part) -> None:
        """Compile it, while what comes after it is still traced."""
        self._code_of(part)

    def route(self, route: Route) -> CpuRouteProgram:
        """A program that takes lanes along a route."""
        return CpuRouteProgram(route, lambda part: self._width_of(part.loop), self._code_of)

    def _code_of(self, part: Part) -> Begun:
        if part not in self._begun:
            self._begun[part] = jit.begun(part_code(part, self._width_of(part.loop)).module("NAME"))
        return self._begun[part]

    def _width_of(self, loop: Loop) -> int:
        if loop.once and not self._given and len(loop.scalars) > _LONG_CALL:
            return min(self.width, _ONE_REGISTER)
        twice = self.width == _AVX512 and not self._given and _is_short(loop)
        return 2 * self.width if twice else self.width


def _best_width() -> int:
    """Two registers full: what waits for one goes on with the other, and more would not stay in registers.

    dopri8 steps of 8, 16 and 32 lanes ran 145,000, 206,000 and 190,000 lanes a second with AVX-512; tsit5
    steps of 4, 8 and 16 lanes 83,000, 98,000 and 70,000 with AVX2 (one core each).
    """
    return _AVX512 if llvm.get_host_cpu_features().get("avx512f") else 8


def _is_short(loop: Loop) -> bool:
    """Whether a step waits for its own results more than for room in registers.

    Lorenz' 27 numbers a lane: 32,768 lanes took 23, 11.6, 12 and 8.7 ms of a core with AVX-512 by 16 at once,
    and 20, 10.4, 10.7 and 8.0 by 32 (tsit5 at 1e-8 and 1e-6, taylor, dopri8). Replicators, whose steps hold
    loops, ran 1.15 to 1.3 times longer by 32, and compiled twice as long.
    """
    few = len(loop.dtypes) <= _FEW_NUMBERS and not loop.once
    return few and not any(s.op == "loop" for s in loop.scalars)
