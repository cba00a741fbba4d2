"""A cube on disk: plain Zarr v3 that xarray opens without this package.

Shards are tiles: each variable has one file a tile. Which tiles count as computed is said in `commit`.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import Argument, Call, CubeError, UserError
from ..gate.documents import parse_json
from ..gate.files import Unfit, says_nothing_of_the_file
from ..gate.text import said
from ..tiles import Layout, Tile
from .decode import read_digest, read_part
from .durable import clear_disk_errors
from .manifest import Manifest, Stamp, load_manifest
from .metadata import columns_of, half_grown, read_metadata
from .recorder import Recorder
from .require_cube import no_cube, no_folder, require_cube
from .seal import Seal, broken, cube_name, read_seals, seals_of
from .shard import Form, Passing, encode, holds_all_chunks
from .storage.failures import StorageError
from .storage.files import objects_of, storage_of
from .storage.links import require_no_link
from .storage.overwritten import require_not_half_overwritten
from .storage.place import place
from .storage.segments import recorder_at
from .stored import Stored, stored_array


class Changing(CubeError):
    """A run lets a cube grow, or replaces it, while it is being opened."""


class Cube:
    """A cube that a run writes tile by tile, or that `verify` reads back."""

    def __init__(self, root: Path, seals: Sequence[Seal] | None = None) -> None:
        """The cube at `root`; `seals` are its own, if they were read already."""
        self.root, self._seals, self.storage = root, seals, storage_of(root)
        # Each array's own metadata, not the consolidated copy, so that damage to it shows.
        document = read_metadata(root)
        self.attributes: dict[str, Any] = document["attributes"]
        consolidated = document.get("consolidated_metadata") or {}
        self._copied = consolidated.get("metadata", {})
        self.identity: dict[str, str] = parse_json(self._text("identity"))
        self.names: list[str] = parse_json(self._text("variables"))
        self.columns: list[str] = columns_of(self.attributes)
        self._arrays = {name: self.open_array(name) for name in (*self.names, *self.columns)}
        self.forms = {name: _form(root, array) for name, array in self._arrays.items()}
        status = self._arrays["status"]
        self._rank = rank = status.ndim
        self.layout = Layout(status.shape, status.files)
        self.format = self.attributes.get("equisweep_format")
        self._ends = {name: "/0" * (self._arrays[name].ndim - rank) for name in self.names}
        self._along = {name: status.dims.index(self._arrays[name].dims[0]) for name in self.columns}

    def array(self, name: str) -> Stored:
        """The array called `name`."""
        return self._arrays[name]

    @property
    def of_one_moment(self) -> bool:
        """Whether the arrays have the sizes that the root said when it was read: a growing cube's may not."""
        said = ((array, self._copied.get(name)) for name, array in self._arrays.items())
        return all(copy is None or tuple(copy["shape"]) == array.shape for array, copy in said)

    @property
    def sharded(self) -> list[str]:
        """Names of all that a tile has a shard of: variables, and the columns of its samples."""
        return [*self.names, *self.columns]

    def axis_of(self, column: str) -> int:
        """The axis of the grid along which a column lies; tiles that differ along others share its shards."""
        return self._along[column]

    def _inside(self, name: str, tile: Tile) -> tuple[int, ...]:
        """Shape of the numbers that an array has in a tile."""
        if name in self._along:
            return (tile.shape[self._along[name]],)
        return tile.shape + self._arrays[name].shape[len(tile.key) :]

    @cached_property
    def coordinates(self) -> dict[str, Stored]:
        """All coordinates, by name: of a dimension, or named by an array as one of its own.

        Raises CubeError where the metadata of one are not what they should be.
        """
        listed = " ".join(str(array.attributes.get("coordinates", "")) for array in self._arrays.values())
        dims = (dim for array in self._arrays.values() for dim in array.dims)
        # What the sweep varies is listed there, too, but the list ends names at blanks.
        varied = (key.partition("parameters." if "design." in key else ".")[2] for key in self.identity)
        names = dict.fromkeys([*dims, *listed.split(), *(name for name in varied if " " in name)])
        there = [name for name in names if self.storage.exists(self.root / name / "zarr.json")]
        with readable(self.root):
            arrays = {name: self.open_array(name) for name in there if name not in self._arrays}
        return {name: array for name, array in arrays.items() if array.ndim == 1}

    @cached_property
    def stamp(self) -> Stamp:
        """What files of the cube's manifest begin with: a cube that has grown keeps its first name."""
        seals = seals_of(self.root) if self._seals is None else self._seals
        name = seals[-1].cube if seals else cube_name(self._text("identity"))
        return Stamp(name, tuple(self.sharded), self._rank)

    def load_manifest(self) -> Manifest:
        """What the manifest says now."""
        return load_manifest(self.root, self.stamp, self.layout.counts)

    @cached_property
    def recorder(self) -> Recorder:
        """Who writes to the manifest for this process."""
        return recorder_at(self.root, self.stamp)

    def make_folders(self, tile: Tile) -> None:
        """Make the folders of a tile's shards; CubeError where a link would lead out of the cube.

        Raises OSError where the disk refuses, and where an array's folder has gone.
        """
        if objects_of(self.root):
            return
        for name in self.sharded:
            folder = f"{self.root}/{name}"
            require_no_link(folder, os.lstat(folder).st_mode)  # moved away: no new one without metadata
            self.storage.make_folder(folder, self.path(name, tile.key)[len(folder) + 1 :].rpartition("/")[0])

    def write_shard(
        self, name: str, tile: Tile, values: np.ndarray, durable: bool = False
    ) -> tuple[int, bytes]:
        """Write one variable's values in a tile, clipped to the grid; returns length and digest of the file.

        Its folder must be there. Raises OSError where the disk refuses, CubeError for numbers too large.
        """
        path = self.path(name, tile.key)
        self._require_fit(name, values)
        passing = Passing(self.forms[name])
        self.storage.put(path, passing.through(encode(self.forms[name], values)), durable)
        return passing.length, passing.digest

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
        return place(self.path(name, tile.key))

    def path(self, name: str, key: tuple[int, ...]) -> str:
        """The same of the tile with this key, as a text."""
        if name in self._along:
            return f"{self.root}/{name}/c/{key[self._along[name]]}"
        return f"{self.root}/{name}/c/{'/'.join(map(str, key))}{self._ends[name]}"

    def paths(self, name: str, keys: np.ndarray) -> list[str]:
        """The same of many tiles, whose keys are the rows of an array."""
        folder = f"{self.root}/{name}/"
        return [folder + path for path in self.inside(name, keys)]

    def inside(self, name: str, keys: np.ndarray) -> list[str]:
        """The same, from the folder of the array on."""
        if name in self._along:
            keys = keys[:, [self._along[name]]]
        form = "c/" + "/".join(["%d"] * keys.shape[1]) + self._ends.get(name, "")
        return [form % tuple(key) for key in keys.tolist()]

    def read(self, name: str, tile: Tile) -> np.ndarray:
        """One tile of one variable, checksums checked; what was never written is filled.

        Raises what a codec raises on broken bytes.
        """
        form, array = self.forms[name], self._arrays[name]
        inside = self._inside(name, tile)
        try:
            return read_part(self.path(name, tile.key), form, [slice(0, size) for size in inside])[0]
        except FileNotFoundError:
            return np.full(inside, array.fill_value, array.dtype)

    def digest(self, name: str, tile: Tile) -> tuple[int, bytes]:
        """Length and digest of a shard, its checksums checked. Raises `Damaged`, or OSError."""
        return read_digest(self.path(name, tile.key), self.forms[name])

    def is_whole(self, name: str, tile: Tile) -> bool:
        """Whether the shard is there with all its chunks: zarr reads what is missing as fill values."""
        return holds_all_chunks(self.path(name, tile.key), self.forms[name], self._inside(name, tile))

    def open_array(self, name: str) -> Stored:
        """The array or coordinate called `name`, opened anew; CubeError where there is none."""
        try:
            return stored_array(self.root / name)
        except (FileNotFoundError, NotADirectoryError):
            raise CubeError(f"{self.root}: the array {name!r} is missing; the cube is damaged") from None

    def _text(self, key: str) -> str:
        value = self.attributes.get(key)
        if not isinstance(value, str):
            raise CubeError(
                f"{self.root}: is a Zarr group but no equisweep cube (attribute {key!r} is missing)"
            )
        return value


def _form(root: Path, array: Stored) -> Form:
    if array.form is None:
        raise CubeError(f"{root}: its arrays are not sharded: not written by equisweep")
    return array.form


def open_cube_for_reading(root: Path, sealed: bool = True) -> Cube:
    """Open an existing cube.

    CubeError, naming the path, where there is none or, if it is to be `sealed`, where its metadata or
    coordinates are not what was written; Changing where they are of two moments of a cube that grows.
    """
    with clear_disk_errors(root):
        if not root.exists():
            raise CubeError(f"{root}: no such cube{_left_beside(root)}")
        if not root.is_dir():
            raise no_folder(root)
        with storage_of(root).at_one_moment(root):
            seals = _require_sealed(root) if sealed else read_seals(root)[0]
            return _opened(root, seals)


def _opened(root: Path, seals: Sequence[Seal]) -> "Cube":
    if half_grown(root):
        raise Changing(f"{root}: was being extended when a run was killed; run the same sweep again first")
    try:
        require_cube(root)
        cube = Cube(root, seals)
        if not cube.of_one_moment:
            raise Changing(f"{root}: is being extended by a run; open it again")
        return cube
    except (CubeError, StorageError):
        raise
    except Unfit as error:
        raise CubeError(f"{error.filename}: {error.strerror}; it is no part of a cube") from None
    except Exception as error:  # zarr raises many kinds on metadata that is not what it should be
        require_not_half_overwritten(root)
        raise no_cube(root, error) from error


def _require_sealed(root: Path) -> list[Seal]:
    """The seals; CubeError for a cube whose metadata or coordinates are not what they say was written."""
    seals = seals_of(root)
    wrong = broken(root, seals)
    if wrong:  # unless a run lets the cube grow just now, which changes its seal first
        seals = seals_of(root)
        wrong = broken(root, seals)
    for path, reason in wrong.items():
        require_not_half_overwritten(root)
        if path.name == "zarr.json":
            mends = Call("verify", root, Argument("repair", True))
            raise CubeError(f"{root}: {reason}; ", mends, " writes them as they were")
        raise CubeError(
            f"{root}: {reason}; choose another output, or overwrite it with ", Argument("overwrite", True)
        )
    return seals


def _left_beside(root: Path) -> str:
    """Where the cube may be that an overwriting run, killed between two names, has moved away."""
    try:
        left = sorted(path.name for path in root.absolute().parent.glob(f"{root.name}.deleted-*"))
    except (OSError, ValueError, AttributeError):  # the last in object storage, where nothing is moved
        return ""
    moved = "an overwriting run that was killed left the old one as"
    return f"; {moved} {left[0]}, and a run puts it back" if left else ""


@contextmanager
def readable(root: Path) -> Iterator[None]:
    """Turn what broken bytes and metadata raise into a CubeError that says what to do.

    Within it a cube is read, and nothing else is done: elsewhere the same errors are of the program.
    """
    try:
        yield
    except UserError:
        raise
    except (OSError, ValueError, TypeError, LookupError) as error:
        again: tuple[str | Call, ...] = (Call("verify", root), " names what is damaged")
        if says_nothing_of_the_file(error):
            again = ("read it again later",)
        raise CubeError(f"{root}: cannot be read ({said(error)}); ", *again) from error
