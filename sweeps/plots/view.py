"""What a picture shows: the part of a cube that was asked for, checked, thinned and masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.select import selection
from ..cube.statuses import status_codes
from ..spec.design import DIM
from ..text import nearest
from . import labels
from .layer import Layer, advice_to_keep, layer_of

if TYPE_CHECKING:
    import xarray as xr

MOST_PANELS = 12
# A panel is at most 4 inches wide, or 1,200 dots in print.
# More lines than MOST_NAMED have a colour bar and no legend.
MOST_NAMED, MOST_LINES = 12, 100
MOST_DRAWN = {"lines": 2000, "heat": 1000, "classes": 1000, "contour": 400}


@dataclass(frozen=True)
class Direction:
    """One way through the picture: to the right, upwards, from panel to panel or from line to line."""

    name: str
    dim: str
    values: np.ndarray
    array: "xr.DataArray"
    log: bool = False

    @property
    def named(self) -> bool:
        """Whether its values are names and not numbers."""
        return self.values.dtype.kind not in "iuf"

    @property
    def scattered(self) -> bool:
        """Whether its neighbours are not neighbours otherwise, so that no line leads from one to the next."""
        return self.named or self.dim == DIM

    @property
    def positions(self) -> np.ndarray:
        """Where its values stand on an axis: names stand at 0, 1, 2 ..."""
        return np.arange(len(self.values)) if self.named else self.values.astype(float)

    @property
    def label(self) -> str:
        """Name, symbol and unit."""
        return labels.axis_label(self.array, self.name)

    def setting(self, i: int) -> str:
        """Its i-th value as a title: "n = 3"."""
        value = self.values[i]
        return labels.setting(self.name, str(value) if self.named else value.item(), self.array)


@dataclass(frozen=True)
class View:
    """Everything a picture needs, loaded. `second` runs upwards in a map and from line to line otherwise."""

    kind: str
    layers: tuple[Layer, ...]
    x: Direction
    second: Direction | None
    facet: Direction | None
    title: str
    where: str
    log: frozenset[str]
    notes: tuple[str, ...]

    @property
    def panels(self) -> list[str]:
        """Titles of the panels along the facet; one empty title where there is none."""
        return [self.facet.setting(i) for i in range(len(self.facet.values))] if self.facet else [""]

    def note(self, how: str) -> str:
        """What stands below the picture; `how` says how a missing point looks."""
        texts = {layer.name: _layer_note(layer, how) for layer in self.layers}
        if len(set(texts.values())) > 1:
            parts = [f"{labels.plain(name)}: {text}" for name, text in texts.items() if text]
        else:
            text = texts[self.layers[0].name]
            parts = [text + " The same of each variable." * (len(texts) > 1)] if text else []
        return " ".join(filter(None, (*self.notes, *parts)))


def look(
    dataset: "xr.Dataset",
    names: Sequence[str],
    kind: str,
    axes: Mapping[str, str | None],
    log: frozenset[str],
    keep: frozenset[str],
) -> View:
    """Check and load what a picture shows of a cube.

    Parameters
    ----------
    dataset : a cube, or a part of one; of what is not drawn nothing is read.
    names : variables to draw.
    kind : of the picture, a key of `MOST_DRAWN`.
    axes : x, y, facet and hue to names of coordinates or None.
    log : which of x, y and color have a logarithmic scale.
    keep : statuses to draw besides ok.

    Returns
    -------
    The View, thinned to what a picture can show. Raises SweepError for unknown names, for dimensions that
    are neither drawn nor selected, for too many panels or lines, and where no point has a result.
    """
    require_cube(dataset, names, keep)
    dataset = dataset.isel(dict.fromkeys(_single(dataset, names, axes), 0))
    ways = {o: direction(dataset, names[0], o, name, log) for o, name in axes.items() if name}
    _require_different(ways)
    for name in names:
        _require_all_dims(dataset[name], ways)
    _require_few(ways)
    dataset, ways, notes = _thinned(dataset, ways, kind)
    facet, second = ways.get("facet"), ways.get("y") or ways.get("hue")
    order = [way.dim for way in (facet, second, ways["x"]) if way]
    shape = tuple(len(way.values) if way else 1 for way in (facet, second, ways["x"]))
    positive = ("y" if kind == "lines" else "color") in log
    layers = tuple(layer_of(dataset, name, order, shape, keep, positive) for name in names)
    _require_result(layers)
    title, selected = str(dataset.attrs.get("title", "")), labels.selected(dataset)
    return View(kind, layers, ways["x"], second, facet, title, selected, log, notes)


def _layer_note(layer: Layer, how: str) -> str:
    missing = labels.missing_note(layer.lost, layer.values.size, how)
    return " ".join(filter(None, (missing, labels.kept_note(layer.kept))))


def _require_different(ways: Mapping[str, Direction]) -> None:
    if len({way.dim for way in ways.values()}) < len(ways):
        first, *others = [Argument(option, way.name) for option, way in ways.items()]
        given = [part for other in others for part in (", ", other)]
        raise SweepError("plot: ", first, *given, ": these should be different axes")


def _require_few(ways: Mapping[str, Direction]) -> None:
    """Refuse more panels than a page holds, and more names than a legend."""
    facet, hue = ways.get("facet"), ways.get("hue")
    if facet and len(facet.values) > MOST_PANELS:
        raise SweepError(
            "plot: ",
            Argument("facet", facet.name),
            f" makes {len(facet.values):,} panels; select at most {MOST_PANELS}, such as ",
            selection(facet.name, facet.values[0], facet.values[-1]),
        )
    if hue and hue.named and len(hue.values) > MOST_NAMED:
        raise SweepError(
            "plot: ",
            Argument("hue", hue.name),
            f" makes {len(hue.values):,} lines, and a legend holds {MOST_NAMED}; select some, such as ",
            selection(hue.name, hue.values[0], hue.values[1]),
        )


def _require_result(layers: Sequence[Layer]) -> None:
    if all(layer.values.mask.all() for layer in layers):
        reasons = labels.counted(layers[0].lost)
        nothing = f"plot: no point of {layers[0].name} here has a result to draw: {reasons}"
        raise SweepError(nothing, *advice_to_keep(layers[0]))


def require_cube(dataset: "xr.Dataset", names: Sequence[str], keep: frozenset[str]) -> None:
    """Refuse names that a cube does not have."""
    known = [str(name) for name in dataset.data_vars]
    if "status" not in known:
        raise SweepError("plot: there is no variable 'status': without it failed points would be drawn")
    for name in names:
        if name not in known:
            raise SweepError(Argument("variables", name), f": no such variable{nearest(name, known)}")
        if list(names).count(name) > 1:
            raise SweepError(Argument("variables", name), ": stands there twice")
    status_codes(keep, "keep")


def direction(dataset: "xr.Dataset", variable: str, option: str, name: str, log: frozenset[str]) -> Direction:
    """The axis called `name`, or the coordinate of one that varies together with others."""
    dims = [str(dim) for dim in dataset[variable].dims]
    here = Argument(option, name)
    if name in dataset.coords:
        array = dataset[name]
        if not array.dims:
            raise SweepError("plot: ", here, f": it has one value only, {array.item()}")
        if str(array.dims[0]) in dims:
            logarithmic = ("color" if option == "hue" else option) in log
            way = Direction(name, str(array.dims[0]), array.values, array, logarithmic)
            if logarithmic and (way.named or not (array.values > 0).all()):
                least = "names" if way.named else f"values down to {array.values.min():g}"
                wrong = f": {name} has {least}; a log scale needs numbers > 0"
                raise SweepError("plot: ", Argument("log", option), wrong)
            return way
    if name in dims:
        members = [str(c) for c in dataset.coords if dataset[c].dims == (name,)]
        together = f": {' and '.join(members)} vary together along it; name one of them"
        raise SweepError("plot: ", here, together)
    known = [str(c) for c in dataset.coords if dataset[c].dims and str(dataset[c].dims[0]) in dims]
    raise SweepError(f"plot: {variable} has no axis {name!r}{nearest(name, known)}")


def _single(dataset: "xr.Dataset", names: Sequence[str], axes: Mapping[str, str | None]) -> list[str]:
    """Dimensions of one value that nobody asked for: nothing needs selecting there."""
    asked = {dim for name in axes.values() if name in dataset.coords for dim in dataset[name].dims}
    dims = {str(dim) for name in (*names, "status") for dim in dataset[name].dims}
    return [dim for dim in dims if dataset.sizes[dim] == 1 and dim not in asked]


def _require_all_dims(array: "xr.DataArray", ways: Mapping[str, Direction]) -> None:
    drawn = {way.dim for way in ways.values()}
    left = [str(dim) for dim in array.dims if dim not in drawn]
    if left:
        coordinate = left[0] if left[0] in array.coords else None
        names = [str(c) for c in array.coords if array[c].dims == (left[0],)]
        example = coordinate or (names[0] if names else left[0])
        shown = array[example].values[0] if example in array.coords else "VALUE"
        raise SweepError(
            f"plot: {array.name} still varies over {', '.join(left)}; add ",
            selection(example, labels.value_text(shown)),
            " (or another of its values)",
        )
    for option, way in ways.items():
        if way.dim not in array.dims:
            wrong = f": {array.name} does not vary along it"
            raise SweepError("plot: ", Argument(option, way.name), wrong)


def _thinned(
    dataset: "xr.Dataset", ways: Mapping[str, Direction], kind: str
) -> tuple["xr.Dataset", dict[str, Direction], tuple[str, ...]]:
    """The Dataset and its directions with as many values as a picture of `kind` can show, and notes on it."""
    thinner, notes = dict(ways), []
    for option, most in (("x", MOST_DRAWN[kind]), ("y", MOST_DRAWN[kind]), ("hue", MOST_LINES)):
        if option in thinner:
            dataset, thinner[option], note = _thin(dataset, thinner[option], most)
            notes.append(note)
    return dataset, thinner, tuple(notes)


def _thin(dataset: "xr.Dataset", way: Direction, most: int) -> tuple["xr.Dataset", Direction, str]:
    """Every k-th value where there are more than a picture can show, and numbers in rising order.

    Nothing is loaded yet, so that a cube larger than the memory can be drawn.
    """
    size = len(way.values)
    step = -(-size // most)
    note = f"Drawn: every {step}{_ordinal(step)} of {size:,} values of {labels.plain(way.name)}."
    if step > 1:
        dataset = dataset.isel({way.dim: slice(None, None, step)})
    values = way.values[::step]
    if not way.named and (np.diff(values) < 0).any():
        order = np.argsort(values)
        dataset, values = dataset.isel({way.dim: order}), values[order]
    return dataset, replace(way, values=values), note if step > 1 else ""


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
