"""Open a cube as a lazy Dataset."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


def open_cube(path: str | Path) -> "xr.Dataset":
    """Open a cube lazily, as ``xarray.open_zarr`` does.

    Returns a Dataset: a coordinate for every swept parameter and choice, a variable for every output, and
    ``status``, the code of `kernels.status.Status` at every point of the grid; values are read when asked
    for. Units and meanings stand in the attributes of each variable, the sweep in those of the Dataset.
    Any part of it writes back with ``to_zarr``. Raises CubeError where there is no cube.
    """
    import xarray as xr

    from ...engine.store.cube import open_cube_for_reading

    open_cube_for_reading(Path(path))
    dataset = xr.open_zarr(str(path), chunks=None)
    return free(dataset[json.loads(dataset.attrs["variables"])])


def free(dataset: "xr.Dataset") -> "xr.Dataset":
    """The Dataset without the sizes of shards and chunks on its disk, so that any part of it can be written.

    xarray keeps them where a dimension is selected away, and then cannot write what is left. How the cube is
    best read (``preferred_chunks``) stays.
    """
    for variable in dataset.variables.values():
        for key in ("shards", "chunks"):
            variable.encoding.pop(key, None)
    return dataset
