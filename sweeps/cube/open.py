"""Open a cube as a lazy Dataset."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xarray import Variable, open_dataset, open_zarr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from ...engine.errors import CubeError
from ...engine.store.read import Reader
from ..paths import path_of

if TYPE_CHECKING:
    import xarray as xr

# A run that lets a cube grow replaces a few files one after another: it is opened anew as often as this.
_OPENINGS = 3


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
    root = path_of(path)
    for _ in range(_OPENINGS):
        with suppress(Changing):
            return dataset_of(Reader(root))
    return dataset_of(Reader(root))


class Changing(CubeError):
    """A run lets a cube grow, or replaces it, while it is being opened."""


def dataset_of(reader: Reader) -> "xr.Dataset":
    """The cube that a reader reads, as `open_cube` returns it. Raises Changing."""
    dataset = open_dataset(str(reader.root), engine=_Cube, chunks=None, reader=reader)
    reader.require_same_cube()
    return free(dataset[reader.cube.names])


def free(dataset: "xr.Dataset") -> "xr.Dataset":
    """The Dataset without the sizes of shards and chunks on its disk, so that any part of it can be written.

    xarray keeps them where a dimension is selected away, and then cannot write what is left. How the cube is
    best read (``preferred_chunks``) stays.
    """
    for variable in dataset.variables.values():
        for key in ("shards", "chunks"):
            variable.encoding.pop(key, None)
    return dataset


class _Cube(BackendEntrypoint):
    """How xarray opens a cube: as Zarr, but for the variables, which are read by a `Reader`."""

    def open_dataset(self, filename_or_obj: Any, *, drop_variables: Any = None, reader: Any = None) -> Any:
        del filename_or_obj  # which the reader has looked at
        dataset = open_zarr(reader.cube.store, chunks=None, drop_variables=drop_variables)
        shapes = {name: reader.cube.array(name).shape for name in reader.cube.names}
        if any(dataset[name].shape != shape for name, shape in shapes.items()):
            raise Changing(f"{reader.root}: is being extended by a run; open it again")
        for name in shapes:
            stored = dataset[name].variable
            numbers = indexing.LazilyIndexedArray(_Numbers(reader, name))
            dataset[name] = Variable(stored.dims, numbers, stored.attrs, stored.encoding)
        return dataset


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
