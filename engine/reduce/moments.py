"""Counts, sums, means and standard deviations, tile by tile.

Source of the update of squares about the mean: Chan, Golub, LeVeque, The American Statistician 37 (1983)
242-247.
"""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from .accumulators import Accumulator, Given, Kind, squares_about_mean, total
from .measure import Block, Counted, Measure, State
from .named import left_out, statistic

_OF = {"mean": "mean", "std": "standard deviation (divisor n)", "sum": "sum", "count": "number of values"}


class Moments(Measure):
    """Those of `wanted` ("mean", "std", "sum", "count") that are asked for; what is left out, always."""

    summed = True

    def __init__(self, of: Counted, wanted: Collection[str]) -> None:
        self.of = of
        self.wanted = [name for name in _OF if name in wanted]
        self.labels = {}
        self.variables = (
            *(statistic(of.output, name, _OF[name], count=name == "count") for name in self.wanted),
            left_out(of.output),
        )
        self.numbers = 3 * of.numbers
        kinds: list[Kind] = ["count"]
        if {"mean", "std", "sum"} & set(self.wanted):
            kinds.append("sum")
        if "std" in self.wanted:
            kinds.append("squares")
        self._kinds = kinds
        self.accumulators = tuple(Accumulator(kind, of.name, of.codes) for kind in kinds)

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        seen = self.of.seen(block)
        state = {"count": seen.count}
        if "sum" in self._kinds:
            state["sum"] = total(seen.values, seen.kept, *block.added)
        if "squares" in self._kinds:
            state["squares"] = squares_about_mean(seen.values, seen.kept, *block.added)
        return state

    def gathered(self, given: Sequence[Given], indices_in_cell: Callable[[np.ndarray], np.ndarray]) -> State:
        """As of `Measure`."""
        return {name: values for one in given for name, values in one.items()}

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        with np.errstate(invalid="ignore", over="ignore"):
            joined = {name: one[name] + two[name] for name in one}
            if "squares" in one:
                apart = _mean(two) - _mean(one)
                both = np.maximum(joined["count"], 1)
                between = apart**2 * (one["count"] * (two["count"] / both))
                # A part of which nothing counts has no mean that anything could lie apart from.
                joined["squares"] += np.where((one["count"] > 0) & (two["count"] > 0), between, 0.0)
        return joined

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        count = state["count"]
        result = {"left_out": self.of.points - count, "count": count}
        if "sum" in state:
            result |= {"sum": np.where(count > 0, state["sum"], np.nan), "mean": _mean(state, np.nan)}
        if "squares" in state:
            root = np.sqrt(state["squares"] / np.maximum(count, 1))
            result["std"] = np.where(count > 0, root, np.nan)
        return {
            f"{self.of.name}_{name}": result[name].reshape(-1, *self.of.inner)
            for name in (*self.wanted, "left_out")
        }


def _mean(state: State, of_none: float = 0.0) -> np.ndarray:
    return np.where(state["count"] > 0, state["sum"] / np.maximum(state["count"], 1), of_none)
