"""Run a sweep: compute tiles while earlier ones are being written, and lose nothing when stopped."""

import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .device import DEVICES, most_points, pick_device
from .errors import Argument, CubeError, SweepError, SweepInterrupted
from .feedback.progress import Progress, Silence
from .feedback.report import Report
from .feedback.stop_flag import stop_if_requested
from .reduce.reduction import (
    REDUCED_IN,
    ReducedSpace,
    Reduction,
    plan_layouts,
    reduced_last,
    reduced_space,
)
from .space import Space
from .store.cube import Cube, bytes_on_disk, open_cube_for_reading
from .store.durable import clear_disk_errors, only_writer, put_back, withdraw
from .store.grow import grow, grown_axis
from .store.identity import (
    identity,
    require_same_sweep,
    require_sound_coordinates,
)
from .store.journal import log_run
from .store.metadata import finish_growth
from .store.resume import missing_tiles, prepare
from .store.seal import drop_older_seals
from .tiles import Layout, Tile, plan_layout
from .writer import WRITERS, TileWriter

if TYPE_CHECKING:
    from .evaluate import Computed, Evaluator

_AHEAD = 1  # Tiles being computed beyond the one being fetched.


def plan_space(space: Space, device: Any, tile_points: int | None = None) -> Layout:
    """How a new cube of a space is cut into tiles.

    Parameters
    ----------
    space
        What is swept.
    device
        Where it will be computed, as from `pick_device`: a GPU gets larger tiles.
    tile_points
        Most points of a tile; chosen for the device if None.

    Raises nothing.
    """
    static = [axis.static for axis in space.axes]
    most = tile_points or most_points(device, space.bytes_per_point, space.needs_ode)
    groups = [axis.group for axis in space.axes]
    return plan_layout(space.shape, static, space.bytes_per_point, most, groups)


def execute(
    space: Space,
    root: Path,
    *,
    device: str = "auto",
    attributes: Mapping[str, str] | None = None,
    durable: bool = True,
    overwrite: bool = False,
    check_disk: bool = True,
    tile_points: int | None = None,
    overlap: bool = True,
    progress: bool = True,
    reduction: Reduction | None = None,
) -> Report:
    """Compute every missing tile of the cube at `root`, creating the cube if there is none.

    Parameters
    ----------
    space
        What is swept.
    root
        The cube's folder.
    device
        "cpu", "gpu", or "auto" for a GPU where there is one.
    attributes
        Text attributes for a new cube (the sweep file, versions); the device is added to them.
    durable
        Sync every shard to the disk before its tile counts as committed.
    overwrite
        Delete an existing cube first. A path that holds no cube is never deleted.
    check_disk
        Refuse to begin where the disk could not hold the new points uncompressed.
    tile_points
        Most points of a tile of a new cube; chosen for the device if None.
    overlap
        Compute while writing; off only to measure what it gains.
    progress
        Report on stderr how far it is.
    reduction
        What is kept of the points, where these are not stored.

    Raises
    ------
    SweepError
        The cube would not fit on the disk, or the device is not there.
    CubeError
        `root` holds something else, another sweep's cube, or another run is writing to it; or the
        disk is full or read-only. Committed tiles are intact.
    SweepInterrupted
        The user pressed Ctrl-C; running writes were finished first.
    """
    if device not in DEVICES:
        raise SweepError(f"device: {device!r} is none of {', '.join(DEVICES)}")
    told, stored = dict(attributes or {}), space
    if reduction is not None:
        space, stored = reduced_last(space, reduction.over), reduced_space(space, reduction)
    with clear_disk_errors(root):
        put_back(root)
        # What is renamed is the folder, not a link to it.
        root = root.resolve() if root.is_symlink() else root
        new = overwrite or not root.exists() or not any(root.iterdir())
        if new:
            _create(space, stored, root, device, tile_points, told, check_disk)
        with only_writer(root):
            finish_growth(root)
            drop_older_seals(root)
            cube = open_cube_for_reading(root)
            grown = None if reduction else _grown(cube, space, device, told, check_disk)
            cube = grown or cube
            require_same_sweep(cube, stored)
            try:
                todo = prepare(cube, durable)
                report = Report(0, len(cube.layout), 0, 0.0, 0, "")
                if todo:
                    report = _complete(cube, space, stored, todo, device, durable, overlap, progress)
            except SweepError:
                if new and len(missing_tiles(cube)) == len(cube.layout):
                    withdraw(
                        root
                    )  # what the model, or the machine, cannot compute leaves no empty cube behind
                raise
            finally:
                cube.recorder.close()
            return replace(report, grown=grown is not None)


def _create(
    space: Space,
    stored: Space,
    root: Path,
    device: str,
    tile_points: int | None,
    attributes: Mapping[str, str],
    check_disk: bool,
) -> None:
    """Create an empty cube at `root`; a cube that is there goes only once the new one is ready."""
    from .store.create import create_cube

    if root.is_symlink() and not root.exists():
        raise CubeError(f"{root}: is a link to nothing; remove it, or choose another output")
    chosen = pick_device(device)
    layout, given = plan_space(space, chosen, tile_points), dict(attributes)
    if isinstance(stored, ReducedSpace):
        cut = plan_layouts(space, stored, chosen, tile_points)
        layout, given[REDUCED_IN] = cut.cube, json.dumps(cut.grid.tile)
    there = root.exists() and (not root.is_dir() or any(root.iterdir()))
    with only_writer(root) if there else nullcontext():
        if there:
            finish_growth(root)
            open_cube_for_reading(root)
        if check_disk:
            _require_disk(stored.points * stored.bytes_per_point, root, bytes_on_disk(root) if there else 0)
        create_cube(root, stored, layout, _attributes(stored, given, chosen), there)


def _attributes(space: Space, given: Mapping[str, str], device: Any) -> dict[str, str]:
    return {"identity": json.dumps(identity(space)), **given, "device": str(device)}


def _grown(
    cube: Cube, space: Space, device: str, attributes: Mapping[str, str], check_disk: bool
) -> Cube | None:
    """The cube with room for the samples that `space` adds to its design; None where it adds none."""
    axis = grown_axis(cube, space, identity(space, cube.identity))
    if axis is None:
        return None
    require_sound_coordinates(cube)
    if check_disk:
        _require_disk((space.points - prod(cube.layout.grid)) * space.bytes_per_point, cube.root, 0)
    grow(cube, axis, _attributes(space, attributes, pick_device(device)))
    return open_cube_for_reading(cube.root)


def _complete(
    cube: Cube,
    space: Space,
    stored: Space,
    todo: Sequence[Tile],
    device: str,
    durable: bool,
    overlap: bool,
    progress: bool,
) -> Report:
    """Compute and write these tiles, the missing ones. What computes takes a second to load: only here."""
    from .compile_cache import keep_compiled
    from .evaluate import computed_tiles
    from .reduce.loop import Fold

    keep_compiled()
    fold = Fold(cube, space, stored, todo, durable) if isinstance(stored, ReducedSpace) else None
    total, points = len(cube.layout), fold.points if fold else sum(tile.points for tile in todo)
    evaluator = _evaluator(space, fold.layouts.grid if fold else cube.layout, pick_device(device))
    shown = (Progress if progress else Silence)(space.points, space.points - points)
    # Of a reduced sweep the points are counted where they are computed, and not where cells are written.
    writer = TileWriter(cube, durable, Silence(0) if fold else shown, ahead=WRITERS + 1 if overlap else 0)
    tiles = computed_tiles(evaluator, fold.tiles() if fold else todo, ahead=_AHEAD if overlap else 0)
    started, began = time.time(), time.monotonic()
    shown.begin()
    try:
        if fold is not None:
            fold.run(tiles, evaluator, writer, shown)
        else:
            _write_all(tiles, evaluator, writer)
        _require_all(cube)
    except KeyboardInterrupt:
        raise SweepInterrupted(total - len(todo) + writer.committed, total) from None
    finally:
        evaluator.batches.close()
        seconds = time.monotonic() - began
        shown.close()
        log_run(cube.root, {"started": started, "seconds": seconds} | _entry(evaluator, writer, todo))
    return Report(len(todo), total, points, seconds, evaluator.compilations, str(evaluator.device))


def _require_all(cube: Cube) -> None:
    """See to it that what was written is still there; CubeError where a tile has gone meanwhile."""
    missing = missing_tiles(cube)
    if missing:
        raise CubeError(
            f"{cube.root}: {len(missing)} of {len(cube.layout)} tiles were changed or deleted "
            "while the run went on; run the same sweep again"
        )
    cube.recorder.end()


def _evaluator(space: Space, layout: Layout, device: Any) -> "Evaluator":
    """An evaluator whose batches fit: a cube begun on a larger device has tiles too large for this one."""
    from .evaluate import Evaluator

    evaluator = Evaluator(space, layout, device)
    fitting = 2 * most_points(device, space.bytes_per_point, space.needs_ode)
    while prod(layout.tile) > fitting * evaluator.batches.count and evaluator.batches.cut_smaller():
        pass
    return evaluator


def _write_all(tiles: Iterable["Computed"], evaluator: "Evaluator", writer: TileWriter) -> None:
    """Write tiles as they come; stopped by anything, writes that have begun are finished first."""
    try:
        for tile, started, values in tiles:
            stop_if_requested()
            writer.submit(tile, values, partial(evaluator.batches.give_back, started))
        writer.finish()
    except BaseException:
        writer.stop()
        raise


def _entry(evaluator: "Evaluator", writer: TileWriter, todo: Sequence[Tile]) -> dict[str, Any]:
    """What the journal says of a run, besides when it was."""
    from .codegen.how_compiled import in_words

    return {
        "tiles": writer.committed,
        "of": len(todo),
        "device": str(evaluator.device),
        "compilations": evaluator.compilations,
        "computed": in_words(evaluator.computed),
    }


def _require_disk(needed: int, root: Path, freed: int) -> None:
    free = shutil.disk_usage(root.absolute().parent).free + freed
    if needed > free:
        raise SweepError(
            f"{root}: the cube needs {needed / 1e9:,.1f} GB uncompressed and the disk has {free / 1e9:,.1f} "
            "GB free; sweep fewer points or outputs, or pass ",
            Argument("check_disk", False),
            " if you expect it to compress",
        )
