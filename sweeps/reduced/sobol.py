"""Sobol' indices of samples that are not stored: moments by blocks of base samples, tile by tile."""

from functools import cache
from typing import Any

import numpy as np

from ...engine.codegen.cpu.block_sums import BlockSums
from ...engine.reduce.measure import Block, State
from ..sensitivity.scaled import powers_between
from ..sensitivity.sobol import indices_of, movable_moments, moved
from ..spec.design import Design
from .sampled import Measured
from .summed import Summed

# The mean of so many values is the number that those of a part are taken about.
_FIRST = 1024


class Sobol(Summed):
    """First-order, total and, where the design has the points, second-order indices with intervals."""

    method = "sobol"

    def __init__(self, wanted: Measured, design: Design, *given: Any) -> None:
        self.second = bool(design.option)
        of_pairs = {"S2": ("parameter", "parameter_2")} if self.second else {}
        self.intervals = ("S1", "ST", *of_pairs)
        self.kinds = {"S1": ("parameter",), "ST": ("parameter",), **of_pairs, "mean": (), "std": ()}
        super().__init__(wanted, design, *given)
        squares = 1 + 2 * self.dims + (self.dims * (self.dims - 1) // 2 if self.second else 0)
        sums = 1 + self.dims * (1 + self.second)
        self.degrees = np.array([0, 1, *[2] * squares, *[1] * sums])

    def sizes(self) -> tuple[int, int]:
        """As of `Summed`."""
        return 4 + 3 * self.dims + self._pairs, 5

    @property
    def _pairs(self) -> int:
        """How many numbers more the second order takes in each block."""
        return self.dims * (self.dims - 1) // 2 + self.dims if self.second else 0

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        return self._part_of_all(block) or self._part_of_some(block)

    def _part_of_all(self, block: Block) -> State | None:
        """That of values that all count, of which each is looked at once; None where that is not so."""
        wanted = self.wanted
        values = block.values[wanted.output.name]
        if wanted.inner or wanted.number is not None or not block.all_have(wanted.codes):
            return None
        values = values.astype(float, copy=False)
        centre = values[:, :_FIRST].mean(axis=1)
        places = self._places(block, values)
        with np.errstate(invalid="ignore"):
            parts = [self._added(*one) for one in zip(values, [places] * len(values), centre, strict=True)]
        sums = np.stack([one for one, _, _ in parts])
        # The last moment is the sum of all: it is finite where every value is.
        low, high = (np.array([part[k] for part in parts]) for k in (1, 2))
        if not np.isfinite(sums[:, -1]).all() or powers_between(low, high).any():
            return None
        so_far = self.so_far(wanted.floor.extent_between(low, high, values.T), values.shape[1])
        return self.partial(sums.swapaxes(1, 2), centre, so_far)

    def _part_of_some(self, block: Block) -> State:
        """The same of any values."""
        values, usable = self.values(block)
        so_far = self.extent(values, usable)
        values = self.shares(values, so_far)
        each, places = self.design.points_per_sample, self._places(block, values)
        centre, sums = np.zeros(len(values)), []
        for cell, (own, counts) in enumerate(zip(values, usable, strict=True)):
            rows = counts.reshape(-1, each).all(axis=1)
            if rows.any():
                centre[cell] = own.reshape(-1, each)[rows].mean()
            here = np.where((places >= 0) & rows[places], places, -1)
            sums.append(self._added(own, here, centre[cell])[0])
        return self.partial(np.stack(sums).swapaxes(1, 2), centre, so_far)

    def _places(self, block: Block, values: np.ndarray) -> np.ndarray:
        each = self.design.points_per_sample
        return self.blocks.places(block.first // each, values.shape[1] // each)

    def _added(
        self, values: np.ndarray, places: np.ndarray, centre: float
    ) -> tuple[np.ndarray, float, float]:
        return _sums_of(self.design.points_per_sample, self.second)(values, places, centre)

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
        return self.results(state, self.in_units(state, measures), lost)

    def std(self, state: State) -> np.ndarray:
        """As of `Sampled`: `finish` gives it with the indices."""
        return np.full(len(state["low"]), np.nan)

    def about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """As of `Summed`: about another middle."""
        table, by = np.moveaxis(state["sums"], 0, 2), centre - state["centre"]
        if not by.any():
            return state["sums"]
        return np.moveaxis(moved(table, by, self.dims, self.second), 2, 0)


@cache
def _sums_of(each: int, second_order: bool) -> BlockSums:
    """What adds up the moments of base samples of so many points."""
    return BlockSums(each, lambda y, counted: list(movable_moments(y, counted, second_order)))
