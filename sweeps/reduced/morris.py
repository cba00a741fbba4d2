"""Morris screening of trajectories that are not stored: moments of the effects by blocks of trajectories."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ...engine.reduce.measure import Block, State
from ..sensitivity.morris import elementary_effects, measures_of
from ..sensitivity.morris_steps import steps_of
from ..sensitivity.withheld import deviations
from ..spec.design import Design
from .sampled import Measured
from .summed import Summed


class Morris(Summed):
    """Mean, mean size and spread of the elementary effects, with intervals; of groups the mean size alone."""

    method = "morris"
    judged = ("mu_star",)
    beside = MappingProxyType({"centre": 1, "mean": 1, "squares": 2})

    def __init__(self, wanted: Measured, design: Design, *given: Any) -> None:
        kinds = ("mu_star",) if design.groups else ("mu", "mu_star", "sigma")
        self.kinds, self.intervals, self.effects = dict.fromkeys(kinds, ("parameter",)), kinds, kinds
        super().__init__(wanted, design, *given)
        self.degrees = np.array([0, *[1] * 2 * self.dims, *[2] * self.dims])

    def sizes(self) -> tuple[int, int]:
        """As of `Summed`."""
        return 1 + 3 * self.dims, self.dims + 7

    def unit_of(self, results: Mapping[str, np.ndarray], cells: int) -> np.ndarray:
        """The largest mean size of an effect."""
        return results[f"{self.wanted.name}_mu_star"].reshape(cells, -1).max(axis=1, keepdims=True)

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self.values(block)
        so_far = self.extent(values, usable)
        values = self.shares(values, so_far)
        each = self.design.points_per_sample
        y = values.reshape(len(values), -1, each).transpose(1, 2, 0)
        rows = np.asarray(usable.reshape(len(values), -1, each).all(axis=2)).T
        x = np.stack([block.columns[name] for name in self.design.distributions], axis=1)
        steps = steps_of(self.design, x.reshape(len(y), each, -1).astype(float))
        effects = np.where(rows[:, None], elementary_effects(np.where(rows[:, None], y, 0.0), steps), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.nan_to_num(effects.sum(axis=0) / rows.sum(axis=0))
        apart = np.where(rows[:, None], effects - centre, 0.0)
        parts = [rows[:, None].astype(float), apart, np.abs(effects), apart**2]
        table, middle = np.concatenate(parts, axis=1), np.ascontiguousarray(centre.T)
        state = self.partial(self.added(table, block.first // each), middle, so_far)
        return {**state, **_moments(values, usable)}

    def join(self, one: State, two: State) -> State:
        """As of `Summed`."""
        both = self.farther(one, two)
        moments = _joined_moments(self.as_shares(one, both), self.as_shares(two, both))
        return {**super().join(one, two), **moments}

    def std(self, state: State) -> np.ndarray:
        """As of `Sampled`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            std = np.sqrt(state["squares"] / state["count"])
        return self.in_units(state, {"std": std})["std"]

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        sums = state["sums"].sum(axis=1)
        count = sums[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.nan_to_num(state["centre"] + sums[:, 1 : 1 + self.dims] / count[:, None])
        table = np.moveaxis(self.about(state, middle), 0, 2)
        resampler = self.resampler
        measures = measures_of(resampler.sums(np.ascontiguousarray(table)), middle.T, resampler)
        names = [f"{kind}{end}" for kind in self.kinds for end in ("", "_low", "_high")]
        lost = state["samples"] - count.astype(np.int64)
        return self.results(state, self.in_units(state, {name: measures[name] for name in names}), lost)

    def about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """As of `Summed`: about other middles of the effects."""
        sums, dims = state["sums"].copy(), self.dims
        by = (centre - state["centre"])[:, None]
        count, off = state["sums"][..., :1], state["sums"][..., 1 : 1 + dims]
        sums[..., 1 : 1 + dims] -= by * count
        sums[..., 1 + 2 * dims :] += by**2 * count - 2 * by * off
        return sums


def _moments(values: np.ndarray, usable: np.ndarray) -> State:
    """Number, mean and squares about the mean of values, shape (cells, points)."""
    count = usable.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nan_to_num(np.where(usable, values, 0.0).sum(axis=1) / count)
    squares = np.nan_to_num(deviations(values.T, usable.T)) ** 2 * count
    return {"count": count, "mean": mean, "squares": squares}


def _joined_moments(one: State, two: State) -> State:
    count, by = one["count"] + two["count"], two["mean"] - one["mean"]
    share = two["count"] / np.maximum(count, 1)
    between = by**2 * one["count"] * share
    return {
        "count": count,
        "mean": one["mean"] + by * share,
        "squares": one["squares"] + two["squares"] + between,
    }
