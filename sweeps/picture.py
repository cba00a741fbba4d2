"""Pictures of a cube: heat maps of one variable over two axes, one panel per value of a third."""

from collections.abc import Iterable
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import SweepError
from .model_lookup import nearest
from .query import parse_selections, select

if TYPE_CHECKING:
    import xarray as xr

_MOST_PANELS = 12
_LETTERS_PER_INCH = 12


def plot_map(
    dataset: "xr.Dataset",
    variable: str,
    x: str,
    y: str,
    facet: str | None,
    selections: Iterable[str],
    line: str | None = None,
) -> Any:
    """Heat map of `variable` over axes `x` and `y`, as a matplotlib figure.

    One colour scale serves all panels; points without a result are hatched grey. A class output has one
    colour a class, and a legend. `line`, such as "r = f", draws where the two axes are equal. Raises
    SweepError for unknown names and for dimensions that are neither drawn nor selected.
    """
    from matplotlib.figure import Figure

    from .class_map import add_legend, classes_of, draw_classes, draw_line, parse_line

    line = parse_line(line, x, y) if line else None
    chosen = select(dataset, parse_selections(selections))
    _require_names(chosen, variable, [x, y, *([facet] if facet else [])])
    data = chosen[variable].load()
    left = [str(dim) for dim in data.dims if dim not in (x, y, facet)]
    if left:
        raise SweepError(f"plot: {variable} still varies over {', '.join(left)}; add --sel {left[0]}=VALUE")
    labels = data[facet].values.tolist() if facet else [None]
    if len(labels) > _MOST_PANELS:
        raise SweepError(f"plot: --facet {facet} makes {len(labels)} panels; select at most {_MOST_PANELS}")
    columns = min(len(labels), 2)
    rows = -(-len(labels) // columns)
    figure = Figure(figsize=(4.6 * columns + 0.8, 3.7 * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    classes = classes_of(data)
    finite = data.values[np.isfinite(data.values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    mesh = None
    for label, panel in zip(labels, panels.flat, strict=False):
        values = (data.sel({facet: label}) if facet else data).transpose(y, x)
        panel.set_facecolor("0.85")
        panel.patch.set_hatch("///")
        if classes:
            draw_classes(panel, values[x].values, values[y].values, values.values)
        else:
            mesh = panel.pcolormesh(
                values[x], values[y], values, vmin=low, vmax=high, cmap="viridis", shading="nearest",
                rasterized=True,
            )  # fmt: skip
        if line:
            draw_line(panel, values[x].values, values[y].values)
        if facet:
            panel.set_title(label if isinstance(label, str) else f"{facet} = {label:g}")
    for panel in panels.flat[len(labels) :]:
        panel.set_visible(False)
    for panel in panels[-1]:
        panel.set_xlabel(_axis_label(dataset[x], x))
    for panel in panels[:, 0]:
        panel.set_ylabel(_axis_label(dataset[y], y))
    if mesh is None:
        add_legend(figure, classes, data.values, line)
    else:
        figure.colorbar(mesh, ax=panels, label=_axis_label(dataset[variable], variable), pad=0.02)
    where = ", ".join(f"{name}={chosen[name].item()}" for name in chosen.coords if not chosen[name].dims)
    title = [dataset.attrs.get("title", ""), f"({where})" if where else ""]
    if classes:
        title.insert(0, f"{_axis_label(dataset[variable], variable)}:")
    width = int(_LETTERS_PER_INCH * figure.get_figwidth())
    figure.suptitle(fill("  ".join(filter(None, title)), width), fontsize=10)
    return figure


def require_picture(path: Path) -> None:
    """Refuse a picture file of an unknown kind, or in a folder that does not exist."""
    if path.suffix not in (".png", ".svg"):
        raise SweepError(f"{path}: a picture should end in .png or .svg")
    if not path.parent.is_dir():
        raise SweepError(f"{path}: the folder {path.parent} does not exist; create it first")


def save(figure: Any, path: Path) -> None:
    """Write a figure as PNG or SVG, by the file's ending."""
    require_picture(path)
    figure.savefig(path, dpi=160)


def _require_names(dataset: "xr.Dataset", variable: str, axes: list[str]) -> None:
    known = [str(name) for name in dataset.data_vars]
    if variable not in known:
        raise SweepError(f"--var {variable}: no such variable{nearest(variable, known)}")
    dims = [str(dim) for dim in dataset[variable].dims]
    for axis in axes:
        if axis not in dims:
            raise SweepError(f"plot: {variable} has no axis {axis!r}{nearest(axis, dims)}")
    if len(set(axes)) < len(axes):
        raise SweepError(f"plot: {', '.join(axes)} should be different axes")


def _axis_label(array: "xr.DataArray", name: str) -> str:
    symbol, unit = array.attrs.get("symbol"), array.attrs.get("units", "1")
    text = f"{name.replace('_', ' ')} {symbol}" if symbol and symbol != name else name.replace("_", " ")
    return text if unit in ("1", "") else f"{text} [{unit}]"
