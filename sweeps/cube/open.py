"""Open a cube as a lazy Dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xarray import Dataset, Variable, open_dataset
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from ...engine.store.cube import readable
from ...engine.store.read import Reader
from ...engine.store.stored import Stored
from .lazy import leave_dask_unloaded
from .plain.open import described, opened, require_one_size
from .select import free

if TYPE_CHECKING:
    import xarray as xr

leave_dask_unloaded()


def open_cube(path: str | Path) -> "xr.Dataset":
    """Open a cube lazily, as ``xarray.open_zarr`` does; no fill value is read where a point was computed.

    Returns a Dataset: a coordinate for every swept parameter and choice, a variable for every output, and
    ``status``, the code of `kernels.status.Status` at every point of the grid; values are read when asked
    for. Units and meanings stand in the attributes of each variable, the sweep in those of the Dataset.
    Any part of it writes back with ``to_zarr``. What a tile is, computed or not, is settled when it is first
    read: open the cube again to see what a run has added. Raises CubeError where there is no cube or its
    metadata are damaged, and, when values are read, where a shard is missing, damaged or another than was
    written.
    """
    return opened(path, dataset_of)


def dataset_of(reader: Reader) -> "xr.Dataset":
    """The cube that a reader reads, as `open_cube` returns it. Raises Changing."""
    with readable(reader.root):
        dataset = open_dataset(str(reader.root), engine=_Cube, chunks=None, reader=reader)
    reader.require_same_cube()
    return free(dataset[reader.cube.names])


class _Cube(BackendEntrypoint):
    """How xarray opens a cube: by what a `Reader` knows of it, without loading zarr."""

    def open_dataset(self, filename_or_obj: Any, *, drop_variables: Any = None, reader: Any = None) -> Any:
        del filename_or_obj, drop_variables  # which the reader has looked at; there are none
        cube, variables = reader.cube, {}
        require_one_size(reader)
        for name in cube.names:
            numbers = indexing.LazilyIndexedArray(_Numbers(reader, name))
            variables[name] = _variable(cube.array(name), numbers)
        coordinates = {name: _variable(array, array.values()) for name, array in cube.coordinates.items()}
        for name in cube.columns:
            numbers = indexing.LazilyIndexedArray(_Numbers(reader, name))
            coordinates[name] = _variable(cube.array(name), numbers)
        return Dataset(variables, coordinates, dict(cube.attributes))


def _variable(array: Stored, values: Any) -> Variable:
    """An array of a cube as xarray has it, with how it is stored."""
    attributes, encoding = described(array)
    return Variable(array.dims, values, attributes, encoding)


class _Numbers(BackendArray):
    """One variable of a cube, read when it is indexed."""

    def __init__(self, reader: Reader, name: str) -> None:
        self.reader, self.name = reader, name
        array = reader.cube.array(name)
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        support = indexing.IndexingSupport.OUTER
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        return self.reader.read(self.name, key)
