"""Pictures of a cube: lines, heat maps, contours, maps of classes, scatter plots, phase portraits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import Argument, SweepError
from ..cube.select import Selections, select
from ..text import nearest
from .classes import parse_line
from .drawn import Table, table_of
from .kinds import kind_of, require_options
from .look.style import Levels, Style, require_style
from .view import View, look, require_cube

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from .look.style import Canvas

SCALES = ("x", "y", "color")


@dataclass(frozen=True)
class Picture:
    """A figure, and what it shows as a table."""

    figure: "Figure"
    table: Table


def plot(
    dataset: "xr.Dataset",
    variables: str | Sequence[str] = (),
    x: str | None = None,
    y: str | None = None,
    *,
    kind: str | None = None,
    facet: str | Sequence[str] | None = None,
    hue: str | None = None,
    selections: Selections = (),
    log: Iterable[str] = (),
    line: str | None = None,
    keep: Iterable[str] = (),
    model: str | None = None,
    title: str | None = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    cmap: "str | Colormap | None" = None,
    levels: Levels | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
    figsize: tuple[float, float] | None = None,
    ax: "Canvas | None" = None,
) -> "Figure":
    """Draw a cube, as a matplotlib figure.

    Points whose status is not ok are never drawn in silence: maps hatch them grey, lines break there, and
    a note below the picture counts them by status.

    Parameters
    ----------
    dataset : a cube, as `open_cube` returns it. Only what is drawn is read.
    variables : what to draw, or nothing for the only one that a cube holds. Lines take several; a phase
        portrait takes none.
    x, y : the axes of the picture. In a phase portrait: names of observables, and may be absent. In a scatter
        plot also outputs: their points stand where their outputs are.
    kind : one of `KINDS`. If absent: a scatter plot over a sampled input or an output, lines without `y`, and
        with it classes for a class, else a heat map.
    facet : an axis: one panel for each of its values, at most 12; two axes: rows, and columns, at most 6.
    hue : an axis: one line, or mark, for each of its values; of sampled points an input that is their colour.
    selections : ``["n=3", "alpha=0.1:0.5", "beta~0.33"]``, or ``{"n": 3, "alpha": slice(0.1, 0.5)}``.
    log : which of x, y and color have a logarithmic scale.
    line : "r = f": draw where the two axes of a map are equal.
    keep : names of statuses to draw besides ok, such as "corner"; the note counts them.
    model : of a phase portrait whose model is your own: where it lies, "file.py:name". Its code runs.
    title : stands above the picture instead of the model's title and what was selected; "" for nothing.
    xlabel, ylabel : stand at the axes instead of name, symbol and unit.
    cmap : a colour map of matplotlib's, or its name.
    levels : of contours, and of heat maps in bands: how many at most, or at which values.
    vmin, vmax : ends of the colour scale, or of the axis upwards where lines or marks stand for numbers.
    figsize : width and height of the whole figure in inches.
    ax : axes of matplotlib's to draw in, one for each panel in reading order; their figure is returned.

    Returns
    -------
    A ``matplotlib.figure.Figure``; `save` writes it.

    Raises
    ------
    SweepError
        A name is unknown, a dimension is neither drawn nor selected, the kind does not suit the
        variable, there are too many panels, or no point has a result.
    """
    style = Style(title, xlabel, ylabel, cmap, levels, vmin, vmax, figsize, ax)
    return picture(
        dataset, variables, x, y, style, kind=kind, facet=facet, hue=hue, selections=selections, log=log,
        line=line, keep=keep, model=model,
    ).figure  # fmt: skip


def picture(
    dataset: "xr.Dataset", variables: str | Sequence[str], x: str | None, y: str | None, style: Style, *,
    kind: str | None, facet: str | Sequence[str] | None, hue: str | None, selections: Selections,
    log: Iterable[str], line: str | None, keep: Iterable[str], model: str | None,
) -> Picture:  # fmt: skip
    """The same with what is drawn as a table; arguments as of `plot`, those of the look in `style`."""
    names = [variables] if isinstance(variables, str) else list(variables)
    facets = [facet] if isinstance(facet, str) else list(facet or ())
    scales, kept = scales_of(log), frozenset([keep] if isinstance(keep, str) else keep)
    chosen = select(dataset, selections)
    if kind == "phase":
        from .phase.portrait import draw_phase

        require_cube(chosen, names, kept)
        require_options(kind, names, x, y, hue, facets, line, scales, model)
        style = require_style(style, kind, scales)
        return Picture(*draw_phase(chosen, x, y, facets[0] if facets else None, kept, model, style))
    axes = {"x": x, "y": y, "hue": hue}
    held = [str(name) for name in dataset.data_vars if name != "status"]
    names = names or (held if len(held) == 1 else [])  # the only one that it can be
    view = view_of(chosen, names, axes, style, kind, facets, scales, kept, line=line, model=model)
    return draw(view, line)


def view_of(
    dataset: "xr.Dataset", names: Sequence[str], axes: Mapping[str, str | None], style: Style,
    kind: str | None, facets: Sequence[str], scales: frozenset[str], kept: frozenset[str], *,
    line: str | None = None, model: str | None = None,
    most: Mapping[str, int] | None = None, empty: bool = False,
) -> View:  # fmt: skip
    """What a picture shows of a selected part of a cube, checked as `plot` does; no phase portrait.

    `axes` are x, y and hue to names or None; `most` and `empty` are as of `view.look`.
    """
    x, y, hue = (axes[option] for option in ("x", "y", "hue"))
    require_cube(dataset, names, kept)
    kind = kind_of(dataset, kind, names, x, y)
    require_options(kind, names, x, y, hue, facets, line, scales, model)
    style = require_style(style, kind, scales)
    if kind == "scatter":
        from .points import look_points

        return look_points(dataset, names[0], axes, facets, scales, kept, style, most, empty)
    return look(dataset, names, kind, axes, facets, scales, kept, style, most, empty)


def draw(view: View, line: str | None = None) -> Picture:
    """A view as matplotlib draws it, with what it shows as a table."""
    up = view.second.name if view.second else ""
    figure = _drawer(view.kind)(view, parse_line(line, view.x.name, up) if line and up else None)
    return Picture(figure, table_of(view))


def note_of(figure: "Figure") -> str:
    """The note below a picture, in one line; empty where nothing is missing."""
    below = [legend.get_title().get_text() for legend in figure.legends]
    return " ".join(" ".join([figure.get_supxlabel(), *below]).split())


def scales_of(log: Iterable[str]) -> frozenset[str]:
    """Names of scales that are logarithmic; SweepError for what is none."""
    names = log.split(",") if isinstance(log, str) else list(log)
    for name in names:
        if name not in SCALES:
            raise SweepError(Argument("log", name), f": no such scale{nearest(name, SCALES)}")
    return frozenset(names)


def _drawer(kind: str) -> Callable[[View, str | None], "Figure"]:
    if kind == "lines":
        from .lines import draw_lines

        return draw_lines
    if kind == "heat":
        from .heat import draw_heat

        return draw_heat
    if kind == "contour":
        from .contour import draw_contour

        return draw_contour
    if kind == "scatter":
        from .scatter import draw_scatter

        return draw_scatter
    from .classes import draw_class_map

    return draw_class_map
