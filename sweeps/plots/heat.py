"""Heat maps: a number over two axes as colour."""

from typing import TYPE_CHECKING

from . import frame
from .classes import draw_line, line_legend
from .look.bands import scale
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
    (layer,) = view.layers
    colours = scale(layer.values.compressed(), view.style, "color" in view.log)
    sheet = frame.sheet_of(len(view.panels), view.style, view.columns)
    across, up = frame.edges(view.x), frame.edges(view.second)
    for panel, values in zip(sheet.used, layer.values, strict=True):
        frame.hatch(panel)
        frame.set_axis(panel.xaxis, view.x)
        frame.set_axis(panel.yaxis, view.second)
        panel.pcolormesh(across, up, values, norm=colours.norm, cmap=colours.cmap, rasterized=True)
        if line:
            draw_line(panel, view.x.positions, view.second.positions)
    sheet.label(view.titles, view.x.label, view.second.label, view.rows)
    sheet.colour_bar(colours.mappable, layer.label, colours.ticks, extend=colours.extend)
    if line:
        line_legend(sheet, line)
    return sheet.finish(view.title, view.where, view.note(MISSING))
