"""Compute tiles: a kernel over the grid of each, compiled once for each combination of static choices."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import prod
from typing import Any

import numpy as np

from .codegen.compiled import Compiled
from .grid_function import GridFunction, grid_function
from .grid_vmap import GridVmap
from .ode.batches import block_size, lane_threads
from .space import Space
from .tiles import Layout, Tile
from .windows import Started, cut, longest, windowed

# Points of a piece of a tile on a CPU: its arrays should stay in a core's cache, its call should not weigh.
_PIECE = 2**18


class Evaluator:
    """Computes tiles of one space on one device and counts its compilations.

    On a CPU a tile is cut into `pieces` along its longest axis, which are computed by one thread a core.
    `native` false: through XLA, always.
    """

    def __init__(self, space: Space, layout: Layout, device: Any, *, native: bool = True) -> None:
        self.space, self.layout, self.device, self.native = space, layout, device, native
        self.compilations = 0
        self.computed: set[Compiled] = set()
        self.pieces = 1
        self._threads: ThreadPoolExecutor | None = None
        if device.platform == "cpu":
            points = prod(self._sizes)
            most = block_size(points) if space.needs_ode else _PIECE
            self.pieces = min(-(-points // most), max(self._sizes, default=1))
            self._threads = lane_threads()
        self._spare: deque[dict[str, np.ndarray]] = deque()
        self._functions: dict[tuple[tuple[str, str], ...], GridFunction] = {}

    def start(self, tile: Tile) -> Started:
        """Begin computing a tile; its arrays may still be on their way."""
        coordinates = [self._coordinates(i, tile) for i in self._numeric]
        windows = cut(max(self._sizes, default=1), self.pieces)
        key = tuple(sorted(self.static_choices(tile).items()))
        if key not in self._functions:
            first = windowed(coordinates, windows[0])
            self._functions[key], how = grid_function(
                self.space, dict(key), first, self.device, native=self.native, compiling=self._count
            )
            self.computed |= how
        function = self._functions[key]
        started = Started(self._room(function), longest(self._sizes) if self._sizes else None)
        for window in windows:
            part = windowed(coordinates, window)
            if isinstance(function, GridVmap) and self._threads is None:
                started.pending.append((window, function.begin(part)))
            elif self._threads is not None:
                started.futures.append(self._threads.submit(function.fill, started.window(window), part))
        return started

    def give_back(self, started: Started) -> None:
        """Offer a finished tile's arrays for reuse: new memory costs as much time as computing does."""
        self._spare.append(started.whole)

    def _room(self, function: GridFunction) -> dict[str, np.ndarray]:
        """Arrays for a tile: given back ones, or new ones."""
        shapes = {name: (*self._sizes, *inner) for name, (inner, _) in function.outputs.items()}
        with suppress(IndexError):
            whole = self._spare.popleft()
            if {name: array.shape for name, array in whole.items()} == shapes:
                return whole
        return {name: np.empty(shapes[name], dtype) for name, (_, dtype) in function.outputs.items()}

    def close(self) -> None:
        """Drop what has been started and is not wanted any more."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)

    def cut_smaller(self) -> bool:
        """From now on compute tiles in twice as many parts; False where that cannot be."""
        most = max(self._sizes, default=1)
        finer = min(2 * self.pieces, most)
        found, self.pieces = finer > self.pieces, finer
        return found

    def finish(self, tile: Tile, started: Started) -> dict[str, np.ndarray]:
        """Bring a started tile to the host, clipped to the grid, one array per variable of the cube."""
        started.wait()
        clip = tuple(slice(0, n) for n in tile.shape)
        found = {}
        for name, values in started.whole.items():
            inner = values.shape[len(self._sizes) :]
            found[name] = values.reshape(self.layout.tile + inner)[clip]
        return found

    def static_choices(self, tile: Tile) -> dict[str, str]:
        """Every static choice as it is in this tile."""
        starts = zip(self.space.axes, tile.start, strict=True)
        return self.space.choices_at({axis.dim: start for axis, start in starts if axis.static})

    @property
    def _numeric(self) -> list[int]:
        return [i for i, axis in enumerate(self.space.axes) if not axis.static]

    @property
    def _sizes(self) -> list[int]:
        return [self.layout.tile[i] for i in self._numeric]

    def _coordinates(self, i: int, tile: Tile) -> dict[str, np.ndarray]:
        """Values along axis `i` in this tile, the last one repeated to the tile's full length."""
        axis, missing = self.space.axes[i], self.layout.tile[i] - tile.shape[i]
        return {
            name: np.pad(values[tile.region[i]].astype(self.space.dtype), (0, missing), mode="edge")
            for name, values in axis.values.items()
        }

    def _count(self) -> None:
        self.compilations += 1
