"""What a run would take, from some of its points: compiled, computed and timed as the run does it.

No trace says how many steps an orbit or a solver takes, so points are tried, spread over the whole sweep.
First there are few of them. If these were quick, as many follow as a run computes at once, because a few
points cost more than their share: what does not depend on an axis is computed once along it, for however many
points.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .codegen.grid_loop import GridLoop
from .codegen.how_compiled import Compiled
from .cores import cores
from .feedback.compiler_clock import compiler_seconds
from .grid import vmap as grid_vmap
from .grid.chosen import Chosen
from .grid.evaluate import Evaluator
from .grid.function import GridFunction
from .grid.said_of_model import said_of_model
from .grid.threads import Threads
from .grid.windows import Coordinates
from .kept.folder import kept_folder
from .space import Space
from .tiles import Layout, Tile

# Seconds that a batch may take to be tried whole, and kernels that are tried: others are taken to be alike.
_SECONDS, _KERNELS = 0.5, 4
# For as long a compiler is waited for.
WAITS = 10.0
# Points, and orbits, that are tried first.
_FEW_POINTS, _FEW_ORBITS = 4096, 128
# A graph that is kept is read, scheduled and written as code again: so much of what making it took (of the
# network preset 0.6 s of the processor after 8 s).
_READ_AGAIN = 1 / 12
_GOLDEN = 0.6180339887498949

Clock = Callable[[], float]


@dataclass(frozen=True)
class Trial:
    """What a run would take on this machine.

    Attributes
    ----------
    compile_seconds
        Tracing and compiling all kernels, but for what is kept now.
    kept_seconds
        So much longer it takes where nothing is kept.
    compute_seconds
        Computing all points, by all cores.
    batch_bytes
        Memory that the batches computed at a time take besides what they return.
    computed
        How the kernels that were compiled compute.
    all_kernels
        Whether these are all that the sweep has.
    """

    compile_seconds: float
    kept_seconds: float
    compute_seconds: float
    batch_bytes: int
    computed: frozenset[Compiled]
    all_kernels: bool


class TooLong(Exception):
    """A kernel would be compiled for longer than a plan may take.

    `seconds` is how long a run compiles all of them, and `remark` in which way.
    """

    def __init__(self, seconds: float, remark: str) -> None:
        super().__init__(f"compiling takes about {seconds:.0f} s")
        self.seconds, self.remark = seconds, remark


def tried(space: Space, layout: Layout, device: Any, clock: Clock = time.perf_counter) -> Trial:
    """Try some points of a space on a CPU; the numbers are thrown away.

    Raises TooLong where a kernel would be compiled for long, and what computing raises.
    """
    evaluator = Evaluator(space, layout, device)
    try:
        tiles = _first_tiles(evaluator, layout)
        tries = [_Try(evaluator, tile, clock) for tile in tiles[:_KERNELS]]
        for one in tries:
            one.run(len(tiles))
    except TooLong:
        raise
    except Exception as error:
        raised = said_of_model(space, error)
        if raised is None:
            raise
        raise raised from error
    finally:
        evaluator.batches.close()
    busy = min(cores(), len(layout) * len(evaluator.batches.windows()))
    points = len(layout) * prod(layout.tile)  # the last tiles are filled up
    return Trial(
        compile_seconds=max(np.mean([one.compile_seconds for one in tries]).item(), 0.0) * len(tiles),
        kept_seconds=np.mean([one.kept_seconds for one in tries]).item() * len(tiles),
        compute_seconds=np.mean([one.point_seconds for one in tries]).item() * points / busy,
        batch_bytes=max(one.bytes for one in tries) * busy,
        computed=frozenset(evaluator.computed),
        all_kernels=len(tries) == len(tiles),
    )


def _first_tiles(evaluator: Evaluator, layout: Layout) -> list[Tile]:
    """A tile of each compiled kernel."""
    result: dict[tuple[Any, ...], Tile] = {}
    for tile in layout:
        result.setdefault(tuple(sorted(evaluator.static_choices(tile).items())), tile)
    return list(result.values())


class _Try:
    """One kernel, tried: seconds of its compilation and of a point, bytes of a batch."""

    def __init__(self, evaluator: Evaluator, tile: Tile, clock: Clock) -> None:
        self.evaluator, self.tile, self.clock = evaluator, tile, clock
        self.compile_seconds = self.compiling = self.batch_seconds = self.point_seconds = self.spent = 0.0
        self.kept_seconds, self.bytes = 0.0, 0

    def run(self, kernels: int) -> None:
        began, spent = self.clock(), compiler_seconds()
        function = self.evaluator.function(self.tile)
        making, spared = self.clock() - began, self._kept(spent)
        if not isinstance(function, GridLoop) and function.compile_seconds > min(grid_vmap.LONG, WAITS):
            raise TooLong(function.compile_seconds * kernels, function.remark)
        batch = [part.stop - part.start for part in self.evaluator.batches.windows()[0]]
        few = _FEW_ORBITS if self.evaluator.space.needs_ode else _FEW_POINTS
        sizes = _smaller(batch, few)
        self._compute(function, sizes)
        if sizes != batch and self.batch_seconds * prod(batch) <= _SECONDS * prod(sizes):
            sizes = batch
            self._compute(function, sizes)
        # What was compiled for batches the run will find; but not a program for fewer points, nor its trace.
        self.compile_seconds = making + self.compiling
        looped = isinstance(function, GridLoop) or (isinstance(function, Chosen) and function.looped)
        if sizes == batch or looped:
            again = _READ_AGAIN if looped else 0.0
            self.kept_seconds = (spared + self._kept(self.spent)) * (1 - again)
            self.compile_seconds -= self.kept_seconds
        self.bytes = self.bytes * prod(batch) // prod(sizes)
        self.point_seconds = self.batch_seconds / prod(sizes)

    @staticmethod
    def _kept(spent: float) -> float:
        """Seconds of compilers since then that a run need not spend again, as what they made is kept."""
        return compiler_seconds() - spent if kept_folder() is not None else 0.0

    def _compute(self, function: GridFunction | Chosen, sizes: Sequence[int]) -> None:
        """Compute batches of these sizes, one a core; it is noted how long each takes."""
        parts = [self._coordinates(sizes, k) for k in range(cores())]
        began, self.spent = self.clock(), compiler_seconds()
        self.bytes = function.compile(parts[0])
        self.compiling = self.clock() - began
        outputs = [
            {n: np.empty((*sizes, *inner), dtype) for n, (inner, dtype) in function.outputs.items()}
            for _ in parts
        ]
        with Threads(len(parts)) as threads:
            for _ in range(2):  # the first call pays for what all later ones find
                began = self.clock()
                futures = [threads.submit(function.fill, *one) for one in zip(outputs, parts, strict=True)]
                for future in futures:
                    future.result()
                self.batch_seconds = self.clock() - began
                if self.batch_seconds > _SECONDS:
                    return

    def _coordinates(self, sizes: Sequence[int], k: int) -> Coordinates:
        """Values along each axis from all over it, others for each `k`.

        Of an axis that is cut by its values, so that a batch holds few of them: those in its middle.
        """
        space = self.evaluator.space
        axes = [axis for axis in space.axes if not axis.static]
        result = []
        for i, (axis, size) in enumerate(zip(axes, sizes, strict=True)):
            shift = (0.5 + _GOLDEN * (k + i)) % 1
            at = ((np.arange(size) + shift) * axis.size / size).astype(int)
            if self.evaluator.batches.least.get(i, 1) > 1:
                at = self.evaluator.in_order(i)
                at = at[(len(at) - size) // 2 :][:size]
            result.append(axis.at(at, space.dtype))
        return result


def _smaller(sizes: Sequence[int], most: int) -> list[int]:
    """The sizes of a window of at most about so many points, as long along one axis as along another."""
    result = list(sizes)
    while prod(result) > most and max(result) > 1:
        axis = max(range(len(result)), key=lambda a: result[a])
        result[axis] = -(-result[axis] // 2)
    return result
