"""Quantiles, which are exact: of all values of a cell, held until its last tile."""

from collections.abc import Sequence

import numpy as np

from .measure import Block, Counted, Measure, State
from .named import statistic


class Quantiles(Measure):
    """Quantiles of what counts, linear between the values as NumPy's are."""

    grows = True

    def __init__(self, of: Counted, probabilities: Sequence[float]) -> None:
        self.of = of
        self.probabilities = np.array(probabilities, np.float64)
        dim = f"{of.name}_probability"
        self.labels = {dim: tuple(self.probabilities.tolist())}
        self.variables = (statistic(of.output, "quantiles", "quantiles", (dim,)),)
        self.numbers = of.points * of.numbers

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        return {"values": np.array(self.of.seen(block).filled(np.nan), np.float64)}

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        return {"values": np.concatenate([one["values"], two["values"]], axis=1)}

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        values = np.sort(state["values"], axis=1)  # with NaN, what does not count, last
        last = np.count_nonzero(~np.isnan(values), axis=1)[:, None] - 1
        at = np.maximum(last, 0) * self.probabilities
        lower = np.floor(at).astype(np.intp)
        low = np.take_along_axis(values, lower, axis=1)
        high = np.take_along_axis(values, np.minimum(lower + 1, np.maximum(last, 0)), axis=1)
        share = at - lower
        with np.errstate(invalid="ignore"):  # between infinite values, which are as good as another
            between = np.where(low == high, low, low + (high - low) * share)
        result = np.where(last < 0, np.nan, np.where(share == 0, low, between))
        return {f"{self.of.name}_quantiles": result.reshape(-1, *self.of.inner, len(self.probabilities))}
