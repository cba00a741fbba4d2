"""Run a sweep: compute tiles while earlier ones are being written, and lose nothing when stopped."""

import json
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from .codegen.compiled import in_words
from .compile_cache import keep_compiled
from .device import is_out_of_memory, most_points, pick_device
from .errors import Argument, CubeError, SweepError, SweepInterrupted
from .evaluate import Evaluator, Started
from .progress import Progress, Silence
from .space import Space
from .store.create import create_cube
from .store.cube import Cube, bytes_on_disk, missing_tiles, open_cube_for_reading
from .store.durable import clear_disk_errors, only_writer, remove_leftovers
from .store.grow import finish_growth, grow, grown_axis
from .store.identity import identity, require_same_sweep, require_sound_coordinates
from .tiles import Layout, Tile, plan_layout

WRITERS = 4  # While some wait for the disk to sync, others compress.
_AHEAD = 1  # Tiles being computed beyond the one being fetched.


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes
    ----------
    computed, tiles
        Tiles computed now, and in all.
    points, seconds
        Points computed now, and how long that took.
    compilations
        How many kernels were compiled.
    device
        Where it ran.
    grown
        Whether samples were added to a cube that was there.
    """

    computed: int
    tiles: int
    points: int
    seconds: float
    compilations: int
    device: str
    grown: bool = False


def plan_space(space: Space, device: Any, tile_points: int | None = None) -> Layout:
    """The layout a new cube of this space gets on `device`, with tiles of at most `tile_points`."""
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
) -> Report:
    """Compute every missing tile of the cube at `root`, creating the cube if there is none.

    Parameters
    ----------
    attributes
        Text attributes for a new cube (the sweep file, versions).
    durable
        Sync every shard to the disk before its tile counts as committed.
    overwrite
        Delete an existing cube first. A path that holds no cube is never deleted.
    tile_points
        Most points of a tile of a new cube; chosen for the device if None.
    overlap
        Compute while writing; off only to measure what it gains.

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
    keep_compiled()
    chosen = pick_device(device)
    with clear_disk_errors(root):
        if overwrite or not root.exists() or not any(root.iterdir()):
            _create(space, root, plan_space(space, chosen, tile_points), attributes or {}, check_disk)
        with only_writer(root):
            finish_growth(root)
            cube = open_cube_for_reading(root)
            grown = _grown(cube, space, attributes or {}, check_disk)
            require_same_sweep(grown or cube, space)
            remove_leftovers(root)
            report = _complete(grown or cube, space, chosen, durable, overlap, progress)
            return replace(report, grown=grown is not None)


def _create(
    space: Space, root: Path, layout: Layout, attributes: Mapping[str, str], check_disk: bool
) -> None:
    """Create an empty cube at `root`; a cube that is there goes only once the new one is ready."""
    if root.is_symlink() and not root.exists():
        raise CubeError(f"{root}: is a link to nothing; remove it, or choose another output")
    everything = {"identity": json.dumps(identity(space))} | dict(attributes)
    there = root.exists() and (not root.is_dir() or any(root.iterdir()))
    with only_writer(root) if there else nullcontext():
        if there:
            finish_growth(root)
            open_cube_for_reading(root)
        if check_disk:
            _require_disk(space.points * space.bytes_per_point, root, bytes_on_disk(root) if there else 0)
        create_cube(root, space, layout, everything, there)


def _grown(cube: Cube, space: Space, attributes: Mapping[str, str], check_disk: bool) -> Cube | None:
    """The cube with room for the samples that `space` adds to its design; None where it adds none."""
    axis = grown_axis(cube, space, identity(space))
    if axis is None:
        return None
    require_sound_coordinates(cube)
    if check_disk:
        _require_disk((space.points - prod(cube.layout.grid)) * space.bytes_per_point, cube.root, 0)
    grow(cube, axis, {"identity": json.dumps(identity(space))} | dict(attributes))
    return open_cube_for_reading(cube.root)


def _complete(cube: Cube, space: Space, device: Any, durable: bool, overlap: bool, progress: bool) -> Report:
    todo = list(missing_tiles(cube))
    points = sum(tile.points for tile in todo)
    shown = (Progress if progress else Silence)(space.points, space.points - points)
    evaluator = Evaluator(space, cube.layout, device)
    # A cube begun on a larger device has larger tiles than this one should compute at once.
    fitting = 2 * most_points(device, space.bytes_per_point, space.needs_ode)
    while prod(cube.layout.tile) > fitting * evaluator.pieces and evaluator.cut_smaller():
        pass
    started, began = time.time(), time.monotonic()
    writer = TileWriter(cube, durable, shown, ahead=WRITERS + 1 if overlap else 0)
    if todo:
        shown.begin()
    try:
        for tile, done, values in _computed(evaluator, todo, ahead=_AHEAD if overlap else 0):
            writer.submit(tile, values, partial(evaluator.give_back, done))
        writer.finish()
    except KeyboardInterrupt:
        writer.stop()
        raise SweepInterrupted(len(cube.layout) - len(todo) + writer.committed, len(cube.layout)) from None
    except BaseException:
        writer.stop()
        raise
    finally:
        evaluator.close()
        if todo:
            shown.close()
            cube.log_run(
                {
                    "started": started,
                    "seconds": time.monotonic() - began,
                    "tiles": writer.committed,
                    "of": len(todo),
                    "device": str(device),
                    "compilations": evaluator.compilations,
                    "computed": in_words(evaluator.computed),
                }
            )
    return Report(
        len(todo), len(cube.layout), points, time.monotonic() - began, evaluator.compilations, str(device)
    )


# A tile, what it was computed in, and its values.
Computed = tuple[Tile, Started, Mapping[str, np.ndarray]]


def _computed(evaluator: Evaluator, todo: Iterable[Tile], ahead: int) -> Iterator[Computed]:
    """Computed tiles in order, `ahead` of them always under way. Out of memory: in smaller parts."""
    under_way: deque[tuple[Tile, Started | None]] = deque()
    for tile in todo:
        under_way.append((tile, _attempt(evaluator, tile)))
        if len(under_way) > ahead:
            yield _fetch(evaluator, *under_way.popleft())
    while under_way:
        yield _fetch(evaluator, *under_way.popleft())


def _attempt(evaluator: Evaluator, tile: Tile) -> Started | None:
    """Start a tile; None where memory ran out, to be tried again in smaller parts."""
    try:
        return evaluator.start(tile)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return None


def _fetch(evaluator: Evaluator, tile: Tile, parts: Started | None) -> Computed:
    while True:
        try:
            if parts is not None:
                return tile, parts, evaluator.finish(tile, parts)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        parts = None
        if not evaluator.cut_smaller():
            raise SweepError(
                "device: its memory cannot hold even one row of a tile; use ", Argument("device", "cpu")
            )
        parts = _attempt(evaluator, tile)


class TileWriter:
    """Writes tiles in background threads; at most `ahead` wait, so memory stays bounded."""

    def __init__(self, cube: Cube, durable: bool, progress: Progress, ahead: int) -> None:
        self.cube, self.durable, self.progress = cube, durable, progress
        self.committed = 0
        self.threads = ThreadPoolExecutor(WRITERS, thread_name_prefix="equisweep-writer")
        self.room = threading.Semaphore(max(ahead, 1))
        self.at_once = ahead == 0
        self.lock = threading.Lock()
        self.pending: deque[Future[None]] = deque()

    def submit(
        self, tile: Tile, values: Mapping[str, np.ndarray], written: Callable[[], None] = lambda: None
    ) -> None:
        """Queue a tile, waiting while the queue is full; raises what an earlier write raised.

        `written` is called once the values are needed no more.
        """
        self.room.acquire()
        self._raise_failures()
        self.pending.append(self.threads.submit(self._write, tile, values, written))
        if self.at_once:
            self.finish_pending()

    def finish(self) -> None:
        """Wait for every write; raises what one of them raised."""
        self.finish_pending()
        self.threads.shutdown()

    def finish_pending(self) -> None:
        """Wait for the writes queued so far."""
        while self.pending:
            self.pending.popleft().result()

    def stop(self) -> None:
        """Finish the writes that have begun, drop the others."""
        self.threads.shutdown(wait=True, cancel_futures=True)

    def _write(self, tile: Tile, values: Mapping[str, np.ndarray], written: Callable[[], None]) -> None:
        try:
            self.cube.write(tile, values, self.durable)
            written()
            with self.lock:
                self.committed += 1
                self.progress.add(tile.points)
        finally:
            self.room.release()

    def _raise_failures(self) -> None:
        while self.pending and self.pending[0].done():
            self.pending.popleft().result()


def _require_disk(needed: int, root: Path, freed: int) -> None:
    free = shutil.disk_usage(root.absolute().parent).free + freed
    if needed > free:
        raise SweepError(
            f"{root}: the cube needs {needed / 1e9:,.1f} GB uncompressed and the disk has {free / 1e9:,.1f} "
            "GB free; sweep fewer points or outputs, or pass ",
            Argument("check_disk", False),
            " if you expect it to compress",
        )
