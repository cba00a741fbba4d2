"""What a phase portrait is drawn with: streamlines, paths, marks of rest points, the triangle of shares."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

import numpy as np

from ....kernels.flow import Flow
from ....kernels.numerics.stability import RestClass
from ....kernels.unit_quotient import unit_quotient
from .. import labels
from ..look.symbols import plain, typeset, with_unit
from .chart import Chart
from .listed import OnThreshold
from .motion import Motion
from .rest_points import RestPoint

_GRID = 61
_STREAM = "0.62"
_PATH = "#d55e00"
_HEIGHT = np.sqrt(3) / 2
_ATTRACTING = (RestClass.ess, RestClass.stable_node, RestClass.stable_focus)
_REPELLING = (RestClass.unstable_node, RestClass.unstable_focus)
# Marks that differ in shape and filling, for grey print.
_SLID_TO = (OnThreshold.sliding_node, OnThreshold.crossing_node)
_MARKS: dict[str, tuple[tuple[Enum, ...], dict[str, Any]]] = {
    "stable": (_ATTRACTING, {"marker": "o", "markerfacecolor": "black"}),
    "unstable": (_REPELLING, {"marker": "o", "markerfacecolor": "white"}),
    "saddle": ((RestClass.saddle,), {"marker": "D", "markerfacecolor": "white", "fillstyle": "left"}),
    "centre": ((RestClass.centre,), {"marker": "s", "markerfacecolor": "white"}),
    "degenerate (an eigenvalue is 0)": ((RestClass.degenerate,), {"marker": "^", "markerfacecolor": "0.7"}),
    "on a threshold, stable": (_SLID_TO, {"marker": "P", "markerfacecolor": "black"}),
    "on a threshold, not stable": (
        tuple(one for one in OnThreshold if one not in _SLID_TO),
        {"marker": "X", "markerfacecolor": "white"},
    ),
}


def draw_motion(panel: Any, motion: Motion, box: np.ndarray) -> None:
    """Streamlines in `box`, or of one coordinate its rate with arrows along the line of zero."""
    chart = motion.chart
    if len(box) == 1:
        _draw_line(panel, motion, box[0])
    elif chart.form == "simplex":
        _draw_simplex(panel, motion)
    else:
        x, y = (np.linspace(low, high, _GRID) for low, high in box)
        u, v = _field(motion, *np.meshgrid(x, y))
        panel.streamplot(x, y, u, v, density=1.1, color=_STREAM, linewidth=0.8, arrowsize=0.9)
        margin = 0.02 * np.ptp(box, axis=1) if chart.form == "square" else np.zeros(2)
        panel.set(
            xlim=(box[0, 0] - margin[0], box[0, 1] + margin[0]),
            ylim=(box[1, 0] - margin[1], box[1, 1] + margin[1]),
        )
        if chart.form == "square":
            panel.set_aspect("equal")


def draw_paths(panel: Any, chart: Chart, curves: Iterable[np.ndarray]) -> None:
    """Saved paths as curves, each with a small square at its start."""
    for curve in curves:
        across, up = _on_paper(chart, curve)
        panel.plot(across, up, color=_PATH, linewidth=1.4, zorder=3)
        panel.plot(across[:1], up[:1], "s", color=_PATH, markersize=4, zorder=3)


def draw_rest_points(panel: Any, chart: Chart, points: Iterable[RestPoint]) -> None:
    """A mark at every rest point, by its stability."""
    for point in points:
        at = point.at if len(point.at) == 2 else np.array([point.at[0], 0.0])
        across, up = _on_paper(chart, at[None]) if len(point.at) == 2 else at[:, None]
        panel.plot(across, up, **_mark(point.kind), zorder=5, clip_on=False)


def legend_handles(kinds: Iterable[Enum], with_paths: bool) -> list[Any]:
    """Entries for the kinds of rest points that occur, and for the paths."""
    from matplotlib.lines import Line2D

    held = set(kinds)
    handles = [
        Line2D([], [], **_style(style), label=f"rest point: {name}")
        for name, (members, style) in _MARKS.items()
        if held & set(members)
    ]
    if with_paths:
        handles.append(Line2D([], [], color=_PATH, marker="s", markersize=4, label="path, from its start"))
    return handles


def axis_labels(flow: Flow, chart: Chart) -> tuple[str, str]:
    """Labels of the two axes; a simplex has none."""
    seen = {observable.name: observable for observable in flow.observables}
    first = seen[chart.names[0]]
    if chart.form == "simplex":
        return "", ""
    symbol = first.symbol
    if chart.labels:
        return f"share of {_word(chart.labels[0])} {typeset(symbol)}", "rate of the share [1/time]"
    shown = [seen[name] for name in chart.names]
    texts = [labels.observable_label(one.symbol, one.meaning, one.unit) for one in shown]
    if len(texts) == 1:
        return texts[0], with_unit(f"rate of {_word(first.name)}", unit_quotient(first.unit or "1", "time"))
    return texts[0], texts[1]


def table_head(flow: Flow, chart: Chart) -> list[str]:
    """Names of the coordinates, with units: of a simplex the shares of the first two strategies."""
    seen = {observable.name: observable for observable in flow.observables}
    if chart.form in ("simplex", "line") and chart.labels:
        return [f"share of {label}" for label in chart.labels[: len(chart.components)]]
    return [with_unit(name, seen[name].unit) for name in chart.names]


def _draw_line(panel: Any, motion: Motion, ends: np.ndarray) -> None:
    at = np.linspace(ends[0], ends[1], 401)
    rate = motion.velocity(at[:, None])[:, 0]
    panel.axhline(0, color="0.4", linewidth=0.8)
    panel.plot(at, rate, color="#0072b2", linewidth=1.5)
    for place, speed in zip(at[20:-1:40], rate[20:-1:40], strict=True):
        # Arrows say where the motion leads; how fast, the curve.
        if abs(speed) > 1e-3 * np.abs(rate).max():
            panel.plot(place, 0, ">" if speed > 0 else "<", color="0.4", markersize=6)
    panel.set_xlim(ends[0] - 0.02 * np.ptp(ends), ends[1] + 0.02 * np.ptp(ends))


def _draw_simplex(panel: Any, motion: Motion) -> None:
    """The triangle with a corner for each strategy: the first left, the second right, the third on top."""
    across, up = np.meshgrid(np.linspace(0, 1, _GRID), np.linspace(0, _HEIGHT, _GRID))
    third = up / _HEIGHT
    second = across - third / 2
    first = 1 - second - third
    inside = (first > 0) & (second > 0) & (third >= 0)
    u, v = _field(motion, np.where(inside, first, 1 / 3), np.where(inside, second, 1 / 3))
    moved = (
        np.ma.MaskedArray(v - (u + v) / 2, mask=~inside),
        np.ma.MaskedArray(-(u + v) * _HEIGHT, mask=~inside),
    )
    panel.streamplot(across, up, *moved, density=1.2, color=_STREAM, linewidth=0.8, arrowsize=0.9)
    panel.plot([0, 1, 0.5, 0], [0, 0, _HEIGHT, 0], color="black", linewidth=1)
    for place, side, name in zip(
        ((0, -0.05), (1, -0.05), (0.5, _HEIGHT + 0.04)), "ttb", motion.chart.labels, strict=True
    ):
        panel.text(*place, _word(name), ha="center", va="top" if side == "t" else "bottom")
    panel.set(xlim=(-0.15, 1.15), ylim=(-0.14, _HEIGHT + 0.13), aspect="equal")
    panel.set_axis_off()


def _field(motion: Motion, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    moved = motion.velocity(np.stack([x.ravel(), y.ravel()], axis=1))
    return moved[:, 0].reshape(x.shape), moved[:, 1].reshape(x.shape)


def _on_paper(chart: Chart, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where coordinates [n, 2] stand in the panel."""
    if chart.form != "simplex":
        return points[:, 0], points[:, 1]
    third = 1 - points[:, 0] - points[:, 1]
    return points[:, 1] + third / 2, third * _HEIGHT


def _mark(kind: Enum) -> dict[str, Any]:
    return next(_style(style) for members, style in _MARKS.values() if kind in members)


def _style(style: dict[str, Any]) -> dict[str, Any]:
    common = {"linestyle": "none", "color": "black", "markeredgecolor": "black", "markersize": 7.5}
    if style.get("fillstyle") == "left":  # half black, half white
        return common | style | {"markerfacecolor": "black", "markerfacecoloralt": "white"}
    return common | style


def _word(name: str) -> str:
    return plain(name.replace("_", " "))
