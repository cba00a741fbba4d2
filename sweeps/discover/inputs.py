"""A cube as a table: what was varied, and at which points a condition holds."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ...kernels.status import WITHOUT_RESULT, Status
from ..cube.classes import class_names, classes_of
from ..cube.lazy import grid_dims, where
from ..cube.select import Selections, select
from ..cube.statuses import require_status

if TYPE_CHECKING:
    import xarray as xr

_MOST_NUMBERS = 2**27


@dataclass(frozen=True)
class Inputs:
    """What was varied, and what came of it.

    Attributes
    ----------
    values
        By name a column of one value for each point: numbers, or numbers of labels.
    labels
        By the name of an input that is a choice: its options.
    inside
        At which points the condition holds.
    without_result
        How many of the others have no result.
    """

    values: dict[str, np.ndarray]
    labels: dict[str, list[str]]
    inside: np.ndarray
    without_result: int


def read_inputs(dataset: "xr.Dataset", condition: str, selections: Selections) -> Inputs:
    """The computed points of a cube, or of a selection of one, as a table.

    Raises SweepError for a condition that is wrong, where nothing was varied, and where the condition holds
    at every point or at none.
    """
    dataset = select(dataset, selections)
    status = require_status(dataset, Argument("condition", condition))
    dims = grid_dims(dataset)
    held = where(dataset, condition)["status"].transpose(*dims).notnull().values.ravel()
    codes = status.transpose(*dims).values.ravel()
    computed = codes != Status.not_computed
    named = {
        str(name): one
        for name, one in dataset.coords.items()
        if len(one.dims) == 1 and one.dims[0] in dims and len(np.unique(one.values)) > 1
    }
    if not named:
        raise SweepError(Argument("selections"), ": leave nothing that varies")
    if len(codes) * len(named) > _MOST_NUMBERS:
        many = f": {len(codes):,} points are too many to be held at once; select a part"
        raise SweepError(Argument("selections"), many)
    values, labels, shape = {}, {}, [dataset.sizes[dim] for dim in dims]
    for name, one in named.items():
        column = class_names(one).astype(str) if classes_of(one) else one.values
        if column.dtype.kind not in "iuf":
            # Labels of a stored cube are of NumPy's StringDType, which astype(str) refuses.
            labelled = np.array([str(one) for one in column.tolist()])
            options, column = np.unique(labelled, return_inverse=True)
            labels[name] = options.tolist()
        along = [1] * len(dims)
        along[dims.index(one.dims[0])] = -1
        whole = np.broadcast_to(column.astype(float).reshape(along), shape)
        values[name] = whole.ravel()[computed]
    inside = held[computed]
    if inside.all() or not inside.any():
        many = "every one" if inside.any() else "none"
        raise SweepError(Argument("condition", condition), f": holds at {many} of {len(inside):,} points")
    failed = np.isin(codes[computed], [int(one) for one in WITHOUT_RESULT]) & ~inside
    return Inputs(values, labels, inside, int(failed.sum()))
