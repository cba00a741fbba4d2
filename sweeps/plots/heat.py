"""Heat maps: a number over two axes as colour."""

from typing import TYPE_CHECKING

from . import frame
from .classes import draw_line, line_legend
from .view import View

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MISSING = "hatched grey"


def draw_heat(view: View, line: str | None = None) -> "Figure":
    """A figure with one heat map a panel, all on one colour scale.

    Points without a result are hatched grey and counted in the note. `line` draws where both axes are
    equal.
    """
    assert view.second is not None
    (layer,), norm = view.layers, frame.colour_scale(view)[0]
    figure, used = frame.panels(len(view.panels))
    across, up = frame.edges(view.x), frame.edges(view.second)
    mesh = None
    for panel, values in zip(used, layer.values, strict=True):
        frame.hatch(panel)
        frame.set_axis(panel.xaxis, view.x)
        frame.set_axis(panel.yaxis, view.second)
        mesh = panel.pcolormesh(across, up, values, norm=norm, cmap=frame.NUMBERS, rasterized=True)
        if line:
            draw_line(panel, view.x.positions, view.second.positions)
    frame.label_panels(used, view.panels, view.x.label, view.second.label)
    frame.colour_bar(figure, used, mesh, layer.label, norm)
    if line:
        line_legend(figure, line)
    frame.headline(figure, view.title, view.where, view.note(MISSING))
    return figure
