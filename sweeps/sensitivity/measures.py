"""Measures by name: the designs that each can read, and how it measures a block of an output's cells."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np

from ..spec.design import Design
from .bootstrap import Resampler
from .dgsm import dgsm
from .given.chaos import chaos_indices
from .given.closed import kucherenko, shapley
from .given.distances import delta, pawn
from .given.hsic import hsic
from .given.patterns import LEAST, by_pattern
from .given.ranks import chatterjee
from .given.regional import regional
from .morris import morris_measures
from .morris_steps import steps_of
from .noise import Floor, floor_of
from .prcc import fewest, partial_rank_correlations
from .samples import Region, Samples
from .sobol import sobol_indices

# Values above which a whole number is as good as continuous; distributions of measured values have fewer.
_MOST_ATOMS = 10_000


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
    def shares(self) -> np.ndarray:
        """The share of its distribution that lies below each of them, in the same shape."""
        columns = zip(self.x.T, self.design.distributions.values(), strict=True)
        return np.stack([one.shares(values) for values, one in columns], axis=1)

    @cached_property
    def atoms(self) -> list[tuple[np.ndarray, np.ndarray] | None]:
        """Of each of them the positions, among `shares`, of the values that it has, and the probability of
        each; None of continuous ones. A grid's are the values of its axes, each as likely as it is frequent.
        """
        if self.design.kind == "grid":
            counted = [np.unique(column, return_counts=True) for column in self.shares.T]
            return [(positions, counts / counts.sum()) for positions, counts in counted]
        drawn = [(one, one.atoms(_MOST_ATOMS)) for one in self.design.distributions.values()]
        return [few and (one.shares(few[0]), few[1]) for one, few in drawn]

    @cached_property
    def independent(self) -> np.ndarray:
        """Which points are drawn independently of each other."""
        return independent(self.samples, self.design)

    def read(self, name: str, region: Region) -> "Block":
        """A block of the cells of an output."""
        values, samples = self.samples.table(name, region), self.samples
        floor = Floor(0.0) if samples.is_class(name) else floor_of(samples.source(name), samples.identity)
        return Block(name, region, values, samples.usable(name, region, values), floor)

    def groups(self, points: np.ndarray) -> np.ndarray:
        """Of shape (points, cells), by base samples or trajectories: (samples, points of each, cells)."""
        return points.reshape(self.design.samples, self.design.points_per_sample, -1)

    def rows(self, points: np.ndarray, grouped: bool) -> np.ndarray:
        """Which rows hold at all their points, of which points do: shape (rows, cells)."""
        return np.asarray(self.groups(points).all(axis=1) if grouped else points[self.independent])


@dataclass(frozen=True)
class Block:
    """Cells of an output, read.

    Attributes
    ----------
    name, region
        Of the output, and which of its cells.
    values, usable
        Its values and which of them hold an answer, both of shape (points, cells).
    floor
        What it varies by at least, if it does.
    """

    name: str
    region: Region
    values: np.ndarray
    usable: np.ndarray
    floor: Floor


@dataclass(frozen=True)
class Method:
    """How a global measure is computed.

    Parameters
    ----------
    designs : the kinds of design that it can read; the first is the one to advise.
    measure : from a task and a block of an output's cells to arrays whose last axis is the cells.
    moments : numbers that are resampled for each row and cell, of so many parameters and perhaps of pairs.
    grouped : whether its rows are groups of points, such as trajectories, that count together.
    differentiates : whether it reads derivatives.
    effects : measures that are 0 where an output does not vary; of others there is none.
    intervals : how they are found, in words; empty where there are none.
    given : whether it reads points however they were drawn, those of a grid, too.
    independent_only : whether it is wrong of parameters that depend on each other.
    squares : whether it forms squares or products of outputs alone.
    least : of how many samples that count there are measures at all, by how many parameters there are.
    """

    designs: tuple[str, ...]
    measure: Callable[[Task, Block], dict[str, np.ndarray]]
    moments: Callable[[int, bool], int]
    grouped: bool = False
    differentiates: bool = False
    effects: tuple[str, ...] = ()
    intervals: str = "by {resamples} bootstrap resamples"
    given: bool = False
    independent_only: bool = False
    squares: bool = True
    least: Callable[[int], int] = lambda _: 2

    def numbers_per_cell(self, design: Design, rows: int, resamples: int) -> int:
        """Numbers that are held at once for each cell of an output."""
        parameters = len(design.moved) if self.grouped else len(design.distributions)
        moments = self.moments(parameters, bool(design.option))
        own = design.points * (parameters + 1 if self.differentiates else 2)
        return own + 2 * rows * moments + 3 * resamples * moments


def independent(samples: Samples, design: Design) -> np.ndarray:
    """Points that are drawn independently of each other: of a Sobol' design the matrices A and B."""
    points = np.arange(samples.points)
    inside = points % design.points_per_sample
    return (
        points[(inside == 0) | (inside == design.points_per_sample - 1)] if design.kind == "sobol" else points
    )


def _sobol(task: Task, block: Block) -> dict[str, np.ndarray]:
    values, usable = task.groups(block.values), task.groups(block.usable)
    return sobol_indices(values, usable, len(task.parameters), bool(task.design.option), task.resampler)


def _morris(task: Task, block: Block) -> dict[str, np.ndarray]:
    values, usable = task.groups(block.values), task.groups(block.usable)
    steps = steps_of(task.design, task.groups(task.x))
    measures = morris_measures(values, usable, steps, task.resampler)
    if not task.design.groups:
        return measures
    return {kind: one for kind, one in measures.items() if kind.startswith("mu_star") or kind == "left_out"}


def _prcc(task: Task, block: Block) -> dict[str, np.ndarray]:
    rows = task.independent
    return partial_rank_correlations(
        task.x[rows], block.values[rows], block.usable[rows], task.confidence, block.floor.tied
    )


def _dgsm(task: Task, block: Block) -> dict[str, np.ndarray]:
    rows = task.independent
    values, usable = block.values[rows], block.usable[rows]
    variables = task.samples.derivatives(block.name)
    slopes = [task.samples.table(variables[one], block.region)[rows] for one in task.parameters]
    stacked = np.stack(slopes, axis=1)
    usable = usable & np.isfinite(stacked).all(axis=1)
    drawn = task.design.distributions
    x = task.x[rows][:, [list(drawn).index(one) for one in task.parameters]]
    return dgsm(x, values, stacked, usable, [drawn[one] for one in task.parameters], task.resampler)


_GIVEN = ("lhs", "sobol", "given", "grid")
_PARTS = "by the spread over parts of the sample"


def _moments_of_given(_dims: int, _pairs: bool) -> int:
    return 2


def _of_given(
    measured: Callable[[Task, np.ndarray, np.ndarray], dict[str, np.ndarray]], intervals: str
) -> Method:
    """A method that reads parameters and outputs of any points."""

    def measure(task: Task, block: Block) -> dict[str, np.ndarray]:
        rows = task.independent
        values, usable = block.values[rows], block.usable[rows]
        return by_pattern(task.x[rows], values, usable, lambda x, y: measured(task, x, y))

    return Method(_GIVEN, measure, _moments_of_given, intervals=intervals, given=True, least=lambda _: LEAST)


def _chaos(task: Task, block: Block) -> dict[str, np.ndarray]:
    rows, drawn = task.independent, task.design.distributions.values()
    unbounded = np.array([not (isfinite(one.low) and isfinite(one.high)) for one in drawn])
    values, usable = block.values[rows], block.usable[rows]
    return by_pattern(
        task.shares[rows], values, usable, lambda u, y: chaos_indices(u, unbounded, y, task.atoms)
    )


METHODS = {
    "sobol": Method(
        ("sobol",),
        _sobol,
        lambda d, pairs: 2 * d + 4 + (d * (d - 1) // 2 if pairs else 0),
        grouped=True,
        independent_only=True,
        least=lambda _: 8,
    ),
    "morris": Method(
        ("morris",),
        _morris,
        lambda d, _: 3 * d + 1,
        grouped=True,
        effects=("mu", "mu_star", "sigma"),
        independent_only=True,
    ),
    "dgsm": Method(
        ("lhs", "sobol"),
        _dgsm,
        lambda d, _: 4 * d + 3,
        differentiates=True,
        effects=("mean_slope", "mean_size", "nu"),
        independent_only=True,
        squares=False,
    ),
    "prcc": Method(
        ("lhs", "sobol", "given"),
        _prcc,
        lambda d, _: 2,
        intervals="by Fisher's transformation",
        squares=False,
        least=fewest,
    ),
    "pawn": _of_given(lambda task, x, y: pawn(x, y), ""),
    "delta": _of_given(lambda task, x, y: delta(x, y, task.resampler), Method.intervals),
    "chatterjee": _of_given(
        lambda task, x, y: chatterjee(x, y, task.confidence, task.resampler.seed), _PARTS
    ),
    "hsic": _of_given(lambda task, x, y: hsic(x, y, task.resampler.seed), ""),
    "kucherenko": _of_given(
        lambda task, x, y: kucherenko(x, y, task.confidence, task.resampler.seed), _PARTS
    ),
    "shapley": _of_given(lambda task, x, y: shapley(x, y, task.confidence, task.resampler.seed), _PARTS),
    "chaos": Method(
        ("lhs", "sobol", "grid"),
        _chaos,
        _moments_of_given,
        intervals="",
        given=True,
        independent_only=True,
        least=lambda _: LEAST,
    ),
    "regional": _of_given(lambda task, x, y: regional(x, y), ""),
}
# The method of each kind of design where none is asked for.
NATURAL = {"sobol": "sobol", "morris": "morris", "lhs": "prcc", "given": "kucherenko"}
