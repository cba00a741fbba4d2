"""Measures by derivatives of samples that are not stored: moments of them by blocks of samples."""

from collections.abc import Mapping

import numpy as np

from ...engine.reduce.measure import Block, State
from ...engine.space import derivative_name
from ..sensitivity.dgsm import measures_of, moments
from .summed import Summed

_KINDS = ("mean_slope", "mean_size", "nu", "total_bound")


class Dgsm(Summed):
    """Means of derivatives, of their sizes and squares, and a bound of the total index, with intervals."""

    method = "dgsm"
    kinds = dict.fromkeys(_KINDS, ("parameter",))
    intervals = _KINDS
    effects = ("mean_slope", "mean_size", "nu")
    judged = ("total_bound",)

    def sizes(self) -> tuple[int, int]:
        """As of `Summed`."""
        return 3 + 4 * self.dims, 5

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self.values(block)
        names = [derivative_name(self.wanted.output.name, one) for one in self.labels["parameter"]]
        slopes = np.stack([block.seen(name, self.wanted.codes).values for name in names]).astype(float)
        usable = usable & np.isfinite(slopes).all(axis=0)
        x = np.stack([block.columns[name] for name in self.labels["parameter"]], axis=1).astype(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.nan_to_num(np.where(usable, values, 0.0).sum(axis=1) / usable.sum(axis=1))
        drawn = [self.design.distributions[name] for name in self.labels["parameter"]]
        table = moments(x, values.T, np.moveaxis(slopes, 2, 0), usable.T, drawn, centre)
        return self.partial(self.added(table, block.first), centre, self.extent(values, usable))

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        sums = state["sums"].sum(axis=1)
        count = sums[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.nan_to_num(state["centre"] + sums[:, 1] / count)
        table = np.ascontiguousarray(np.moveaxis(self.about(state, middle), 0, 2))
        resampler = self.resampler
        drawn = [self.design.distributions[name] for name in self.labels["parameter"]]
        measures: Mapping[str, np.ndarray] = measures_of(resampler.sums(table), middle, drawn, resampler)
        return self.results(state, measures, state["samples"] - count.astype(np.int64))

    def std(self, state: State) -> np.ndarray:
        """As of `Sampled`."""
        sums = state["sums"].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt(np.maximum(sums[:, 2] / sums[:, 0] - (sums[:, 1] / sums[:, 0]) ** 2, 0.0))

    def about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """As of `Summed`: about other middles of the output."""
        sums, by = state["sums"].copy(), (centre - state["centre"])[:, None]
        count, off = state["sums"][..., 0], state["sums"][..., 1]
        sums[..., 1] -= by * count
        sums[..., 2] += by**2 * count - 2 * by * off
        return sums
