"""Sobol' indices of samples that are not stored: moments by blocks of base samples, tile by tile."""

from typing import Any

import numpy as np

from ...engine.reduce.measure import Block, State
from ..sensitivity.sobol import indices_of, movable_sums, moved
from ..spec.design import Design
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
        pairs = self.dims * (self.dims - 1) // 2 + self.dims if self.second else 0
        return 4 + 3 * self.dims + pairs, 5

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self.values(block)
        cells, each = len(values), self.design.points_per_sample
        y = values.reshape(cells, -1, each)
        if usable.all():
            rows = np.ones(y.shape[:2], bool)
            centre = values.mean(axis=1)
            y = y - centre[:, None, None]
        else:
            rows = np.asarray(usable.reshape(y.shape).all(axis=2))
            kept = np.where(rows[:, :, None], y, 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                centre = np.nan_to_num(kept.sum(axis=(1, 2)) / (rows.sum(axis=1) * each))
            y = np.where(rows[:, :, None], kept - centre[:, None, None], 0.0)
        first = block.first // each
        turns, counted = self.blocks.by_turns(first, y.transpose(2, 0, 1), rows)
        sums = movable_sums(turns, counted, self.dims, self.second)
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
