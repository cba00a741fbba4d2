"""The hierarchical digraph of a structure, drawn: one row per level."""

from pathlib import Path
from textwrap import fill
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Patch

from ...file_paths import path_of, require_outside_cubes
from .structure import Structure

SPACING = 0.75
MOST_DODGED = 60  # with more factors than these, arrows go straight: looking for bends takes long
COLOURS = ("#2f6690", "#3a7d44", "#b5651d", "#7d4e8a", "#8a3b3b", "#4a4a4a")


def draw_structure(structure: Structure, path: str | Path) -> None:
    """Write the hierarchical digraph of a `structure` to `path` (its suffix is the format: png, svg, pdf).

    Level 1 is the top row; arrows show direct influences and point at what is influenced. Within a
    row, factors stand near those they influence, so that few arrows cross. Raises SweepError for a path
    in the folder of a cube, and OSError where the file cannot be written.
    """
    file = require_outside_cubes(path_of(path))
    rows = structure.levels()
    positions = _positions(structure, rows)
    half = SPACING * max(len(row) for row in rows) / 2
    figure = Figure(figsize=(3.2 * half + 2.0, 1.25 * len(rows) + 0.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set(xlim=(-half - 0.8, half + 0.1), ylim=(-len(rows) + 0.55, 0.45))
    axes.set_axis_off()
    boxes = {}
    for number, row in enumerate(rows):
        axes.text(-half - 0.2, -number, f"Level {number + 1}", va="center", ha="right", weight="bold")
        for name in row:
            boxes[name] = _box(axes, positions[name], name, COLOURS[number % len(COLOURS)])
    figure.draw_without_rendering()  # gives the boxes their size, at which the arrows then end
    for i, j in zip(*np.nonzero(structure.adjacency), strict=True):
        _arrow(axes, positions, boxes, structure.names[i], structure.names[j])
    figure.savefig(file, dpi=150)


def _positions(structure: Structure, rows: list[tuple[str, ...]]) -> dict[str, tuple[float, float]]:
    """Coordinates of every factor; each row ordered by the mean x of what it influences above it."""
    positions: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):

        def pull(name: str) -> float:
            above = [
                positions[structure.names[j]][0]
                for j in np.flatnonzero(structure.adjacency[structure.names.index(name)])
                if structure.names[j] in positions
            ]
            return float(np.mean(above)) if above else 0.0

        ordered = sorted(row, key=pull)
        span = SPACING * max(len(r) for r in rows)
        for k, name in enumerate(ordered):
            positions[name] = ((k + 0.5) / len(ordered) * span - span / 2, float(-number))
    return positions


def _box(axes: Axes, place: tuple[float, float], name: str, colour: str) -> Patch:
    label = fill(name.replace("_", " "), 13).replace("$", r"\$")
    style = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": colour, "linewidth": 1.6}
    text = axes.text(*place, label, ha="center", va="center", fontsize=9, bbox=style, zorder=3)
    return cast(Patch, text.get_bbox_patch())  # there is one, the text having a box


def _arrow(axes: Axes, positions: dict, boxes: dict, source: str, target: str) -> None:
    arrow = FancyArrowPatch(
        positions[source],
        positions[target],
        arrowstyle="-|>",
        mutation_scale=11,
        color="#8a8f98",
        linewidth=0.9,
        patchA=boxes[source],
        patchB=boxes[target],
        connectionstyle=f"arc3,rad={_bend(axes, positions, boxes, source, target)}",
        zorder=1,
    )
    axes.add_patch(arrow)


def _bend(axes: Axes, positions: dict, boxes: dict, source: str, target: str) -> float:
    """The slightest bend among a few with which an arrow meets the fewest other boxes."""
    if len(boxes) > MOST_DODGED:
        return 0.0
    start, end = axes.transData.transform([positions[source], positions[target]])
    others = [
        box.get_window_extent().padded(6) for name, box in boxes.items() if name not in (source, target)
    ]
    t = np.linspace(0, 1, 60)[:, None]

    def boxes_met(bend: float) -> int:
        # Matplotlib's arc3: a quadratic Bezier curve whose control point stands beside the middle.
        across = np.array([end[1] - start[1], start[0] - end[0]])
        control = (start + end) / 2 + bend * across
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
        return sum(any(box.contains(*point) for point in curve) for box in others)

    return min((0.0, 0.12, -0.12, 0.24, -0.24, 0.36, -0.36, 0.48, -0.48), key=boxes_met)
