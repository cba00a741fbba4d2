"""Figures 2-11 of the supervision paper, drawn from trajectories computed here.

The text lost the conditions of Figures 2 and 3, which are derived, the time range of its figures, and the
first value of Figure 8 and the middle ones of Figures 8 and 11; they are [recon].
"""

from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...plots.look.png import save_png
from .cases import (
    BOTH,
    CASE,
    INTERIOR,
    NEITHER,
    PUNISHMENT_ONLY,
    REWARD_ONLY,
    Cases,
    Mechanism,
    Results,
    paths,
)

_SYMBOLS = {"x0": "x₀", "y0": "y₀", "c1": "c₁", "c2": "c₂", "r": "r", "f": "f"}
# Parameter and its values: what Figures 8-11 vary under dynamic/dynamic.
_CAPS = {
    8: ("c1", (CASE["c1"], 2 * CASE["c1"], 19.0)),
    9: ("c2", (6.0, 10.0, 16.0)),
    10: ("r", (2.0, 6.0, 12.0)),
    11: ("f", (10.0, 15.0, 20.0)),
}


def draw(folder: Path) -> list[Path]:
    """Draw Figures 2-11 into `folder` (made if missing), as ``figure-02.png`` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {2: _figure_2(), 3: _figure_3(), 4: _figure_4(), 5: _figure_5(), 6: _figure_6(), 7: _figure_7()}
    figures |= {number: _caps(number, name, values) for number, (name, values) in _CAPS.items()}
    paths = []
    for number, figure in figures.items():
        paths.append(folder / f"figure-{number:02d}.png")
        save_png(figure, paths[-1], dpi=110)
    return paths


def _figure_2() -> Figure:
    figure, (axes,) = _panels("Figure 2. Static/static where (0,0) is the ESS [condition derived]", 1)
    _phase(axes, NEITHER, _from_five_starts({"c1": 12.0}), end=12, label="c₁ = 12")
    return figure


def _figure_3() -> Figure:
    figure, (left, right) = _panels("Figure 3. Static/static where one side acts [conditions derived]")
    _phase(left, NEITHER, _from_five_starts({"c2": 4.0}), end=12, label="c₂ = 4")
    _phase(right, NEITHER, _from_five_starts({"c2": 18.0}), end=12, label="c₂ = 18")
    left.set_title("(0,1): {Unsupervised, Manage}", fontsize=10)
    right.set_title("(1,0): {Supervise, Nonmanaged}", fontsize=10)
    return figure


def _from_five_starts(change: dict[str, float]) -> list[dict[str, float]]:
    """A change, from five starts all over the square."""
    starts = [(0.15, 0.15), (0.15, 0.85), (0.5, 0.5), (0.85, 0.15), (0.85, 0.85)]
    return [change | {"x0": x, "y0": y} for x, y in starts]


def _figure_4() -> Figure:
    figure, (left, right) = _panels("Figure 4. Static reward, static punishment: share that manages")
    _over_time(left, NEITHER, [{"x0": x} for x in (0.4, 0.6, 0.8)], "y", end=20)
    _over_time(right, NEITHER, [{"y0": y} for y in (0.25, 0.5, 0.75)], "y", end=20)
    left.set_title("(a) start of the government", fontsize=10)
    right.set_title("(b) start of the enterprise", fontsize=10)
    return figure


def _figure_5() -> Figure:
    figure, (axes,) = _panels("Figure 5. Static/static: closed orbits around a centre", 1)
    _phase(axes, NEITHER, [{"x0": x} for x in (0.15, 0.25, 0.4, 0.6, 0.8)], end=12)
    return figure


def _figure_6() -> Figure:
    figure, (left, right) = _panels(
        "Figure 6. Dynamic reward, static punishment: not closed, an outward spiral"
    )
    _phase(left, REWARD_ONLY, [{}], end=60)
    for name, label in (("x", "x, supervises"), ("y", "y, manages")):
        _over_time(right, REWARD_ONLY, [{}], name, end=100, label=label)
    right.set_ylabel("share")
    return figure


def _figure_7() -> Figure:
    figure, (left, right) = _panels("Figure 7. Two mechanisms with a stable focus")
    for mechanism, label in ((PUNISHMENT_ONLY, "dynamic punishment"), (BOTH, "both dynamic")):
        _phase(left, mechanism, [{}], end=40, label=label)
        _over_time(right, mechanism, [{}], "x", end=40, label=f"x, {label}")
        _over_time(right, mechanism, [{}], "y", end=40, label=f"y, {label}")
    right.set_ylabel("share")
    return figure


def _caps(number: int, name: str, values: tuple[float, ...]) -> Figure:
    title = f"Figure {number}. Dynamic reward and punishment: influence of {_SYMBOLS[name]}"
    figure, (left, right) = _panels(title)
    changes = [{name: value} for value in values]
    _over_time(left, BOTH, changes, "x", end=40)
    _over_time(right, BOTH, changes, "y", end=40)
    return figure


def _panels(title: str, count: int = 2) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(5.2 * count, 4.2), layout="constrained")
    figure.suptitle(title, fontsize=11)
    return figure, list(np.atleast_1d(figure.subplots(1, count)))


def _over_time(
    axes: Axes, mechanism: Mechanism, changes: list[dict[str, float]], name: str, end: float, label: str = ""
) -> None:
    """Draw one share against time for each change of the paper's case."""
    times, out = _paths(mechanism, changes, end)
    for change, path in zip(changes, out[f"{name}_path"], strict=True):
        axes.plot(times, path, linewidth=1.3, label=label or _named(change))
    meaning = {"x": "x, share that supervises", "y": "y, share that manages"}[name]
    axes.set(xlabel="time", ylabel=meaning, xlim=(0, end), ylim=(-0.03, 1.03))
    axes.legend(fontsize=8)


def _phase(
    axes: Axes, mechanism: Mechanism, changes: list[dict[str, float]], end: float, label: str = ""
) -> None:
    """Draw orbits in the square of shares, with the interior rest point."""
    _, out = _paths(mechanism, changes, end)
    for change, x, y in zip(changes, out["x_path"], out["y_path"], strict=True):
        (line,) = axes.plot(x, y, linewidth=1.0, label=_once(axes, label or _named(change)))
        axes.plot(x[:1], y[:1], "o", markersize=4, color=line.get_color())
    change = {name: value for name, value in changes[0].items() if name not in ("x0", "y0")}
    points = Cases([]).rest(mechanism, **change)
    axes.plot(points["rest_x"][INTERIOR], points["rest_y"][INTERIOR], "k+", markersize=9)
    axes.set(
        xlabel="x, share that supervises",
        ylabel="y, share that manages",
        xlim=(-0.02, 1.02),
        ylim=(-0.02, 1.02),
    )
    axes.legend(fontsize=8, loc="upper right")


def _once(axes: Axes, label: str) -> str:
    """A label; hidden from the legend (by an underscore) where a line has it already."""
    return f"_{label}" if label in (line.get_label() for line in axes.lines) else label


def _paths(mechanism: Mechanism, changes: list[dict[str, float]], end: float) -> tuple[np.ndarray, Results]:
    """Times, and the paths of the paper's case under each change, up to the time `end`."""
    return _integrated(mechanism, tuple(tuple(c.items()) for c in changes), end)


@cache
def _integrated(
    mechanism: Mechanism, changes: tuple[tuple[tuple[str, float], ...], ...], end: float
) -> tuple[np.ndarray, Results]:
    return paths(mechanism, [dict(c) | {"horizon": end} for c in changes], end)


def _named(change: dict[str, float]) -> str:
    shown = change or {"x0": CASE["x0"], "y0": CASE["y0"]}
    return ", ".join(f"{_SYMBOLS[name]} = {value:g}" for name, value in shown.items())
