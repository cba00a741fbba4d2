"""Compute a kernel of one scenario over a tile: compiled once for each combination of static choices.

On a CPU by machine code of its own where the kernel has such a form (`grid_loop`), else through XLA
(`lifted`).
"""

import warnings
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
from .grid_loop import GridLoop
from .lane_blocks import block_size, lane_threads
from .lane_loop import hearing
from .lifted import Lifted
from .pieces import Started, cut, longest, windowed
from .plan import Layout, Tile
from .scalars import Untranslatable
from .space import Space, derivative_name

if TYPE_CHECKING:
    from .stepping import Method

Point = dict[str, Any]

# Points of a piece of a tile on a CPU: its arrays should stay in a core's cache, its call should not weigh.
_PIECE = 2**18

# Their steps may be machine code (`lane_loop`) although the points are not.
TRAJECTORIES = "trajectories"

# Integrator options where numbers are float32: the defaults lie far below its rounding.
_SINGLE: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5, "settle": 1e-3}


class Evaluator:
    """Computes tiles of one space on one device and counts its compilations.

    On a CPU a tile is cut into `pieces` along its longest axis, which are computed by one thread a core.
    `native` false: through XLA, always.
    """

    def __init__(self, space: Space, layout: Layout, device: Any, *, native: bool = True) -> None:
        self.space, self.layout, self.device, self.native = space, layout, device, native
        self.compilations = 0
        self.computed: set[str] = set()  # how, in words: see `how_computed`
        self.pieces = 1
        self._threads: ThreadPoolExecutor | None = None
        if device.platform == "cpu":
            points = prod(self._sizes)
            most = block_size(points) if space.moves else _PIECE
            self.pieces = min(-(-points // most), max(self._sizes, default=1))
            self._threads = lane_threads()
        self._spare: deque[dict[str, np.ndarray]] = deque()
        self._functions: dict[tuple[tuple[str, str], ...], GridLoop | Lifted] = {}

    def start(self, tile: Tile) -> Started:
        """Begin computing a tile; its arrays may still be on their way."""
        coordinates = [self._coordinates(i, tile) for i in self._numeric]
        windows = cut(max(self._sizes, default=1), self.pieces)
        key = tuple(sorted(self.static_choices(tile).items()))
        if key not in self._functions:
            self._functions[key] = self._function(dict(key), windowed(coordinates, windows[0]))
        function = self._functions[key]
        started = Started(self._room(function), longest(self._sizes) if self._sizes else None)
        for window in windows:
            part = windowed(coordinates, window)
            if isinstance(function, Lifted) and self._threads is None:
                started.pending.append((window, function.begin(part)))
            elif self._threads is not None:
                started.futures.append(self._threads.submit(function.fill, started.window(window), part))
        return started

    def give_back(self, started: Started) -> None:
        """Offer a finished tile's arrays for reuse: new memory costs as much time as computing does."""
        self._spare.append(started.whole)

    def _room(self, function: GridLoop | Lifted) -> dict[str, np.ndarray]:
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

    def _function(self, choices: Mapping[str, str], coordinates: list[Point]) -> GridLoop | Lifted:
        point = point_function(self.space, choices)
        told = why_through_xla(self.space, self.device) if self.native else "asked for"
        if told is None:
            try:
                function = GridLoop(point, coordinates)
            except Untranslatable as reason:
                told = str(reason)
            except RuntimeError as error:  # of LLVM: slower is better than not at all
                told = "the machine code failed"
                warnings.warn(f"computing through XLA, as the machine code failed: {error}", stacklevel=2)
            else:
                self.compilations += 1
                self.computed.add("machine code")
                return function
        with hearing() as heard:
            lifted = Lifted(point, coordinates, self.device, self._count)
        self.computed |= heard if told == TRAJECTORIES else {f"XLA ({told})"}
        return lifted

    def _count(self) -> None:
        self.compilations += 1


def why_through_xla(space: Space, device: Any) -> str | None:
    """Why no point of this space is computed by a `GridLoop`; None where that depends on the kernel."""
    if device.platform != "cpu":
        return f"on {device.platform}"
    return TRAJECTORIES if space.moves else None


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
