"""Boundaries as a labelled Dataset: positions and classes by line, and counts of what was not followed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .bisect import Changes
from .lines import Lines
from .question import NO_CROSSING, Question

if TYPE_CHECKING:
    import xarray as xr

_MEANINGS = {
    "crossings": "changes found on this line",
    "unconfirmed": "changes not met again",
    "unresolved": "cells with more changes",
    "not_computed": "pairs of points left out, one of them not computed",
}


@dataclass(frozen=True)
class Crossings:
    """Changes of class along the lines of a cube, and what was not followed.

    Parameters
    ----------
    changes : of class, sorted by line, shape (changes,).
    line : the flat number of each change's line.
    bracket_line : the flat number of each bracket's line, shape (brackets,).
    counts : how many changes each bracket had, -1 where there were more than were followed.
    left_out : pairs of neighbours that were not computed, of the shape of the lines.
    """

    changes: Changes
    line: np.ndarray
    bracket_line: np.ndarray
    counts: np.ndarray
    left_out: np.ndarray


def as_dataset(
    dataset: "xr.Dataset", lines: Lines, question: Question, integer: bool, crossings: Crossings
) -> "xr.Dataset":
    """The Dataset that `boundaries` returns, of `crossings` in `dataset`; `integer` says of the axis that
    its positions are integers, exact and given on the smaller side.
    """
    import xarray as xr

    variables = _changes(dataset, lines, question, integer, crossings)
    for name, values in _counts(lines, crossings).items():
        about = {"long_name": _MEANINGS[name], "units": "1"}
        variables[name] = (lines.dims, values.reshape(lines.shape), about)
    attributes = {
        "variable": question.variable,
        "along": question.along,
        "source": dataset.attrs.get("source", ""),
    }
    attributes |= {"level": question.level} if question.level is not None else {}
    return xr.Dataset(variables, lines.coords, attributes | {"sweep": dataset.attrs["sweep"]})


def _changes(
    dataset: "xr.Dataset", lines: Lines, question: Question, integer: bool, crossings: Crossings
) -> dict[str, Any]:
    """Position, width and classes of every change, over the lines and ``crossing``."""
    changes, number = crossings.changes, np.bincount(crossings.line, minlength=int(np.prod(lines.shape)))
    # Changes come sorted by line: the place of each among those of its own.
    place = np.arange(len(crossings.line)) - np.concatenate([[0], np.cumsum(number)])[crossings.line]
    shape = (len(number), max(int(number.max(initial=0)), 1))
    falls = changes.high < changes.low
    middle = np.minimum(changes.low, changes.high) if integer else (changes.low + changes.high) / 2
    values = {
        "position": middle,
        "width": np.abs(changes.high - changes.low),
        "class_below": np.where(falls, changes.above, changes.below),
        "class_above": np.where(falls, changes.below, changes.above),
    }
    attributes = _attributes(dataset, question, integer)
    variables: dict[str, Any] = {}
    for key, column in values.items():
        a_class = key.startswith("class")
        filled = np.full(shape, NO_CROSSING if a_class else np.nan)
        filled[crossings.line, place] = column
        filled = filled.reshape(*lines.shape, -1).astype(np.int64 if a_class else float)
        variables[key] = ((*lines.dims, "crossing"), filled, attributes[key])
    return variables


def _attributes(dataset: "xr.Dataset", question: Question, integer: bool) -> dict[str, dict[str, Any]]:
    name, along, classes = question.variable, question.along, question.attributes(dataset)
    unit = {"units": dataset[along].attrs.get("units", "1")}
    how = "last value before the change" if integer else "middle of the bracket left"
    return {
        "position": {"long_name": f"{along} at which {name} changes", "comment": how} | unit,
        "width": {"long_name": "width of the bracket left"} | unit,
        "class_below": {"long_name": f"{name} at smaller {along}"} | classes,
        "class_above": {"long_name": f"{name} at greater {along}"} | classes,
    }


def _counts(lines: Lines, crossings: Crossings) -> dict[str, np.ndarray]:
    """How many changes there are on each line, and how much was not followed."""
    size = int(np.prod(lines.shape))
    return {
        "crossings": np.bincount(crossings.line, minlength=size),
        "unconfirmed": np.bincount(crossings.bracket_line[crossings.counts == 0], minlength=size),
        "unresolved": np.bincount(crossings.bracket_line[crossings.counts < 0], minlength=size),
        "not_computed": crossings.left_out,
    }
