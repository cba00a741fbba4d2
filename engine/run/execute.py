"""Run a sweep: compute tiles while earlier ones are being written, and lose nothing when stopped."""

import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cores import cores
from ..device import DEVICES
from ..errors import Argument, CubeError, SweepError, SweepInterrupted
from ..feedback.progress import Silence
from ..feedback.report import Report
from ..feedback.stop_flag import stop_if_requested
from ..reduce.reduction import ReducedSpace, Reduction, reduced_last, reduced_space
from ..space import Space
from ..store.cube import Cube, open_cube_for_reading
from ..store.durable import clear_disk_errors, discard, put_back, withdraw
from ..store.identity import require_same_sweep
from ..store.journal import log_run
from ..store.manifest import complete
from ..store.resume import UNDER_WAY, missing_tiles, prepare, prepare_part, settle
from ..store.shared.lease import Busy, Lease, beside_others, only_writer
from ..store.shared.parts import WHOLE, Part, tiles_of_part
from ..store.storage.held import hold
from ..tiles import Tile
from ..writer import WRITERS, TileWriter
from .begin import WantedCube, something_at
from .ready import Ready
from .where import where

if TYPE_CHECKING:
    from ..grid.evaluate import Computed, Evaluator

# Tiles being computed beyond the one being fetched, and tiles that wait to be written.
AHEAD = 1, WRITERS + 1


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
    part: Part | None = None,
    reuse: Path | None = None,
) -> Report:
    """Compute every missing tile of the cube at `root`, creating the cube if there is none.

    Parameters
    ----------
    space
        What is swept.
    root
        The cube's folder.
    device
        "cpu", "gpu", "all" for all GPUs, or "auto" for what is likely to be sooner done.
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
    part
        Compute the tiles of this part alone; others may write theirs to the same cube meanwhile.
    reuse
        Another cube, from which points are taken over that it has computed; the rest is computed.

    Returns
    -------
    Report
        How much was computed, where, and how long it took.

    Raises
    ------
    SweepError
        The cube would not fit on the disk, the device is not there, or the points of the other cube have
        other numbers.
    CubeError
        `root` holds something else, another sweep's cube, or another run is writing to it; or the
        disk is full or read-only. Committed tiles are intact.
    SweepInterrupted
        The user pressed Ctrl-C; running writes were finished first.
    """
    if device not in DEVICES:
        raise SweepError(f"device: {device!r} is none of {', '.join(DEVICES)}")
    described, stored = dict(attributes or {}), space
    if reduction is not None:
        space, stored = reduced_last(space, reduction.over), reduced_space(space, reduction)
    if part is not None and overwrite:
        raise SweepError(
            "part: a part of a sweep never replaces what other parts have written; delete the cube, or run "
            "the whole sweep with ",
            Argument("overwrite", True),
        )
    picked = cache(lambda: where(device, space, root, reuse, replaced=overwrite))
    ready = Ready(space, lambda: picked().device, progress, part)
    ready.order = reduction.order if reduction is not None else None
    with clear_disk_errors(root), closing(ready):
        put_back(root)
        # What is renamed is the folder, not a link to it.
        root = root.resolve() if root.is_symlink() else root
        wanted = WantedCube(space, stored, root, ready, described, check_disk, tile_points)
        new = overwrite or not something_at(root)
        if reuse is not None:
            ready.take_from(reuse, root)
        job = _Job(wanted, durable, overlap)
        if part is not None:
            return replace(_run_part(job, part, new), remark=picked().remark)
        if new:
            wanted.create()
        with only_writer(root) as lease:
            cube, grown = wanted.open()
            hold(cube, lease)
            try:
                todo = prepare(cube, durable)
                report = Report(0, len(cube.layout), 0, 0.0, 0, "")
                if todo:
                    report = _complete(job, cube, todo, lease)
            except SweepError:
                if new and len(missing_tiles(cube)) == len(cube.layout):
                    # What the model, or the machine, cannot compute leaves no empty cube behind.
                    withdraw(root)
                raise
            finally:
                cube.recorder.close()
            return replace(report, grown=grown, remark=picked().remark if todo else "")


@dataclass(frozen=True)
class _Job:
    """What a run is to do; but for `wanted` as of `execute`."""

    wanted: WantedCube
    durable: bool
    overlap: bool


def _run_part(job: _Job, part: Part, new: bool) -> Report:
    """Compute what is missing of one part of a sweep, beside others that compute theirs."""
    wanted, root = job.wanted, job.wanted.root
    mine = new and wanted.create(beside_others=True)
    grown = wanted.settle_for_parts()
    try:
        with beside_others(root, str(part)) as lease:
            cube = open_cube_for_reading(root)
            require_same_sweep(cube, wanted.stored)
            hold(cube, lease)
            indices = tiles_of_part(cube.layout, part)
            try:
                todo = prepare_part(cube, job.durable, indices)
                report = Report(0, len(indices), 0, 0.0, 0, "")
                if todo:
                    report = _complete(job, cube, todo, lease, part)
            finally:
                cube.recorder.close()
            missing = len(cube.layout) - int(complete(cube.load_manifest(), cube.layout).sum())
    except SweepError:
        if mine:
            withdraw_if_empty(root)
        raise
    settle(root, job.durable)
    return replace(report, grown=grown, missing=missing)


def withdraw_if_empty(root: Path) -> None:
    """Leave no empty cube behind of what the model, or the machine, cannot compute, unless others write."""
    with suppress(Busy), only_writer(root, "ending", wait=False):
        cube = open_cube_for_reading(root)
        if len(missing_tiles(cube)) == len(cube.layout):
            withdraw(root)


def _complete(job: _Job, cube: Cube, todo: Sequence[Tile], lease: Lease, part: Part | None = None) -> Report:
    """Compute and write these tiles, the missing ones. What computes takes a second to load: only here."""
    from ..reduce.loop import Fold
    from ..reuse.tiles import source_of_tiles

    space, stored, durable = job.wanted.space, job.wanted.stored, job.durable
    fold = None
    if isinstance(stored, ReducedSpace):
        fold = Fold(cube, space, stored, todo, durable, str(part or ""))
    indices = tiles_of_part(cube.layout, part or WHOLE)
    total, points = len(indices), fold.points if fold else sum(tile.points for tile in todo)
    ready, layout = job.wanted.ready, fold.layouts.grid if fold else cube.layout
    old = ready.old
    evaluator = ready.evaluator(layout)
    busy = evaluator.batches.to_keep_busy
    if fold is not None and fold.attach(evaluator):
        busy = 2 * cores()  # a tile is one piece of work
    ahead = (busy if fold is not None else max(AHEAD[0], evaluator.batches.devices), AHEAD[1])
    whole = space.points if part is None else points
    shown = ready.shown(whole, whole - points)
    ready.require_same_bits(cube, layout, fold.tiles() if fold else todo, total - len(todo), total)
    # Of a reduced sweep the points are counted where they are computed, and not where cells are written.
    ahead = ahead if job.overlap else (0, 0)
    writer = TileWriter(cube, durable, Silence(0) if fold else shown, ahead[1], lease.require)
    source = source_of_tiles(evaluator, old, job.wanted.attributes)
    tiles = source.tiles(fold.wanted() if fold else todo, ahead[0])
    try:
        if fold is not None:
            fold.run(tiles, evaluator, writer, shown)
        else:
            write_all(tiles, evaluator, writer)
        _require_all(cube, part, indices)
    except KeyboardInterrupt:
        raise SweepInterrupted(total - len(todo) + writer.committed, total, str(part or "")) from None
    finally:
        source.close()
        seconds = time.monotonic() - ready.began
        ready.close()
        entry = {"started": ready.started, "seconds": seconds} | _entry(evaluator, writer, todo)
        entry |= {"part": str(part), "host": socket.gethostname()} if part else {}
        entry |= {"taken": source.taken, "from": str(old.reader.root)} if old else {}
        log_run(cube.root, entry, beside_others=part is not None)
    return Report(
        len(todo), total, points - source.taken - (fold.spared if fold else 0), seconds, source.compilations,
        str(evaluator.device), reused=source.taken,
    )  # fmt: skip


def _require_all(cube: Cube, part: Part | None, indices: np.ndarray) -> None:
    """See to it that what was written is still there; CubeError where a tile has gone meanwhile."""
    cube.recorder.flush()  # of a tile without record every shard would be read
    missing = missing_tiles(cube, None if part is None else indices)
    if missing:
        raise CubeError(
            f"{cube.root}: {len(missing)} of {len(indices)} tiles were changed or deleted "
            "while the run went on; run the same sweep again"
        )
    if part is None:
        discard(cube.root / UNDER_WAY)  # of parts that this run has finished in their place
    cube.recorder.end(alone=part is None)


def write_all(tiles: Iterable["Computed"], evaluator: "Evaluator", writer: TileWriter) -> None:
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
    from ..codegen.how_compiled import in_words

    return {
        "tiles": writer.committed,
        "of": len(todo),
        "device": str(evaluator.device),
        "compilations": evaluator.compilations,
        "computed": in_words(evaluator.computed),
    }
