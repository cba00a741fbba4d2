"""Where a class changes along an axis of a cube: found on its grid, refined through its kernel."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import Argument, SweepError
from ..cube.pointwise import Pointwise, only
from ..cube.select import Selections, select
from ..cube.source import space_of
from ..text import nearest
from .bisect import Changes, merge_close, refine
from .lines import Lines, grid_changes, lines_of
from .question import Question
from .result import Crossings, as_dataset

if TYPE_CHECKING:
    import xarray as xr

    from ...engine.space import Space


def boundaries(
    dataset: "xr.Dataset",
    variable: str,
    along: str,
    selections: Selections = (),
    *,
    level: float | None = None,
    rtol: float = 1e-9,
    sweep_file: str | Path | None = None,
    model: str | None = None,
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
        An axis of numbers. Of integers the last value before the change is given, which is exact.
    selections
        Like ``["n=10", "beta=0.1:0.5"]``, see `select`.
    level
        Where a real variable passes this value: classes "below" and "above".
    rtol
        How long a bracket may be, relative to its position.
    sweep_file, model
        Of a cube whose model is a Python file, one of them; see `cube.source.space_of`.

    Returns
    -------
    Dataset
        Over the other axes and ``crossing`` (NaN where a line has fewer): ``position``, ``width`` of the
        bracket left, ``class_below`` and ``class_above`` (on the sides of smaller and greater positions where
        the axis rises). Without ``crossing``: ``crossings``, how many; ``unconfirmed``, changes of the grid
        that lie on a grid point to rounding and were not met again; ``unresolved``, cells with more changes
        than were followed; ``not_computed``, pairs of points left out because one of them has not been
        computed.

    Raises
    ------
    SweepError
        Unknown names, an axis that is a static choice, a real variable without `level`.
    CubeError
        The cube does not hold its sweep.
    """
    space = space_of(dataset, sweep_file=sweep_file, model=model)
    question = Question(variable, along, level)
    chosen = select(dataset, selections)
    _require_variable(chosen, question)
    question = question.of(chosen[variable])
    _require_axis(chosen, space, along)
    lines = lines_of(chosen, space, variable, along)
    at, index, left_out = grid_changes(chosen, lines, variable, question.codes)
    integer = space.model.parameter(along.partition(".")[0]).integer
    rtol = max(rtol, 4 * float(np.finfo(space.dtype).eps))  # no finer than the cube's own numbers
    changes, counts = _refined(space, question, lines, at, index, rtol, integer)
    bracket_line = lines.number(at)
    reach = np.zeros(len(index)) if integer else rtol * _length_or_position(lines, index)
    merged, line = merge_close(changes, bracket_line[changes.of], reach[changes.of])
    crossings = Crossings(merged, line, bracket_line, counts, left_out)
    return as_dataset(dataset, lines, question, integer, crossings)


def _length_or_position(lines: Lines, index: np.ndarray) -> np.ndarray:
    """The greater of the length and the position of each bracket: what a relative width is relative to."""
    length = np.abs(lines.along[index + 1] - lines.along[index])
    return np.maximum(np.abs(lines.along[index]), length)


def _require_variable(dataset: "xr.Dataset", question: Question) -> None:
    """Refuse what is no variable, a real one without a level, and a level of what has classes."""
    variable, level = question.variable, question.level
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


def _require_axis(dataset: "xr.Dataset", space: "Space", along: str) -> None:
    """Refuse what is no axis of numbers with two values at least."""
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
    if len(np.unique(dataset[along].values)) < dataset[along].size:
        raise SweepError(here, ": repeats values, and a boundary lies between two different ones")
    members = [name for name in axes[along].values if name != along]
    if any(space.model.parameter(name.partition(".")[0]).integer for name in members):
        raise SweepError(here, ": varies together with whole numbers; nothing lies in between")


def _refined(
    space: "Space", question: Question, lines: Lines, at: np.ndarray, index: np.ndarray, rtol: float,
    integer: bool,
) -> tuple[Changes, np.ndarray]:  # fmt: skip
    """Every change in the brackets from grid points `index` on the lines `at`, and how many each had."""
    ask = Pointwise(only(space, question.variable))
    entry = lines.entry(at)

    def classify(of: np.ndarray, position: np.ndarray) -> np.ndarray:
        codes = np.zeros(len(of), np.int64)
        for choices, rows in lines.by_choice(at[of]):
            points = lines.points(at[of[rows]], index[of[rows]], position[rows])
            outputs = ask(choices, points)
            values = outputs[question.variable].reshape(len(rows), -1)[np.arange(len(rows)), entry[of[rows]]]
            codes[rows] = question.codes(values, outputs["status"])
        return codes

    low, high = lines.along[index], lines.along[index + 1]
    return refine(classify, low.astype(float), high.astype(float), rtol, integer)
