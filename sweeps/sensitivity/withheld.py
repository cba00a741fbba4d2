"""Where an output has no sensitivity, and why: it does not vary, or most samples were left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from .measures import Block, Method, Task
from .noise import said_of

# What is told of cells without indices, too.
ALWAYS = ("left_out", "mean", "std")
LEFT_OUT, TOO_FEW = -1, -2


@dataclass
class Withheld:
    """What is withheld of one output, block by block.

    Attributes
    ----------
    withheld
        How many cells there are for each reason: a key of `noise.WHY`, `LEFT_OUT`, or `TOO_FEW`.
    cells
        How many cells there are in all.
    left, rows
        Samples left out in the cell of that reason where they are most, and samples that were computed there.
    few, least
        Samples that count in the cell of those with too few where they are most, and how many it takes.
    extremes
        For each reason, in the cell where it is largest, the standard deviation, and what errors reach there.
    """

    withheld: dict[int, int] = field(default_factory=dict)
    cells: int = 0
    left: int = 0
    rows: int = 0
    few: int = 0
    least: int = 0
    extremes: dict[int, tuple[float, float]] = field(default_factory=dict)

    def apply(self, task: Task, block: Block, how: Method, measures: Mapping[str, np.ndarray]) -> None:
        """Take from a block's `measures` those of cells that have none, and note it."""
        extent = block.floor.extent(block.values, block.usable)
        reasons = block.floor.reasons_of(extent)
        std, still = np.full(len(reasons), np.nan), np.flatnonzero(reasons > 0)
        if "std" in measures:
            std[still] = measures["std"][still]
        else:
            std[still] = deviations(block.values[:, still], block.usable[:, still])
        there = task.rows(task.samples.computed(block.region, block.values), how.grouped)
        lost = measures["left_out"] - (~there).sum(axis=0)
        rows = there.sum(axis=0)
        self.least = how.least(len(task.parameters))
        few = (reasons == 0) & (rows - lost < self.least)
        self.few = max(self.few, int((rows - lost)[few].max(initial=0)))
        reasons[few] = TOO_FEW
        reasons[2 * lost > rows] = LEFT_OUT
        for kind, values in measures.items():
            if kind not in ALWAYS:
                base = kind.removesuffix("_low").removesuffix("_high")
                values[..., reasons > 0] = 0.0 if base in how.effects else np.nan
                values[..., reasons < 0] = np.nan
        self.count(reasons, lost, rows, std, block.floor.error(extent))

    def count(
        self, reasons: np.ndarray, lost: np.ndarray, rows: np.ndarray, std: np.ndarray, error: np.ndarray
    ) -> None:
        """Note what is withheld of some cells: reasons, samples left out, samples that were computed,
        standard deviations, and what errors reach.
        """
        self.cells += len(reasons)
        for reason, count in zip(*np.unique(reasons, return_counts=True), strict=True):
            if reason:
                self.withheld[int(reason)] = self.withheld.get(int(reason), 0) + int(count)
                cells = np.flatnonzero((reasons == reason) & np.isfinite(std))
                if cells.size:
                    largest = cells[np.argmax(std[cells])]
                    new = float(std[largest]), float(error[largest])
                    self.extremes[int(reason)] = max(self.extremes.get(int(reason), new), new)
        most = np.flatnonzero(reasons == LEFT_OUT)
        if most.size:
            worst = most[np.argmax(lost[most])]
            if lost[worst] > self.left:
                self.left, self.rows = int(lost[worst]), int(rows[worst])

    @property
    def left_out(self) -> str:
        """Why indices are withheld as samples are missing; empty where they are not."""
        reasons = []
        if LEFT_OUT in self.withheld:
            place = f", where it is most; withheld{self._where(LEFT_OUT)}" if self.cells > 1 else ""
            reasons.append(
                f"{self.left:,} of {self.rows:,} samples were left out{place}: the rest is a part that the "
                "output chose, and no index rests on it"
            )
        if TOO_FEW in self.withheld:
            most = "at most " if self.withheld[TOO_FEW] > 1 else ""
            reasons.append(
                f"{most}{self.few:,} samples count{self._where(TOO_FEW)}, and an index takes {self.least:,}"
            )
        return "; ".join(reasons)

    @property
    def does_not_vary(self) -> str:
        """Where the output does not vary, and what does; empty where it varies everywhere."""
        reasons = [f"{self._said(one)}{self._where(one)}" for one in sorted(self.withheld) if one > 0]
        return "; ".join(reasons)

    def _said(self, reason: int) -> str:
        std, error = self.extremes.get(reason, (np.nan, np.nan))
        return said_of(reason, std, error, self.withheld[reason] > 1)

    def _where(self, reason: int) -> str:
        return f" in {self.withheld[reason]:,} of {self.cells:,} places" if self.cells > 1 else ""


def deviations(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """The standard deviation of each column of what is usable; NaN where nothing is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        count = usable.sum(axis=0)
        values = np.where(usable, values, 0.0)
        # In units in which no square is too large or too small for a number.
        unit = 2.0 ** np.frexp(np.abs(values).max(axis=0, initial=0.0))[1].clip(-1000, 1000)
        values = values / unit
        apart = np.where(usable, values - values.sum(axis=0) / count, 0.0)
        # The mean has a rounding error of its own, which is no deviation.
        square = (apart**2).sum(axis=0) / count - (apart.sum(axis=0) / count) ** 2
        return unit * np.sqrt(np.maximum(square, 0.0))
