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
    """First-order, total and, where the design has the points, second-order indices with intervals.

    "sums" of its partial results have the blocks last: shape (cells, moments, blocks).
    """

    method, summed = "sobol", True

    def __init__(self, wanted: Measured, design: Design, *given: Any) -> None:
        self.second = bool(design.option)
        of_pairs = {"S2": ("parameter", "parameter_2")} if self.second else {}
        self.intervals = ("S1", "ST", *of_pairs)
        self.kinds = {"S1": ("parameter",), "ST": ("parameter",), **of_pairs, "mean": (), "std": ()}
        super().__init__(wanted, design, *given)
        squares = 1 + 2 * self.dims + (self.dims * (self.dims - 1) // 2 if self.second else 0)
        sums = 1 + self.dims * (1 + self.second)
        self.degrees = np.array([0, 1, *[2] * squares, *[1] * sums])[:, None]

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
        turns, there = self._in_turns(block, values)
        centre = turns.reshape(len(turns), -1)[:, :_FIRST].mean(axis=1)
        with np.errstate(invalid="ignore"):
            parts = [self._sums(*one, there) for one in zip(turns, centre, strict=True)]
        sums = np.stack([one for one, _, _ in parts])
        # The last moment is the sum of all: it is finite where every value is.
        low, high = (np.array([part[k] for part in parts]) for k in (1, 2))
        if not np.isfinite(sums[:, -1]).all() or powers_between(low, high).any():
            return None
        so_far = self.so_far(wanted.floor.extent_between(low, high, values.T), values.shape[1])
        return self.partial(sums, centre, so_far)

    def _part_of_some(self, block: Block) -> State:
        """The same of any values."""
        values, usable = self.values(block)
        so_far = self.extent(values, usable)
        turns, there = self._in_turns(block, self.shares(values, so_far))
        rows: np.ndarray = np.logical_and.reduce(self._in_turns(block, usable)[0], axis=1)
        if there is not None:
            rows &= there
        counted = np.maximum(rows.sum(axis=(1, 2)), 1) * turns.shape[1]
        centre = np.where(rows[:, None], turns, 0.0).sum(axis=(1, 2, 3)) / counted
        sums = [self._sums(*one)[0] for one in zip(turns, centre, rows, strict=True)]
        return self.partial(np.stack(sums), centre, so_far)

    def _in_turns(self, block: Block, values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Values of shape (cells, points) as (cells, points of a sample, turns, blocks), and which are there.

        None for the latter: all of them.
        """
        cells, each = len(values), self.design.points_per_sample
        if block.by_matrix:
            return values.reshape(cells, each, -1, self.blocks.count), None
        samples = values.reshape(cells, -1, each)
        indices = self.blocks.indices(block.first // each, samples.shape[1])
        there = indices >= 0
        turns = np.ascontiguousarray(samples[:, indices.ravel()].swapaxes(1, 2))  # else sums have other bits
        return turns.reshape(cells, each, *indices.shape), None if there.all() else there

    def _sums(
        self, turns: np.ndarray, centre: float, counted: np.ndarray | None
    ) -> tuple[np.ndarray, float, float]:
        """Sums of moments of one cell, by blocks, and how far the values go."""
        return _sums_of(self.design.points_per_sample, self.second)(turns, centre, counted)

    def counted(self, state: State) -> np.ndarray:
        """As of `Summed`."""
        return state["sums"][:, 0].sum(axis=1)

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        each, sums = self.design.points_per_sample, state["sums"].sum(axis=2)
        count = sums[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = state["centre"] + sums[:, -1] / (count * each)
        table = self.about(state, np.nan_to_num(middle)).transpose(2, 1, 0)
        resampler = self.resampler
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
        by = centre - state["centre"]
        return moved(state["sums"], by, self.dims, self.second) if by.any() else state["sums"]


@cache
def _sums_of(each: int, second_order: bool) -> BlockSums:
    """What adds up the moments of base samples of so many points."""
    return BlockSums(each, lambda y, counted: list(movable_moments(y, counted, second_order)))
