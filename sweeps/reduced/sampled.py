"""What measures of samples that are not stored share: which values count, what results are called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.reduce.measure import Block, Measure, State
from ...engine.space import Variable
from ..sensitivity.indices_held import MEASURED, WITHHELD
from ..sensitivity.labels import about
from ..sensitivity.noise import CONSTANT, ROUNDING, TOLERANCE, Extent, Floor
from ..sensitivity.withheld import LEFT_OUT
from ..spec.design import Design

# What a result says of itself, by the number that it is stored as.
NOTES = {
    "measured": MEASURED,
    "constant": CONSTANT,
    "rounding": ROUNDING,
    "tolerance": TOLERANCE,
    "withheld": WITHHELD,
}


@dataclass(frozen=True)
class Measured:
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


class Sampled(Measure):
    """A measure of a design's samples.

    Attributes
    ----------
    kinds
        What it measures: each kind of number, with the dimensions that it has besides the output's own.
    intervals
        Those of the kinds that have an interval, which adds its two ends.
    effects
        Those of the kinds that are 0 where an output does not vary; the others have no value there.
    """

    kinds: Mapping[str, tuple[str, ...]]
    intervals: Sequence[str]
    effects: Sequence[str] = ()

    def __init__(self, wanted: Measured, design: Design, parameters: Sequence[str]) -> None:
        self.wanted, self.design, self.dims = wanted, design, len(parameters)
        ends = {kind: ("", "_low", "_high") if kind in self.intervals else ("",) for kind in self.kinds}
        self.variables = (
            *(self.variable(f"{kind}{end}", self.kinds[kind]) for kind in self.kinds for end in ends[kind]),
            self.variable("left_out", (), np.dtype("int64"), -1),
            self.note(),
        )
        used = {dim for dims in self.kinds.values() for dim in dims}
        self.labels = {dim: tuple(parameters) for dim in ("parameter", "parameter_2") if dim in used}

    def extent(self, values: np.ndarray, usable: np.ndarray) -> State:
        """How far values of shape (cells, points) go, as part of a partial result."""
        extent = self.wanted.floor.extent(values.T, usable.T)
        return {"low": extent.low, "high": extent.high, "step": extent.step}

    def farther(self, one: State, two: State) -> State:
        """How far the values of both parts go."""
        return {
            "low": np.minimum(one["low"], two["low"]),
            "high": np.maximum(one["high"], two["high"]),
            "step": np.minimum(one["step"], two["step"]),
        }

    def results(
        self, state: State, measures: Mapping[str, np.ndarray], lost: np.ndarray, rows: int
    ) -> dict[str, np.ndarray]:
        """The variables, of measures whose last axis is the cells; what must not be told is taken from them.

        `lost` of `rows` samples were left out.
        """
        reasons = self.wanted.floor.reasons_of(Extent(state["low"], state["high"], state["step"]))
        reasons[2 * lost > rows] = LEFT_OUT
        for kind, values in measures.items():
            if kind not in ("mean", "std"):
                base = kind.removesuffix("_low").removesuffix("_high")
                values[..., reasons > 0] = 0.0 if base in self.effects else np.nan
                values[..., reasons == LEFT_OUT] = np.nan
        note = np.where(reasons == LEFT_OUT, WITHHELD, reasons).astype(np.int16)
        told = {**measures, "left_out": lost, "note": note}
        return {
            f"{self.wanted.name}_{kind}": np.moveaxis(values, -1, 0).reshape(
                -1, *self.wanted.inner, *values.shape[:-1]
            )
            for kind, values in told.items()
        }

    def values(self, block: Block) -> tuple[np.ndarray, np.ndarray]:
        """Values and which of them count, both of shape (cells, points)."""
        seen = block.seen(self.wanted.output.name, self.wanted.codes)
        values = seen.values
        usable = np.ones(values.shape, bool) if seen.kept is None else seen.kept
        if self.wanted.number is not None:
            return (values == self.wanted.number).astype(float), usable & (values >= 0)
        values = values.astype(float, copy=False)
        return values, usable if seen.kept is None else usable & np.isfinite(values)

    def variable(
        self, kind: str, dims: tuple[str, ...], dtype: np.dtype | None = None, fill: float = float("nan")
    ) -> Variable:
        """The variable of a kind of number; `dims` besides the output's own."""
        attributes = dict(self.wanted.output.attributes)
        if self.wanted.number is not None:
            attributes = {"units": "1", "long_name": f"whether {self.wanted.name.replace('_', ' ')}"}
        inner = (*self.wanted.output.inner_dims, *dims)
        of = about(kind, attributes)
        return Variable(f"{self.wanted.name}_{kind}", dtype or np.dtype(np.float64), fill, inner, of)

    def note(self) -> Variable:
        """The variable that says why there are no numbers, where there are none."""
        attributes: dict[str, Any] = {
            "long_name": f"whether {self.wanted.name} varies, and enough samples are left",
            "units": "1",
            "flag_values": list(NOTES.values()),
            "flag_meanings": " ".join(NOTES),
        }
        inner = self.wanted.output.inner_dims
        return Variable(f"{self.wanted.name}_note", np.dtype("int16"), -1, inner, attributes)
