"""A small Dataset without a status, as rows: coordinates first, classes by their names."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


def dataset_rows(dataset: "xr.Dataset") -> list[dict[str, Any]]:
    """One mapping a point of the grid; a Dataset without axes is one row."""
    names = [str(name) for name in dataset.data_vars]
    dims = [str(dim) for dim in dataset.sizes]
    rows = []
    for place in np.ndindex(*[dataset.sizes[dim] for dim in dims]):
        at = dict(zip(dims, place, strict=True))
        row = {dim: dataset[dim].values[i].item() for dim, i in at.items()}
        rows.append(row | {name: _told(dataset[name], at) for name in names})
    return rows


def _told(array: "xr.DataArray", at: dict[str, int]) -> Any:
    value = array.isel(at).item()
    if "flag_meanings" not in array.attrs:
        return value
    numbers = np.ravel(array.attrs["flag_values"]).tolist()
    return dict(zip(numbers, str(array.attrs["flag_meanings"]).split(), strict=True))[value]
