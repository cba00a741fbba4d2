"""A cube as a plain Dataset, and what every way to open a cube has to see to."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ....engine.store.cube import Changing, readable
from ....engine.store.read import Reader
from ....engine.store.stored import Stored
from ...file_paths import cube_path
from .array import Unread, Variable
from .dataset import Dataset

T = TypeVar("T")

# A run that lets a cube grow replaces a few files one after another: it is opened anew as often as this.
_OPENINGS = 3


def opened(path: str | Path, made_of: Callable[[Reader], T]) -> T:
    """What is made of the reader of a cube. Raises CubeError where there is none, or it is damaged."""
    root = cube_path(path)
    for _ in range(_OPENINGS):
        with suppress(Changing):
            return made_of(Reader(root))
    return made_of(Reader(root))


def open_plain(path: str | Path) -> Dataset:
    """Open a cube lazily, as `open.open_cube` does and with what it raises, as a plain Dataset."""
    return opened(path, plain_of)


def plain_of(reader: Reader) -> Dataset:
    """The cube that a reader reads."""
    with readable(reader.root):
        require_one_size(reader)
        cube = reader.cube
        variables = {name: _variable(cube.array(name), Unread(reader, name)) for name in cube.names}
        coords = {name: _variable(array, _values(array)) for name, array in cube.coordinates.items()}
        coords |= {name: _variable(cube.array(name), Unread(reader, name)) for name in cube.columns}
    reader.require_same_cube()
    return Dataset(variables, coords, cube.attributes)


def require_one_size(reader: Reader) -> None:
    """Changing where arrays and coordinates were not read at one moment of a cube that grows."""
    cube, sizes = reader.cube, {}
    for array in (*(cube.array(name) for name in cube.sharded), *cube.coordinates.values()):
        for dim, size in zip(array.dims, array.shape, strict=True):
            if sizes.setdefault(dim, size) != size:
                raise Changing(f"{reader.root}: is being extended by a run; open it again")


def described(array: Stored) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an array says of itself, and how it is stored: attributes and encoding, in xarray's words."""
    attributes, encoding = dict(array.attributes), {"dtype": array.dtype, "fill_value": array.fill_value}
    encoding["preferred_chunks"] = dict(zip(array.dims, array.files, strict=True))
    if "coordinates" in attributes:  # as the CF conventions have it, which xarray writes from here
        encoding["coordinates"] = attributes.pop("coordinates")
    return attributes, encoding


def _variable(array: Stored, numbers: Any) -> Variable:
    return Variable(array.dims, numbers, *described(array))


def _values(array: Stored) -> np.ndarray:
    values = array.values()
    return values.astype(object) if values.dtype.kind == "T" else values
