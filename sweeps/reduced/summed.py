"""Measures whose partial results are moments about a middle, summed over blocks of samples."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np

from ...engine.reduce.measure import State
from ..sensitivity.bootstrap import Resampler
from ..sensitivity.scaled import in_units, powers_between
from ..spec.design import Design
from .blocks import Blocks
from .sampled import Measured, Sampled
from .until import Until


class Summed(Sampled):
    """What Sobol' indices, Morris screening and measures by derivatives share.

    A partial result holds "sums", shape (cells, blocks, moments), and "centre", the middles that they are
    about: of each cell, or of each effect in it. Both are of values as `shares` has them.

    Attributes
    ----------
    degrees
        Of which degree in the values each moment is, so that it can be multiplied with "sums"; None where
        shares are the values themselves.
    beside
        What else of a partial result is of shares, and of which degree in them.
    """

    degrees: np.ndarray | None = None
    beside: Mapping[str, int] = MappingProxyType({"centre": 1})

    def __init__(
        self,
        wanted: Measured,
        design: Design,
        resamples: int,
        confidence: float,
        parameters: Sequence[str],
        until: Until | None = None,
    ) -> None:
        super().__init__(wanted, design, parameters, until)
        self.blocks, self.resamples, self.confidence = (
            Blocks(design.samples, design.seed),
            resamples,
            confidence,
        )
        in_blocks, beside = self.sizes()
        self.numbers = int(np.prod(wanted.inner, dtype=int)) * (self.blocks.count * in_blocks + beside)

    @abstractmethod
    def sizes(self) -> tuple[int, int]:
        """How many numbers a cell takes in each block, and how many beside the blocks."""

    @abstractmethod
    def about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """The sums of a part about other middles, shape (cells, blocks, moments)."""

    def counted(self, state: State) -> np.ndarray:
        """How many samples of each cell are in the sums of a part."""
        return state["sums"][:, :, 0].sum(axis=1)

    def partial(self, sums: np.ndarray, centre: np.ndarray, so_far: State) -> State:
        """A partial result: `sums` of shape (cells, blocks, moments), and how far the values go."""
        return {"sums": np.ascontiguousarray(sums), "centre": centre, **so_far}

    def added(self, table: np.ndarray, first: int) -> np.ndarray:
        """Sums, for `partial`, of moments (samples, moments, cells) from sample number `first` on."""
        return self.blocks.added(np.moveaxis(table, 0, -1), first).transpose(1, 2, 0)

    def shares(self, values: np.ndarray, so_far: State) -> np.ndarray:
        """Values, shape (cells, points), as shares of a power of two where their squares are no numbers."""
        power = powers_between(so_far["low"], so_far["high"])
        return np.ldexp(values, -power[:, None]) if power.any() else values

    def join(self, one: State, two: State) -> State:
        """As of `Measure`; the moments of both are then about the middle of the first part that has any."""
        both = self.farther(one, two)
        one, two = self.as_shares(one, both), self.as_shares(two, both)
        none = self.counted(one) == 0
        none = none.reshape(-1, *(1,) * (one["centre"].ndim - 1))
        centre = np.where(none, two["centre"], one["centre"])
        sums = self.about(one, centre) + self.about(two, centre)
        return {"sums": sums, "centre": centre, **both}

    def as_shares(self, state: State, so_far: State) -> State:
        """A partial result as one of shares of the power of two that values take which go so far."""
        if self.degrees is None:
            return state
        by = powers_between(state["low"], state["high"]) - powers_between(so_far["low"], so_far["high"])
        if not by.any():
            return state
        scaled = {"sums": np.ldexp(state["sums"], by[:, None, None] * self.degrees)}
        for name, degree in self.beside.items():
            few = by.reshape(-1, *(1,) * (state[name].ndim - 1))
            scaled[name] = np.ldexp(state[name], few * degree)
        return {**state, **scaled, "low": so_far["low"], "high": so_far["high"]}

    def in_units(self, state: State, measures: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Measures of shares, cells last, as they are of the values."""
        return in_units(measures, powers_between(state["low"], state["high"]))

    @cached_property
    def resampler(self) -> Resampler:
        """What draws the blocks again for intervals: once for all cells."""
        return Resampler(self.blocks.count, self.resamples, 0, self.confidence)
