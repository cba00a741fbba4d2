"""What measures of samples that are not stored share: which values count, what results are called."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...engine.reduce.measure import Block, Measure, State
from ...engine.space import Variable
from ..sensitivity.indices_held import FEW, HISTORY, MEASURED, SO_FAR, WITHHELD
from ..sensitivity.labels import about
from ..sensitivity.measures import METHODS
from ..sensitivity.noise import CONSTANT, ROUNDING, TOLERANCE, Extent, Floor
from ..sensitivity.withheld import ALWAYS, LEFT_OUT, TOO_FEW
from ..spec.design import Design
from .until import Until

# What a result says of itself, by the number that it is stored as.
NOTES = {
    "measured": MEASURED,
    "constant": CONSTANT,
    "rounding": ROUNDING,
    "tolerance": TOLERANCE,
    "withheld": WITHHELD,
    "too_few": FEW,
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
    method
        Its name among the methods of sensitivity, which says how few samples make no index.
    kinds
        What it measures: each kind of number, with the dimensions that it has besides the output's own.
    intervals
        Those of the kinds that have an interval, which adds its two ends.
    effects
        Those of the kinds that are 0 where an output does not vary; the others have no value there.
    judged
        Those of the intervals that are to be narrow; all if empty.
    until
        How narrow; None where all samples are computed.
    """

    method: str
    kinds: Mapping[str, tuple[str, ...]]
    intervals: Sequence[str]
    effects: Sequence[str] = ()
    judged: Sequence[str] = ()

    def __init__(
        self, wanted: Measured, design: Design, parameters: Sequence[str], until: Until | None
    ) -> None:
        self.wanted, self.design, self.dims, self.until = wanted, design, len(parameters), until
        ends = {kind: ("", "_low", "_high") if kind in self.intervals else ("",) for kind in self.kinds}
        self.variables = (
            *(self.variable(f"{kind}{end}", self.kinds[kind]) for kind in self.kinds for end in ends[kind]),
            self.variable("left_out", (), np.dtype("int64"), -1),
            *(() if "std" in self.kinds else [self.variable("std", ())]),
            self.variable("error", ()),
            self.note(),
            *(self._of_history() if until else ()),
        )
        used = {dim for dims in self.kinds.values() for dim in dims}
        self.labels = {dim: tuple(parameters) for dim in ("parameter", "parameter_2") if dim in used}
        if until:
            self.labels |= {SO_FAR: until.counts}
            self.histories = frozenset(one.name for one in self.variables if SO_FAR in one.inner_dims)

    def extent(self, values: np.ndarray, usable: np.ndarray) -> State:
        """How far values of shape (cells, points) go, as part of a partial result."""
        return self.so_far(self.wanted.floor.extent(values.T, usable.T), values.shape[1])

    def so_far(self, extent: Extent, points: int) -> State:
        """The same of so many points of each cell, whose values go so far."""
        samples = np.full(len(extent.low), points // self.design.points_per_sample)
        return {"low": extent.low, "high": extent.high, "step": extent.step, "samples": samples}

    @abstractmethod
    def std(self, state: State) -> np.ndarray:
        """The standard deviation of the output, in each cell."""

    def farther(self, one: State, two: State) -> State:
        """How far the values of both parts go."""
        return {
            "low": np.minimum(one["low"], two["low"]),
            "high": np.maximum(one["high"], two["high"]),
            "step": np.minimum(one["step"], two["step"]),
            "samples": one["samples"] + two["samples"],
        }

    def results(
        self, state: State, measures: Mapping[str, np.ndarray], lost: np.ndarray
    ) -> dict[str, np.ndarray]:
        """The variables, of measures whose last axis is the cells; what must not be told is taken from them.

        `lost` of its samples were left out.
        """
        extent = Extent(state["low"], state["high"], state["step"])
        reasons, error = self.wanted.floor.reasons_of(extent), self.wanted.floor.error(extent)
        few = (reasons == 0) & (state["samples"] - lost < METHODS[self.method].least(self.dims))
        reasons[few] = TOO_FEW
        reasons[2 * lost > state["samples"]] = LEFT_OUT
        for kind, values in measures.items():
            if kind not in ALWAYS:
                base = kind.removesuffix("_low").removesuffix("_high")
                values[..., reasons > 0] = 0.0 if base in self.effects else np.nan
                values[..., reasons < 0] = np.nan
        note = np.select([reasons == LEFT_OUT, reasons == TOO_FEW], [WITHHELD, FEW], reasons).astype(np.int16)
        values_by_kind = {"std": self.std(state), **measures, "left_out": lost, "note": note, "error": error}
        if self.until:
            values_by_kind |= {
                "samples": state["samples"],
                **self._history(measures, int(state["samples"][0])),
            }
        return {
            f"{self.wanted.name}_{kind}": np.moveaxis(values, -1, 0).reshape(
                -1, *self.wanted.inner, *values.shape[:-1]
            )
            for kind, values in values_by_kind.items()
        }

    def enough(self, results: Mapping[str, np.ndarray]) -> bool:
        """Whether every interval is narrow enough, or there is none for a reason."""
        if self.until is None:
            return True
        note = results[f"{self.wanted.name}_note"].ravel()
        if (note == FEW).any():
            return False
        without = note != MEASURED
        for kind in self.judged or self.intervals:
            ends = (results[f"{self.wanted.name}_{kind}{end}"] for end in ("_high", "_low"))
            high, low = (one.reshape(len(without), -1) for one in ends)
            with np.errstate(invalid="ignore"):
                wide = ~(high - low <= self.until.width * self.unit_of(results, len(without)))
            if "parameter_2" in self.kinds[kind]:  # of a parameter with itself there is none
                wide[:, :: self.dims + 1] = False
            if not (without | ~wide.any(axis=1)).all():
                return False
        return True

    def unit_of(self, results: Mapping[str, np.ndarray], cells: int) -> np.ndarray:
        """What widths of each cell are measured in, shape (cells, 1)."""
        del results
        return np.ones((cells, 1))

    def _of_history(self) -> list[Variable]:
        samples = self.variable("samples", (), np.dtype("int64"), -1)
        names = [f"{kind}{end}" for kind in self.intervals for end in ("", "_low", "_high")]
        dims = {name: self.kinds[name.removesuffix("_low").removesuffix("_high")] for name in names}
        named = [(name, self.variable(name, (*dims[name], SO_FAR))) for name in names]
        return [samples, *(replace(one, name=f"{self.wanted.name}_{name}_{HISTORY}") for name, one in named)]

    def _history(self, measures: Mapping[str, np.ndarray], samples: int) -> dict[str, np.ndarray]:
        """Intervals and their middles after so many samples, beside NaN for other numbers of them."""
        assert self.until is not None
        result = {}
        for kind in self.intervals:
            for name in (kind, f"{kind}_low", f"{kind}_high"):
                values = measures[name]
                history = np.full((*values.shape[:-1], len(self.until.counts), values.shape[-1]), np.nan)
                history[..., self.until.counts.index(samples), :] = values
                result[f"{name}_{HISTORY}"] = history
        return result

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
