"""Least and largest values and where they lie, tile by tile."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from ..codegen.folds import NOWHERE
from ..space import Space, Variable
from ..values.axis import Axis
from .accumulators import Accumulator, Given
from .measure import Block, Counted, Measure, State
from .named import meaning, of_class, statistic


@dataclass(frozen=True)
class _Coordinate:
    """One coordinate of a point: its values along an axis, and how indices count along that."""

    variable: Variable
    axis: Axis
    name: str
    step: int
    size: int

    def at(self, indices: np.ndarray) -> np.ndarray:
        """Its values at indices; what stands for nowhere, where there is none."""
        nowhere = indices == NOWHERE
        along = np.where(nowhere, 0, indices // self.step % self.size)
        if self.variable.dtype.kind == "i":  # names, by their numbers
            return np.where(nowhere, -1, self._numbers(along)).astype(self.variable.dtype)
        return np.where(nowhere, np.nan, np.asarray(self.axis.values[self.name][along], np.float64))

    def _numbers(self, along: np.ndarray) -> np.ndarray:
        """Numbers of names at indices along the axis."""
        values = self.axis.values[self.name]
        if self.name in self.axis.options:
            return self.axis.as_taken(self.name, values[along], np.dtype(np.float64))
        return np.array(_numbers(values[:].tolist()))[along]


class Extreme(Measure):
    """The least (`sign` 1) or largest (-1) value, and where the first such one lies.

    `wanted` are those of "min" and "argmin", or "max" and "argmax", that are asked for; `reduced` are the
    axes along which indices count, the last fastest.
    """

    def __init__(
        self, of: Counted, sign: int, wanted: Collection[str], reduced: Sequence[Axis], space: Space
    ) -> None:
        self.of, self.sign, output = of, sign, of.output
        self.name, self.placed = ("min" if sign > 0 else "max"), any(one.startswith("arg") for one in wanted)
        words = "least value" if sign > 0 else "largest value"
        values = (statistic(output, self.name, words),) if self.name in wanted else ()
        self.coordinates = (
            _coordinates(output, f"arg{self.name}", words, reduced, space) if self.placed else []
        )
        self.variables = (*values, *(one.variable for one in self.coordinates))
        self.valued = bool(values)
        self.labels = {}
        self.numbers = 2 * of.numbers
        self.accumulators = (Accumulator("least", of.name, of.codes, sign=sign),)

    def part(self, block: Block) -> State:
        """As of `Measure`."""
        seen = self.of.seen(block)
        there = seen.count > 0
        signed = seen.filled(np.inf * self.sign)
        at = (signed.argmin if self.sign > 0 else signed.argmax)(axis=1)
        if seen.kept is not None:  # an infinite value that counts, behind one that does not
            rows = np.arange(len(at))
            at = np.where(seen.kept[rows, at], at, seen.kept.argmax(axis=1))
        best = signed[np.arange(len(at)), at].astype(np.float64)
        value = np.where(there, self.sign * best, np.inf)
        return {"value": value, "at": self._indices(there, at, block.indices_in_cell)}

    def gathered(self, given: Sequence[Given], indices_in_cell: Callable[[np.ndarray], np.ndarray]) -> State:
        """As of `Measure`."""
        ((value, at),) = ((one["value"], one["at"]) for one in given)
        there = at != NOWHERE
        return {"value": value, "at": self._indices(there, np.where(there, at, 0), indices_in_cell)}

    def _indices(
        self, there: np.ndarray, at: np.ndarray, indices_in_cell: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Indices in the whole grid of those in a tile; that of the first point where they are not wanted."""
        return np.where(there, indices_in_cell(at) if self.placed else 0, NOWHERE)

    def join(self, one: State, two: State) -> State:
        """As of `Measure`."""
        less = two["value"] < one["value"]
        earlier = (two["value"] == one["value"]) & (two["at"] < one["at"])
        take = less | earlier
        return {name: np.where(take, two[name], one[name]) for name in one}

    def finish(self, state: State) -> dict[str, np.ndarray]:
        """As of `Measure`."""
        at = state["at"].reshape(-1, *self.of.inner)
        value = np.where(at == NOWHERE, np.nan, self.sign * state["value"].reshape(at.shape))
        result = {f"{self.of.name}_{self.name}": value} if self.valued else {}
        return result | {one.variable.name: one.at(at) for one in self.coordinates}


def _coordinates(
    output: Variable, how: str, words: str, reduced: Sequence[Axis], space: Space
) -> list[_Coordinate]:
    sizes, result = [axis.size for axis in reduced], []
    units = {one.name: one.unit for one in space.model.parameters}
    for i, axis in enumerate(reduced):
        for name, values in axis.values.items():
            called = f"{output.name}_{how}_{name.replace('.', '_')}"
            about = f"{name} at the {words} of {meaning(output)}"
            if axis.static or name in axis.options:
                names = axis.options[name] if name in axis.options else values[:].tolist()
                variable = of_class(called, about, _classes(names), output.inner_dims)
            else:
                attributes = {"long_name": about, "units": units[name.partition(".")[0]]}
                variable = Variable(called, np.dtype(np.float64), float("nan"), output.inner_dims, attributes)
            result.append(_Coordinate(variable, axis, name, prod(sizes[i + 1 :]), axis.size))
    return result


def _classes(names: Sequence[str]) -> Mapping[str, int]:
    """A number for each different name."""
    return {name: number for number, name in enumerate(dict.fromkeys(map(str, names)))}


def _numbers(names: Sequence[str]) -> list[int]:
    classes = _classes(names)
    return [classes[str(name)] for name in names]
