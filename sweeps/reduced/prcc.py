"""Partial rank correlations of samples that are not stored; their values are held until they are ranked."""

from collections.abc import Mapping

import numpy as np

from ...engine.reduce.measure import Block, State
from ...engine.values.columns import Values
from ..sensitivity.prcc import partial_rank_correlations
from ..sensitivity.samples import numbers_of
from ..sensitivity.withheld import deviations
from ..spec.design import Design
from .sampled import Measured, Sampled
from .until import Until


class Prcc(Sampled):
    """Partial rank correlations with intervals and p-values: exact, of values that are kept in memory."""

    method = "prcc"
    grows = True
    kinds = dict.fromkeys(("prcc", "p_value"), ("parameter",))
    intervals = ("prcc",)

    def __init__(
        self,
        wanted: Measured,
        design: Design,
        confidence: float,
        columns: Mapping[str, Values],
        until: Until | None = None,
    ) -> None:
        super().__init__(wanted, design, list(columns), until)
        self.confidence, self.columns = confidence, columns
        self.numbers = int(np.prod(wanted.inner, dtype=int)) * design.points

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self.values(block)
        held = np.where(usable & np.isfinite(values), values, np.nan).astype(float)
        return {"values": held, **self.extent(values, usable)}

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        both = np.concatenate([one["values"], two["values"]], axis=1)
        return {"values": both, **self.farther(one, two)}

    def std(self, state: State) -> np.ndarray:
        """As of `Sampled`."""
        return deviations(state["values"].T, ~np.isnan(state["values"].T))

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        y = state["values"].T
        drawn = self.design.distributions
        columns = [numbers_of(values[: len(y)], drawn[name].options) for name, values in self.columns.items()]
        x = np.stack(columns, axis=1)
        usable = ~np.isnan(y)
        tied = self.wanted.floor.tied
        measures = partial_rank_correlations(x, np.where(usable, y, 0.0), usable, self.confidence, tied)
        lost = np.asarray(measures.pop("left_out"), np.int64)
        return self.results(state, measures, lost)
