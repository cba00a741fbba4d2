"""Compute tiles: a kernel over the grid of each, compiled once for each combination of static choices."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np

from ..codegen.grid_loop import GridLoop
from ..codegen.how_compiled import Compiled, why_not_portable
from ..device import is_out_of_memory
from ..errors import Argument, SweepError
from ..feedback.stop_flag import stop_if_requested
from ..space import Space
from ..tiles import Layout, Tile
from .batches import LAUNCHED_LANES, POINTS, Batches, Folds, lanes_of_a_batch
from .chosen import Chosen, chosen
from .function import GridFunction, grid_function
from .later import Later, buffer_shapes
from .said_of_model import said_of_model
from .windows import Coordinates, Started, cut, windowed

# Of an axis that is longer a plan looks at a part of the values.
_MANY = 2**20
# A tile, what it was computed in, and its values.
Computed = tuple[Tile, Started, Mapping[str, np.ndarray]]


class Evaluator:
    """Computes tiles of one space on one device, in `batches`, and counts its compilations.

    `native` false: through XLA, always. `then`, if it is set, makes something of each tile and its values as
    soon as threads have computed them: `Started.made`. `instead`, if it is set, says for a function and a
    tile what folds its points to that, so that there are no values; None where they are needed.
    """

    then: Callable[..., Any] | None = None
    instead: Callable[[GridFunction | Chosen, Tile, Coordinates], Folds | None] | None = None

    def __init__(self, space: Space, layout: Layout, device: Any, *, native: bool = True) -> None:
        self.space, self.layout, self.device, self.native = space, layout, device, native
        self.compilations = 0
        self.computed: set[Compiled] = set()
        points = prod(self._sizes)
        # Of orbits with drawn choices each combination has its share of a batch.
        lanes = lanes_of_a_batch(points) * len(space.drawn_choices)
        on_a_gpu = LAUNCHED_LANES if space.needs_ode else None
        self.batches = Batches(self._sizes, device, lanes if space.needs_ode else POINTS, on_a_gpu)
        self._functions: dict[tuple[tuple[str, str], ...], GridFunction | Chosen] = {}

    def start(self, tile: Tile) -> Started:
        """Begin computing a tile; its arrays may still be on their way."""
        function, then = self.function(tile), partial(self._made, tile) if self.then else None
        if self.batches.least:  # values are brought into order first
            columns = self.columns(tile)
            arrays = [self._coordinates(i, tile, columns) for i in self._numeric]
            order = self._in_order(arrays)
            return self.batches.start(function, arrays, columns, then, order)
        columns, column_buffers = self._columns_later(tile)
        coordinates = [self._later(i, tile, columns) for i in self._numeric]
        fold = self.instead if self.batches.whole else None
        instead = fold(function, tile, coordinates) if fold else None
        if instead is not None:
            there = tuple(slice(0, tile.shape[i]) for i in self._numeric)
            return self.batches.start_whole(
                instead, partial(windowed, coordinates, there), columns, column_buffers
            )
        return self.batches.start(function, coordinates, columns, then, column_buffers=column_buffers)

    def _in_order(self, coordinates: list[dict[str, np.ndarray]]) -> dict[int, np.ndarray]:
        """Bring axes of integers, of which a batch is to hold few, into rising order; where each value is."""
        ranks = {}
        for axis, parts in self.batches.least.items():
            values = coordinates[axis][self._integers[axis]]
            if parts > 1 and np.any(np.diff(values) < 0):
                order = np.argsort(values, kind="stable")
                coordinates[axis] = {name: along[order] for name, along in coordinates[axis].items()}
                ranks[axis] = np.argsort(order)
        return ranks

    def in_order(self, axis: int) -> np.ndarray:
        """Where values of such an axis of integers lie in the whole space, in rising order: all, or many."""
        along = self.space.axes[self._numeric[axis]]
        at = np.arange(0, along.size, max(along.size // _MANY, 1))
        return at[np.argsort(along.values[self._integers[axis]][at], kind="stable")]

    @cached_property
    def _integers(self) -> dict[int, str]:
        """The numeric axes that an integer parameter lies along, by their number, and its name.

        A loop may take as many rounds as it is large, and through XLA all points of a batch take those of
        the largest. Where choices are drawn point by point, batches are small already.
        """
        if self.space.needs_ode or any(axis.options for axis in self.space.axes):
            return {}
        integer = {q.name for q in self.space.model.parameters if q.integer}
        axes = enumerate(self.space.axes[i] for i in self._numeric)
        names = ((i, next((name for name in axis.values if name in integer), None)) for i, axis in axes)
        return {i: name for i, name in names if name is not None}

    def make(self, tiles: Iterable[Tile]) -> None:
        """Make the functions of these tiles, of which many have one in common. Raises as computing does."""
        for tile in self._one_of_each(tiles):
            while True:
                stop_if_requested()
                try:
                    self.function(tile)
                    break
                except Exception as error:
                    _require_out_of_memory(self, tile, error)
                    if not self.batches.cut_smaller():
                        raise

    def _one_of_each(self, tiles: Iterable[Tile]) -> Iterator[Tile]:
        """A tile for every combination of static choices that there is among some."""
        static = [i for i, axis in enumerate(self.space.axes) if axis.static]
        left, seen = prod(self.space.axes[i].size for i in static), set[tuple[int, ...]]()
        for tile in tiles:
            key = tuple(tile.key[i] for i in static)
            if key not in seen:
                seen.add(key)
                yield tile
            if len(seen) == left:
                return

    @property
    def why_not_portable(self) -> str:
        """Why the functions made so far may compute other bits on another device; empty where none may."""
        return why_not_portable(self.computed)

    def function(self, tile: Tile) -> GridFunction | Chosen:
        """The kernel with the tile's static choices, over a batch of the grid."""
        key = tuple(sorted(self.static_choices(tile).items()))
        if key not in self._functions:
            self._functions[key] = self.compiled(tile)
        return self._functions[key]

    def compiled(self, tile: Tile) -> GridFunction | Chosen:
        """The same, made anew; batches are cut smaller where one would hold much at once."""
        coordinates = [self._coordinates(i, tile, {}) for i in self._numeric]
        first, choices = windowed(coordinates, self.batches.windows()[0]), self.static_choices(tile)
        least = self.batches.least or self.batches.by_value(self._integers)
        smaller = windowed(coordinates, cut(self.batches.sizes, self.batches.count, least)[0])
        drawn = [(at, self.space.axes[i]) for at, i in enumerate(self._numeric) if self.space.axes[i].options]
        if not drawn:
            function = self._made_for(choices, first, smaller)
        else:
            ((at, axis),) = drawn
            sizes = {name: len(options) for name, options in axis.options.items()}
            combinations = [choices | one for one in self.space.drawn_choices]
            function = chosen(self._made_for, combinations, at, sizes, first)
        if not isinstance(function, GridLoop):
            self.batches.least = least
            self.batches.bound(function.live_bytes)
        return function

    def _made_for(
        self, choices: Mapping[str, str], first: Coordinates, through_xla: Coordinates | None = None
    ) -> GridFunction:
        function, how = grid_function(
            self.space, choices, first, self.device,
            native=self.native, count=self._count, through_xla=through_xla,
        )  # fmt: skip
        self.computed |= how
        return function

    def finish(self, tile: Tile, started: Started) -> dict[str, np.ndarray]:
        """Bring a started tile to the host, clipped to the grid: an array for each variable and column."""
        started.wait()
        return self._clipped(tile, started)

    def _made(self, tile: Tile, started: Started) -> Any:
        assert self.then is not None
        return self.then(tile, self._clipped(tile, started))

    def _clipped(self, tile: Tile, started: Started) -> dict[str, np.ndarray]:
        clip = tuple(slice(0, n) for n in tile.shape)
        whole = {}
        for name, values in started.whole.items():
            inner = values.shape[len(self._sizes) :]
            for axis, ranks in started.order.items():
                values = values.take(ranks, axis)
            whole[name] = values.reshape(self.layout.tile + inner)[clip]
        return whole | started.columns

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

    def columns(self, tile: Tile) -> dict[str, np.ndarray]:
        """The samples in this tile, as a cube may have them written beside it."""
        axes = [(axis, part) for axis, part in zip(self.space.axes, tile.region, strict=True) if axis.group]
        return {name: values[part] for axis, part in axes for name, values in axis.values.items()}

    def _coordinates(self, i: int, tile: Tile, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Values along axis `i` in this tile, the last one repeated to the tile's full length.

        `columns` are those of its values that were computed already.
        """
        axis, missing, result = self.space.axes[i], self.layout.tile[i] - tile.shape[i], {}
        for name, values in axis.values.items():
            here = columns[name] if name in columns else values[tile.region[i]]
            here = axis.as_taken(name, here, self.space.dtype)
            result[name] = np.pad(here, (0, missing), mode="edge") if missing else here
        return result

    def _later(
        self, i: int, tile: Tile, columns: Mapping[str, np.ndarray]
    ) -> Mapping[str, Later | np.ndarray]:
        """The same, of samples as what draws them window by window, and puts them into `columns`."""
        axis, first, length = self.space.axes[i], tile.start[i], self.layout.tile[i]
        if not axis.group:
            return self._coordinates(i, tile, {})
        return {n: Later(axis, n, first, length, columns[n], self.space.dtype) for n in axis.values}

    def _columns_later(self, tile: Tile) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Columns that are to be filled in, and the arrays that they lie in; those of choices are there."""
        columns, shapes = {}, {}
        for i, axis in enumerate(self.space.axes):
            if axis.group and axis.static:
                columns |= {name: values[tile.region[i]] for name, values in axis.values.items()}
            elif axis.group:
                shapes |= buffer_shapes(axis, self.layout.tile[i])
        column_buffers = self.batches.column_buffers(shapes) if shapes else {}
        sizes = {n: tile.shape[i] for i, axis in enumerate(self.space.axes) for n in axis.values}
        filled = {name: array[: sizes[name]] for name, array in column_buffers.items()}
        return columns | filled, column_buffers

    def _count(self) -> None:
        self.compilations += 1


def computed_tiles(evaluator: Evaluator, todo: Iterable[Tile], ahead: int) -> Iterator[Computed]:
    """Tiles computed in order, `ahead` of them always under way. Out of memory: in smaller batches."""
    under_way: deque[tuple[Tile, Started | None, int]] = deque()
    for tile in todo:
        under_way.append((tile, *_attempt(evaluator, tile)))
        if len(under_way) > ahead:
            yield _fetch(evaluator, *under_way.popleft())
    while under_way:
        yield _fetch(evaluator, *under_way.popleft())


def _attempt(evaluator: Evaluator, tile: Tile) -> tuple[Started | None, int]:
    """Start a tile, in so many batches; None where memory ran out, to be tried again in smaller ones."""
    batches = evaluator.batches.count
    try:
        return evaluator.start(tile), batches
    except Exception as error:
        _require_out_of_memory(evaluator, tile, error)
        return None, batches


def _fetch(evaluator: Evaluator, tile: Tile, started: Started | None, batches: int) -> Computed:
    while True:
        try:
            if started is not None:
                return tile, started, evaluator.finish(tile, started)
        except Exception as error:
            _require_out_of_memory(evaluator, tile, error)
        started = None
        # Several tiles may have been under way in batches that were too large: they are cut once.
        if evaluator.batches.count <= batches and not evaluator.batches.cut_smaller():
            raise SweepError(
                "device: its memory cannot hold even one point of a tile; use ", Argument("device", "cpu")
            )
        started, batches = _attempt(evaluator, tile)


def _require_out_of_memory(evaluator: Evaluator, tile: Tile, error: Exception) -> None:
    """Raise `error`, unless memory ran out; what Python code in a user's model raised is said in a line."""
    if is_out_of_memory(error):
        return
    raise said_of_model(evaluator.space, error, tile) or error
