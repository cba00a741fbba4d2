"""Ticks that can be read: round on a log scale, few enough not to overlap, long names turned."""

import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ....engine.errors import Argument, SweepError
from .numbers import log_ticks, number_texts
from .wrapping import wrap_long

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Dots between labels, and inches that a label takes along each axis, about.
_GAP = 3.0
_LABEL_INCHES = {"x": 0.62, "y": 0.36}
_TURN = 35.0


def settle(figure: "Figure", panels: "Sequence[Axes]", own: bool) -> None:
    """Give panels of a figure that is otherwise complete, and its colour bars, ticks that can be read.

    Raises SweepError where the figure is our `own` and too small for what is written in it.
    """
    bars = [axes for axes in figure.axes if axes.get_label() == "<colorbar>"]
    every = [axis for panel in (*panels, *bars) if panel.axison for axis in (panel.xaxis, panel.yaxis)]
    for axis in every:
        _set_form(axis)
    _lay_out(figure, own)
    if [axis for axis in every if _set_log_ticks(axis)]:
        _lay_out(figure, own)
    for _ in range(4):
        # Labels that are turned or left out change the panels' sizes, and with it what overlaps.
        if not [axis for axis in every if _clear(axis)]:
            break
        _lay_out(figure, own)
    moved = [axis for axis in every if _move_power(axis)]
    if moved:
        _lay_out(figure, own)
    if wrap_long([*panels, *bars]):
        _lay_out(figure, own)


def _move_power(axis: Any) -> bool:
    """Write the power of ten of an x axis beside its label, which it would cover; whether it has one."""
    power = axis.get_offset_text()
    if axis.axis_name != "x" or not power.get_text() or not power.get_visible():
        return False
    power.set_visible(False)
    label = axis.get_label()
    if label.get_text():
        label.set_text(f"{label.get_text()} ({power.get_text()})")
    return True


def _lay_out(figure: "Figure", own: bool) -> None:
    with warnings.catch_warnings(record=own) as said:
        if own:
            warnings.simplefilter("always")
        engine = figure.get_layout_engine()
        if engine is None:
            figure.draw_without_rendering()
        else:  # the half of a drawing that finds out where everything stands
            engine.execute(figure)
    for warning in said or ():
        if "constrained_layout not applied" not in str(warning.message):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            continue
        size = tuple(round(float(side), 2) for side in figure.get_size_inches())
        typed = "x".join(f"{side:g}" for side in size)
        raise SweepError(
            "plot: ",
            Argument("figsize", size, typed=typed),
            f": too small for what stands in it{_grid(figure)}",
        )


def _grid(figure: "Figure") -> str:
    """What a size counts, and for how many panels it is; of one panel the unit alone."""
    grid = next((axes.get_gridspec() for axes in figure.axes if axes.get_gridspec()), None)
    rows, columns = (grid.nrows, grid.ncols) if grid else (1, 1)
    return (
        " (in inches)" if rows * columns == 1 else f" (in inches; rows of panels: {rows}, columns: {columns})"
    )


def _set_form(axis: Any) -> None:
    """Numbers in full, or with a power of ten; never as differences from one that stands elsewhere."""
    from matplotlib.ticker import ScalarFormatter

    formatter = axis.get_major_formatter()
    if type(formatter) is ScalarFormatter:
        from .plain_ticks import PlainTicks

        formatter = PlainTicks()
        axis.set_major_formatter(formatter)
    if isinstance(formatter, ScalarFormatter):
        formatter.set_useOffset(False)
        formatter.set_useMathText(True)


def _set_log_ticks(axis: Any) -> bool:
    """Round numbers on a log scale that has no ticks of its own; whether there were any to set."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter

    if axis.get_scale() != "log" or isinstance(axis.get_major_locator(), FixedLocator):
        return False
    low, high = sorted(axis.get_view_interval())
    box = axis.axes.get_window_extent()
    length = (box.width if axis.axis_name == "x" else box.height) / axis.axes.figure.dpi
    values = log_ticks(low, high, max(int(length / _LABEL_INCHES[axis.axis_name]), 2))
    axis.set_major_locator(FixedLocator(values.tolist()))
    axis.set_major_formatter(FixedFormatter(number_texts(values)))
    axis.set_minor_formatter(NullFormatter())
    return True


def _clear(axis: Any) -> bool:
    """Turn or leave out labels that overlap; whether there were any."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    ticks = [tick for tick in axis.get_major_ticks() if _shown(axis, tick)]
    if len(ticks) < 2 or not _overlap(axis, ticks):
        return False
    if not isinstance(axis.get_major_locator(), FixedLocator):
        axis.set_major_locator(MaxNLocator(max(len(ticks) // 2, 1), steps=[1, 2, 2.5, 5, 10]))
        return True
    named = not all(_is_number(tick.label1.get_text()) for tick in ticks)
    if named and axis.axis_name == "x" and not ticks[0].label1.get_rotation():
        axis.set_tick_params(rotation=_TURN)
        for tick in ticks:
            tick.label1.set(horizontalalignment="right", rotation_mode="anchor")
        return True
    if named and axis.axis_name == "x" and ticks[0].label1.get_rotation() < 90:
        axis.set_tick_params(rotation=90)
        for tick in ticks:
            tick.label1.set(horizontalalignment="right", verticalalignment="center", rotation_mode="anchor")
        return True
    _thin(axis, ticks, named)
    return True


def _thin(axis: Any, ticks: list[Any], named: bool) -> None:
    """Empty the labels that stand too near the last one kept; of names every k-th, evenly."""
    kept, last = [], None
    for tick in ticks:
        if last is None or not _overlap(axis, [last, tick]):
            kept.append(tick.get_loc())
            last = tick
    texts = dict(zip(axis.get_major_locator()(), _texts(axis), strict=False))
    if named:
        locations = list(texts)
        step = -(-len(locations) // max(len(kept), 1))
        kept = locations[:: max(step, 2)]
    axis.set_ticks(list(texts), [text if location in kept else "" for location, text in texts.items()])


def _texts(axis: Any) -> Iterator[str]:
    formatter = axis.get_major_formatter()
    yield from formatter.format_ticks(axis.get_major_locator()())


def _shown(axis: Any, tick: Any) -> bool:
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    inside = low - slack <= tick.get_loc() <= high + slack
    return inside and tick.label1.get_visible() and bool(tick.label1.get_text())


def _overlap(axis: Any, ticks: list[Any]) -> bool:
    """Whether labels of neighbouring ticks touch."""
    turn = ticks[0].label1.get_rotation() if axis.axis_name == "x" else 0.0
    boxes = [tick.label1.get_window_extent() for tick in ticks]
    if 0 < turn < 90:
        # Turned texts lie beside each other like slats, as far apart as their lines are high.
        positions = axis.axes.get_xaxis_transform().transform([(tick.get_loc(), 0) for tick in ticks])[:, 0]
        size = ticks[0].label1.get_fontsize() * axis.axes.figure.dpi / 72 * 1.3
        return bool(np.diff(np.sort(positions)).min() * np.sin(np.radians(turn)) < size)
    ends = [(box.x0, box.x1) if axis.axis_name == "x" else (box.y0, box.y1) for box in boxes]
    gap = _GAP if axis.axis_name == "x" else 0.0
    ends.sort()
    return any(low < high + gap for (_, high), (low, _) in pairwise(ends))


def _is_number(text: str) -> bool:
    digits = text.replace("\N{MINUS SIGN}", "-")
    return digits.startswith("$") or digits.replace(".", "", 1).lstrip("-").replace("e", "").isdigit()
