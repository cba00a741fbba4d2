"""Boxes in which a condition mostly holds, by peeling thin slices off all points: PRIM.

Source: Friedman and Fisher, Statistics and Computing 9 (1999) 123-143; for scenarios, Bryant and Lempert,
Technological Forecasting and Social Change 77 (2010) 34-49.
"""

from collections.abc import Iterator

import numpy as np

from .box import Box
from .inputs import Inputs

# The share of the points in a box that a slice has, and the fewest points of all that a box keeps.
_SLICE, _LEAST = 0.05, 0.01
_CHANCE = 0.05  # how likely a limit that does nothing looks as good


def peeled(inputs: Inputs, left: np.ndarray) -> list[Box]:
    """Boxes, each a slice smaller than the one before, from all points that are `left` to the densest few.

    At each step that slice goes which raises the density most for a point that is lost.
    """
    rows = np.flatnonzero(left)
    inside = inputs.inside[rows].astype(float)
    columns = {name: values[rows] for name, values in inputs.values.items()}
    box, result = Box({}, {}), [Box({}, {})]
    fewest = max(int(_LEAST * len(inputs.inside)), 2)
    while len(inside) > fewest and inside.mean() < 1:
        best, gain = None, 0.0
        for smaller, kept in _slices(inputs, box, columns):
            many = int(kept.sum())
            if fewest <= many < len(kept):
                raised = (inside[kept].mean() - inside.mean()) / (len(kept) - many)
                if raised > gain:
                    best, gain = (smaller, kept), raised
        if best is None:
            break
        box, kept = best
        inside, columns = inside[kept], {name: values[kept] for name, values in columns.items()}
        result.append(box)
    return result


def _slices(inputs: Inputs, box: Box, columns: dict[str, np.ndarray]) -> Iterator[tuple[Box, np.ndarray]]:
    """Each box that is a slice smaller, and which of the points in it are left."""
    for name, values in columns.items():
        if name in inputs.labels:
            options = frozenset(int(one) for one in np.unique(values))
            for one in sorted(options) if len(options) > 1 else ():
                fewer = Box(box.limits, {**box.options, name: options - {one}})
                yield fewer, values != one
            continue
        low, high = float(values.min()), float(values.max())
        if low == high:
            continue
        first, last = np.quantile(values, [_SLICE, 1 - _SLICE], method="inverted_cdf")
        rest = values[values > (first if first == low else np.nextafter(first, -np.inf))]
        if rest.size:
            up = float(rest.min())
            yield box.limited(name, up, box.limits.get(name, (low, high))[1]), values >= up
        rest = values[values < (last if last == high else np.nextafter(last, np.inf))]
        if rest.size:
            down = float(rest.max())
            yield box.limited(name, box.limits.get(name, (low, high))[0], down), values <= down


def pasted(inputs: Inputs, left: np.ndarray, box: Box, enough: float) -> Box:
    """The box without idle limits, each of the others moved out as far as the density allows.

    An end that chance would have raised the density as much goes, where that leaves `enough` of it.
    """
    for name in box.names:
        if _density(inputs, left, box.without(name)) >= _density(inputs, left, box):
            box = box.without(name)
    for name in list(box.limits):
        whole = (float(inputs.values[name].min()), float(inputs.values[name].max()))
        for end in (0, 1):
            box = _moved_out(inputs, left, box, name, end)
            low, high = box.limits[name]
            wider = box.limited(name, *((low, whole[1]) if end else (whole[0], high)))
            if _density(inputs, left, wider) >= enough and by_chance(inputs, left, box, wider) > _CHANCE:
                box = wider
        if box.limits[name] == whole:
            box = box.without(name)
    return box


def by_chance(inputs: Inputs, left: np.ndarray, box: Box, wider: Box) -> float:
    """How likely so many points of a box are inside, were they drawn from a wider one that holds it."""
    from scipy import special

    here, all_ = box.holds(inputs) & left, wider.holds(inputs) & left
    if np.array_equal(here, all_):
        return 1.0
    many, held = int(here.sum()), int(inputs.inside[here].sum())
    return float(special.betainc(held, many - held + 1, inputs.inside[all_].mean())) if held else 1.0


def _moved_out(inputs: Inputs, left: np.ndarray, box: Box, name: str, end: int) -> Box:
    """The box with one limit further out, by slices, as long as that makes it no less dense."""
    while True:
        low, high = box.limits[name]
        values = np.unique(inputs.values[name][left & box.without(name).holds(inputs)])
        outside = values[values > high] if end else values[values < low][::-1]
        if not outside.size:
            return box
        step = float(outside[min(max(int(_SLICE * len(values)), 1), len(outside)) - 1])
        wider = box.limited(name, *((low, step) if end else (step, high)))
        if _density(inputs, left, wider) < _density(inputs, left, box):
            return box
        box = wider


def _density(inputs: Inputs, left: np.ndarray, box: Box) -> float:
    here = box.holds(inputs) & left
    return float(inputs.inside[here].mean()) if here.any() else 0.0
