"""A cube on disk: plain Zarr v3 that xarray opens without this package.

Shards are tiles. `status` is written last, after the tile's other shards are on the disk: its shard is
the commit mark.
"""

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from ..errors import CubeError, SweepError
from ..space import describe_values
from ..tiles import Layout, Tile
from .durable import clear_disk_errors, sync, sync_below, write_file
from .grow import half_grown
from .shard import encode, encodes

_RUNS = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look


class Cube:
    """A cube that a run writes tile by tile, or that `verify` reads back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Each array's own metadata, not the consolidated copy, so that damage to it shows.
        mode = "r+" if os.access(root, os.W_OK) else "r"
        self.group = zarr.open_group(str(root), mode=mode, use_consolidated=False)
        self.identity: dict[str, str] = json.loads(_text(self.group, "identity", root))
        self.names: list[str] = json.loads(_text(self.group, "variables", root))
        self._arrays = {name: self._array(name) for name in self.names}
        self._encoded_here = {name for name, array in self._arrays.items() if encodes(array)}
        rank = self._arrays["status"].ndim
        tile = self._arrays["status"].shards
        if tile is None:
            raise CubeError(f"{root}: its arrays are not sharded: not written by equisweep")
        self.layout = Layout(self._arrays["status"].shape, tuple(tile[:rank]))

    def array(self, name: str) -> zarr.Array:
        """The array called `name`."""
        return self._arrays[name]

    def write(self, tile: Tile, values: Mapping[str, np.ndarray], durable: bool = True) -> None:
        """Commit one tile: its outputs, then (they being on the disk) its status.

        `values` maps every variable to its values in the tile, clipped to the grid. Raises OSError where
        the disk refuses; the tile is then not committed.
        """
        if not self._is_partly_committed(tile):
            for name in self.names:
                # Nothing is merged with what an interrupted or damaged run may have left here.
                self.shard(name, tile).unlink(missing_ok=True)
        data = [name for name in self.names if name != "status"]
        for names in (data, ["status"]):
            for name in names:
                self._write(name, tile, values[name])
            for name in names if durable else ():
                sync_below(self.shard(name, tile), self.root)

    def _write(self, name: str, tile: Tile, values: np.ndarray) -> None:
        if not (self.root / name).is_dir():  # moved away: no new one without metadata
            raise FileNotFoundError(errno.ENOENT, "the array's folder has gone", str(self.root / name))
        if name in self._encoded_here:
            write_file(self.shard(name, tile), encode(self._arrays[name], values))
        else:
            self._arrays[name][tile.region] = values

    def shard(self, name: str, tile: Tile) -> Path:
        """The file that holds `name` in this tile."""
        inner = self._arrays[name].ndim - len(tile.key)
        return self.root.joinpath(name, "c", *map(str, tile.key + (0,) * inner))

    def read(self, name: str, tile: Tile) -> np.ndarray:
        """One tile of one variable, checksums checked."""
        return np.asarray(self._arrays[name][tile.region])

    def is_whole(self, name: str, tile: Tile) -> bool:
        """Whether the shard is there with all its chunks: zarr reads what is missing as fill values.

        A shard ends with its index, an (offset, length) pair of uint64 per chunk, all ones for a chunk
        that was never written, and the index's checksum.
        """
        array = self._arrays[name]
        assert array.shards is not None
        inside = tile.shape + array.shape[len(tile.key) :]
        expected = prod(-(-size // chunk) for size, chunk in zip(inside, array.chunks, strict=True))
        chunks = prod(s // c for s, c in zip(array.shards, array.chunks, strict=True))
        try:
            with self.shard(name, tile).open("rb") as file:
                file.seek(-(16 * chunks + 4), os.SEEK_END)
                index = np.frombuffer(file.read(16 * chunks), "<u8").reshape(-1, 2)
        except (OSError, ValueError):
            return False
        return int((index[:, 1] != np.iinfo("u8").max).sum()) >= expected

    def is_committed(self, tile: Tile) -> bool:
        """Whether all the tile's shards are whole, and its status has no uncomputed point."""
        if not all(self.is_whole(name, tile) for name in reversed(self.names)):
            return False
        try:
            return bool(self.read("status", tile).all())
        except Exception:  # any decoding failure means the mark cannot be trusted: compute it again
            return False

    def _is_partly_committed(self, tile: Tile) -> bool:
        """Whether the tile holds sound points of before the cube grew; they are then replaced in place."""
        try:
            if not self.shard("status", tile).exists() or not self.read("status", tile).any():
                return False
            return all(self.shard(name, tile).exists() and self.read(name, tile).size for name in self.names)
        except Exception:  # any decoding failure: nothing here is to be kept
            return False

    def revoke(self, tile: Tile) -> None:
        """Take back a tile's commit mark, so that the next run computes it again."""
        shard = self.shard("status", tile)
        shard.unlink(missing_ok=True)
        sync(shard.parent)

    def damaged_coordinate(self) -> str:
        """What is wrong with a coordinate, in words; empty where all are as the sweep says."""
        for key, told in self.identity.items():
            kind, _, name = key.partition(".")
            if kind == "labels" and name not in self.group:
                continue  # a dimension that no variable of this cube has
            if kind in ("axes", "labels"):
                try:
                    values = np.asarray(self._array(name)[:])
                    found = (
                        describe_values(values) if kind == "axes" else ", ".join(map(str, values.tolist()))
                    )
                except Exception as error:  # whatever a codec raises on broken bytes
                    return f"the coordinate {name} cannot be read ({type(error).__name__})"
                if found != told:
                    return f"the coordinate {name} is damaged: it holds {found}, and should hold {told}"
        return ""

    def log_run(self, entry: Mapping[str, Any]) -> None:
        """Append one line to the journal of runs, kept apart from the cube's reproducible bytes.

        On a disk that refuses it the line is dropped: the error that matters is the tile's.
        """
        with suppress(OSError), (self.root / _RUNS).open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(entry))  # a line cut short by a crash spoils no other

    def runs(self) -> list[dict[str, Any]]:
        """The journal of runs, oldest first; a line cut short by a crash is left out."""
        entries = []
        with suppress(FileNotFoundError):
            for line in (self.root / _RUNS).read_text(encoding="utf-8").splitlines():
                with suppress(json.JSONDecodeError):
                    entries.append(json.loads(line))
        return entries

    def _array(self, name: str) -> zarr.Array:
        try:
            found = self.group[name]
        except KeyError:
            found = None
        if not isinstance(found, zarr.Array):
            raise CubeError(f"{self.root}: the array {name!r} is missing; the cube is damaged")
        return found.with_config({"write_empty_chunks": True})


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Where two sweeps differ, one text each: "fixed.L: 400.0 in the cube, 500.0 now"."""
    keys = list(dict.fromkeys([*old, *new]))
    return [
        f"{key}: {old.get(key, 'absent')} in the cube, {new.get(key, 'absent')} now"
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _text(group: zarr.Group, key: str, root: Path) -> str:
    value = group.attrs.get(key)
    if not isinstance(value, str):
        raise CubeError(f"{root}: is a Zarr group but no equisweep cube (attribute {key!r} is missing)")
    return value


def open_cube_for_reading(root: Path) -> Cube:
    """Open an existing cube; CubeError, naming the path, where there is none."""
    with clear_disk_errors(root):
        if not root.exists():
            raise CubeError(f"{root}: no such cube")
        if not root.is_dir():
            raise CubeError(f"{root}: is a file, and a cube is a folder")
    if half_grown(root):
        raise CubeError(f"{root}: was being extended when a run was killed; run the same sweep again first")
    try:
        return Cube(root)
    except CubeError:
        raise
    except Exception as error:  # zarr raises many kinds on metadata that is not what it should be
        raise CubeError(
            f"{root}: cannot be opened as a cube ({type(error).__name__}); "
            "if it is to be replaced, delete the folder yourself"
        ) from error


@contextmanager
def readable(root: Path) -> Iterator[None]:
    """Turn what broken bytes raise while a cube is read into a CubeError that says what to do."""
    try:
        yield
    except (SweepError, CubeError, BrokenPipeError):
        raise
    except (ValueError, RuntimeError, OSError, KeyError, TypeError) as error:
        told = (str(error).splitlines() or [""])[0]
        raise CubeError(
            f"{root}: cannot be read ({type(error).__name__}: {told}); "
            f"equisweep verify {root} names what is damaged"
        ) from error


def bytes_on_disk(root: Path) -> int:
    """Size of everything below `root`."""
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file())


def missing_tiles(cube: Cube) -> Iterable[Tile]:
    """Tiles that are not committed, in order."""
    return (tile for tile in cube.layout if not cube.is_committed(tile))
