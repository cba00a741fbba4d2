"""One variable of a picture: its values, which of them cannot be drawn, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument
from ...kernels.status import Status
from ..cube.classes import classes_of
from ..cube.statuses import BLANK, OUTSIDE, counted, status_names
from . import labels

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Layer:
    """One variable: masked values [panel, y or hue, x] with their statuses, and what was left out."""

    name: str
    label: str
    unit: str
    values: np.ma.MaskedArray
    classes: Mapping[int, str]
    lost: Counter[str]
    kept: Counter[str]
    codes: np.ndarray


@dataclass(frozen=True)
class Beside:
    """An output at which points stand: its values [panel, y or hue, x], and whether their scale is log."""

    array: "xr.DataArray"
    values: np.ndarray
    log: bool


def layer_of(
    dataset: "xr.Dataset",
    name: str,
    order: list[str],
    shape: tuple[int, ...],
    keep: frozenset[str],
    log: bool,
    beside: Sequence[Beside] = (),
) -> Layer:
    """Load a variable over the dims `order`, as `shape`; where it or its status is unfit it is masked.

    So it is where one of those `beside` it, at which its points stand, is unfit. `keep` names statuses that
    are drawn besides ok; `log` leaves out what is not above zero. A class is drawn under every status that
    leaves it one, `status` itself always, and a path also where its orbit had not settled
    (`statuses.counted`).
    """
    array = dataset[name].transpose(*order).load()
    values = array.values.reshape(shape)
    codes = _like(dataset["status"], order, dataset.sizes, shape)
    classes = classes_of(array)
    wanted = _wanted(array, classes, keep)
    bad = ~np.isin(codes, wanted)
    lost = _named(codes[bad])
    for reason, rule in _rules(values, classes, log).items():
        more = rule & ~bad
        lost[reason] += int(more.sum())
        bad |= more
    for other in beside:
        more = ~np.isin(codes, _wanted(other.array, {}, keep)) & ~bad
        lost += _named(codes[more])
        bad |= more
        for reason, rule in _rules(other.values, {}, other.log).items():
            more = rule & ~bad
            lost[reason] += int(more.sum())
            bad |= more
    kept: Counter[str] = Counter()
    for code, count in zip(*np.unique(codes[~bad], return_counts=True), strict=True):
        if code != Status.ok and name != "status":
            kept[status_names([code])[0]] += int(count)
    unit = str(array.attrs.get("units", "1"))
    masked = np.ma.MaskedArray(values, mask=bad)
    return Layer(name, labels.axis_label(array, name), unit, masked, classes, +lost, +kept, codes)


def _named(codes: np.ndarray) -> Counter[str]:
    """How many points have which status."""
    pairs = zip(*np.unique(codes, return_counts=True), strict=True)
    return Counter({status_names([code])[0]: int(count) for code, count in pairs})


def _wanted(array: "xr.DataArray", classes: Mapping[int, str], keep: frozenset[str]) -> list[int]:
    if array.name == "status":
        return [int(status) for status in Status]
    if classes:
        # A class names what went wrong itself ("undecided").
        return [int(status) for status in Status if status not in BLANK]
    return counted(array, None, ("ok", *keep))


def _rules(values: np.ndarray, classes: Mapping[int, str], log: bool) -> dict[str, Any]:
    """Points that cannot be drawn although their status says nothing against it, by reason."""
    if classes:
        return {"without a class": ~np.isin(values, list(classes))}
    rules = {"ok but undefined (NaN)": np.isnan(values), "infinite": np.isinf(values)}
    if log:
        rules["not above 0 (log scale)"] = values <= 0
    return rules


def _like(status: "xr.DataArray", order: list[str], sizes: Any, shape: tuple[int, ...]) -> np.ndarray:
    """The status of every point drawn; it has none of the dimensions that outputs carry themselves."""
    held = [dim for dim in order if dim in status.dims]
    values = status.transpose(*held).values
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), OUTSIDE, values).astype(np.int16)
    values = values.reshape([sizes[dim] if dim in held else 1 for dim in order])
    return np.broadcast_to(values, [sizes[dim] for dim in order]).reshape(shape)


def advice_to_keep(layer: Layer) -> tuple[str | Argument, ...]:
    """The argument that would draw some of what was left out; empty where nothing would."""
    names = [status.name for status in Status if status not in BLANK and status.name in layer.lost]
    return ("; ", Argument("keep", names), " draws them") if names and not layer.classes else ()
