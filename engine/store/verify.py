"""Read back every shard of a cube: digests, checksums, completeness, commit marks; and its metadata."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..gate.files import says_nothing_of_the_file
from ..gate.text import said
from ..tiles import Tile
from .commit import agrees, digests, record, revoke
from .cube import open_cube_for_reading
from .decode import Damaged, read_digest, why
from .durable import clear_disk_errors
from .identity import damaged_coordinate
from .manifest import FOLDER, complete, key_of
from .metadata import contradictions
from .resume import Shards, without_record
from .seal import broken, read_seals, restore_metadata, seal_of, write_seal
from .shard import Form, digests_of
from .shared.lease import Lease, only_writer
from .storage.changed import has_mark
from .storage.held import hold
from .storage.place import place

_BLOCK = 4096  # Records whose numbers are held as Python's at once.
_OTHER = "is another shard than was written here"
_MISSING = "the file is missing although its tile is committed"


@dataclass
class Verdict:
    """What reading a cube back showed.

    Attributes
    ----------
    tiles, shards, bytes
        How many tiles the cube has, and how many shards and bytes were read.
    uncommitted
        Tiles without commit mark: the next run computes them.
    damaged
        What is wrong, by the path of each damaged shard.
    metadata
        What is wrong, by the path of each damaged file of metadata or of the manifest.
    unrecorded
        Committed tiles that the manifest of a cube does not have, although it should.
    repaired
        How many tiles lost their commit mark, to be computed again.
    recorded
        How many tiles the manifest lacked, and has now.
    restored
        Files of metadata that were written again as they were; of the manifest, anew.
    coordinate
        What is wrong with a coordinate; empty where all are sound.
    """

    tiles: int = 0
    shards: int = 0
    bytes: int = 0
    uncommitted: list[Tile] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)
    metadata: dict[Path, str] = field(default_factory=dict)
    unrecorded: list[Tile] = field(default_factory=list)
    repaired: int = 0
    recorded: int = 0
    restored: list[Path] = field(default_factory=list)
    coordinate: str = ""

    @property
    def sound(self) -> bool:
        """Whether all of the cube reads back as it was written, and every tile is committed and recorded."""
        wrong = self.damaged or self.uncommitted or self.coordinate or self.unrecorded
        return not wrong and set(self.metadata) <= set(self.restored)


def verify(root: Path, *, repair: bool = False, on_tile: Callable[[Tile], None] | None = None) -> Verdict:
    """Read every shard of the cube at `root` and check it, and its metadata.

    Parameters
    ----------
    root
        The cube.
    repair
        Write metadata as they were, and the manifest anew; take the commit mark from tiles with a damaged
        shard, so that running the same sweep again computes them anew.
    on_tile
        Called after each tile, if given.

    Returns
    -------
    What is wrong. Where metadata are damaged, and not repaired, no shard is read: nobody knows its shape.

    Raises
    ------
    CubeError
        Where there is no cube, or, to repair it, another run is writing to it; where the system refuses to
        read for reasons of its own.
    """
    if not repair or not root.is_dir():
        with clear_disk_errors(root):
            return _Verifying(root, on_tile).verdict
    with clear_disk_errors(root), only_writer(root, "repair") as lease:
        restored = restore_metadata(root)
        verdict = _Verifying(root, on_tile, lease).verdict
        verdict.restored += restored
        return verdict


class _Verifying:
    """One cube being read back; `verdict` is the result."""

    def __init__(
        self, root: Path, on_tile: Callable[[Tile], None] | None, lease: Lease | None = None
    ) -> None:
        """`lease` is that of one who is to repair it."""
        seals, lost = read_seals(root)
        wrong = broken(root, seals)
        metadata = {path: reason for path, reason in wrong.items() if path.name == "zarr.json"}
        self.verdict = Verdict(metadata=metadata | lost)
        if metadata:
            return
        self.cube = cube = open_cube_for_reading(root, sealed=False)
        self.verdict.tiles = len(cube.layout)
        self.verdict.coordinate = damaged_coordinate(cube) or "; ".join(wrong.values())
        self.manifest = cube.load_manifest()
        self.verdict.metadata |= self.manifest.damaged
        self.has_manifest = bool(seals or lost or self.manifest.files) or cube.format != 1
        if not seals:
            self._unsealed()
        if lease:
            hold(cube, lease)
        sound, damaged = self._read(on_tile)
        if lease and not self.verdict.coordinate:
            self._repair(lease, sound, damaged, sealed=bool(seals))

    def _unsealed(self) -> None:
        """What a cube without seal says of itself twice."""
        root = self.cube.root
        self.verdict.metadata |= contradictions(root)
        if self.has_manifest:
            self.verdict.metadata[root / FOLDER] = "the seal of the cube, which lies here, is lost"

    def _read(self, on_tile: Callable[[Tile], None] | None) -> tuple[list[tuple[Tile, Shards]], list[Tile]]:
        """Read all tiles; returns those that are sound and have no record, and those that are damaged."""
        (sound, damaged), layout = self._recorded(on_tile), self.cube.layout
        marked = has_mark(self.cube, len(layout) - len(self.manifest))
        for number in without_record(self.manifest, len(layout)).tolist():
            tile = layout.at(key_of(number, layout.counts))
            if not marked(tile.key):
                self.verdict.uncommitted.append(tile)
            else:
                shards, wrong = self._unrecorded(tile)
                self.verdict.damaged |= wrong
                if wrong:
                    damaged.append(tile)
                else:
                    sound.append((tile, shards))
            if on_tile:
                on_tile(tile)
        if self.has_manifest:
            self.verdict.unrecorded = [tile for tile, _ in sound]
        return sound, damaged

    def _recorded(
        self, on_tile: Callable[[Tile], None] | None
    ) -> tuple[list[tuple[Tile, Shards]], list[Tile]]:
        """Read all tiles that have a record; returns those that were committed anew since, as the cube had
        grown, and the damaged ones.
        """
        manifest, layout, sound, damaged = self.manifest, self.cube.layout, [], []
        grown = ~complete(manifest, layout)  # since it was recorded
        for start in range(0, len(manifest), _BLOCK):
            block = manifest.at(slice(start, start + _BLOCK))
            keys, wrong = block["key"].tolist(), self._unlike_records(block)
            looked_at = on_tile or wrong or grown[start : start + _BLOCK].any()
            for row, key in enumerate(keys if looked_at else ()):
                tile, reasons = layout.at(tuple(key)), wrong.get(row, {})
                shards = self._anew(tile, block[row]) if reasons and grown[start + row] else None
                if shards is not None:
                    sound.append((tile, shards))
                elif reasons:
                    self.verdict.damaged |= reasons
                    damaged.append(tile)
                elif grown[start + row]:
                    self.verdict.uncommitted.append(tile)
                if on_tile:
                    on_tile(tile)
        return sound, damaged

    def _anew(self, tile: Tile, row: Any) -> Shards | None:
        """Lengths and digests of the shards of a tile that was committed anew as the cube had grown, by a run
        that was killed before it recorded that; None where it was not.
        """
        shards = digests(self.cube, tile)
        return shards if shards is not None and agrees(self.cube, tile, row, shards) else None

    def _unlike_records(self, block: np.ndarray) -> dict[int, dict[Path, str]]:
        """What is wrong with shards of recorded tiles: by the row of the record, by path."""
        wrong: dict[int, dict[Path, str]] = {}
        for i, name in enumerate(self.cube.sharded):
            shards, form = block["shards"][:, i], self.cube.forms[name]
            recorded = zip(shards["length"].tolist(), digests_of(shards), strict=True)
            paths = self.cube.paths(name, block["key"])
            for row, (path, known) in enumerate(zip(paths, recorded, strict=True)):
                reason = self._reason(path, form, known)
                if reason:
                    wrong.setdefault(row, {})[place(path)] = reason
        return wrong

    def _reason(self, path: str, form: Form, known: tuple[int, bytes]) -> str:
        """What is wrong with a shard whose length and digest are known; empty where it is sound."""
        try:
            now = read_digest(path, form)
        except FileNotFoundError:
            return _MISSING
        except (Damaged, OSError) as error:
            if says_nothing_of_the_file(error):
                raise
            self._count(path)
            return f"cannot be read back: {why(error)}"
        self.verdict.shards += 1
        self.verdict.bytes += now[0]
        return "" if now == known else _OTHER

    def _count(self, path: str) -> None:
        """Count a shard that was read in vain."""
        self.verdict.shards += 1
        with suppress(OSError):
            self.verdict.bytes += self.cube.storage.stat(path).st_size

    def _unrecorded(self, tile: Tile) -> tuple[Shards, dict[Path, str]]:
        """Lengths and digests of a committed tile's shards, and what is wrong with them, by path."""
        shards, wrong = {}, {}
        for name in self.cube.sharded:
            path = self.cube.shard(name, tile)
            try:
                shards[name] = self.cube.digest(name, tile)
            except FileNotFoundError:
                wrong[path] = _MISSING
                continue
            except (Damaged, OSError) as error:
                if says_nothing_of_the_file(error):
                    raise
                wrong[path] = f"cannot be read back: {why(error)}"
            self._count(str(path))
        return shards, wrong or self._unlike_a_tile(tile)

    def _unlike_a_tile(self, tile: Tile) -> dict[Path, str]:
        """What is wrong with shards that were only compared with themselves."""
        wrong = {}
        for name in self.cube.sharded:
            path = self.cube.shard(name, tile)
            if not self.cube.is_whole(name, tile):
                wrong[path] = "is cut short or lacks chunks"
                continue
            try:
                values = self.cube.read(name, tile)
            except Exception as error:  # whatever a codec raises on broken bytes
                if says_nothing_of_the_file(error):
                    raise
                wrong[path] = f"cannot be read back: {said(error)}"
                continue
            if name == "status" and not values.all():
                wrong[path] = "marks points as not computed although its tile is committed"
        return wrong

    def _repair(
        self, lease: Lease, sound: list[tuple[Tile, Shards]], damaged: list[Tile], sealed: bool
    ) -> None:
        """Take back damaged tiles, and write what the manifest lacks."""
        cube, verdict = self.cube, self.verdict
        lease.require()  # to read a cube takes long
        if not sealed and not contradictions(cube.root):
            write_seal(cube.root, seal_of(cube.root))
            verdict.restored.append(cube.root / FOLDER)
        rewritten = [path for path in verdict.metadata if path.parent == cube.root / FOLDER]
        if rewritten:
            cube.recorder.rewrite(self.manifest)
        for path in rewritten:
            path.unlink(missing_ok=True)
        verdict.restored += rewritten
        for tile in damaged:
            lease.require()
            revoke(cube, tile)
        for tile, shards in sound:
            record(cube, tile, shards, synced=False)
        if cube.recorder.begun:
            cube.recorder.end()
        verdict.repaired, verdict.recorded, verdict.unrecorded = len(damaged), len(sound), []
