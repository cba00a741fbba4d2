"""Measures whose partial results are moments about a middle, summed over blocks of samples."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from ...engine.reduce.measure import State
from ..sensitivity.bootstrap import Resampler
from ..spec.design import Design
from .blocks import Blocks
from .sampled import Measured, Sampled
from .until import Until


class Summed(Sampled):
    """What Sobol' indices, Morris screening and measures by derivatives share.

    A partial result holds "sums", shape (cells, blocks, moments), and "centre", the middles that they are
    about: of each cell, or of each effect in it.
    """

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

    def partial(self, sums: np.ndarray, centre: np.ndarray, values: np.ndarray, usable: np.ndarray) -> State:
        """A partial result: `sums` of shape (cells, blocks, moments), and how far the values go."""
        return {"sums": np.ascontiguousarray(sums), "centre": centre, **self.extent(values, usable)}

    def added(self, table: np.ndarray, first: int) -> np.ndarray:
        """Sums, for `partial`, of moments (samples, moments, cells) from sample number `first` on."""
        return self.blocks.added(np.moveaxis(table, 0, -1), first).transpose(1, 2, 0)

    def join(self, one: State, two: State) -> State:
        """As of `Measure`; the moments of both are then about the middle of the first part that has any."""
        none = one["sums"][:, :, 0].sum(axis=1) == 0
        none = none.reshape(-1, *(1,) * (one["centre"].ndim - 1))
        centre = np.where(none, two["centre"], one["centre"])
        sums = self.about(one, centre) + self.about(two, centre)
        return {"sums": sums, "centre": centre, **self.farther(one, two)}

    def resampler(self) -> Resampler:
        """What draws the blocks again for intervals."""
        return Resampler(self.blocks.count, self.resamples, 0, self.confidence)
