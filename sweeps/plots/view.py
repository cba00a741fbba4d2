"""What a picture shows: the part of a cube that was asked for, checked, thinned and masked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.select import selection
from ..cube.statuses import status_codes
from ..text import nearest
from . import labels
from .direction import FACETS, Direction, argument_of, direction
from .layer import Layer, advice_to_keep, layer_of
from .look.style import Style
from .look.symbols import plain

if TYPE_CHECKING:
    import xarray as xr

# Of one facet; of two at most so many in a row and in all.
MOST_PANELS, MOST_COLUMNS, MOST_IN_GRID = 12, 6, 36
# A panel is at most 4 inches wide, or 1,200 dots in print.
# More lines than MOST_NAMED have a colour bar and no legend.
MOST_NAMED, MOST_LINES = 12, 100
MOST_DRAWN = {"lines": 2000, "heat": 1000, "classes": 1000, "contour": 400, "scatter": 20_000}


@dataclass(frozen=True)
class View:
    """Everything a picture needs, loaded. `second` runs upwards in a map and from line to line otherwise.

    `facets` lead from panel to panel: one, or that of the rows and that of the columns. Of points that lie
    on no grid, `up` and `colour` are coordinates along the dimension of `x`.
    """

    kind: str
    layers: tuple[Layer, ...]
    x: Direction
    second: Direction | None
    facets: tuple[Direction, ...]
    title: str
    where: str
    log: frozenset[str]
    notes: tuple[str, ...]
    style: Style
    up: Direction | None = None
    colour: Direction | None = None

    @property
    def panels(self) -> list[tuple[str, ...]]:
        """What each panel holds of the facets, in reading order; nothing where there are none."""
        return list(product(*([way.setting(i) for i in range(len(way.values))] for way in self.facets)))

    @property
    def titles(self) -> list[str]:
        """What stands above the panels: with two facets above the first row alone, a text for each column."""
        last = self.facets[-1] if self.facets else None
        return [last.setting(i) for i in range(len(last.values))] if last else [""]

    @property
    def rows(self) -> list[str]:
        """What stands beside each row of panels, where there are two facets."""
        rows = self.facets[0] if len(self.facets) == 2 else None
        return [rows.setting(i) for i in range(len(rows.values))] if rows else []

    @property
    def columns(self) -> int:
        """Number of columns where there are two facets; else 0, as many as suit."""
        return len(self.facets[1].values) if len(self.facets) == 2 else 0

    def note(self, how: str) -> str:
        """What stands below the picture; `how` says how a missing point looks."""
        texts = {layer.name: _layer_note(layer, how) for layer in self.layers}
        if len(set(texts.values())) > 1:
            parts = [f"{plain(name)}: {text}" for name, text in texts.items() if text]
        else:
            text = texts[self.layers[0].name]
            parts = [text + " The same of each variable." * (len(texts) > 1)] if text else []
        return " ".join(filter(None, (*self.notes, *parts)))


def look(
    dataset: "xr.Dataset",
    names: Sequence[str],
    kind: str,
    axes: Mapping[str, str | None],
    facets: Sequence[str],
    log: frozenset[str],
    keep: frozenset[str],
    style: Style,
    most: Mapping[str, int] | None = None,
    empty: bool = False,
) -> View:
    """Check and load what a picture shows of a cube.

    Parameters
    ----------
    dataset : a cube, or a part of one; of what is not drawn nothing is read.
    names : variables to draw.
    kind : of the picture, a key of `MOST_DRAWN`.
    axes : x, y and hue to names of coordinates or None.
    facets : names of coordinates: none, that of the panels, or those of rows and columns.
    log : which of x, y and color have a logarithmic scale.
    keep : statuses to draw besides ok.
    style : how it is to look.
    most : values of x, y and hue to draw at most, by option; as many as a picture of `kind` shows if None.
    empty : whether a picture of no result at all will do.

    Returns
    -------
    The View, thinned to what a picture can show. Raises SweepError for unknown names, for dimensions that
    are neither drawn nor selected, for too many panels or lines, and where no point has a result.
    """
    require_cube(dataset, names, keep)
    axes = {**dict(zip(FACETS[2 - len(facets) :], facets, strict=True)), **axes}
    dataset = dataset.isel(dict.fromkeys(_single(dataset, names, axes), 0))
    ways = {o: direction(dataset, names[0], o, name, log) for o, name in axes.items() if name}
    _require_different(ways)
    for name in names:
        _require_all_dims(dataset[name], ways)
    require_few_panels([ways[one] for one in FACETS if one in ways])
    _require_few_names(ways.get("hue"))
    dataset, ways, notes = _thinned(dataset, ways, {**dict.fromkeys("xy", MOST_DRAWN[kind]), **(most or {})})
    panels, second = tuple(ways[one] for one in FACETS if one in ways), ways.get("y") or ways.get("hue")
    order = [way.dim for way in (*panels, second, ways["x"]) if way]
    shape = (-1, len(second.values) if second else 1, len(ways["x"].values))
    positive = ("y" if kind == "lines" else "color") in log
    layers = tuple(layer_of(dataset, name, order, shape, keep, positive) for name in names)
    if not empty:
        require_result(layers)
    title, selected = str(dataset.attrs.get("title", "")), labels.selected(dataset)
    return View(kind, layers, ways["x"], second, panels, title, selected, log, notes, style)


def _layer_note(layer: Layer, how: str) -> str:
    missing = labels.missing_note(layer.lost, layer.values.size, how)
    return " ".join(filter(None, (missing, labels.kept_note(layer.kept))))


def _require_different(ways: Mapping[str, Direction]) -> None:
    if len({way.dim for way in ways.values()}) < len(ways):
        first, *others = [Argument(argument_of(option), way.name) for option, way in ways.items()]
        given = [part for other in others for part in (", ", other)]
        together = (
            ways.get("y") is not None and ways["y"].dim == ways["x"].dim and ways["y"].name != ways["x"].name
        )
        advice = ("; what varies together is drawn by ", Argument("kind", "scatter")) if together else ()
        raise SweepError("plot: ", first, *given, ": these should be different axes", *advice)


def require_few_panels(facets: Sequence[Direction]) -> None:
    """Refuse more panels than a page holds."""
    wide = [way for way in facets if len(way.values) > MOST_PANELS]
    sizes = [len(way.values) for way in facets]
    if not wide and len(facets) == 2 and (prod(sizes) > MOST_IN_GRID or sizes[1] > MOST_COLUMNS):
        raise SweepError(
            "plot: ", Argument("facet", [way.name for way in facets], typed=facets[0].name), ", ",
            Argument("facet", facets[1].name),
            f" make {sizes[0]} rows of {sizes[1]} panels; select at most {MOST_COLUMNS} in a row and "
            f"{MOST_IN_GRID} in all",
        )  # fmt: skip
    for way in wide:
        raise SweepError(
            "plot: ",
            Argument("facet", way.name),
            f" makes {len(way.values):,} panels; select at most {MOST_PANELS}, such as ",
            selection(way.name, way.values[0], way.values[-1]),
        )


def _require_few_names(hue: Direction | None) -> None:
    """Refuse more names than a legend holds."""
    if hue and hue.named and len(hue.values) > MOST_NAMED:
        raise SweepError(
            "plot: ",
            Argument("hue", hue.name),
            f" makes {len(hue.values):,} lines, and a legend holds {MOST_NAMED}; select some, such as ",
            selection(hue.name, hue.values[0], hue.values[1]),
        )


def require_result(layers: Sequence[Layer]) -> None:
    """Refuse a picture of nothing."""
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
            raise SweepError("plot: ", Argument(argument_of(option), way.name), wrong)


def _thinned(
    dataset: "xr.Dataset", ways: Mapping[str, Direction], most: Mapping[str, int]
) -> tuple["xr.Dataset", dict[str, Direction], tuple[str, ...]]:
    """The Dataset and its directions with at most so many values of x, y and hue each, and notes on it."""
    thinner, notes = dict(ways), []
    for option in ("x", "y", "hue"):
        if option in thinner:
            limit = most.get(option, MOST_LINES)
            dataset, thinner[option], note = _thin(dataset, thinner[option], limit)
            notes.append(note)
    return dataset, thinner, tuple(notes)


def _thin(dataset: "xr.Dataset", way: Direction, most: int) -> tuple["xr.Dataset", Direction, str]:
    """Every k-th value where there are more than a picture can show, and numbers in rising order.

    Nothing is loaded yet, so that a cube larger than the memory can be drawn.
    """
    size = len(way.values)
    step = -(-size // most)
    note = f"Drawn: every {step}{ordinal(step)} of {size:,} values of {plain(way.name)}."
    if step > 1:
        dataset = dataset.isel({way.dim: slice(None, None, step)})
    values, at = way.values[::step], np.arange(size)[::step]
    if not way.named and (np.diff(values) < 0).any():
        order = np.argsort(values)
        dataset, values, at = dataset.isel({way.dim: order}), values[order], at[order]
    return dataset, replace(way, values=values, at=at), note if step > 1 else ""


def ordinal(number: int) -> str:
    """The ending of a number that counts: "th"."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
