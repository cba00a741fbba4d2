"""Which kind of picture is drawn, and what each kind has a use for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...engine.errors import Argument, SweepError
from ..cube.classes import classes_of
from ..spec.sampling.points import DIM
from ..text import nearest

if TYPE_CHECKING:
    import xarray as xr

KINDS = ("lines", "heat", "contour", "classes", "scatter", "phase")
MAPS = ("heat", "contour", "classes")


def kind_of(
    dataset: "xr.Dataset", kind: str | None, names: Sequence[str], x: str | None, y: str | None
) -> str:
    """The kind that is named, or that suits what is drawn; SweepError where it does not suit it."""
    if kind is not None and kind not in KINDS:
        raise SweepError(Argument("kind", kind), f": no such kind{nearest(kind, KINDS)}")
    if kind == "phase":
        return kind
    if not names:
        known = ", ".join(str(name) for name in dataset.data_vars)
        raise SweepError("plot: ", Argument("variables"), f" is missing; name a variable ({known})")
    classes = [name for name in names if classes_of(dataset[name])]
    kind = kind or _suiting(dataset, names, bool(classes), x, y)
    if classes and kind not in ("classes", "scatter"):
        wrong = f"plot: {classes[0]} holds classes, not numbers, and makes no {kind}; "
        if y is None:
            raise SweepError(wrong, "add ", Argument("y"), " for a map of classes")
        raise SweepError(wrong, "use ", Argument("kind", "classes"))
    if classes and y is None:
        add = f"plot: {classes[0]} holds classes, which are colours in the plane of two inputs; add "
        raise SweepError(add, Argument("y"))
    if kind == "classes" and not classes:
        wrong, heat = f": {names[0]} holds numbers, not classes; use ", Argument("kind", "heat")
        raise SweepError("plot: ", Argument("kind", kind), wrong, heat)
    return kind


def _suiting(dataset: "xr.Dataset", names: Sequence[str], classes: bool, x: str | None, y: str | None) -> str:
    """Points at sampled inputs or at outputs are scattered; else lines over one axis, and a map over two."""
    asked = [name for name in (x, y) if name is not None]
    if len(names) == 1 and any(is_output(dataset, name) for name in asked):
        return "scatter"
    sampled = [name in dataset.coords and dataset[name].dims == (DIM,) for name in asked]
    if sampled and all(sampled) and len(names) == 1:
        return "scatter"
    return "lines" if y is None else "classes" if classes else "heat"


def is_output(dataset: "xr.Dataset", name: str | None) -> bool:
    """Whether an axis of the picture is what the cube holds at its points, and no axis of the cube."""
    return name is not None and name in dataset.data_vars and name not in dataset.coords


def require_options(
    kind: str, names: Sequence[str], x: str | None, y: str | None, hue: str | None, facets: Sequence[str],
    line: str | None, log: frozenset[str], model: str | None,
) -> None:  # fmt: skip
    """Refuse arguments that a kind has no use for, rather than pass over them."""
    a_map, chosen = kind in MAPS, Argument("kind", kind)
    useless = (
        (Argument("hue"), hue is not None and (kind not in ("lines", "scatter"))),
        (Argument("line"), line is not None and not a_map),
        (Argument("y"), y is not None and kind == "lines"),
        (Argument("variables"), bool(names) and kind == "phase"),
        (Argument("log", "color"), "color" in log and kind not in ("heat", "contour", "lines", "scatter")),
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
    if (a_map or kind == "scatter") and len(names) > 1:
        several = f"; here are {len(names)}: {', '.join(names)}"
        raise SweepError("plot: ", chosen, " draws one ", Argument("variables"), several)
    if kind == "scatter" and y is not None and hue is not None:
        taken = f": the colour of the points is {names[0]}; leave it out, or leave out "
        raise SweepError("plot: ", Argument("hue", hue), taken, Argument("y"))
    if "color" in log and kind in ("lines", "scatter") and hue is None and (kind == "lines" or y is None):
        color = Argument("log", "color")
        raise SweepError("plot: ", color, ": there are no colours to scale; add ", Argument("hue"))
    _require_facets(kind, facets)


def _require_facets(kind: str, facets: Sequence[str]) -> None:
    several = [part for name in facets for part in (", ", Argument("facet", name))][1:]
    if len(facets) > 2:
        raise SweepError("plot: ", *several, ": there are two at most, one for rows and one for columns")
    if len(set(facets)) < len(facets):
        raise SweepError("plot: ", *several, ": rows and columns should be different axes")
    if kind == "phase" and len(facets) > 1:
        raise SweepError("plot: ", *several, ": a phase portrait takes one")
