"""What a sweep will take, said before anything is computed."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from .spec.sweep import Sweep

if TYPE_CHECKING:
    from ..engine.space import Space

# Rough rates of a 2-core machine, for the estimate of a plan only.
_STORE_BYTES_PER_SECOND = 700e6
_POINTS_PER_SECOND = 100e6
# Of trajectories, which take as long as their horizon and tolerance ask for: 1e-6 with tsit5 at T = 200.
_ORBITS_PER_SECOND = 4e3
# Of those that mathematics decides.
_DECIDED_PER_SECOND = 1e5
_COMPILE_SECONDS = 1.0
_BASE_MEMORY = 350 * 2**20
_TILES_IN_MEMORY = 6


@dataclass(frozen=True)
class Plan:
    """What a sweep will take, computed from its numbers alone.

    Attributes
    ----------
    points
        Points of the grid.
    shape
        Dimension of the grid to its length.
    tiles, tile_shape
        How many tiles the grid is cut into, and how many points one has along each dimension.
    variables
        Names of what is computed at every point.
    bytes
        Size of the cube before compression.
    free
        Bytes that are free on the disk of the current folder.
    memory
        Expected resident size of the run [bytes].
    seconds
        A rough estimate of its time, from rates measured on a 2-core machine.
    compilations
        How many kernels are compiled: one for each combination of static choices.
    design
        How samples are drawn; empty where nothing is sampled.
    computed
        How points are computed, or the steps of trajectories.
    least_steps
        So many steps at least span the horizon, as the field depends on time; None where any number may do.
    latest
        The time up to which orbits go on until they are decided; None where each ends at its horizon.
    """

    points: int
    shape: Mapping[str, int]
    tiles: int
    tile_shape: tuple[int, ...]
    variables: tuple[str, ...]
    bytes: int
    free: int
    memory: int
    seconds: float
    compilations: int
    design: str = ""
    computed: str = ""
    least_steps: int | None = None
    latest: float | None = None


def plan(sweep: Sweep, device: str = "auto") -> Plan:
    """Points, tiles, bytes, memory and a rough time of a sweep; computes nothing.

    Parameters
    ----------
    sweep
        What to sweep.
    device
        "auto", "cpu" or "gpu".

    Raises
    ------
    SweepError
        Where the sweep is wrong, or the device is not there.
    """
    from ..engine.codegen.compiled import in_words
    from ..engine.device import pick_device
    from ..engine.execution import plan_space
    from ..engine.grid_function import how_computed, latest_end, least_steps
    from .spec.design import Design

    space, picked = sweep.space(), pick_device(device)
    layout = plan_space(space, picked)
    size, compilations = space.points * space.bytes_per_point, _combinations(space)
    return Plan(
        points=space.points,
        shape=dict(zip(space.dims, space.shape, strict=True)),
        tiles=len(layout),
        tile_shape=layout.tile,
        variables=tuple(variable.name for variable in space.variables),
        bytes=size,
        free=shutil.disk_usage(Path.cwd()).free,
        memory=_BASE_MEMORY + _TILES_IN_MEMORY * space.bytes_per_point * prod(layout.tile),
        seconds=compilations * _COMPILE_SECONDS + _compute_seconds(space, size),
        compilations=compilations,
        design=str(Design.from_identity(space.identity()) or ""),
        computed=in_words(how_computed(space, picked)),
        least_steps=least_steps(space),
        latest=latest_end(space),
    )


def _combinations(space: "Space") -> int:
    """How many combinations of static choices there are."""
    return prod(axis.size for axis in space.axes if axis.static)


def _compute_seconds(space: "Space", size: int) -> float:
    rate = _POINTS_PER_SECOND
    if space.needs_ode:
        rate = _DECIDED_PER_SECOND if space.decided else _ORBITS_PER_SECOND
    return max(size / _STORE_BYTES_PER_SECOND, space.points / rate)
