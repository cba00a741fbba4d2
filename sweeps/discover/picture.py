"""What was discovered, as a picture: the trade-off, and the first box in the plane of two inputs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..plots.look.symbols import plain
from .discover import Discovery

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_DOTS = 4000


def draw(discovery: Discovery) -> "Figure":
    """Coverage and density of boxes that were peeled; points and boxes over the inputs that limit most."""
    from matplotlib.patches import Rectangle

    from ..plots.look.figure import Drawing

    figure: Any = Drawing(figsize=(9, 4), layout="constrained")
    curve, plane = figure.subplots(1, 2)
    steps = discovery.trade_off
    if steps:
        limits = [one.where.count(" and ") + bool(one.where) for one in steps]
        dots = curve.scatter(
            [one.coverage for one in steps], [one.density for one in steps], c=limits, cmap="viridis", s=16
        )
        figure.colorbar(dots, ax=curve, label="limits")
    for number, one in enumerate(discovery.boxes, 1):
        curve.plot(one.coverage, one.density, "D", color="C3", markersize=7, fillstyle="none")
        curve.annotate(str(number), (one.coverage, one.density), xytext=(6, 4), textcoords="offset points")
    curve.set(xlabel="coverage", ylabel="density", xlim=(0, 1.05), ylim=(0, 1.05))
    curve.set_title("boxes peeled; diamonds are those found", fontsize="medium")
    x, y = _names(discovery)
    inputs = discovery.inputs
    step = max(len(inputs.inside) // _MOST_DOTS, 1)
    for inside, colour, label in ((False, "0.75", "elsewhere"), (True, "C0", "holds")):
        here = np.flatnonzero(inputs.inside == inside)[::step]
        plane.plot(
            inputs.values[x][here], inputs.values[y][here], ".", color=colour, markersize=3, label=label,
            rasterized=len(here) > 3000,
        )  # fmt: skip
    for number, box in enumerate(discovery.shapes, 1):
        (left, right), (low, high) = (_ends(discovery, box, name) for name in (x, y))
        plane.add_patch(
            Rectangle((left, low), right - left, high - low, fill=False, edgecolor="C3", linewidth=1.5)
        )
        plane.annotate(str(number), (left, high), color="C3", xytext=(3, -12), textcoords="offset points")
    for axis, name in ((plane.xaxis, x), (plane.yaxis, y)):
        axis.set_label_text(plain(name))
        if name in inputs.labels:
            axis.set_ticks(range(len(inputs.labels[name])), list(map(plain, inputs.labels[name])))
    plane.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, markerscale=3)
    plane.set_title(plain(discovery.condition), fontsize="medium")
    figure.draw_without_rendering()  # lays it out, as it is saved
    return figure


def _names(discovery: Discovery) -> tuple[str, str]:
    """The two inputs that the first box limits least by chance; others where it limits fewer."""
    limited = (
        sorted(discovery.boxes[0].p_values, key=discovery.boxes[0].p_values.__getitem__)
        if discovery.boxes
        else []
    )
    names = list(dict.fromkeys([*limited, *discovery.inputs.values]))
    return names[0], names[min(1, len(names) - 1)]


def _ends(discovery: Discovery, box: Any, name: str) -> tuple[float, float]:
    values = discovery.inputs.values[name]
    if name in box.options:
        return min(box.options[name]) - 0.3, max(box.options[name]) + 0.3
    low, high = box.limits.get(name, (float(values.min()), float(values.max())))
    return (low - 0.3, high + 0.3) if name in discovery.inputs.labels else (low, high)
