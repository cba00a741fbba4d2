"""Where a class changes along an axis of a cube: found on its grid, refined through its kernel."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.classes import classes_of
from ..cube.pointwise import Pointwise, only
from ..cube.select import Selections, select
from ..cube.source import space_of
from ..cube.statuses import BLANK
from ..text import nearest
from .bisect import Changes, merge_close, refine
from .lines import Lines, grid_changes, lines_of

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.space import Space

# Codes beside those of the classes themselves.
NO_RESULT, NO_CROSSING = -100, -127
_SIDES = {"below": 0, "above": 1}


@dataclass(frozen=True)
class Question:
    """What is asked: the classes of `variable`, or on which side of `level` it is, along `along`."""

    variable: str
    along: str
    level: float | None = None


def boundaries(
    dataset: "xr.Dataset",
    variable: str,
    along: str,
    selections: Selections = (),
    *,
    level: float | None = None,
    rtol: float = 1e-9,
    sweep_file: str | Path | None = None,
) -> "xr.Dataset":
    """Where `variable` changes class along the axis `along`, as a function of the other axes.

    Neighbours on the grid that differ are brackets; the kernel that computed the cube halves each until it
    is `rtol` of its position long. Classes met in between are boundaries of their own. A change and the
    change back between two neighbours is not seen: the grid should be finer than the finest region.

    Parameters
    ----------
    dataset
        A cube, or a part of one. Its kernel is asked again, at points between those of its grid.
    variable
        A class, a count or the status; a real variable together with `level`.
    along
        An axis of numbers. Of whole numbers the last value before the change is given, which is exact.
    selections
        Like ``["n=10", "beta=0.1:0.5"]``, see `select`.
    level
        Where a real variable passes this value: classes "below" and "above".
    rtol
        How long a bracket may be, relative to its position.
    sweep_file
        Of a cube whose model is a Python file; see `cube.source.space_of`.

    Returns
    -------
    Dataset
        Over the other axes and ``crossing`` (NaN where a line has fewer): `position`, `width` of the bracket
        left, `class_below` and `class_above` (on the sides of smaller and greater positions where the axis
        rises). Without ``crossing``: `crossings`, how many; `unconfirmed`, changes of the grid that lie on a
        grid point to rounding and were not met again; `unresolved`, cells with more changes than were
        followed; `not_computed`, pairs of points left out because one of them has not been computed.

    Raises
    ------
    SweepError
        Unknown names, an axis that is a static choice, a real variable without `level`.
    CubeError
        The cube does not hold its sweep.
    """
    space = space_of(dataset, sweep_file=sweep_file)
    question = Question(variable, along, level)
    chosen = select(dataset, selections)
    _require_askable(chosen, space, question)
    lines = lines_of(chosen, space, variable, along)
    at, index, left_out = grid_changes(chosen, lines, variable, lambda v, s: _codes(v, s, question))
    whole = space.model.parameter(along.partition(".")[0]).integer
    rtol = max(rtol, 4 * float(np.finfo(space.dtype).eps))  # no finer than the cube's own numbers
    changes, counts = _refined(space, question, lines, at, index, rtol, whole)
    line = np.asarray(
        np.ravel_multi_index(tuple(at.T), lines.shape) if at.shape[1] else np.zeros(len(at), int)
    )
    cell = np.abs(lines.along[index + 1] - lines.along[index])
    reach = np.zeros(0)
    if len(changes.of):
        reach = 0 * cell if whole else rtol * np.maximum(np.abs(lines.along[index]), cell)
        reach = reach[changes.of]
    merged, merged_line = merge_close(changes, line[changes.of], reach)
    return _as_dataset(dataset, lines, question, whole, merged, merged_line, line, counts, left_out)


def _require_askable(dataset: "xr.Dataset", space: "Space", question: Question) -> None:
    variable, along, level = question.variable, question.along, question.level
    known = [str(name) for name in dataset.data_vars]
    if variable not in known:
        raise SweepError(Argument("variable", variable), f": no such variable{nearest(variable, known)}")
    array = dataset[variable]
    if level is not None and not np.isfinite(level):
        raise SweepError(Argument("level", level), ": write a finite number; nothing passes this one")
    if array.dtype.kind == "f" and level is None:
        advice = ": is a real number; say which value it passes: "
        raise SweepError(Argument("variable", variable), advice, Argument("level", 0))
    if level is not None and array.dtype.kind != "f":
        useless = f": {variable} is no real number and changes by itself; leave it out"
        raise SweepError(Argument("level", level), useless)
    axes, here = {name: axis for axis in space.axes for name in axis.values}, Argument("along", along)
    if along not in axes:
        raise SweepError(here, f": no axis {along!r}{nearest(along, list(axes))}")
    if axes[along].static:
        order = ": is a choice, and its values have no order; select one with "
        raise SweepError(here, order, Argument("selections"))
    if not dataset[along].dims:
        raise SweepError(here, ": ", Argument("selections"), " leaves one value of it; leave a range")
    if axes[along].size < 2 or dataset[along].size < 2:
        raise SweepError(here, ": has one value, and so no boundary; sweep a range of it")
    members = [name for name in axes[along].values if name != along]
    if any(space.model.parameter(name.partition(".")[0]).integer for name in members):
        raise SweepError(here, ": varies together with whole numbers; nothing lies in between")


def _codes(values: np.ndarray, status: np.ndarray, question: Question) -> np.ndarray:
    """Classes as numbers: NO_RESULT where there is nothing to classify."""
    if question.variable == "status":
        return values.astype(np.int16)
    blank = np.isin(status, sorted(BLANK))
    if question.level is None:
        return np.where(blank, NO_RESULT, values).astype(np.int16)
    side = np.where(values > question.level, _SIDES["above"], _SIDES["below"])
    return np.where(blank | np.isnan(values), NO_RESULT, side).astype(np.int16)


def _refined(
    space: "Space", question: Question, lines: Lines, at: np.ndarray, index: np.ndarray, rtol: float,
    whole: bool,
) -> tuple[Changes, np.ndarray]:  # fmt: skip
    ask = Pointwise(only(space, question.variable))
    entry = lines.entry(at)

    def classify(of: np.ndarray, position: np.ndarray) -> np.ndarray:
        codes = np.zeros(len(of), np.int16)
        for choices, rows in lines.by_choice(at[of]):
            points = lines.points(at[of[rows]], index[of[rows]], position[rows])
            result = ask(choices, points)
            values = result[question.variable].reshape(len(rows), -1)[np.arange(len(rows)), entry[of[rows]]]
            codes[rows] = _codes(values, result["status"], question)
        return codes

    low, high = lines.along[index], lines.along[index + 1]
    return refine(classify, low.astype(float), high.astype(float), rtol, whole)


def _as_dataset(
    dataset: "xr.Dataset", lines: Lines, question: Question, whole: bool, changes: Changes,
    line: np.ndarray, bracket_line: np.ndarray, counts: np.ndarray, left_out: np.ndarray,
) -> "xr.Dataset":  # fmt: skip
    import xarray as xr

    size = int(np.prod(lines.shape))
    number = np.bincount(line, minlength=size)
    # Changes come sorted by line: the place of each among those of its own.
    place = np.arange(len(line)) - np.concatenate([[0], np.cumsum(number)])[line]
    shape = (size, max(int(number.max(initial=0)), 1))
    falls = changes.high < changes.low
    result: dict[str, np.ndarray] = {
        "position": changes.low if whole else (changes.low + changes.high) / 2,
        "width": np.abs(changes.high - changes.low),
        "class_below": np.where(falls, changes.above, changes.below),
        "class_above": np.where(falls, changes.below, changes.above),
    }
    if whole:
        result["position"] = np.minimum(changes.low, changes.high)
    unit = {"units": dataset[question.along].attrs.get("units", "1")}
    name = question.variable
    attributes = {
        "position": {"long_name": f"{question.along} at which {name} changes", "comment": _how(whole)} | unit,
        "width": {"long_name": "width of the bracket left"} | unit,
        "class_below": {"long_name": f"{name} at smaller {question.along}"} | _flags(dataset, question),
        "class_above": {"long_name": f"{name} at greater {question.along}"} | _flags(dataset, question),
    }
    dims = (*lines.dims, "crossing")
    variables: dict[str, Any] = {}
    for key, values in result.items():
        filled = np.full(shape, NO_CROSSING if key.startswith("class") else np.nan)
        filled[line, place] = values
        kind = np.int16 if key.startswith("class") else float
        variables[key] = (dims, filled.reshape(*lines.shape, -1).astype(kind), attributes[key])
    per_line = {
        "crossings": (number, "changes found on this line"),
        "unconfirmed": (np.bincount(bracket_line[counts == 0], minlength=size), "changes not met again"),
        "unresolved": (np.bincount(bracket_line[counts < 0], minlength=size), "cells with more changes"),
        "not_computed": (left_out.reshape(-1), "pairs of points left out, one of them not computed"),
    }
    for key, (values, meaning) in per_line.items():
        variables[key] = (lines.dims, values.reshape(lines.shape), {"long_name": meaning, "units": "1"})
    about = {"variable": name, "along": question.along, "source": dataset.attrs.get("source", "")}
    about |= {"level": question.level} if question.level is not None else {}
    return xr.Dataset(variables, lines.coords, about | {"sweep": dataset.attrs["sweep"]})


def _how(whole: bool) -> str:
    return "last value before the change" if whole else "middle of the bracket left"


def _flags(dataset: "xr.Dataset", question: Question) -> dict[str, Any]:
    classes = {name: number for number, name in classes_of(dataset[question.variable]).items()}
    if question.level is not None:
        classes = _SIDES
    if not classes:  # a count: its numbers speak for themselves
        return {"comment": f"{NO_RESULT}: no result; {NO_CROSSING}: no crossing"}
    classes = {**classes, "no_result": NO_RESULT, "-": NO_CROSSING}
    return {"flag_values": list(classes.values()), "flag_meanings": " ".join(classes)}
