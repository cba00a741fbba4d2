"""The cube that a run writes to: made where there is none, found, or grown by what its sweep adds."""

import json
import shutil
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from ..device import most_points
from ..errors import Argument, CubeError, SweepError, SweepInterrupted
from ..gate.text import size_text
from ..reduce.reduction import ORDER, REDUCED_IN, SUMMED_IN, ReducedSpace, plan_layouts
from ..space import Space
from ..store.cube import Changing, Cube, open_cube_for_reading
from ..store.durable import Appeared
from ..store.grow import grow, grown_axes, require_growable
from ..store.identity import identity, require_same_sweep, require_sound_coordinates
from ..store.metadata import finish_growth, half_grown
from ..store.resume import seal_anew
from ..store.seal import drop_older_seals, seals_of
from ..store.shared.lease import Busy, only_writer
from ..store.storage.appear import is_begun
from ..store.storage.failures import Overtaken
from ..store.storage.files import storage_of
from ..store.storage.overwritten import is_half_overwritten
from ..store.storage.place import is_url
from ..tiles import Layout, plan_layout
from .portable import PORTABLE
from .ready import Ready

# A cube that grew to more tiles than this, and to so many times as many as a new one has, would be slow.
_MANY_TILES, _TIMES_AS_MANY = 100_000, 20


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
    most = tile_points or most_points(device, space.bytes_per_point, space.needs_ode, space.points)
    groups = [axis.group for axis in space.axes]
    return plan_layout(space.shape, static, space.bytes_per_point, most, groups)


def something_at(root: Path) -> bool:
    """Whether there is a cube at `root`, or anything else but an empty folder."""
    if is_url(root):
        return is_begun(root)
    return root.exists() and (not root.is_dir() or any(root.iterdir()))


@dataclass(frozen=True)
class WantedCube:
    """The cube that a run is to write to.

    Attributes
    ----------
    space, stored
        What is swept; and the space of the cube, which is another one where a sweep is reduced.
    root
        The cube's folder.
    ready
        What computes it, and where.
    attributes, check_disk, tile_points
        As of `execute`.
    """

    space: Space
    stored: Space
    root: Path
    ready: Ready
    attributes: Mapping[str, str]
    check_disk: bool = True
    tile_points: int | None = None

    def create(self, beside_others: bool = False) -> bool:
        """Create an empty cube; one that is there goes only once the new one is ready.

        Returns whether this process did. `beside_others`: where another one is faster, its cube will do.
        """
        from ..store.create import create_cube

        root, device = self.root, self.ready.device()
        if root.is_symlink() and not root.exists():
            raise CubeError(f"{root}: is a link to nothing; remove it, or choose another output")
        layout = computed = plan_space(self.space, device, self.tile_points)
        given = dict(self.attributes)
        if isinstance(self.stored, ReducedSpace):
            cut = plan_layouts(self.space, self.stored, device, self.tile_points)
            layout, given[REDUCED_IN], computed = cut.cube, json.dumps(cut.grid.tile), cut.grid
            if self.stored.reduction.summed:
                given[SUMMED_IN] = ORDER
        there = something_at(root)
        if there and beside_others:
            return False
        with only_writer(root) if there else nullcontext() as lease:
            if there and not is_half_overwritten(root):
                finish_growth(root)
                open_cube_for_reading(root)
            needed = self.stored.points * self.stored.bytes_per_point
            self._require_disk(needed, storage_of(root).bytes_below(root) if there else 0)
            try:
                given[PORTABLE] = self.ready.portable(computed)
            except SweepInterrupted as stopped:
                raise SweepInterrupted(stopped.done, stopped.total, stopped.part, replaces=there) from None
            if lease is not None:  # to measure a large cube, and to compile, takes long
                lease.require()
            try:
                create_cube(root, self.stored, layout, self._all_attributes(given), there)
                if beside_others:
                    storage_of(root).commit("begun")
            except (Appeared, Overtaken):
                if not beside_others:
                    raise
                return False
        return True

    def open(self) -> tuple[Cube, bool]:
        """Open the cube, which nobody else writes to, and let it grow; whether it did."""
        finish_growth(self.root)
        drop_older_seals(self.root)
        cube = open_cube_for_reading(self.root)
        grown = self._grown(cube)
        require_same_sweep(grown or cube, self.stored)
        return grown or cube, grown is not None

    def settle_for_parts(self) -> bool:
        """See to it that many can write to the cube, none of whom may change what it is; whether it grew."""
        while self._needs_preparing():
            try:
                with only_writer(self.root, "preparing"):
                    cube, grown = self.open()
                    seal_anew(cube)
                    return grown
            except Busy:
                if self._needs_preparing():  # else another part has done it, and writes already
                    raise
        return False

    def _needs_preparing(self) -> bool:
        if half_grown(self.root) or len(seals_of(self.root)) != 1:
            return True
        try:
            cube = open_cube_for_reading(self.root)
        except Changing:
            return True
        return bool(grown_axes(cube, self.stored, identity(self.stored, cube.identity)))

    def _grown(self, cube: Cube) -> Cube | None:
        """The cube with room for what the sweep adds at the ends of axes; None where it adds nothing."""
        axes = grown_axes(cube, self.stored, identity(self.stored, cube.identity))
        if not axes:
            return None
        require_sound_coordinates(cube)
        self._require_few_tiles(cube)
        added = self.stored.points - prod(cube.layout.grid)
        self._require_disk(added * self.stored.bytes_per_point, 0)
        require_growable(cube, axes)  # before anything is written
        seal_anew(cube)  # of what it is: a kill on the way leaves files that one of two seals tells
        grow(cube, axes, self._all_attributes(self.attributes))
        return open_cube_for_reading(cube.root)

    def _require_few_tiles(self, cube: Cube) -> None:
        """Refuse to cut a large grid into the tiles of a small one."""
        if isinstance(self.stored, ReducedSpace):
            return
        tiles, fresh = (
            len(Layout(self.space.shape, cube.layout.tile)),
            len(plan_space(self.space, self.ready.device())),
        )
        if tiles > _MANY_TILES and tiles > _TIMES_AS_MANY * fresh:
            raise CubeError(
                f"{self.root}: was begun small, in tiles of {prod(cube.layout.tile):,} points: {tiles:,} of "
                f"them would be needed, and {fresh:,} of a new cube; choose another output, which takes over "
                "what is there with ",
                Argument("reuse", self.root),
            )

    def _all_attributes(self, given: Mapping[str, str]) -> dict[str, str]:
        return {"identity": json.dumps(identity(self.stored)), **given, "device": str(self.ready.device())}

    def _require_disk(self, needed: int, freed: int) -> None:
        if not self.check_disk or is_url(self.root):
            return
        free = shutil.disk_usage(self.root.absolute().parent).free + freed
        if needed > free:
            raise SweepError(
                f"{self.root}: the cube needs {size_text(needed)} uncompressed and the disk has "
                f"{size_text(free)} free; sweep fewer points or outputs, or pass ",
                Argument("check_disk", False),
                " if you expect it to compress",
            )
