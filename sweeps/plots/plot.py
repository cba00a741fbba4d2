"""Pictures of a cube: lines, heat maps, contours, maps of classes, phase portraits."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import Argument, SweepError
from ..cube.classes import classes_of
from ..cube.select import Selections, select
from ..text import nearest
from .classes import parse_line
from .view import View, look, require_cube

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

KINDS = ("lines", "heat", "contour", "classes", "phase")
SCALES = ("x", "y", "color")
DOTS_PER_INCH = 300


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
) -> "Figure":
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
    chosen = select(dataset, selections)
    require_cube(chosen, names, kept)
    kind = _kind(chosen, kind, names, y)
    _require_options(kind, names, x, y, hue, line, scales, model)
    if kind == "phase":
        from .phase.portrait import draw_phase

        return draw_phase(chosen, x, y, facet, kept, model)
    assert x is not None
    view = look(chosen, names, kind, {"x": x, "y": y, "facet": facet, "hue": hue}, scales, kept)
    return _drawer(kind)(view, parse_line(line, x, y) if line and y else None)


def require_picture(path: Path) -> None:
    """Refuse a picture file of an unknown kind, or in a folder that does not exist."""
    if path.suffix not in (".png", ".svg"):
        raise SweepError(f"{path}: a picture should end in .png or .svg")
    if not path.parent.is_dir():
        raise SweepError(f"{path}: the folder {path.parent} does not exist; create it first")


def save(figure: "Figure", path: Path, dpi: int = DOTS_PER_INCH) -> None:
    """Write a figure as PNG, or as SVG with its text as text, by the file's ending.

    The same figure gives the same bytes: an SVG holds no date and no random names.
    """
    import matplotlib

    require_picture(path)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "equisweep"}):
        figure.savefig(path, dpi=dpi, metadata={"Date": None} if path.suffix == ".svg" else None)


def note_of(figure: "Figure") -> str:
    """The note below a picture, in one line; empty where nothing is missing."""
    return " ".join(figure.get_supxlabel().split())


def _scales(log: Iterable[str]) -> frozenset[str]:
    names = log.split(",") if isinstance(log, str) else list(log)
    for name in names:
        if name not in SCALES:
            raise SweepError(Argument("log", name), f": no such scale{nearest(name, SCALES)}")
    return frozenset(names)


def _kind(dataset: "xr.Dataset", kind: str | None, names: list[str], y: str | None) -> str:
    if kind is not None and kind not in KINDS:
        raise SweepError(Argument("kind", kind), f": no such kind{nearest(kind, KINDS)}")
    if kind == "phase":
        return kind
    if not names:
        known = ", ".join(str(name) for name in dataset.data_vars)
        raise SweepError("plot: ", Argument("variables"), f" is missing; name a variable ({known})")
    classes = [name for name in names if classes_of(dataset[name])]
    if kind is None:
        kind = "lines" if y is None else "classes" if classes else "heat"
    if classes and kind != "classes":
        wrong = f"plot: {classes[0]} holds classes, not numbers, and makes no {kind}; "
        if y is None:
            raise SweepError(wrong, "add ", Argument("y"), " for a map of classes")
        raise SweepError(wrong, "use ", Argument("kind", "classes"))
    if kind == "classes" and not classes:
        wrong, heat = f": {names[0]} holds numbers, not classes; use ", Argument("kind", "heat")
        raise SweepError("plot: ", Argument("kind", kind), wrong, heat)
    return kind


def _require_options(
    kind: str, names: list[str], x: str | None, y: str | None, hue: str | None, line: str | None,
    log: frozenset[str], model: str | None,
) -> None:  # fmt: skip
    """Refuse arguments that a kind has no use for, rather than pass over them."""
    a_map, chosen = kind in ("heat", "contour", "classes"), Argument("kind", kind)
    useless = (
        (Argument("hue"), hue is not None and kind != "lines"),
        (Argument("line"), line is not None and not a_map),
        (Argument("y"), y is not None and kind == "lines"),
        (Argument("variables"), bool(names) and kind == "phase"),
        (Argument("log", "color"), "color" in log and kind not in ("heat", "contour", "lines")),
        (Argument("log", "x"), "x" in log and kind == "phase"),
        (Argument("log", "y"), "y" in log and kind == "phase"),
        (Argument("model"), model is not None and kind != "phase"),
    )
    advice = {
        Argument("y"): ("; lines run over ", Argument("x"), ", one for each value of ", Argument("hue")),
        Argument("hue"): ("; use ", Argument("facet")),
    }
    for argument, given in useless:
        if given:
            raise SweepError("plot: ", argument, " has no meaning for ", chosen, *advice.get(argument, ()))
    if kind != "phase" and x is None:
        raise SweepError("plot: ", Argument("x"), " is missing; name the axis that runs to the right")
    if a_map and y is None:
        raise SweepError("plot: ", chosen, " needs ", Argument("y"), ", the axis that runs upwards")
    if a_map and len(names) > 1:
        several = f"; here are {len(names)}: {', '.join(names)}"
        raise SweepError("plot: ", chosen, " draws one ", Argument("variables"), several)
    if "color" in log and kind == "lines" and hue is None:
        color = Argument("log", "color")
        raise SweepError("plot: ", color, ": there are no colours to scale; add ", Argument("hue"))


def _drawer(kind: str) -> "Callable[[View, str | None], Figure]":
    """What draws this kind; imported when it is needed, so that no picture waits for another's."""
    if kind == "lines":
        from .lines import draw_lines

        return draw_lines
    if kind == "heat":
        from .heat import draw_heat

        return draw_heat
    if kind == "contour":
        from .contour import draw_contour

        return draw_contour
    from .classes import draw_class_map

    return draw_class_map
