"""Pictures of a cube: lines, heat maps, contours, maps of classes, phase portraits."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import SweepError
from ..cube.classes import classes_of
from ..cube.query import parse_selections, select
from ..text import nearest
from .view import look, require_cube

if TYPE_CHECKING:
    import xarray as xr

KINDS = ("lines", "heat", "contour", "classes", "phase")
SCALES = ("x", "y", "color")
DOTS_PER_INCH = 300
Selections = Iterable[str] | Mapping[str, Any]


def plot(
    dataset: "xr.Dataset",
    variables: str | Sequence[str] = (),
    x: str | None = None,
    y: str | None = None,
    *,
    kind: str | None = None,
    facet: str | None = None,
    hue: str | None = None,
    selections: Selections = (),
    log: Iterable[str] = (),
    line: str | None = None,
    keep: Iterable[str] = (),
    model: str | None = None,
) -> Any:
    """Draw a cube, as a matplotlib figure.

    Points whose status is not ok are never drawn in silence: maps hatch them grey, lines break there, and
    a note below the picture counts them by status.

    Parameters
    ----------
    dataset : a cube, as `open_cube` returns it. Only what is drawn is read.
    variables : what to draw. Lines take several; a phase portrait takes none.
    x, y : the axes of the picture. In a phase portrait: names of observables, and may be absent.
    kind : one of `KINDS`. If absent: lines without `y`; with it classes for a class, else a heat map.
    facet : an axis: one panel for each of its values, at most 12.
    hue : an axis: one line for each of its values (lines only).
    selections : ``["n=3", "alpha=0.1:0.5"]``, or ``{"n": 3, "alpha": slice(0.1, 0.5)}``.
    log : which of x, y and color have a logarithmic scale.
    line : "r = f": draw where the two axes of a map are equal.
    keep : names of statuses to draw besides ok, such as "corner"; the note counts them.
    model : of a phase portrait whose model is your own: where it lies, "file.py:name". Its code runs.

    Returns
    -------
    A ``matplotlib.figure.Figure``; `save` writes it.

    Raises
    ------
    SweepError
        A name is unknown, a dimension is neither drawn nor selected, the kind does not suit the
        variable, there are too many panels, or no point has a result.
    """
    names = [variables] if isinstance(variables, str) else list(variables)
    scales, kept = _scales(log), frozenset([keep] if isinstance(keep, str) else keep)
    chosen = select(dataset, parse_selections(selection_texts(selections)))
    require_cube(chosen, names, kept)
    kind = _kind(chosen, kind, names, y)
    _require_options(kind, names, x, y, hue, line, scales, model)
    if kind == "phase":
        from .phase.portrait import draw_phase

        return draw_phase(chosen, x, y, facet, kept, model)
    assert x is not None
    told = parse_line_of(line, x, y)
    view = look(chosen, names, kind, {"x": x, "y": y, "facet": facet, "hue": hue}, scales, kept)
    return _drawer(kind)(view, told)


def plot_map(
    dataset: "xr.Dataset",
    variable: str,
    x: str,
    y: str,
    facet: str | None,
    selections: Iterable[str],
    line: str | None = None,
) -> Any:
    """Map of `variable` over axes `x` and `y`: `plot` of classes where it is a class, else of heat."""
    return plot(dataset, variable, x, y, facet=facet, selections=selections, line=line)


def require_picture(path: Path) -> None:
    """Refuse a picture file of an unknown kind, or in a folder that does not exist."""
    if path.suffix not in (".png", ".svg"):
        raise SweepError(f"{path}: a picture should end in .png or .svg")
    if not path.parent.is_dir():
        raise SweepError(f"{path}: the folder {path.parent} does not exist; create it first")


def save(figure: Any, path: Path, dpi: int = DOTS_PER_INCH) -> None:
    """Write a figure as PNG, or as SVG with its text as text, by the file's ending.

    The same figure gives the same bytes: an SVG holds no date and no random names.
    """
    import matplotlib

    require_picture(path)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "equisweep"}):
        figure.savefig(path, dpi=dpi, metadata={"Date": None} if path.suffix == ".svg" else None)


def note_of(figure: Any) -> str:
    """The note below a picture, in one line; empty where nothing is missing."""
    return " ".join(figure.get_supxlabel().split())


def selection_texts(selections: Selections) -> list[str]:
    """Selections as the command line writes them; a list becomes ``A,B`` and a slice ``A:B``."""
    if isinstance(selections, str):
        return [selections]
    if not isinstance(selections, Mapping):
        return list(selections)

    def text(value: Any) -> str:
        if isinstance(value, slice):
            return f"{'' if value.start is None else value.start}:{'' if value.stop is None else value.stop}"
        if isinstance(value, Iterable) and not isinstance(value, str):
            return ",".join(str(one) for one in value)
        return str(value)

    return [f"{name}={text(value)}" for name, value in selections.items()]


def parse_line_of(line: str | None, x: str, y: str | None) -> str | None:
    """The line to draw in a map of `x` and `y`, checked."""
    from .classes import parse_line

    return parse_line(line, x, y) if line and y else None


def _scales(log: Iterable[str]) -> frozenset[str]:
    names = log.split(",") if isinstance(log, str) else list(log)
    for name in names:
        if name not in SCALES:
            raise SweepError(f"--log {name}: no such scale{nearest(name, list(SCALES))}")
    return frozenset(names)


def _kind(dataset: "xr.Dataset", kind: str | None, names: list[str], y: str | None) -> str:
    if kind is not None and kind not in KINDS:
        raise SweepError(f"--kind {kind}: no such kind{nearest(kind, list(KINDS))}")
    if kind == "phase":
        return kind
    if not names:
        known = ", ".join(str(name) for name in dataset.data_vars)
        raise SweepError(f"plot: --var is missing; name a variable ({known})")
    classes = [name for name in names if classes_of(dataset[name])]
    if kind is None:
        kind = "lines" if y is None else "classes" if classes else "heat"
    if classes and kind != "classes":
        advice = "add --y for a map of classes" if y is None else "use --kind classes"
        raise SweepError(f"plot: {classes[0]} holds classes, not numbers, and makes no {kind}; {advice}")
    if kind == "classes" and not classes:
        raise SweepError(f"plot: --kind classes: {names[0]} holds numbers, not classes; use --kind heat")
    return kind


def _require_options(
    kind: str, names: list[str], x: str | None, y: str | None, hue: str | None, line: str | None,
    log: frozenset[str], model: str | None,
) -> None:  # fmt: skip
    """Refuse options that a kind has no use for, rather than pass over them."""
    a_map = kind in ("heat", "contour", "classes")
    useless = {
        "--hue": hue is not None and kind != "lines",
        "--line": line is not None and not a_map,
        "--y": y is not None and kind == "lines",
        "--var": bool(names) and kind == "phase",
        "--log color": "color" in log and kind not in ("heat", "contour", "lines"),
        "--log x": "x" in log and kind == "phase",
        "--log y": "y" in log and kind == "phase",
        "--model": model is not None and kind != "phase",
    }
    advice = {"--y": "; lines run over --x, one for each value of --hue", "--hue": "; use --facet"}
    for option, given in useless.items():
        if given:
            raise SweepError(f"plot: {option} has no meaning for --kind {kind}{advice.get(option, '')}")
    if kind != "phase" and x is None:
        raise SweepError("plot: --x is missing; name the axis that runs to the right")
    if a_map and y is None:
        raise SweepError(f"plot: --kind {kind} needs --y, the axis that runs upwards")
    if a_map and len(names) > 1:
        raise SweepError(f"plot: --kind {kind} draws one --var; here are {len(names)}: {', '.join(names)}")
    if "color" in log and kind == "lines" and hue is None:
        raise SweepError("plot: --log color: there are no colours to scale; add --hue")


def _drawer(kind: str) -> Any:
    from . import classes as class_map
    from . import contour as plot_contour
    from . import heat as plot_map
    from . import lines as plot_lines

    return {
        "lines": plot_lines.draw_lines,
        "heat": plot_map.draw_heat,
        "contour": plot_contour.draw_contour,
        "classes": class_map.draw_class_map,
    }[kind]
