"""From the state of a page to what it shows: views as pictures have them, of one cube or of two."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ..cube.select import select
from ..plots.layer import Layer
from ..plots.look.style import Style
from ..plots.look.typed import levels_of, range_of
from ..plots.plot import scales_of, view_of
from ..plots.view import MOST_LINES, View
from .cost import FULL, limits
from .source import Source
from .state import State

# Numbers that a page shows at most, all panels together; points of a scatter; values along a line.
MOST_NUMBERS, MOST_POINTS, MOST_ALONG = 250_000, 20_000, 2000
MOST_CONTOUR = 300
_ALIKE = {0: "the same", 1: "different"}


def views_of(sources: Sequence[Source], state: State, budget: int | None = FULL) -> list[View]:
    """What a state shows: one view, or one for each of two cubes beside each other.

    `budget`: as a page draws it, no more than `MOST_NUMBERS`, of so many chunks of the cube; None: as a
    picture for print. Raises SweepError where the state does not suit the cube, and where two cubes have not
    the same axes.
    """
    views = [_view(source.dataset, state, budget) for source in (sources if state.compare else sources[:1])]
    if state.compare and len(views) < 2:
        raise SweepError("there is one cube only; name a second one to compare it with")
    if state.compare == "difference":
        return [difference(*views, names=[source.name for source in sources])]
    return views


def _view(dataset: Any, state: State, budget: int | None) -> View:
    low, high = range_of(state.range or None)
    style = Style(cmap=state.cmap or None, levels=levels_of(state.levels or None), vmin=low, vmax=high)
    chosen = select(dataset, state.sel)
    axes = {"x": state.x or None, "y": state.y or None, "hue": state.hue or None}
    return view_of(
        chosen, state.var, axes, style, state.kind or None, state.facet, scales_of(state.log),
        frozenset(state.keep), most=None if budget is None else most_of(chosen, state, budget),
        empty=budget is not None,
    )  # fmt: skip


def most_of(dataset: Any, state: State, budget: int) -> dict[str, int]:
    """How many values along x, y and hue a page draws: the fewer the more panels, and what they cost."""
    panels = 1
    for name in state.facet:
        panels *= dataset[name].size if name in dataset.coords else 1
    panels = max(panels * (2 if state.compare == "beside" else 1), 1)
    inputs = [dataset[name] for name in (state.x, state.y) if name in dataset.coords]
    is_scatter = state.kind == "scatter" or (
        state.y and (len(inputs) < 2 or inputs[0].dims == inputs[1].dims)
    )
    most = int((MOST_NUMBERS / panels) ** 0.5)
    if is_scatter:
        most = max(MOST_POINTS // panels, 500)
    elif not state.y:
        most = max(MOST_ALONG // panels, 100)
    elif state.kind == "contour":
        most = min(most, MOST_CONTOUR)
    names = {"x": state.x, "y": state.y, "hue": state.hue}
    drawn = {
        option: str(dataset[name].dims[0])
        for option, name in names.items()
        if name in dataset.coords and dataset[name].dims and not (is_scatter and option != "x")
    }
    if not state.var or state.var[0] not in dataset.data_vars:
        return {"x": most, "y": most}
    array = dataset[state.var[0]]
    others = [str(dim) for dim in array.dims if str(dim) not in drawn.values()]
    counts = limits(array, drawn, others, most, budget)
    return counts | {"hue": min(counts["hue"], MOST_LINES)} if "hue" in counts else counts


def difference(first: View, second: View, names: Sequence[str]) -> View:
    """The first view less the second; of classes, whether they are the same.

    A point without a result in either has none here. Raises SweepError where the axes differ.
    """
    _require_same_axes(first, second, names)
    layers = tuple(_less(a, b) for a, b in zip(first.layers, second.layers, strict=True))
    return replace(first, layers=layers, title=f"{names[0]} less {names[1]}")


def _less(first: Layer, second: Layer) -> Layer:
    lost = np.ma.getmaskarray(first.values) | np.ma.getmaskarray(second.values)
    if first.classes:
        values, classes = (first.values.data != second.values.data).astype(np.int8), _ALIKE
    else:
        values, classes = first.values.data.astype(float) - second.values.data.astype(float), {}
    counts = first.lost + Counter(_only_in_second(first, second))
    codes = np.where(np.ma.getmaskarray(first.values), first.codes, second.codes)
    masked = np.ma.MaskedArray(values, mask=lost)
    label = f"difference of {first.label}"
    kept = first.kept | second.kept
    return replace(first, label=label, values=masked, classes=classes, lost=counts, kept=kept, codes=codes)


def _only_in_second(first: Layer, second: Layer) -> Counter[str]:
    """What the second lacks where the first has a result, by its reasons as near as they are counted."""
    more = np.ma.getmaskarray(second.values) & ~np.ma.getmaskarray(first.values)
    return Counter({"without a result in the second cube": int(more.sum())}) if more.any() else Counter()


def _require_same_axes(first: View, second: View, names: Sequence[str]) -> None:
    if first.kind == "scatter":
        raise SweepError("there is no difference of scattered points; show the cubes beside each other")
    ways = [
        (first.x, second.x),
        (first.second, second.second),
        *zip(first.facets, second.facets, strict=True),
    ]
    for a, b in ways:
        if a is None or b is None:
            continue
        same = a.values.shape == b.values.shape
        if same and (np.array_equal(a.values, b.values) or _near(a.values, b.values)):
            continue
        raise SweepError(f"{names[0]} and {names[1]} have other values along {a.name}: no difference there")
    if [layer.classes for layer in first.layers] != [layer.classes for layer in second.layers]:
        raise SweepError(f"{names[0]} and {names[1]} have other classes: there is no difference of them")


def _near(a: np.ndarray, b: np.ndarray) -> bool:
    numbers = a.dtype.kind in "iuf" and b.dtype.kind in "iuf"
    return bool(numbers and np.allclose(a.astype(float), b.astype(float), rtol=1e-9, atol=0))
