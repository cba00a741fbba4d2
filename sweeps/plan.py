"""What a sweep will take, said before anything is computed."""

import resource
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .file_paths import cube_path

if TYPE_CHECKING:
    from ..engine.space import Space
    from ..engine.tiles import Layout
    from .spec.sweep import Sweep

# Rough rates of a 2-core machine, for what is not tried.
_STORE_BYTES_PER_SECOND = 700e6
_POINTS_PER_SECOND = 100e6
# How long a trajectory takes depends on horizon and tolerance; this is one at 1e-6 with tsit5 to T = 200.
_ORBITS_PER_SECOND = 4e3
# A trajectory whose end mathematics decides.
_DECIDED_PER_SECOND = 1e5
_COMPILE_SECONDS = 1.0
_BASE_MEMORY = 350 * 2**20
# Most tiles in memory: those being computed, and those that wait to be written, if writing is the slower.
_TILES_COMPUTED, _TILES_WAITING = 3, 4
# What it takes to begin and end a process, to make a cube, and to write a file.
_PROCESS_SECONDS, _CUBE_SECONDS, _FILE_SECONDS = 0.2, 0.2, 0.003


@dataclass(frozen=True)
class Plan:
    """What a sweep will take.

    Attributes
    ----------
    points
        Points of the grid.
    shape
        Dimension of the grid to its length.
    tiles, tile_shape
        How many tiles the grid is cut into, and how many points one has along each dimension.
    kept_tiles
        Of a reduced sweep how many tiles the cube has, which are those that runs count and parts share; None
        where they are the grid's.
    variables
        Names of what is computed at every point.
    bytes
        Size of the cube before compression.
    free
        Bytes that are free on the disk of the current folder.
    memory
        Expected resident size of the run [bytes].
    seconds
        Expected time of the run: loading the model and what computes it, as long as that took now; compiling,
        but for what is kept from before; computing or writing, whichever takes longer.
    tried
        Whether time and memory come from points that were tried; else from rates of a 2-core machine.
    compile_seconds
        How much of `seconds` is compiling.
    kept_seconds
        So much longer a run takes that finds nothing kept of what was compiled for this plan, as on another
        machine; 0 where nothing was compiled.
    reused
        How many of the points another cube has already; None where none was named.
    over
        Dimensions of the grid that are reduced as they are computed; `bytes` are of what is kept.
    written
        Of a reduced sweep why the values of a tile are written before they are folded; empty where the
        machine code that computes points folds them.
    compilations
        How many kernels are compiled: one for each combination of static choices.
    design
        How samples are drawn; empty where nothing is sampled.
    computed
        How points are computed, or the steps of trajectories.
    not_portable
        Why the numbers may have other bits on another device; empty where every device computes the same.
    least_steps
        So many steps at least span the horizon, as the field depends on time; None where any number may do.
    switches_unseen
        Whether the field may switch where no switch is watched, in a loop say, so that steps ask for its
        values inside them.
    orders
        The order of Taylor steps, and the higher one that the tolerances ask for, of which a step would be
        compiled for minutes; None where it is that one.
    latest
        The time up to which orbits go on until they are decided; None where each ends at its horizon.
    device
        Where a run would compute and, where nobody said so, why there: estimates by points tried, or rates.
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
    not_portable: str = ""
    least_steps: int | None = None
    switches_unseen: bool = False
    orders: tuple[int, int] | None = None
    latest: float | None = None
    tried: bool = False
    compile_seconds: float = 0.0
    kept_seconds: float = 0.0
    over: tuple[str, ...] = ()
    written: str = ""
    kept_tiles: int | None = None
    reused: int | None = None
    device: str = ""


def plan(
    sweep: "Sweep",
    device: str = "auto",
    *,
    trial: bool = True,
    reuse: "str | Path | None" = None,
    tile_points: int | None = None,
) -> Plan:
    """Points, tiles, bytes, memory and time of a sweep.

    Parameters
    ----------
    sweep
        What to sweep.
    device
        As of `run`.
    trial
        On a CPU, compile and try some points spread over the sweep, for about a second: time and memory are
        then those of this machine, within a factor of two. False: from rates alone, nothing is compiled.
    reuse
        Another cube, from which points are taken over.
    tile_points
        As of `run`.

    Returns
    -------
    Plan
        Times are in seconds, memory and sizes in bytes.

    Raises
    ------
    SweepError
        Where the sweep is wrong, the device is not there, or no points can be taken over.
    CubeError
        Where there is no cube to take points from.
    """
    began = time.perf_counter()
    from ..engine.codegen.how_compiled import Compiled, in_words, remarked, why_not_portable
    from ..engine.grid.function import (
        how_computed,
        latest_end,
        least_steps,
        lowered_orders,
        switches_unseen,
    )
    from ..engine.grid.made_before import own_models_too
    from ..engine.kept.folder import keep_compiled
    from ..engine.reduce.in_kernel import why_values_are_written
    from ..engine.reduce.reduction import plan_layouts, reduced_last, reduced_space
    from ..engine.run.begin import plan_space
    from ..engine.run.where import where
    from ..engine.trial import TooLong, tried
    from .reduced.reduced import resolved
    from .spec.design import Design

    resolved_sweep = resolved(sweep)
    chosen = where(device, resolved_sweep.space, None if reuse is None else cube_path(reuse), trial=trial)
    picked = chosen.device
    space, stored, layout, partial = resolved_sweep.space, resolved_sweep.space, None, 0
    measures = resolved_sweep.reduction.measures if resolved_sweep.reduction else ()
    if resolved_sweep.reduction is None:
        layout = plan_space(space, picked, tile_points)
        files = len(layout)
    else:
        space, stored = (
            reduced_last(space, resolved_sweep.reduction.over),
            reduced_space(space, resolved_sweep.reduction),
        )
        cut = plan_layouts(space, stored, picked, tile_points)
        layout, files, partial = cut.grid, len(cut.cube), cut.bytes_under_way
    reused = None if reuse is None else _reused(cube_path(reuse), space, picked, layout)
    size, compilations = stored.points * stored.bytes_per_point, _combinations(space)
    compiling, computing = compilations * _COMPILE_SECONDS, _compute_seconds(space)
    base, kept, tries = _BASE_MEMORY, 0.0, trial and picked.platform == "cpu"
    keep_compiled()
    loading = time.perf_counter() - began  # which a run does as well
    remark, ways, known = "", frozenset[Compiled](), False
    with own_models_too():
        if tries:
            try:
                result = tried(space, layout, picked)
                compiling, kept = result.compile_seconds, result.kept_seconds
                computing = result.compute_seconds
                base = _peak_memory() + result.batch_bytes
                # As compiled: where a compiler fails no trace tells.
                ways, known = result.computed, result.all_kernels
            except TooLong as why:
                compiling, tries = why.seconds, False
                remark = why.remark
        if not known:
            ways |= how_computed(space, picked)  # what was tried has been traced
    ways = remarked(ways, remark) if remark else ways
    computing *= 1 - (reused or 0) / space.points
    writing = size / _STORE_BYTES_PER_SECOND + files * len(stored.variables) * _FILE_SECONDS
    tiles = _TILES_COMPUTED + (_TILES_WAITING if writing > computing and stored is space else 0)
    return Plan(
        points=space.points,
        shape=dict(zip(space.dims, space.shape, strict=True)),
        tiles=len(layout),
        tile_shape=layout.tile,
        variables=tuple(variable.name for variable in stored.variables),
        bytes=size,
        free=shutil.disk_usage(Path.cwd()).free,
        memory=base + partial + min(tiles, len(layout)) * space.bytes_per_point * prod(layout.tile),
        seconds=_PROCESS_SECONDS + loading + _CUBE_SECONDS + compiling + max(computing, writing),
        compilations=compilations,
        design=str(Design.from_identity(space.identity()) or ""),
        computed=in_words(ways),
        not_portable=why_not_portable(ways),
        least_steps=least_steps(space),
        switches_unseen=switches_unseen(space),
        orders=lowered_orders(space),
        latest=latest_end(space),
        kept_tiles=files if resolved_sweep.reduction else None,
        over=resolved_sweep.reduction.over if resolved_sweep.reduction else (),
        written=why_values_are_written(space, measures, ways) if measures else "",
        tried=tries,
        compile_seconds=compiling,
        kept_seconds=kept,
        reused=reused,
        device=f"{picked}: {chosen.why}" if chosen.why else str(picked),
    )


def _reused(root: Path, space: "Space", device: Any, layout: "Layout") -> int:
    """How many points of a space are taken over from the cube at `root`."""
    from ..engine.reuse.old_points import OldPoints

    old = OldPoints(root, space)
    old.require_device(device)
    return old.points(layout)


def _combinations(space: "Space") -> int:
    """How many combinations of static choices there are."""
    return len(space.combinations)


def _compute_seconds(space: "Space") -> float:
    rate = _POINTS_PER_SECOND
    if space.needs_ode:
        rate = _DECIDED_PER_SECOND if space.decided else _ORBITS_PER_SECOND
    return space.points / rate


def _peak_memory() -> int:
    """Most bytes that this process has had in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
