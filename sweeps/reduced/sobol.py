"""Sobol' indices of samples that are not stored: moments by blocks of base samples, tile by tile."""

from typing import Any

import numpy as np

from ...engine.reduce.measure import Block, State
from ..sensitivity.sobol import indices_of, movable_sums, moved
from ..spec.design import Design
from .blocks import scratch
from .sampled import Measured
from .summed import Summed


class Sobol(Summed):
    """First-order, total and, where the design has the points, second-order indices with intervals."""

    def __init__(self, wanted: Measured, design: Design, *given: Any) -> None:
        self.second = bool(design.option)
        of_pairs = {"S2": ("parameter", "parameter_2")} if self.second else {}
        self.intervals = ("S1", "ST", *of_pairs)
        self.kinds = {"S1": ("parameter",), "ST": ("parameter",), **of_pairs, "mean": (), "std": ()}
        super().__init__(wanted, design, *given)

    def sizes(self) -> tuple[int, int]:
        """As of `Summed`."""
        return 4 + 3 * self.dims + self._pairs, 5

    @property
    def _pairs(self) -> int:
        """How many numbers more the second order takes in each block."""
        return self.dims * (self.dims - 1) // 2 + self.dims if self.second else 0

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self.values(block)
        cells, each = len(values), self.design.points_per_sample
        rows, kept = None, values
        if usable.all():
            centre = values.mean(axis=1)
        else:
            rows = np.asarray(usable.reshape(cells, -1, each).all(axis=2))
            kept = np.where(rows[:, :, None], values.reshape(cells, -1, each), 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                centre = np.nan_to_num(kept.sum(axis=(1, 2)) / (rows.sum(axis=1) * each))
            kept = kept.reshape(cells, -1)
        sums = np.zeros((4 + 3 * self.dims + self._pairs, cells, self.blocks.count))
        for places, inside in self.blocks.turns(block.first // each, values.shape[1] // each):
            y = _gathered(kept, places, each)
            y -= centre[:, None, None]
            counted = _counted(rows, inside, places, y)  # before the sums: it blanks what does not count
            steps = scratch("steps", (self.dims, *y.shape[1:]))
            sums += movable_sums(y, counted, self.dims, self.second, steps)
        return self.partial(np.moveaxis(sums, 0, 2), centre, values, usable)

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        each, sums = self.design.points_per_sample, state["sums"].sum(axis=1)
        count = sums[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = state["centre"] + sums[:, -1] / (count * each)
        table = np.moveaxis(self.about(state, np.nan_to_num(middle)), 0, 2)
        resampler = self.resampler()
        used = 3 + 2 * self.dims + (self.dims * (self.dims - 1) // 2 if self.second else 0)
        resampled = resampler.sums(np.ascontiguousarray(table[:, :used]))
        measures = indices_of(resampled, middle, self.dims, self.second, resampler)
        lost = state["samples"] - count.astype(np.int64)
        return self.results(state, measures, lost)

    def std(self, state: State) -> np.ndarray:
        """As of `Sampled`: `finish` gives it with the indices."""
        return np.full(len(state["low"]), np.nan)

    def about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """As of `Summed`: about another middle."""
        table, by = np.moveaxis(state["sums"], 0, 2), centre - state["centre"]
        if not by.any():
            return state["sums"]
        return np.moveaxis(moved(table, by, self.dims, self.second), 2, 0)


def _gathered(values: np.ndarray, places: np.ndarray, each: int) -> np.ndarray:
    """Values (cells, points) of the samples in these places, shape (points of each, cells, turns, blocks)."""
    result, first = scratch("values", (each, len(values), *places.shape)), places * each
    for point, cell in np.ndindex(each, len(values)):
        np.take(values[cell, point:], first, out=result[point, cell], mode="clip")  # others take a copy
    return result


def _counted(
    rows: np.ndarray | None, inside: np.ndarray | None, places: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Which samples count, shape (cells, turns, blocks); the values `y` of others become 0.

    `rows`, shape (cells, samples): which do by their status; None where all do.
    """
    if rows is None and inside is None:
        return np.ones(y.shape[1:], bool)
    counted = np.ones(y.shape[1:], bool) if rows is None else rows[:, places]
    if inside is not None:
        counted &= inside
    y[:, ~counted] = 0.0
    return counted
