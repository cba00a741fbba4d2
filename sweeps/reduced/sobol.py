"""Sobol' indices of samples that are not stored: moments by blocks of base samples, tile by tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.reduce.measure import Block, Measure, State
from ...engine.space import Variable
from ..sensitivity.bootstrap import Resampler
from ..sensitivity.held import MEASURED, WITHHELD
from ..sensitivity.labels import about
from ..sensitivity.noise import CONSTANT, ROUNDING, TOLERANCE, Extent, Floor
from ..sensitivity.sobol import indices_of, movable_moments, moved
from ..sensitivity.withheld import LEFT_OUT
from ..spec.design import Design
from .blocks import Blocks

# What a result says of itself, by the number that it is stored as.
NOTES = {
    "measured": MEASURED,
    "constant": CONSTANT,
    "rounding": ROUNDING,
    "tolerance": TOLERANCE,
    "withheld": WITHHELD,
}
_ENDS = ("", "_low", "_high")
_ABOUT = ("mean", "std")


@dataclass(frozen=True)
class Wanted:
    """What is measured: an output, or whether one is of a class.

    Attributes
    ----------
    output, inner
        The variable that is read, and the shape of what it has at a point.
    name
        What results are called after.
    number
        Of the class; None of what is a number itself.
    codes
        Statuses under which it counts.
    floor
        What it varies by at least.
    """

    output: Variable
    inner: tuple[int, ...]
    name: str
    number: int | None
    codes: frozenset[int]
    floor: Floor


class Sobol(Measure):
    """First-order, total and, where the design has the points, second-order indices with intervals."""

    def __init__(
        self, wanted: Wanted, design: Design, resamples: int, confidence: float, parameters: Sequence[str]
    ) -> None:
        self.wanted, self.design, self.second = wanted, design, bool(design.option)
        self.dims, self.blocks = len(parameters), Blocks(design.samples, design.seed)
        self.resamples, self.confidence = resamples, confidence
        kinds = ("S1", "ST", "S2") if self.second else ("S1", "ST")
        dims = {"S1": ("parameter",), "ST": ("parameter",), "S2": ("parameter", "parameter_2")}
        self.variables = (
            *(self._variable(f"{kind}{end}", dims[kind]) for kind in kinds for end in _ENDS),
            *(self._variable(name, ()) for name in _ABOUT),
            self._variable("left_out", (), np.dtype("int64"), -1),
            self._note(),
        )
        names = tuple(parameters)
        self.labels = {"parameter": names} | ({"parameter_2": names} if self.second else {})
        pairs = self.dims * (self.dims - 1) // 2 + self.dims if self.second else 0
        self.numbers = int(np.prod(wanted.inner, dtype=int)) * (
            self.blocks.count * (4 + 3 * self.dims + pairs) + 5
        )

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        values, usable = self._values(block)
        cells, group = len(values), self.design.group
        extent = self.wanted.floor.extent(values.T, usable.T)
        # Samples lie side by side in memory: of few cells, loops over these would be short.
        y = np.ascontiguousarray(values.reshape(cells, -1, group).transpose(2, 0, 1)).transpose(2, 0, 1)
        rows = np.asarray(usable.reshape(cells, -1, group).all(axis=2)).T
        y = np.where(rows[:, None], y, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.nan_to_num(y.sum(axis=(0, 1)) / (rows.sum(axis=0) * group))
        y = np.where(rows[:, None], y - centre, 0.0)
        table = movable_moments(y, rows, self.dims, self.second)
        sums = self.blocks.add(table, block.first // group)
        return {
            "sums": np.ascontiguousarray(np.moveaxis(sums, 2, 0)),
            "centre": centre,
            "low": extent.low,
            "high": extent.high,
            "step": extent.step,
        }

    def join(self, one: State, two: State) -> State:
        """As of `Measure`; the moments of both are then about the middle of the first part that has any."""
        none = one["sums"][:, :, 0].sum(axis=1) == 0
        centre = np.where(none, two["centre"], one["centre"])
        return {
            "sums": self._about(one, centre) + self._about(two, centre),
            "centre": centre,
            "low": np.minimum(one["low"], two["low"]),
            "high": np.maximum(one["high"], two["high"]),
            "step": np.minimum(one["step"], two["step"]),
        }

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        group, sums = self.design.group, state["sums"].sum(axis=1)
        count = sums[:, 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = state["centre"] + sums[:, -1] / (count * group)
        table = np.moveaxis(self._about(state, np.nan_to_num(middle)), 0, 2)
        resampler = Resampler(self.blocks.count, self.resamples, 0, self.confidence)
        used = 3 + 2 * self.dims + (self.dims * (self.dims - 1) // 2 if self.second else 0)
        resampled = resampler.sums(np.ascontiguousarray(table[:, :used]))
        measures = indices_of(resampled, middle, self.dims, self.second, resampler)
        lost = self.design.samples - count.astype(np.int64)
        reasons = self.wanted.floor.reasons_of(Extent(state["low"], state["high"], state["step"]))
        reasons[2 * lost > self.design.samples] = LEFT_OUT
        for kind, values in measures.items():
            if kind not in _ABOUT:
                values[..., reasons != 0] = np.nan
        note = np.where(reasons == LEFT_OUT, WITHHELD, reasons).astype(np.int16)
        return {
            f"{self.wanted.name}_{kind}": np.moveaxis(values, -1, 0).reshape(
                -1, *self.wanted.inner, *values.shape[:-1]
            )
            for kind, values in (measures | {"left_out": lost, "note": note}).items()
        }

    def _about(self, state: State, centre: np.ndarray) -> np.ndarray:
        """The sums of a part about another middle, shape (cells, blocks, moments)."""
        table, by = np.moveaxis(state["sums"], 0, 2), centre - state["centre"]
        if not by.any():
            return state["sums"]
        return np.moveaxis(moved(table, by, self.dims, self.second), 2, 0)

    def _values(self, block: Block) -> tuple[np.ndarray, np.ndarray]:
        """Values and which of them count, both of shape (cells, points)."""
        seen = block.seen(self.wanted.output.name, self.wanted.codes)
        values = seen.values
        usable = np.ones(values.shape, bool) if seen.kept is None else seen.kept
        if self.wanted.number is not None:
            return (values == self.wanted.number).astype(float), usable & (values >= 0)
        values = values.astype(float, copy=False)
        return values, usable if seen.kept is None else usable & np.isfinite(values)

    def _variable(
        self, kind: str, dims: tuple[str, ...], dtype: np.dtype | None = None, fill: float = float("nan")
    ) -> Variable:
        attributes = dict(self.wanted.output.attributes)
        if self.wanted.number is not None:
            attributes = {"units": "1", "long_name": f"whether {self.wanted.name.replace('_', ' ')}"}
        inner = (*self.wanted.output.inner_dims, *dims)
        of = about(kind, attributes)
        return Variable(f"{self.wanted.name}_{kind}", dtype or np.dtype(np.float64), fill, inner, of)

    def _note(self) -> Variable:
        attributes: dict[str, Any] = {
            "long_name": f"whether {self.wanted.name} varies, and enough samples are left",
            "units": "1",
            "flag_values": list(NOTES.values()),
            "flag_meanings": " ".join(NOTES),
        }
        inner = self.wanted.output.inner_dims
        return Variable(f"{self.wanted.name}_note", np.dtype("int16"), -1, inner, attributes)
