"""What is shown, to be had elsewhere: a command, Python lines, a picture, a table, a condition."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ..cube.classes import classes_of
from ..cube.select import select
from ..plots.drawn import write_table
from ..plots.look.typed import levels_of, range_of
from ..plots.plot import draw
from ..plots.save import save
from .shown import views_of
from .source import Source
from .state import State

# What a picture or a table is asked for as.
FILES = {"picture.png": "image/png", "picture.svg": "image/svg+xml", "picture.pdf": "application/pdf"}
TABLE = "drawn.csv"


def copies_of(sources: Sequence[Source], state: State) -> dict[str, str]:
    """The command and the Python lines that draw what is shown; two of each of two cubes."""
    shown = sources if state.compare else sources[:1]
    if state.compare == "difference":
        note = "# The difference of two cubes is drawn by no single command; each of them alone:\n"
    else:
        note = ""
    several = len(shown) > 1
    commands = [_command(one, state, f"picture{i or ''}.png") for i, one in enumerate(shown)]
    lines = [_python(one, state, f"picture{i or ''}.png") for i, one in enumerate(shown)]
    return {"command": note * several + "\n".join(commands), "python": note * several + "\n".join(lines)}


def query_command(
    source: Source, names: Iterable[str], selections: Iterable[str], condition: str = ""
) -> str:
    """The ``equisweep query`` that prints some variables where the selections lead."""
    options = [("var", name) for name in names] + [("sel", text) for text in selections]
    return _typed("query", source, options + ([("where", condition)] if condition else []))


def _command(source: Source, state: State, file: str) -> str:
    options: list[tuple[str, str]] = [("var", name) for name in state.var]
    options += [(name, getattr(state, name)) for name in ("x", "y", "hue") if getattr(state, name)]
    options += [("facet", name) for name in state.facet]
    options += [("kind", state.kind)] if state.kind else []
    options += [("sel", text) for text in (*source.selections, *state.sel)]
    options += [(name, ",".join(getattr(state, name))) for name in ("log", "keep") if getattr(state, name)]
    options += [(name, getattr(state, name)) for name in ("cmap", "levels", "range") if getattr(state, name)]
    return _typed("plot", source, [*options, ("o", file)])


def _typed(command: str, source: Source, options: Iterable[tuple[str, str]]) -> str:
    """A command line; a value that begins with a dash stands behind an equals sign."""
    name = source.name if not source.name.startswith("-") else f"./{source.name}"
    words = ["equisweep", command, shlex.quote(name)]
    for option, value in options:
        flag = ("-" if option == "o" else "--") + option
        words.append(f"{flag}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}")
    return " ".join(words)


def _python(source: Source, state: State, file: str) -> str:
    low, high = range_of(state.range or None)
    selections = [*source.selections, *state.sel]
    given = {
        "x": state.x, "y": state.y, "kind": state.kind, "facet": list(state.facet), "hue": state.hue,
        "selections": selections, "log": list(state.log), "keep": list(state.keep), "cmap": state.cmap,
        "levels": levels_of(state.levels or None), "vmin": low, "vmax": high,
    }  # fmt: skip
    stated = [f"{name}={value!r}" for name, value in given.items() if value not in (None, "", [])]
    variables = state.var[0] if len(state.var) == 1 else list(state.var)
    opened = f"cube = open_cube({source.name!r})\n" if source.path is not None else ""
    imports = "from equisweep.sweeps import open_cube\n\n" if opened else ""
    arguments = ", ".join([repr(variables), *stated])
    return f"{imports}{opened}figure = cube.equisweep.plot({arguments})\nfigure.savefig({file!r})\n"


def file_of(sources: Sequence[Source], state: State, name: str) -> bytes:
    """What is shown as a picture for print or as a table; of two cubes beside each other the first.

    Raises SweepError as `shown.views_of` does, and where no point has a result.
    """
    view, *_ = views_of(sources, state, budget=None)
    drawn = draw(view)
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        if name == TABLE:
            write_table(drawn.table, path)
        elif name in FILES:
            save(drawn.figure, path)
        else:
            raise SweepError(f"{name}: is no picture and no table")
        return path.read_bytes()


def condition_of(dataset: Any, state: State, box: Mapping[str, float], panel: int = 0) -> str:
    """The condition that holds within a box drawn on a picture, ``x0`` to ``x1`` and ``y0`` to ``y1``.

    Of an axis it names the first and last of its values within; of names those within. Raises SweepError
    where no value of an axis lies in the box.
    """
    upwards = state.y or (state.var[0] if state.var else "")
    chosen = select(dataset, state.sel)
    parts = [_within(chosen, state.x, box["x0"], box["x1"]), _within(chosen, upwards, box["y0"], box["y1"])]
    return " and ".join(part for part in parts if part)


def _within(dataset: Any, name: str, first: float, last: float) -> str:
    low, high = min(first, last), max(first, last)
    if name not in dataset.coords:
        if classes_of(dataset[name]) or not (isfinite(low) and isfinite(high)):
            return ""
        return f"{spelt(name)} >= {low:.6g} and {spelt(name)} <= {high:.6g}"
    values = dataset[name].values
    if values.dtype.kind not in "iuf":
        inside = [str(values[i]) for i in range(len(values)) if low <= i <= high]
        if not inside:
            raise SweepError(f"no value of {name} lies in the box")
        return f"{spelt(name)} in ({', '.join(map(_label, inside))},)"
    within = values[(values >= low) & (values <= high)]
    if not len(within):
        raise SweepError(f"no value of {name} lies in the box")
    ends = [repr(np.asarray(end).item()) for end in (within.min(), within.max())]
    return f"{spelt(name)} >= {ends[0]} and {spelt(name)} <= {ends[1]}"


def spelt(name: str) -> str:
    """A name as a condition takes it: in backquotes where it is more than letters and dots."""
    plain = all(part.isidentifier() for part in name.split("."))
    return name if plain and name not in ("and", "or", "not", "in", "is") else f"`{name}`"


def _label(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
