"""A cube on disk: plain Zarr v3 that xarray opens without this package.

Shards are tiles: each variable has one file a tile. Which tiles count as computed is said in `commit`.
"""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import zarr

from ..errors import Argument, CubeError, SweepError
from ..tiles import Layout, Tile
from .durable import clear_disk_errors, write_file
from .metadata import half_grown
from .shard import encode, encodes, holds_all_chunks


class Cube:
    """A cube that a run writes tile by tile, or that `verify` reads back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Each array's own metadata, not the consolidated copy, so that damage to it shows.
        mode = "r+" if os.access(root, os.W_OK) else "r"
        self.group = zarr.open_group(str(root), mode=mode, use_consolidated=False)
        self.identity: dict[str, str] = json.loads(_text(self.group, "identity", root))
        self.names: list[str] = json.loads(_text(self.group, "variables", root))
        self._arrays = {name: self.open_array(name) for name in self.names}
        self._encoded_here = {name for name, array in self._arrays.items() if encodes(array)}
        rank = self._arrays["status"].ndim
        tile = self._arrays["status"].shards
        if tile is None:
            raise CubeError(f"{root}: its arrays are not sharded: not written by equisweep")
        self.layout = Layout(self._arrays["status"].shape, tuple(tile[:rank]))

    def array(self, name: str) -> zarr.Array:
        """The array called `name`."""
        return self._arrays[name]

    def write_shard(self, name: str, tile: Tile, values: np.ndarray) -> None:
        """Write one variable's values in a tile, clipped to the grid; OSError where the disk refuses."""
        if not (self.root / name).is_dir():  # moved away: no new one without metadata
            raise FileNotFoundError(errno.ENOENT, "the array's folder has gone", str(self.root / name))
        self._require_fit(name, values)
        if name in self._encoded_here:
            write_file(self.shard(name, tile), encode(self._arrays[name], values))
        else:
            self._arrays[name][tile.region] = values

    def _require_fit(self, name: str, values: np.ndarray) -> None:
        """Refuse counts that do not fit the narrower integers of a cube of before."""
        held = self._arrays[name].dtype
        if held.kind != "i" or np.can_cast(values.dtype, held) or not values.size:
            return
        limits, ends = np.iinfo(held), (int(values.min()), int(values.max()))
        for end in ends:
            if not limits.min <= end <= limits.max:
                raise CubeError(
                    f"{self.root}: {name}: {end:,} does not fit {held}, in which this older cube holds it; "
                    "choose another output, or overwrite it with ",
                    Argument("overwrite", True),
                )

    def shard(self, name: str, tile: Tile) -> Path:
        """The file that holds `name` in this tile."""
        inner = self._arrays[name].ndim - len(tile.key)
        return self.root.joinpath(name, "c", *map(str, tile.key + (0,) * inner))

    def read(self, name: str, tile: Tile) -> np.ndarray:
        """One tile of one variable, checksums checked."""
        return np.asarray(self._arrays[name][tile.region])

    def is_whole(self, name: str, tile: Tile) -> bool:
        """Whether the shard is there with all its chunks: zarr reads what is missing as fill values."""
        array = self._arrays[name]
        inside = tile.shape + array.shape[len(tile.key) :]
        return holds_all_chunks(self.shard(name, tile), array, inside)

    def open_array(self, name: str) -> zarr.Array:
        """The array or coordinate called `name`, opened anew; CubeError where there is none."""
        try:
            array = self.group[name]
        except KeyError:
            array = None
        if not isinstance(array, zarr.Array):
            raise CubeError(f"{self.root}: the array {name!r} is missing; the cube is damaged")
        return array.with_config({"write_empty_chunks": True})


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
        reason = (str(error).splitlines() or [""])[0]
        raise CubeError(
            f"{root}: cannot be read ({type(error).__name__}: {reason}); "
            f"equisweep verify {root} names what is damaged"
        ) from error


def bytes_on_disk(root: Path) -> int:
    """Size of everything below `root`."""
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file())
