"""A small cube in memory with all that makes questions hard, and slow answers to compare with."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from equisweep.sweeps.cube.plain.array import Variable
from equisweep.sweeps.cube.plain.dataset import Dataset

KINDS = ("undecided", "rest_point", "closed_orbit")
STATUS = {1: "ok", 2: "corner", 11: "not_steady"}


def hard_cube(chunks: dict[str, int] | None = None) -> xr.Dataset:
    """2 x 7 x 2 points: labels, a zipped axis, statuses, NaN, a class, a count and a vector output."""
    random = np.random.default_rng(7)
    shape = (2, 7, 2)
    dims = ("mechanism", "alpha", "n")
    loss = random.normal(40, 20, shape)
    loss[random.random(shape) < 0.2] = np.nan
    status = random.choice([1, 1, 1, 2, 11], shape).astype(np.uint8)
    status[1, 3, :] = 11  # a cell that a reduction over n finds empty
    flags = {"flag_values": [0, 1, 2], "flag_meanings": " ".join(KINDS)}
    statuses = {"flag_values": list(STATUS), "flag_meanings": " ".join(STATUS.values())}
    cube = xr.Dataset(
        {
            "loss": (dims, loss, {"long_name": "expected loss", "units": "money"}),
            "share": ((*dims, "factor"), random.random((*shape, 2))),
            "kind": (dims, random.integers(0, 3, shape).astype(np.int8), flags),
            "tally": (dims, random.integers(1, 300, shape).astype(np.int16)),
            "status": (dims, status, statuses),
        },
        coords={
            "mechanism": np.array(["alone", "sharing"], np.dtypes.StringDType()),
            "alpha": 0.1 * np.arange(1, 8),
            "beta": ("alpha", 0.9 - 0.1 * np.arange(7)),
            "n": [3, 4],
            "factor": np.array(["data", "systems"], np.dtypes.StringDType()),
        },
        attrs={"title": "hard"},
    )
    return cube.chunk(chunks) if chunks else cube


def points(cube: xr.Dataset) -> Iterator[dict[str, Any]]:
    """Every grid point as plain Python values, the slow way."""
    for i, mechanism in enumerate(cube["mechanism"].values.tolist()):
        for j, alpha in enumerate(cube["alpha"].values.tolist()):
            for k, n in enumerate(cube["n"].values.tolist()):
                at = (i, j, k)
                yield {
                    "mechanism": mechanism,
                    "alpha": alpha,
                    "beta": float(cube["beta"].values[j]),
                    "n": n,
                    "loss": float(cube["loss"].values[at]),
                    "share": cube["share"].values[at].tolist(),
                    "kind": KINDS[int(cube["kind"].values[at])],
                    "tally": int(cube["tally"].values[at]),
                    "status": STATUS[int(cube["status"].values[at])],
                }


def plain(dataset: xr.Dataset) -> Dataset:
    """A Dataset of xarray's as a plain one, in memory, as commands ask them."""

    def variable(array: xr.DataArray) -> Variable:
        values = array.values.astype(object) if array.dtype.kind == "T" else array.values
        return Variable([str(dim) for dim in array.dims], values, array.attrs, array.encoding)

    variables = {str(name): variable(array) for name, array in dataset.data_vars.items()}
    coords = {str(name): variable(array) for name, array in dataset.coords.items()}
    return Dataset(variables, coords, dataset.attrs)
