"""One dimension of a grid: what varies along it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .columns import Column, Values, describe_values


@dataclass(frozen=True)
class Axis:
    """One dimension of the grid.

    Attributes
    ----------
    dim
        Its name in the cube.
    values
        What varies along it: {name: 1-D array or column}, all of one length, each in the unit of its
        parameter. A name is a parameter ("alpha"), a component of a vector parameter ("v.data") or a static
        choice ("mechanism"). Several of them are zipped.
    static
        Whether it holds static choices: each of its points is a compilation of its own.
    group
        Along a sampled design as many points belong together (a base sample, a trajectory), and a cube may be
        extended by more groups at its end; 0 on an ordinary axis.
    tops
        The largest value that an integer parameter may take there, sampled or not.
    options
        Of static choices that are drawn point by point, beside numbers: what each may be. Their values are
        texts where they are an array, and the numbers of their options where they are a column.
    """

    dim: str
    values: Mapping[str, Values]
    static: bool = False
    group: int = 0
    tops: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of points along the axis."""
        return len(next(iter(self.values.values())))

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Those of its values that are computed where they are needed; a cube has them tile by tile."""
        return {name: values for name, values in self.values.items() if isinstance(values, Column)}

    @cached_property
    def described(self) -> dict[str, str]:
        """The values in few words, by name."""
        return {name: describe_values(values) for name, values in self.values.items()}

    def described_like(self, held: Mapping[str, str]) -> dict[str, str]:
        """The same, each in the form that the description of its name in `held` has."""
        like = {name: held.get(name, "") for name in self.values}
        return {
            name: text if like[name] in ("", text) else describe_values(self.values[name], like[name])
            for name, text in self.described.items()
        }

    def at(self, part: Any, dtype: np.dtype) -> dict[str, np.ndarray]:
        """What functions of grids take at a part of it, a slice or an array of places: numbers in `dtype`,
        and the numbers of options.
        """
        return {name: self.as_taken(name, values[part], dtype) for name, values in self.values.items()}

    def as_taken(self, name: str, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """The same of some values of one name."""
        if name not in self.options:
            return values.astype(dtype, copy=False)
        if values.dtype.kind == "i":
            return values.astype(OF_OPTIONS, copy=False)
        numbers = np.zeros(values.shape, OF_OPTIONS)
        for number, option in enumerate(self.options[name]):
            numbers[values == option] = number
        return numbers


# The dtype of numbers of options.
OF_OPTIONS = np.dtype(np.int8)
