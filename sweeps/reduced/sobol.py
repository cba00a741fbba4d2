"""Sobol' indices of samples that are not stored: moments by blocks of base samples, tile by tile."""

from collections.abc import Sequence

import numpy as np

from ...engine.reduce.measure import Block, State
from ..sensitivity.bootstrap import Resampler
from ..sensitivity.sobol import indices_of, movable_moments, moved
from ..spec.design import Design
from .blocks import Blocks
from .sampled import Measured, Sampled
from .until import Until


class Sobol(Sampled):
    """First-order, total and, where the design has the points, second-order indices with intervals."""

    def __init__(
        self,
        wanted: Measured,
        design: Design,
        resamples: int,
        confidence: float,
        parameters: Sequence[str],
        until: Until | None = None,
    ) -> None:
        self.second, self.blocks = bool(design.option), Blocks(design.samples, design.seed)
        self.resamples, self.confidence = resamples, confidence
        of_pairs = {"S2": ("parameter", "parameter_2")} if self.second else {}
        self.intervals = ("S1", "ST", *of_pairs)
        self.kinds = {"S1": ("parameter",), "ST": ("parameter",), **of_pairs, "mean": (), "std": ()}
        super().__init__(wanted, design, parameters, until)
        pairs = self.dims * (self.dims - 1) // 2 + self.dims if self.second else 0
        self.numbers = int(np.prod(wanted.inner, dtype=int)) * (
            self.blocks.count * (4 + 3 * self.dims + pairs) + 5
        )

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self.values(block)
        cells, each = len(values), self.design.points_per_sample
        # Samples lie side by side in memory: of few cells, loops over these would be short.
        y = np.ascontiguousarray(values.reshape(cells, -1, each).transpose(2, 0, 1)).transpose(2, 0, 1)
        rows = np.asarray(usable.reshape(cells, -1, each).all(axis=2)).T
        y = np.where(rows[:, None], y, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.nan_to_num(y.sum(axis=(0, 1)) / (rows.sum(axis=0) * each))
        y = np.where(rows[:, None], y - centre, 0.0)
        table = movable_moments(y, rows, self.dims, self.second)
        sums = self.blocks.add(table, block.first // each)
        return {
            "sums": np.ascontiguousarray(np.moveaxis(sums, 2, 0)),
            "centre": centre,
            **self.extent(values, usable),
        }

    def join(self, one: State, two: State) -> State:
        """As of `Measure`; the moments of both are then about the middle of the first part that has any."""
        none = one["sums"][:, :, 0].sum(axis=1) == 0
        centre = np.where(none, two["centre"], one["centre"])
        return {
            "sums": self._about(one, centre) + self._about(two, centre),
            "centre": centre,
            **self.farther(one, two),
        }

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        each, sums = self.design.points_per_sample, state["sums"].sum(axis=1)
        count = sums[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = state["centre"] + sums[:, -1] / (count * each)
        table = np.moveaxis(self._about(state, np.nan_to_num(middle)), 0, 2)
        resampler = Resampler(self.blocks.count, self.resamples, 0, self.confidence)
        used = 3 + 2 * self.dims + (self.dims * (self.dims - 1) // 2 if self.second else 0)
        resampled = resampler.sums(np.ascontiguousarray(table[:, :used]))
        measures = indices_of(resampled, middle, self.dims, self.second, resampler)
        lost = state["samples"] - count.astype(np.int64)
        return self.results(state, measures, lost)

    def std(self, state: State) -> np.ndarray:
        """As of `Sampled`: `finish` gives it with the indices."""
        return np.full(len(state["low"]), np.nan)

    def _about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """The sums of a part about another middle, shape (cells, blocks, moments)."""
        table, by = np.moveaxis(state["sums"], 0, 2), centre - state["centre"]
        if not by.any():
            return state["sums"]
        return np.moveaxis(moved(table, by, self.dims, self.second), 2, 0)
