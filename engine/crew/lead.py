"""A run whose tiles others compute and commit: it makes the cube and says what is missing of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from ..errors import CubeError, SweepError, SweepInterrupted
from ..feedback.progress import Progress, Silence
from ..feedback.report import Report
from ..reduce.loop import Fold
from ..reduce.reduction import ReducedSpace, Reduction, reduced_last, reduced_space
from ..run.begin import WantedCube, something_at
from ..run.execute import withdraw_if_empty
from ..run.portable import said_of
from ..run.ready import Ready
from ..space import Space
from ..store.cube import Cube, open_cube_for_reading
from ..store.durable import clear_disk_errors, put_back
from ..store.iced.at import asked_anew
from ..store.identity import require_same_sweep
from ..store.journal import log_run
from ..store.resume import prepare_part, settle
from ..store.shared.lease import beside_others
from ..store.shared.parts import WHOLE, tiles_of_part
from ..tiles import Layout, TileList
from .member import Done

LEAD = "the lead of a cluster"


class Crew(Protocol):
    """Processes that compute.

    Attributes
    ----------
    device
        Where each of them computes, as of `plan_space`.
    """

    device: Any

    def begin(self, root: Path) -> None:
        """Tell each what it will compute, the cube being there. Raises SweepError where one cannot."""
        ...

    def why_not_portable(self, layout: Layout) -> str:
        """Why what they compute in such tiles is not portable; empty where it is."""
        ...

    def compute(self, indices: Sequence[int], done: Callable[[Done], None]) -> None:
        """Let the tiles with these numbers be computed and committed; `done` is called as they are."""
        ...

    def end(self) -> None:
        """Let each of them end in good order."""
        ...


def execute_with(
    crew: Crew,
    space: Space,
    root: Path,
    *,
    attributes: Mapping[str, str] | None = None,
    durable: bool = True,
    overwrite: bool = False,
    check_disk: bool = True,
    tile_points: int | None = None,
    progress: bool = True,
    reduction: Reduction | None = None,
    reuse: Path | None = None,
) -> Report:
    """As `execute`, with the tiles computed and committed by a crew; raises what that raises."""
    stored = space
    if reduction is not None:
        space, stored = reduced_last(space, reduction.over), reduced_space(space, reduction)
    with clear_disk_errors(root):
        put_back(root)
        root = root.resolve() if root.is_symlink() else root
        ready = _Asked(space, crew)
        wanted = WantedCube(space, stored, root, ready, dict(attributes or {}), check_disk, tile_points)
        if reuse is not None:
            ready.take_from(reuse, root)
        new = not something_at(root)
        mine = (overwrite and not new and wanted.create()) or (new and wanted.create(beside_others=True))
        grown = wanted.settle_for_parts()
        try:
            report = _with_crew(crew, wanted, durable, progress)
        except SweepError:
            if mine:
                withdraw_if_empty(root)
            raise
        settle(root, durable)
        return replace(report, grown=grown)


class _Asked(Ready):
    """What a crew computes with: nothing is made here, it is asked."""

    def __init__(self, space: Space, crew: Crew) -> None:
        super().__init__(space, lambda: crew.device, progress=False)
        self._crew = crew

    def portable(self, layout: Layout) -> str:
        """As of `Ready`."""
        try:
            why_not = self._crew.why_not_portable(layout)
        except KeyboardInterrupt:
            raise SweepInterrupted(0, len(layout)) from None
        return said_of(why_not if self.old is None else self.old.why_not_portable(why_not, self.device()))


def _with_crew(crew: Crew, wanted: WantedCube, durable: bool, progress: bool) -> Report:
    root = wanted.root
    with beside_others(root, LEAD):
        cube = open_cube_for_reading(root)
        require_same_sweep(cube, wanted.stored)
        try:
            every = tiles_of_part(cube.layout, WHOLE)
            todo = prepare_part(cube, durable, every)
            report = Report(0, len(every), 0, 0.0, 0, "")
            if todo:
                report = _complete(crew, wanted, cube, todo, durable, progress)
            if cube.recorder.begun:
                cube.recorder.end(alone=False)
        finally:
            cube.recorder.close()
    return report


def _complete(
    crew: Crew, wanted: WantedCube, cube: Cube, todo: TileList, durable: bool, progress: bool
) -> Report:
    points = sum(tile.points for tile in todo)
    if isinstance(wanted.stored, ReducedSpace):
        points = Fold(cube, wanted.space, wanted.stored, todo, durable, "of the lead").points
    total = len(cube.layout)
    shown = (Progress if progress else Silence)(wanted.space.points, max(wanted.space.points - points, 0))
    ended = [Done()]

    def done(one: Done) -> None:
        last = ended[-1]
        ended[-1] = Done(
            last.tiles + one.tiles, last.points + one.points, last.taken + one.taken,
            last.compilations + one.compilations,
        )  # fmt: skip
        shown.add(one.points)

    started, began = time.time(), time.monotonic()
    shown.begin()
    try:
        crew.begin(cube.root)
        crew.compute(todo.indices, done)
    except KeyboardInterrupt:
        raise SweepInterrupted(total - len(todo) + ended[-1].tiles, total) from None
    finally:
        with suppress(Exception):  # what ended the run says more
            crew.end()
        seconds = time.monotonic() - began
        shown.close()
        entry = {"started": started, "seconds": seconds, "tiles": ended[-1].tiles, "of": len(todo)}
        entry |= {
            "device": str(crew.device),
            "compilations": ended[-1].compilations,
            "computed": "by a cluster",
        }
        log_run(cube.root, entry, beside_others=True)
    cube.storage.commit(LEAD)
    asked_anew(cube.root)
    missing = prepare_part(cube, durable, tiles_of_part(cube.layout, WHOLE))  # records what the dead did not
    if missing:
        raise CubeError(
            f"{cube.root}: {len(missing)} of {total} tiles are not there, though workers have written them; "
            "does every worker see this folder, and as the same one? Run the same sweep again"
        )
    last = ended[-1]
    return Report(
        len(todo), total, points - last.taken, seconds, last.compilations, str(crew.device), reused=last.taken
    )
