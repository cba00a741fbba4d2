"""A function over grids in which static choices are drawn point by point along one axis.

Each combination of choices is a program of its own, and computes those points alone that have it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..codegen.grid_loop import GridLoop
from .made_before import GridFunction
from .windows import Coordinates

# XLA compiles for one number of points: a window is computed in batches, of which a combination's last one is
# filled up. Smaller batches waste fewer points and take more calls.
_BATCHES, _LEAST = 8, 64


class Chosen:
    """A function of coordinates among which are the numbers of options.

    Parameters
    ----------
    functions : one for each combination of options, in the order of `Space.drawn_choices`.
    axis : along which of the coordinates they are drawn.
    options : how many there are of each choice, by name.
    """

    def __init__(self, functions: Sequence[GridFunction], axis: int, options: Mapping[str, int]) -> None:
        self.functions, self.axis, self.options = list(functions), axis, dict(options)
        self.outputs = functions[0].outputs

    @property
    def looped(self) -> bool:
        """Whether machine code computes all points, of any number of them."""
        return all(isinstance(one, GridLoop) for one in self.functions)

    @property
    def compile_seconds(self) -> float:
        """About how long it takes to compile what XLA compiles."""
        return sum(one.compile_seconds for one in self.functions if not isinstance(one, GridLoop))

    @property
    def remark(self) -> str:
        """What is done where that is long."""
        return next((one.remark for one in self.functions if not isinstance(one, GridLoop)), "")

    @property
    def live_bytes(self) -> int:
        """Bytes that XLA holds at once."""
        return max((one.live_bytes for one in self.functions if not isinstance(one, GridLoop)), default=0)

    def compile(self, coordinates: Coordinates) -> int:
        """Compile for windows of these lengths: bytes that it takes besides outputs."""
        length = len(next(iter(coordinates[self.axis].values())))
        part = without_options(coordinates, self.axis, self.options, slice(batch_size(length)))
        return max(one.compile(part) for one in self.functions)

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates."""
        front = (slice(None),) * self.axis
        for function, here, taken in self._parts(coordinates):
            part = without_options(coordinates, self.axis, self.options, taken)
            lengths = [len(next(iter(values.values()))) for values in part]
            values = {n: np.empty((*lengths, *inner), dtype) for n, (inner, dtype) in self.outputs.items()}
            function.fill(values, part)
            for name, computed in values.items():
                outputs[name][(*front, here)] = computed[(*front, slice(len(here)))]

    def begin(self, coordinates: Coordinates, device: Any = None) -> Mapping[str, Any]:
        """The same where a device computes: the outputs, which may still be on their way."""
        import jax.numpy as jnp

        order, parts = [], []
        for function, here, taken in self._parts(coordinates):
            assert not isinstance(function, GridLoop)  # which no other device than a CPU has
            part = without_options(coordinates, self.axis, self.options, taken)
            computed = function.begin(part, device)
            parts.append(computed)
            order.append(np.concatenate([here, np.full(len(taken) - len(here), -1)]))
        positions = np.concatenate(order)
        inverse = np.empty(int((positions >= 0).sum()), np.int64)
        inverse[positions[positions >= 0]] = np.flatnonzero(positions >= 0)
        return {
            name: jnp.take(jnp.concatenate([one[name] for one in parts], self.axis), inverse, self.axis)
            for name in self.outputs
        }

    def _parts(self, coordinates: Coordinates) -> Iterator[tuple[GridFunction, np.ndarray, np.ndarray]]:
        """Which function computes which points along the axis, and what it takes for that: these and perhaps
        the last one several times.
        """
        drawn = [coordinates[self.axis][name] for name in self.options]
        numbers = np.asarray(np.ravel_multi_index(drawn, list(self.options.values())))
        batch = batch_size(numbers.size)
        for number, function in enumerate(self.functions):
            here = np.flatnonzero(numbers == number)
            if isinstance(function, GridLoop):
                if len(here):
                    yield function, here, here
                continue
            for start in range(0, len(here), batch):
                few = here[start : start + batch]
                yield function, few, few[np.minimum(np.arange(batch), len(few) - 1)]


def batch_size(length: int) -> int:
    """How many points XLA computes at once of a window that is so long."""
    return max(-(-length // _BATCHES), min(length, _LEAST))


def without_options(
    coordinates: Coordinates, axis: int, options: Mapping[str, Any], taken: Any
) -> list[Mapping[str, Any]]:
    """The coordinates that are numbers, some of them along one axis."""
    along = {name: values[taken] for name, values in coordinates[axis].items() if name not in options}
    return [along if i == axis else one for i, one in enumerate(coordinates)]


def chosen(
    made: Callable[[Mapping[str, str], Sequence[Mapping[str, Any]]], GridFunction],
    combinations: Sequence[Mapping[str, str]],
    axis: int,
    options: Mapping[str, int],
    coordinates: Coordinates,
) -> Chosen:
    """The function that `made(choices, coordinates)` makes for each of some combinations."""
    length = len(next(iter(coordinates[axis].values())))
    first = without_options(coordinates, axis, options, slice(batch_size(length)))
    return Chosen([made(one, first) for one in combinations], axis, options)
