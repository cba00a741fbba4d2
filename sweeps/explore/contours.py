"""Contours of a view: filled bands between levels, and the lines at them."""

from itertools import pairwise
from typing import Any

import numpy as np

from ..plots.contour import require_numbers
from ..plots.look.bands import bands
from ..plots.look.numbers import number_texts
from ..plots.view import View
from .plain_labels import page_text


def contours_of(view: View) -> list[dict[str, Any]]:
    """Of each panel the polygons of each band and the lines at each level, in the units of the axes.

    A cell with a corner that has no result has none. Raises SweepError for axes without two numbers.
    """
    from contourpy import FillType, LineType, contour_generator

    assert view.second is not None
    require_numbers(view.x, view.second)
    (layer,) = view.layers
    colours = bands(layer.values.compressed(), view.style, "color" in view.log)
    assert colours.edges is not None
    assert colours.ticks is not None
    texts = [page_text(text) for text in number_texts(np.asarray(colours.ticks, float))]
    panels = []
    for part in layer.values:
        made = contour_generator(
            view.x.positions, view.second.positions, part.astype(float),
            fill_type=FillType.OuterOffset, line_type=LineType.Separate,
        )  # fmt: skip
        edges = [float(edge) for edge in colours.edges]
        fills = [_polygons(made.filled(low, high)) for low, high in pairwise(edges)]
        lines = [_curves(made.lines(float(level))) for level in colours.ticks]
        panels.append({"bands": fills, "levels": lines, "texts": texts})
    return panels


def _polygons(filled: Any) -> list[list[list[list[float]]]]:
    """Polygons, each a list of rings (the outer one first), each the x and the y of its corners."""
    points, offsets = filled
    return [
        [_pair(ring[first:last]) for first, last in pairwise(where)]
        for ring, where in zip(points, (one.tolist() for one in offsets), strict=True)
    ]


def _curves(lines: Any) -> list[list[list[float]]]:
    return [_pair(line) for line in lines]


def _pair(points: np.ndarray) -> list[list[float]]:
    return [points[:, 0].tolist(), points[:, 1].tolist()]
