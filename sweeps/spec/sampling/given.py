"""Points that somebody else drew, in a table: a design of their order and number."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ....kernels.model import Choice, Parameter
from ...file_paths import path_of
from ..distributions.distribution import Distribution
from ..distributions.empirical import columns_of
from ..inputs import Inputs
from .points import Points

KIND = "given"
_FORM = 'should name a column, such as {column = "alpha"}'


class GivenPoints(Points):
    """Points that no number of a sample gives: each is one of its own."""

    points_per_sample = 1

    def two(self, dim: int, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As of `Points`; there are none to be drawn."""
        raise NotImplementedError

    def other(self, dim: int, samples: np.ndarray) -> np.ndarray:
        """As of `Points`."""
        return np.zeros((1, 1), bool)


def read_columns(
    where: str,
    stated: Mapping[str, Any],
    parameters: Mapping[str, Parameter | Choice],
    inputs: Inputs,
    folder: Path,
) -> tuple[dict[str, Distribution], dict[str, np.ndarray]]:
    """The parameters of a design whose `samples` name a file: what each ranges over, and its values.

    `parameters` are those of the model, and its static choices, that the design names. Raises SweepError,
    beginning with `where`, for a column that is not there, cells that are no numbers, or no options of a
    choice, and values outside of a domain.
    """
    path, asked = folder / path_of(stated["samples"]), dict[str, tuple[str, Any]]()
    for name, given in stated["parameters"].items():
        here = f"{where}.parameters.{name}"
        if (
            not isinstance(given, Mapping)
            or list(given) != ["column"]
            or not isinstance(given["column"], str)
        ):
            raise SweepError(f"{here}: {shown(given)} {_FORM}; its values are those of {path}")
        asked[name] = f"{here}.column", given["column"]
    options = [one.options if isinstance(one, Choice) else () for one in map(parameters.get, asked)]
    columns = columns_of(f"{where}.samples", path, list(asked.values()), options)
    if columns and len(columns[0]) < 2:
        raise SweepError(f"{where}.samples: {path} has fewer than 2 points")
    laws, values = dict[str, Distribution](), dict[str, np.ndarray]()
    for name, column in zip(asked, columns, strict=True):
        parameter = parameters[name]
        if isinstance(parameter, Choice):
            values[name] = np.array(column)
            counts = {one: column.count(one) for one in parameter.options if one in column}
            laws[name] = Distribution.of_options(list(counts), list(map(float, counts.values())))
        else:
            values[name] = inputs.numbers(f"{where}.parameters.{name}", column, parameter)
            ends = float(values[name].min()), float(values[name].max())
            laws[name] = Distribution(KIND, ends, *ends)
    if all(one.options for one in laws.values()):
        raise SweepError(f"{where}.parameters: are static choices alone; add a parameter, or make them axes")
    return laws, values
