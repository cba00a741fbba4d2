"""Methods by name: the designs that each can read, and how it measures a block of an output's cells."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..spec.design import Design
from .bootstrap import Resampler
from .dgsm import dgsm
from .morris import morris_measures
from .prcc import partial_rank_correlations
from .samples import Region, Samples
from .sobol import sobol_indices


@dataclass(frozen=True)
class Task:
    """What is measured: dependence on `parameters`, from samples of a design, with intervals."""

    samples: Samples
    design: Design
    parameters: list[str]
    resampler: Resampler
    confidence: float

    @cached_property
    def x(self) -> np.ndarray:
        """The sampled parameters of the design, shape (points, parameters of the design)."""
        return self.samples.positions()

    @cached_property
    def independent(self) -> np.ndarray:
        """Which points are drawn independently of each other."""
        return independent(self.samples, self.design)

    def read(self, name: str, region: Region) -> tuple[np.ndarray, np.ndarray]:
        """An output, and which of it holds an answer, both of shape (points, cells)."""
        values = self.samples.table(name, region)
        return values, self.samples.usable(name, region, values)

    def read_groups(self, name: str, region: Region) -> tuple[np.ndarray, np.ndarray]:
        """The same by base samples or trajectories, both of shape (samples, group, cells)."""
        values, usable = self.read(name, region)
        shape = (self.design.samples, self.design.group, -1)
        return values.reshape(shape), usable.reshape(shape)


@dataclass(frozen=True)
class Method:
    """How a global measure is computed.

    Parameters
    ----------
    designs : the kinds of design that it can read; the first is the one to advise.
    measure : from a task, an output and a block of its cells to arrays whose last axis is the cells.
    moments : numbers that are resampled for each row and cell, of so many parameters and perhaps of pairs.
    grouped : whether its rows are groups of points, such as trajectories, that count together.
    differentiates : whether it reads derivatives.
    """

    designs: tuple[str, ...]
    measure: Callable[[Task, str, Region], dict[str, np.ndarray]]
    moments: Callable[[int, bool], int]
    grouped: bool = False
    differentiates: bool = False

    def numbers_per_cell(self, design: Design, rows: int, resamples: int) -> int:
        """Numbers that are held at once for each cell of an output."""
        parameters = len(design.distributions)
        moments = self.moments(parameters, bool(design.option))
        own = design.points * (parameters + 1 if self.differentiates else 2)
        return own + 2 * rows * moments + 3 * resamples * moments


def independent(samples: Samples, design: Design) -> np.ndarray:
    """Points that are drawn independently of each other: of a Sobol' design the matrices A and B."""
    points = np.arange(samples.points)
    inside = points % design.group
    return points[(inside == 0) | (inside == design.group - 1)] if design.kind == "sobol" else points


def _sobol(task: Task, name: str, region: Region) -> dict[str, np.ndarray]:
    values, usable = task.read_groups(name, region)
    second_order = bool(task.design.option)
    return sobol_indices(values, usable, len(task.parameters), second_order, task.resampler)


def _morris(task: Task, name: str, region: Region) -> dict[str, np.ndarray]:
    values, usable = task.read_groups(name, region)
    positions = task.x.reshape(task.design.samples, task.design.group, -1)
    return morris_measures(values, usable, positions, task.design.option, task.resampler)


def _prcc(task: Task, name: str, region: Region) -> dict[str, np.ndarray]:
    rows, (values, usable) = task.independent, task.read(name, region)
    return partial_rank_correlations(task.x[rows], values[rows], usable[rows], task.confidence)


def _dgsm(task: Task, name: str, region: Region) -> dict[str, np.ndarray]:
    rows = task.independent
    values, usable = (part[rows] for part in task.read(name, region))
    variables = task.samples.derivatives(name)
    slopes = [task.samples.table(variables[one], region)[rows] for one in task.parameters]
    stacked = np.stack(slopes, axis=1)
    usable &= np.isfinite(stacked).all(axis=1)
    drawn = task.design.distributions
    x = task.x[rows][:, [list(drawn).index(one) for one in task.parameters]]
    return dgsm(x, values, stacked, usable, [drawn[one] for one in task.parameters], task.resampler)


METHODS = {
    "sobol": Method(
        ("sobol",), _sobol, lambda d, pairs: 2 * d + 4 + (d * (d - 1) // 2 if pairs else 0), grouped=True
    ),
    "morris": Method(("morris",), _morris, lambda d, _: 3 * d + 1, grouped=True),
    "dgsm": Method(("lhs", "sobol"), _dgsm, lambda d, _: 4 * d + 3, differentiates=True),
    "prcc": Method(("lhs", "sobol"), _prcc, lambda d, _: 2),
}
# The method of each kind of design where none is asked for.
NATURAL = {"sobol": "sobol", "morris": "morris", "lhs": "prcc"}
