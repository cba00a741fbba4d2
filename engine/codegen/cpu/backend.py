"""The back end for CPUs: machine code on vectors, by LLVM."""

import llvmlite.binding as llvm

from ..lanes import Loop
from ..llvm.which_instruction import instruction
from ..schedule import Grid
from .grid_program import CpuGridProgram
from .lane_program import CpuLaneProgram


class Cpu:
    """Computes `width` points or lanes side by side; as many as suit this processor if not given."""

    platform = "cpu"
    traced_grids = False

    def __init__(self, width: int | None = None) -> None:
        self.width = width or _best_width()

    def supports(self, op: str, dtype: str) -> bool:
        """Whether there is an operation whose first argument has this dtype."""
        return instruction(op, dtype) is not None

    def grid(self, grid: Grid) -> CpuGridProgram:
        """A program that computes a grid."""
        return CpuGridProgram(grid, self.width)

    def lanes(self, loop: Loop) -> CpuLaneProgram:
        """A program that runs lanes."""
        return CpuLaneProgram(loop, self.width)


def _best_width() -> int:
    """Two registers full: what waits for one goes on with the other, and more would not stay in registers.

    dopri8 steps of 8, 16 and 32 lanes ran 145,000, 206,000 and 190,000 lanes a second with AVX-512; tsit5
    steps of 4, 8 and 16 lanes 83,000, 98,000 and 70,000 with AVX2 (one core each).
    """
    return 16 if llvm.get_host_cpu_features().get("avx512f") else 8
