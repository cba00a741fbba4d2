"""Lift a kernel of one scenario over a tile: nested vmap, one level per axis, compiled once.

Each axis has its own vmap, so what does not depend on an axis is not recomputed along it. Static
choices select a different kernel and therefore a compilation of their own.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from math import prod
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from ..kernels.status import WITHOUT_RESULT, Status
from .lane_blocks import block_size, lane_threads
from .pieces import Started, cut, longest, windowed
from .plan import Layout, Tile
from .space import Space, derivative_name

if TYPE_CHECKING:
    from .stepping import Method

Point = dict[str, Any]

# Points of a piece of a tile on a CPU: its arrays should stay in a core's cache, its call should not weigh.
_PIECE = 2**18

# Integrator options where numbers are float32: the defaults lie far below its rounding.
_SINGLE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5, "settle": 1e-3}


class Evaluator:
    """Computes tiles of one space on one device and counts its compilations.

    On a CPU a tile is cut into `pieces` along its longest axis, which one thread a core computes and puts
    into the tile's arrays while they are still in the core's cache.
    """

    def __init__(self, space: Space, layout: Layout, device: Any) -> None:
        self.space, self.layout, self.device = space, layout, device
        self.compilations = 0
        self.pieces = 1
        self._threads: ThreadPoolExecutor | None = None
        if device.platform == "cpu":
            points = prod(self._sizes)
            most = block_size(points) if space.moves else _PIECE
            self.pieces = min(-(-points // most), max(self._sizes, default=1))
            self._threads = lane_threads()
        self._spare: deque[dict[str, np.ndarray]] = deque()
        self._compiled: dict[tuple[tuple[str, str], ...], Any] = {}
        self._shapes: dict[tuple[tuple[str, str], ...], dict[str, tuple[tuple[int, ...], Any]]] = {}

    def start(self, tile: Tile) -> "Started":
        """Begin computing a tile; its arrays may still be on their way."""
        key = tuple(sorted(self.static_choices(tile).items()))
        coordinates = [self._coordinates(i, tile) for i in self._numeric]
        windows = cut(max(self._sizes, default=1), self.pieces)
        parts = [(window, windowed(coordinates, window)) for window in windows]
        done = []
        if key not in self._compiled:
            function = self._compile(dict(key))
            done = [(windows[0], function(*parts.pop(0)[1]))]  # compiles, once
            self._shapes[key] = {n: (v.shape[len(self._sizes) :], v.dtype) for n, v in done[0][1].items()}
            self._compiled[key] = function
        function = self._compiled[key]
        started = Started(self._room(key), longest(self._sizes) if self._sizes else None, done)
        if self._threads is None:
            started.pending += [(window, function(*part)) for window, part in parts]
        else:
            put = started.put
            started.futures = [
                self._threads.submit(lambda w, p: put(w, function(*p)), *part) for part in parts
            ]
        return started

    def give_back(self, started: "Started") -> None:
        """Offer a finished tile's arrays for reuse: new memory costs as much time as computing does."""
        self._spare.append(started.whole)

    def _room(self, key: tuple[tuple[str, str], ...]) -> dict[str, np.ndarray]:
        """Arrays for a tile: given back ones, or new ones."""
        shapes = {name: (*self._sizes, *inner) for name, (inner, _) in self._shapes[key].items()}
        with suppress(IndexError):
            whole = self._spare.popleft()
            if {name: array.shape for name, array in whole.items()} == shapes:
                return whole
        return {name: np.empty(shapes[name], dtype) for name, (_, dtype) in self._shapes[key].items()}

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

    def finish(self, tile: Tile, started: "Started") -> dict[str, np.ndarray]:
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
        choices = dict(self.space.choices)
        for axis, start in zip(self.space.axes, tile.start, strict=True):
            if axis.static:
                choices |= {name: str(values[start]) for name, values in axis.values.items()}
        return choices

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

    def _compile(self, choices: dict[str, str]) -> Any:
        axes = [self.space.axes[i] for i in self._numeric]
        point = point_function(self.space, choices)

        def counted(*coordinates: Point) -> Mapping[str, jax.Array]:
            self.compilations += 1  # runs while tracing only
            return lift(point, len(axes))(*coordinates)

        compiled = jax.jit(counted)

        if self.device == jax.devices()[0]:  # it goes there by itself, and sooner
            return compiled
        return lambda *coordinates: compiled(*jax.device_put(coordinates, self.device))


def lift(point: Any, count: int) -> Any:
    """Vectorise a function of `count` coordinates over the grid they span, one vmap per axis."""
    lifted = point
    for i in reversed(range(count)):
        lifted = jax.vmap(lifted, in_axes=tuple(0 if j == i else None for j in range(count)))
    return lifted


def point_function(space: Space, choices: Mapping[str, str]) -> Any:
    """The function of one grid point: coordinates in, every variable of the cube out."""
    static: dict[str, Any] = dict(choices)
    for parameter in space.model.parameters:
        if parameter.integer:
            static[f"{parameter.name}_max"] = int(space.largest(parameter.name))

    def run(p: Point) -> Mapping[str, jax.Array]:
        result = space.model.kernel(p, **static)
        return _with_trajectory(space, p, choices, result) if space.moves else result

    def point(*coordinates: Point) -> dict[str, jax.Array]:
        p = parameters_at(space, coordinates)
        result, jacobian = _run_with_derivatives(space, run, p)
        values = {name: jnp.asarray(result[name]) for name in space.outputs}
        return _settle_status(space, values | jacobian, jnp.asarray(result["status"]))

    return point


def _with_trajectory(
    space: Space, p: Point, choices: Mapping[str, str], result: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Add what the model's flow gives; its status counts where the kernel found nothing wrong."""
    from .integrate import trajectory

    assert space.model.flow is not None
    moved = trajectory(space.model.flow, p, method_of(space), space.times, **choices)
    told = jnp.asarray(result["status"])
    later = moved["status"].astype(told.dtype)
    # A corner is no failure: it must not hide that the integration ran out of steps.
    fine = jnp.isin(told, jnp.asarray([Status.ok, Status.corner, Status.several_equilibria], told.dtype))
    status = jnp.where(fine & (later != int(Status.ok)), later, told)
    return {**result, **moved, "status": status}


def method_of(space: Space) -> "Method":
    """How the trajectories of a sweep are integrated."""
    from .stepping import Method

    return Method(**(_SINGLE if space.dtype == np.float32 else {}) | dict(space.integrator))


def parameters_at(space: Space, coordinates: Sequence[Point]) -> Point:
    """Every parameter at one point, as the kernel wants it."""
    p = {name: jnp.asarray(value, space.dtype) for name, value in space.fixed.items()}
    for coordinate in coordinates:
        for target, value in coordinate.items():
            name, _, component = target.partition(".")
            p[name] = p[name].at[_index(space, target)].set(value) if component else value
    return p


def _run_with_derivatives(space: Space, run: Any, p: Point) -> tuple[Mapping[str, Any], dict[str, jax.Array]]:
    """Outputs and their derivatives by forward mode: all tangents at once, the solution found only once."""
    targets = sorted({target for _, target in space.derivatives})
    if not targets:
        return run(p), {}
    wanted = sorted({output for output, _ in space.derivatives})

    def moved(steps: jax.Array) -> tuple[dict[str, Any], Mapping[str, Any]]:
        q = dict(p)
        for target, step in zip(targets, steps, strict=True):
            name, _, component = target.partition(".")
            q[name] = q[name].at[_index(space, target)].add(step) if component else q[name] + step
        result = run(q)
        return {name: result[name] for name in wanted}, result

    jacobian, result = jax.jacfwd(moved, has_aux=True)(jnp.zeros(len(targets), space.dtype))
    derivatives = {
        derivative_name(output, target): jacobian[output][..., targets.index(target)]
        for output, target in space.derivatives
    }
    return result, derivatives


def _index(space: Space, target: str) -> int:
    name, _, component = target.partition(".")
    dim = space.model.parameter(name).dim
    assert dim is not None  # only vector parameters have components: checked when the sweep was read
    return space.labels[dim].index(component)


def _settle_status(space: Space, values: dict[str, jax.Array], status: jax.Array) -> dict[str, jax.Array]:
    """Blank what has no result, and say so where a result is not finite although none was missing."""
    missing = jnp.asarray(False)
    for number in sorted(WITHOUT_RESULT):  # not jnp.isin: XLA would not fuse its reduction
        missing |= status == int(number)
    settled, finite = {}, jnp.asarray(True)
    allowed = {output.name for output in space.model.all_outputs(path=True) if output.may_be_nan}
    origin = {derivative_name(*pair): pair[0] for pair in space.derivatives}
    for variable in space.variables[:-1]:
        value = values[variable.name]
        if variable.dtype == space.dtype:
            if origin.get(variable.name, variable.name) not in allowed:
                finite &= jnp.isfinite(value).all()
            value = jnp.where(missing, jnp.nan, value)
        settled[variable.name] = value.astype(variable.dtype)
    status = jnp.where(finite | missing, status, int(Status.not_finite))
    return settled | {"status": status.astype("uint8")}
