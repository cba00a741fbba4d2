"""Outputs whose squares are no numbers, such as 1e200 and 1e-200, as shares of a power of two."""

from collections.abc import Mapping

import numpy as np

# Squares of numbers between these powers of two are numbers, and so are their sums over many samples.
_LEAST, _MOST = -300, 400
# Measures in units of the output; all others but derivatives are shares.
_IN_UNITS = ("mean", "std", "mu", "mu_star", "sigma")


def powers(values: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Of each column of values, shape (points, cells), the power of two to divide it by; 0 for most."""
    return _powers_of(np.abs(np.where(usable, values, 0.0)).max(axis=0, initial=0.0))


def powers_between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The same of columns with these least and largest values; 0 where there are none, and low is higher."""
    return _powers_of(np.where(low <= high, np.maximum(np.abs(low), np.abs(high)), 0.0))


def _powers_of(size: np.ndarray) -> np.ndarray:
    power = np.frexp(size)[1]
    return np.where((power < _LEAST) | (power > _MOST), power, 0)


def in_units(measures: Mapping[str, np.ndarray], power: np.ndarray) -> dict[str, np.ndarray]:
    """Measures of columns that were divided by such powers, as they are of the columns themselves."""
    return {
        kind: np.ldexp(values, power)
        if kind.removesuffix("_low").removesuffix("_high") in _IN_UNITS
        else values
        for kind, values in measures.items()
    }
