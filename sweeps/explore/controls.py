"""What can be chosen of a cube: its variables, its axes with their values, and what to begin with."""

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cube.classes import classes_of
from ..cube.label_lists import quoted
from ..cube.statuses import needs_of
from ..plots import labels
from ..spec.sampling.points import DIM
from .cost import cheapest
from .plain_labels import page_text
from .state import State

if TYPE_CHECKING:
    import xarray as xr

# Of an axis of more values every k-th is offered.
MOST_VALUES = 2000
COLOUR_MAPS = ("viridis", "cividis", "magma", "inferno", "coolwarm", "RdBu_r", "Greys")


def controls_of(dataset: "xr.Dataset") -> dict[str, Any]:
    """Title, dimensions, variables and the state to begin with, for the controls of a page."""
    return {
        "title": str(dataset.attrs.get("title", "")),
        "dims": [_dim(dataset, str(dim)) for dim in dataset.sizes],
        "variables": [_variable(dataset, str(name)) for name in dataset.data_vars],
        "colour_maps": list(COLOUR_MAPS),
        "address": first_state(dataset).address,
    }


def first_state(dataset: "xr.Dataset") -> State:
    """A picture to begin with: the first output over the two longest axes, the others in their middle."""
    names = [str(name) for name in dataset.data_vars if name != "status"] or ["status"]
    numbers = [name for name in names if not classes_of(dataset[name])]
    grid = set(map(str, dataset["status"].dims)) if "status" in dataset else set()
    plain = [name for name in numbers if set(map(str, dataset[name].dims)) <= grid]
    variable = (plain or numbers or names)[0]
    axes = _axes_to_draw(dataset, variable)
    drawn = {str(dim) for name in axes for dim in dataset[name].dims}
    held = [str(dim) for dim in dataset[variable].dims if str(dim) not in drawn]
    sel = [text for dim in held for text in selections_at(dataset, dim, _middle(dataset, dim))]
    x, y = [*axes, "", ""][:2]
    return State((variable,), x, y, sel=tuple(sel))


def selections_at(dataset: "xr.Dataset", dim: str, i: int) -> list[str]:
    """The fewest selections that take the i-th value of a dimension alone: of an axis of several, some.

    Where two points are alike in all coordinates they take both.
    """
    left, texts = np.arange(dataset.sizes[dim]), []
    for name in coordinates_along(dataset, dim):
        values = dataset[name].values
        alike = left[values[left] == values[i]]
        if len(alike) < len(left) or (len(left) == 1 and not texts):
            texts.append(_text(name, values[i]))
            left = alike
        if len(left) == 1:
            break
    return texts


def has_flow(dataset: "xr.Dataset") -> bool:
    """Whether a cube's model moves, as far as its variables say: no code runs for this."""
    return any(needs_of(array) for array in dataset.data_vars.values())


def coordinates_along(dataset: "xr.Dataset", dim: str) -> list[str]:
    """Names of the coordinates of a dimension; that of its own name first."""
    names = [str(name) for name in dataset.coords if tuple(map(str, dataset[name].dims)) == (dim,)]
    return sorted(names, key=lambda name: name != dim)


def _text(name: str, value: Any) -> str:
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str):
        text = quoted(value) if any(letter in value for letter in ',"') or value != value.strip() else value
    else:
        text = repr(value)
    return f"{name}={text}"


def _axes_to_draw(dataset: "xr.Dataset", variable: str) -> list[str]:
    """Two axes of numbers, the longest that are read quickly; of samples two inputs; one if there is one."""
    dims = [str(dim) for dim in dataset[variable].dims]
    if DIM in dims and (inputs := _numbers_along(dataset, DIM)):
        return inputs[:2]
    axes = {dim: _numbers_along(dataset, dim)[0] for dim in dims if _numbers_along(dataset, dim)}
    longer = [dim for dim in axes if dataset.sizes[dim] > 1]
    if len(longer) > 1:
        return [axes[dim] for dim in cheapest(dataset[variable], list(combinations(longer, 2)))]
    if longer:
        return [axes[longer[0]]]
    return [coordinates_along(dataset, dim)[0] for dim in dims if coordinates_along(dataset, dim)][:1]


def _numbers_along(dataset: "xr.Dataset", dim: str) -> list[str]:
    return [name for name in coordinates_along(dataset, dim) if dataset[name].dtype.kind in "iuf"]


def _middle(dataset: "xr.Dataset", dim: str) -> int:
    return dataset.sizes[dim] // 2 if _numbers_along(dataset, dim) else 0


def _dim(dataset: "xr.Dataset", dim: str) -> dict[str, Any]:
    """A dimension: its coordinates, and for each value that is offered a text and its selections."""
    size, names = dataset.sizes[dim], coordinates_along(dataset, dim)
    step = -(-size // MOST_VALUES)
    offered = range(0, size, step)
    values = {name: dataset[name].values for name in names}
    return {
        "dim": dim,
        "size": size,
        "step": step,
        "sampled": dim == DIM,
        "coords": [_coordinate(dataset, name) for name in names],
        "named": not _numbers_along(dataset, dim),
        "texts": [_value_text(dataset, values, i) for i in offered],
        "sels": _offered(dataset, dim, names, values, offered),
    }


def _offered(
    dataset: "xr.Dataset", dim: str, names: list[str], values: dict[str, np.ndarray], offered: range
) -> list[list[str]]:
    """Selections of each value that is offered; quickly where one coordinate tells them all apart."""
    for name in names:
        if len(set(values[name].tolist())) == dataset.sizes[dim]:
            return [[_text(name, values[name][i])] for i in offered]
    return [selections_at(dataset, dim, i) for i in offered]


def _value_text(dataset: "xr.Dataset", values: dict[str, np.ndarray], i: int) -> str:
    return ", ".join(
        page_text(labels.value_text(column[i], dataset[name])) for name, column in values.items()
    )


def _coordinate(dataset: "xr.Dataset", name: str) -> dict[str, Any]:
    return {**_named(dataset, name), "number": dataset[name].dtype.kind in "iuf"}


def _variable(dataset: "xr.Dataset", name: str) -> dict[str, Any]:
    array = dataset[name]
    return {
        **_named(dataset, name),
        "dims": [str(dim) for dim in array.dims],
        "classes": bool(classes_of(array)),
        "points": prod(array.shape),
    }


def _named(dataset: "xr.Dataset", name: str) -> dict[str, Any]:
    array = dataset[name]
    return {
        "name": name,
        "label": page_text(labels.axis_label(array, name)),
        "meaning": str(array.attrs.get("long_name", "")),
    }
