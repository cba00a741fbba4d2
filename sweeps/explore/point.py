"""One point of a cube: all that it holds, in words and units, and what selects it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...kernels.status import MEANING, Status
from ..cube.classes import classes_of
from ..cube.select import select
from ..cube.statuses import BLANK, OUTSIDE
from ..plots import labels
from ..plots.look.symbols import unit_text
from ..text import short
from .controls import selections_at
from .plain_labels import page_text

# Numbers of one output that are shown; paths have hundreds.
_MOST = 60


def point_of(dataset: Any, selections: Sequence[str], at: Mapping[str, int]) -> dict[str, Any]:
    """What a cube holds at a point, for people.

    Parameters
    ----------
    dataset : a cube; only the point is read.
    selections : of the picture that was clicked.
    at : where the point lies in what is selected: a position along each dimension that the picture draws.

    Returns
    -------
    Its coordinates, status, outputs and derivatives with units and meanings, and `sel`, the selections that
    take exactly it. Raises SweepError where the positions are not there, or leave several points.
    """
    chosen = select(dataset, selections)
    for dim, i in at.items():
        if dim not in chosen.sizes or not 0 <= i < chosen.sizes[dim]:
            raise SweepError(f"there is no point {i} along {dim!r} in what is shown")
    grid = [str(dim) for dim in dataset["status"].dims]
    alone = {dim: 0 for dim in grid if dim in chosen.sizes and chosen.sizes[dim] == 1}
    point = chosen.isel({**alone, **{dim: i for dim, i in at.items() if dim in grid}})
    left = [dim for dim in grid if dim in point.sizes and dim in point["status"].dims]
    if left:
        raise SweepError(f"several points: {', '.join(left)} still varies; select one value of it")
    number = point["status"].values.item()
    code = OUTSIDE if number != number else int(number)
    names = [str(name) for name in point.data_vars if name != "status"]
    plain = [name for name in names if "derivative_of" not in point[name].attrs]
    return {
        "coordinates": [_coordinate(point, str(name)) for name in point.coords if not point[name].dims],
        "status": _status(code),
        "outputs": [_output(point, name, code) for name in plain],
        "derivatives": [_output(point, name, code) for name in names if name not in plain],
        "sel": exactly(dataset, point, grid),
    }


def exactly(dataset: Any, point: Any, grid: Sequence[str]) -> list[str]:
    """The selections that take a point of a cube, and no other unless two are alike."""
    texts: list[str] = []
    for dim in grid:
        names = [str(name) for name in dataset.coords if tuple(dataset[name].dims) == (dim,)]
        alike = np.ones(dataset.sizes[dim], bool)
        for name in names:
            alike &= np.asarray(dataset[name].values == point[name].values)
        if names and alike.any():
            texts += selections_at(dataset, dim, int(np.flatnonzero(alike)[0]))
    return texts


def _status(code: int) -> dict[str, Any]:
    known = {int(status): status for status in Status}
    status = known.get(code)
    if code == OUTSIDE:
        return {"code": code, "name": "left out", "meaning": "the condition fails there"}
    if status is None:
        return {"code": code, "name": f"status {code}", "meaning": "a status of a later version"}
    return {"code": code, "name": status.name.replace("_", " "), "meaning": MEANING[status]}


def _coordinate(point: Any, name: str) -> dict[str, Any]:
    array = point[name]
    value = array.values
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return {
        "name": name,
        "label": page_text(labels.short_name(array, name)),
        "text": page_text(labels.value_text(value, array)),
        "exact": repr(value) if isinstance(value, float) else str(value),
        "meaning": str(array.attrs.get("long_name", "")),
    }


def _output(point: Any, name: str, code: int) -> dict[str, Any]:
    """One output at the point: a number, or several by their labels."""
    array = point[name]
    values, classes = np.asarray(array.values), classes_of(array)
    nothing = code == Status.not_computed
    texts = [_text(value, classes, nothing) for value in values.ravel()[:_MOST].tolist()]
    return {
        "name": name,
        "label": page_text(labels.axis_label(array, name)),
        "unit": unit_text(str(array.attrs.get("units", "1"))),
        "meaning": str(array.attrs.get("long_name", "")),
        "in": str(array.attrs.get("derivative_in", "")),
        "texts": texts,
        "labels": _labels(point, array)[:_MOST],
        "more": max(values.size - _MOST, 0),
        "unsound": not nothing and code in {int(status) for status in BLANK} and values.dtype.kind == "f",
    }


def _text(value: Any, classes: Mapping[int, str], nothing: bool) -> str:
    if nothing:
        return "not computed"
    if classes:
        return classes.get(value, "no class").replace("_", " ")
    if isinstance(value, float):
        return "undefined (NaN)" if value != value else repr(value)
    return short(value)


def _labels(point: Any, array: Any) -> list[str]:
    """What each number of an output stands for: "data", or "data, 3" of two dimensions."""
    if not array.dims:
        return [""]
    columns = [
        [short(value) for value in (point[dim].values if dim in point.coords else np.arange(size)).tolist()]
        for dim, size in zip(array.dims, array.shape, strict=True)
    ]
    grid = np.indices(array.shape[: len(columns)]).reshape(len(columns), -1)[:, :_MOST]
    return [", ".join(columns[k][i] for k, i in enumerate(place)) for place in grid.T.tolist()]
