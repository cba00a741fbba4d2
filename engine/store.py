"""A cube on disk: plain Zarr v3 that xarray opens without this package.

Shards are tiles. `status` is written last, after the tile's other shards are on the disk: its shard is
the commit mark. Metadata is written once, in a directory that appears whole under its final name.
"""

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from .durable import appear, remove_tree, sync_below
from .errors import CubeError
from .plan import Layout, Tile, chunk_shape
from .space import Space, Variable

FORMAT = 1
_RUNS = "status/runs.jsonl"  # inside an array's folder, where listing a zarr group does not look


class Cube:
    """A cube that a run writes tile by tile, or that `verify` reads back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.group = zarr.open_group(str(root), mode="r+" if os.access(root, os.W_OK) else "r")
        self.identity: dict[str, str] = json.loads(_text(self.group, "identity", root))
        self.names: list[str] = json.loads(_text(self.group, "variables", root))
        self._arrays = {name: self._array(name) for name in self.names}
        rank = self._arrays["status"].ndim
        tile = self._arrays["status"].shards
        if tile is None:
            raise CubeError(f"{root}: its arrays are not sharded: not written by equisweep")
        self.layout = Layout(self._arrays["status"].shape, tuple(tile[:rank]))

    def array(self, name: str) -> zarr.Array:
        """The array called `name`."""
        return self._arrays[name]

    def write(self, tile: Tile, values: Mapping[str, np.ndarray], durable: bool = True) -> None:
        """Commit one tile: its outputs, then (they being on the disk) its status."""
        for name in self.names:
            # Nothing is merged with what an interrupted or damaged run may have left here.
            self.shard(name, tile).unlink(missing_ok=True)
        data = [name for name in self.names if name != "status"]
        for names in (data, ["status"]):
            for name in names:
                self._arrays[name][tile.region] = values[name]
            for name in names if durable else ():
                sync_below(self.shard(name, tile), self.root)

    def shard(self, name: str, tile: Tile) -> Path:
        """The file that holds `name` in this tile."""
        inner = self._arrays[name].ndim - len(tile.key)
        return self.root.joinpath(name, "c", *map(str, tile.key + (0,) * inner))

    def read(self, name: str, tile: Tile) -> np.ndarray:
        """One tile of one variable, checksums checked."""
        return np.asarray(self._arrays[name][tile.region])

    def is_committed(self, tile: Tile) -> bool:
        """Whether the tile's status shard is there, whole, and has no uncomputed point."""
        if not self.shard("status", tile).exists():
            return False
        try:
            return bool(self.read("status", tile).all())
        except Exception:  # any decoding failure means the mark cannot be trusted: compute it again
            return False

    def revoke(self, tile: Tile) -> None:
        """Take back a tile's commit mark, so that the next run computes it again."""
        self.shard("status", tile).unlink(missing_ok=True)

    def log_run(self, entry: Mapping[str, Any]) -> None:
        """Append one line to the journal of runs, kept apart from the cube's reproducible bytes.

        On a disk that refuses it the line is dropped: the error that matters is the tile's.
        """
        with suppress(OSError), (self.root / _RUNS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

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


def create_cube(root: Path, space: Space, layout: Layout, attributes: Mapping[str, str]) -> None:
    """Create an empty cube: every array's metadata, the coordinates, and the sweep itself.

    It is built under a temporary name beside `root` and renamed, so it is never seen half made.
    """
    partial = root.with_name(f"{root.name}.partial-{os.getpid()}")
    remove_tree(partial)
    try:
        group = zarr.create_group(str(partial), zarr_format=3, attributes=_attributes(space, attributes))
        for variable in space.variables:
            _create_array(group, space, layout, variable)
        _create_coordinates(group, space)
        with warnings.catch_warnings():
            # Consolidated metadata lets xarray open the cube in one read; zarr warns that v3 has not
            # standardised it, which costs readers that ignore it nothing.
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(str(partial))
        appear(partial, root)
    except BaseException:
        remove_tree(partial)
        raise


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Where two sweeps differ, one text each: "fixed.L: 400.0 in the cube, 500.0 now"."""
    keys = list(dict.fromkeys([*old, *new]))
    return [
        f"{key}: {old.get(key, 'absent')} in the cube, {new.get(key, 'absent')} now"
        for key in keys
        if old.get(key) != new.get(key)
    ]


def _attributes(space: Space, extra: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": space.model.title,
        "source": space.model.source,
        "model": space.model.name,
        "variables": json.dumps([variable.name for variable in space.variables]),
        "equisweep_format": FORMAT,
        **extra,
    }


def _create_array(group: zarr.Group, space: Space, layout: Layout, variable: Variable) -> None:
    inner = tuple(len(space.labels[dim]) for dim in variable.inner_dims)
    group.create_array(
        variable.name,
        shape=space.shape + inner,
        shards=layout.tile + inner,
        chunks=chunk_shape(layout.tile, inner),
        dtype=variable.dtype,
        fill_value=variable.fill,
        compressors=_codecs(variable.dtype),
        dimension_names=space.dims + variable.inner_dims,
        attributes={**variable.attributes, **_auxiliary(space)},
    )


def _auxiliary(space: Space) -> dict[str, str]:
    """CF's way of naming coordinates that are not called like their dimension: those of zipped axes."""
    names = [name for axis in space.axes for name in axis.values if name != axis.dim]
    return {"coordinates": " ".join(names)} if names else {}


def _codecs(dtype: np.dtype) -> list[Any]:
    # Shuffled lz4 wrote 1.4 times as fast as zstd level 1 here, and a third smaller.
    blosc = BloscCodec(cname="lz4", clevel=1, shuffle="shuffle", typesize=dtype.itemsize)
    return [blosc, Crc32cCodec()]


def _create_coordinates(group: zarr.Group, space: Space) -> None:
    for axis in space.axes:
        for name, values in axis.values.items():
            _create_coordinate(group, name, _stored(values), axis.dim, _coordinate_attributes(space, name))
    used = dict.fromkeys(dim for variable in space.variables for dim in variable.inner_dims)
    meanings = {dim.name: dim.meaning for dim in space.model.dims} | {"time": "saved time"}
    for dim in used:
        labels = _stored(np.asarray(space.labels[dim]))
        _create_coordinate(group, dim, labels, dim, {"long_name": meanings.get(dim, dim)})


def _create_coordinate(
    group: zarr.Group, name: str, values: np.ndarray, dim: str, attributes: Mapping[str, Any]
) -> None:
    group.create_array(name, data=values, dimension_names=[dim], attributes=dict(attributes))


def _stored(values: np.ndarray) -> np.ndarray:
    return values.astype(np.dtypes.StringDType()) if values.dtype.kind in "US" else values


def _coordinate_attributes(space: Space, target: str) -> dict[str, Any]:
    choices = {choice.name: choice for choice in space.model.choices}
    if target in choices:
        return {"long_name": choices[target].meaning}
    name, _, component = target.partition(".")
    parameter = space.model.parameter(name)
    symbol = f"{parameter.symbol}[{component}]" if component else parameter.symbol
    return {"long_name": parameter.meaning, "symbol": symbol, "units": parameter.unit}


def _text(group: zarr.Group, key: str, root: Path) -> str:
    value = group.attrs.get(key)
    if not isinstance(value, str):
        raise CubeError(f"{root}: is a Zarr group but no equisweep cube (attribute {key!r} is missing)")
    return value


def open_cube_for_reading(root: Path) -> Cube:
    """Open an existing cube; CubeError, naming the path, where there is none."""
    if not root.exists():
        raise CubeError(f"{root}: no such cube")
    try:
        return Cube(root)
    except (FileNotFoundError, NotADirectoryError, KeyError, json.JSONDecodeError) as error:
        raise CubeError(f"{root}: cannot be opened as a cube ({type(error).__name__})") from error


def missing_tiles(cube: Cube) -> Iterable[Tile]:
    """Tiles that are not committed, in order."""
    return (tile for tile in cube.layout if not cube.is_committed(tile))
