"""Values along an axis that are drawn where a window of them is computed: by as many threads as compute."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..values.axis import Axis
from ..values.columns import Column, Values


@dataclass(frozen=True)
class Later:
    """One name's values along a part of a sampled axis.

    Attributes
    ----------
    axis, name
        The axis, and the name.
    first, length
        The number of the first value, and how many there should be: the last one is repeated.
    kept
        Where the values are put; as many as there are.
    dtype
        Of real numbers in the kernel.
    """

    axis: Axis
    name: str
    first: int
    length: int
    kept: np.ndarray
    dtype: np.dtype

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, part: slice) -> np.ndarray:
        """What the kernel takes in a window, which is a slice with both ends."""
        size = len(self.kept)
        start, stop = min(part.start, size - 1), min(part.stop, size)
        here = self.kept[start:stop]
        draw(self.axis.values[self.name], self.first + start, here)
        taken, missing = self.axis.as_taken(self.name, here, self.dtype), part.stop - part.start - len(here)
        return np.pad(taken, (0, missing), mode="edge") if missing else taken


def draw(values: Values, first: int, out: np.ndarray) -> None:
    """Write values from number `first` on into an array."""
    if isinstance(values, Column):
        values.write(first, out)
    else:
        out[...] = values[first : first + len(out)]


def buffer_shapes(axis: Axis, length: int) -> Mapping[str, tuple[tuple[int, ...], np.dtype]]:
    """Shape and dtype of arrays for so many values of each name."""
    return {name: ((length,), values.dtype) for name, values in axis.values.items()}
