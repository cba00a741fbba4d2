"""What a run finds in a cube that is there: tiles to compute, tiles to trust, tiles to look at.

A tile with a record is trusted as long as its files are those that were recorded: of the same length, inode
and times, as the system tells without reading them. Where they are not (a copied cube, a changed file), its
shards are read and their digests compared. A tile without record is read, too, and recorded where it is
sound.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

import numpy as np

from ..errors import Argument, CubeError
from ..feedback.report import Report
from ..tiles import Tile, TileList
from .commit import agrees, digests, earlier_points, record, revoke
from .cube import Cube, open_cube_for_reading
from .durable import clear_disk_errors, discard, has_leftovers_beside, remove_leftovers
from .identity import damaged_coordinate
from .journal import FOLDER as RUNS
from .journal import JOURNAL, merge_journals, own_journals
from .manifest import FOLDER, Manifest, complete, key_of
from .metadata import contradictions
from .recorder import Recorder
from .seal import broken, drop_older_seals, seal_of, seals_of, write_seal
from .shared.lease import Busy, only_writer
from .shared.parts import WHOLE, Part, tiles_of_part
from .shared.signs import names
from .storage.changed import changed_files, has_mark
from .storage.links import require_no_links

UNDER_WAY = "status/partial"  # What is under way of a reduced sweep, until its tile is committed.
Shards = Mapping[str, tuple[int, bytes]]


@dataclass
class Survey:
    """What is there of a cube.

    Attributes
    ----------
    missing
        Tiles that are not committed, or no longer sound, in order.
    stale, others
        Those among them that have a record or a commit mark: damaged, or of before the cube grew; and those
        whose shards are whole, and yet not those that were recorded.
    sound
        Tiles that were read and are sound, with the lengths and digests of their shards: their record is
        missing or no longer tells their files.
    """

    missing: TileList
    stale: list[Tile] = field(default_factory=list)
    others: list[Tile] = field(default_factory=list)
    sound: list[tuple[Tile, Shards]] = field(default_factory=list)


def survey(
    cube: Cube, manifest: Manifest, durable: bool = False, indices: np.ndarray | None = None
) -> Survey:
    """Look at every tile of a cube, and read those that the manifest does not vouch for. Writes nothing.

    `indices`: only at the tiles with these numbers.

    `durable`: read those, too, that were recorded before they were on the disk: a power cut may have come
    in between, which leaves files their length, inode and times, and takes their bytes.
    """
    surveyed, counts, missing = Survey(TileList(cube.layout)), cube.layout.counts, []
    if indices is not None:
        manifest = manifest.only(indices)
    changed = changed_tiles(cube, manifest)
    if durable:
        changed = np.union1d(changed, manifest.indices[manifest["synced"] == 0])
    unknown = without_record(manifest, prod(counts) if indices is None else indices)
    marked = has_mark(cube, len(unknown))
    for index in np.union1d(unknown, changed).tolist():
        key = key_of(index, counts)
        row = manifest.find(key)
        if row is None and not marked(key):
            missing.append(index)
            continue
        tile = cube.layout.at(key)
        shards = digests(cube, tile)
        if shards is not None and agrees(cube, tile, row, shards):
            surveyed.sound.append((tile, shards))
            continue
        missing.append(index)
        (surveyed.stale if shards is None else surveyed.others).append(tile)
    surveyed.missing = TileList(cube.layout, missing)
    return surveyed


def complete_already(
    root: Path, same: Mapping[str, str], durable: bool = True, part: Part = WHOLE
) -> Report | None:
    """What a run has to say of a cube in which nothing is missing; None where it has to look closer.

    Neither the model nor what computes is loaded.

    Parameters
    ----------
    root
        The cube's folder.
    same
        Attributes that tell the sweep and the program: a cube that has them all is one of this sweep.
    durable, part
        As of `execute`.

    Raises
    ------
    CubeError
        Another run is writing to the cube, or the disk refuses.
    """
    if not same:
        return None
    with clear_disk_errors(root):
        if not root.is_dir():
            return None
        root = root.resolve() if root.is_symlink() else root
        try:
            cube = open_cube_for_reading(root)
        except CubeError:
            return None
        if len(seals_of(root)) != 1 or any(cube.attributes.get(key) != same[key] for key in same):
            return None
        manifest, indices = cube.load_manifest(), None if part.of == 1 else tiles_of_part(cube.layout, part)
        if len(manifest if indices is None else manifest.only(indices)) < _tiles(cube, indices):
            return None
        if damaged_coordinate(cube):
            return None
        surveyed = survey(cube, manifest, durable, indices)
        if surveyed.missing:
            return None
        absent = 0 if indices is None else len(cube.layout) - int(complete(manifest, cube.layout).sum())
        if indices is None and not settled(cube, manifest, surveyed):
            with only_writer(root):
                now = cube.load_manifest()
                # Who writes begins a file of records first: where there is none more, all is as it was.
                surveyed = surveyed if _alike(now, manifest) else survey(cube, now, durable)
                try:
                    if prepare(cube, durable, now, surveyed):
                        return None
                finally:
                    cube.recorder.close()
        elif indices is not None and surveyed.sound:
            return None
        elif indices is not None and not absent and not settled(cube, manifest, surveyed):
            settle(root, durable)
        return Report(0, _tiles(cube, indices), 0, 0.0, 0, "", missing=absent)


def _alike(one: Manifest, other: Manifest) -> bool:
    return (one.files, one.records, one.damaged) == (other.files, other.records, other.damaged)


def settled(cube: Cube, manifest: Manifest, surveyed: Survey) -> bool:
    """Whether a cube in which nothing is missing needs nothing: nothing to record or to clear away."""
    return (
        manifest.settled
        and not manifest.damaged
        and not surveyed.sound
        and not Recorder.wants_rewriting(manifest)
        and not names(cube.root)
        and not (cube.root / UNDER_WAY).exists()
        and not own_journals(cube.root)
        and not has_leftovers_beside(cube.root)
    )


def settle(root: Path, durable: bool) -> None:
    """Put a cube in order whose last tile was written, unless others write to it still: one of them will.

    What it does, any later run would do as well; nothing depends on it.
    """
    with suppress(Busy), only_writer(root, "ending", wait=False):
        cube = open_cube_for_reading(root)
        if complete(cube.load_manifest(), cube.layout).sum() == len(cube.layout):
            try:
                prepare(cube, durable)
            finally:
                cube.recorder.close()


def _tiles(cube: Cube, indices: np.ndarray | None) -> int:
    return len(cube.layout) if indices is None else len(indices)


def prepare(
    cube: Cube, durable: bool, manifest: Manifest | None = None, surveyed: Survey | None = None
) -> TileList:
    """Clear away what killed runs left, see to the manifest, and say which tiles are missing.

    `manifest` and `surveyed` are what was read already.
    """
    require_no_links(cube.root, [*(f"{name}/c" for name in cube.sharded), FOLDER, JOURNAL, RUNS])
    seal_anew(cube)
    manifest = cube.load_manifest() if manifest is None else manifest
    manifest.require_own(cube.root)
    merge_journals(cube.root)
    remove_leftovers(cube.root, inside=not manifest.settled)
    if Recorder.wants_rewriting(manifest):
        cube.recorder.rewrite(manifest)
    todo = tiles_to_compute(cube, manifest, durable, surveyed)
    if not todo:
        discard(cube.root / UNDER_WAY)
        if cube.recorder.begun or not manifest.ended:
            cube.recorder.end()
    return todo


def seal_anew(cube: Cube) -> None:
    """Seal a cube of equisweep 0.1.0, one whose seal is lost, or one of which a killed growth was given up.

    The latest seal of the last one is of what the cube never became; each of its files is as some seal says.
    """
    root, seals = cube.root, seals_of(cube.root)
    if not seals:
        _require_no_contradictions(root)
        write_seal(root, seal_of(root))
        return
    unmet = len(seals) > 1 and broken(root, seals[-1:]) and not broken(root, seals)
    if unmet and not contradictions(root) and not damaged_coordinate(cube):
        write_seal(root, seal_of(root, seals[-1].cube))
        drop_older_seals(root)


def _require_no_contradictions(root: Path) -> None:
    """Refuse to seal metadata that say two things."""
    for path, reason in contradictions(root).items():
        raise CubeError(
            f"{path}: {reason}; choose another output, or overwrite the cube with ",
            Argument("overwrite", True),
        )


def missing_tiles(cube: Cube, indices: np.ndarray | None = None) -> TileList:
    """Tiles that are not committed, or no longer sound, in order; `indices` as of `survey`."""
    return survey(cube, cube.load_manifest(), indices=indices).missing


def prepare_part(cube: Cube, durable: bool, indices: np.ndarray) -> TileList:
    """Say which tiles are missing of those with these numbers, others writing to the cube meanwhile.

    Nothing of what they may be at work on is cleared away.
    """
    require_no_links(cube.root, [*(f"{name}/c" for name in cube.sharded), FOLDER, JOURNAL, RUNS])
    manifest = cube.load_manifest()
    manifest.require_own(cube.root)
    return tiles_to_compute(cube, manifest, durable, survey(cube, manifest, durable, indices))


def tiles_to_compute(
    cube: Cube, manifest: Manifest, durable: bool = True, surveyed: Survey | None = None
) -> TileList:
    """The `missing_tiles`; what was learnt on the way is written into the manifest.

    `durable`: what an earlier run left to the system to put on the disk is put there first. `surveyed`: the
    `survey`, if there was one. Raises OSError where the disk refuses.
    """
    surveyed = survey(cube, manifest, durable) if surveyed is None else surveyed
    if surveyed.missing:
        cube.recorder.begin()
    for tile in surveyed.others:  # which nothing but their record tells from sound ones
        revoke(cube, tile)
    earlier = [(tile, earlier_points(cube, tile)) for tile in surveyed.stale]
    for tile, shards in earlier:
        if shards is None:
            cube.recorder.revoke(tile)
        else:  # what is replaced in its place may come back with a power cut: this tells which files it was
            record(cube, tile, shards, synced=False)
    if any(shards is not None for _, shards in earlier):
        cube.recorder.put_on_disk()
    if durable and surveyed.sound:
        cube.storage.sync_all(cube.root)
    for tile, shards in surveyed.sound:
        record(cube, tile, shards, durable)
    return surveyed.missing


def changed_tiles(cube: Cube, manifest: Manifest) -> np.ndarray:
    """Places of recorded tiles that have grown, or of which a file is not there or not the recorded one."""
    changed = ~complete(manifest, cube.layout)
    for name in cube.sharded:
        changed |= changed_files(cube, manifest, name)
    return manifest.indices[changed]


def without_record(manifest: Manifest, tiles: int | np.ndarray) -> np.ndarray:
    """Places of the tiles that have no record, of so many, or of those with these numbers."""
    every = np.arange(tiles) if isinstance(tiles, int) else tiles
    if len(manifest.indices) == len(every):
        return np.empty(0, np.int64)
    return np.setdiff1d(every, manifest.indices, assume_unique=True)
