"""What an output varies by at least: below, it is rounding or the solver's tolerance that varies.

Rounding is seen in two ways: the spread is a few units in the last place of the values, or all values are few
multiples of one tiny power of two, as what is left of larger numbers that cancel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cube.statuses import needs_of

if TYPE_CHECKING:
    import xarray as xr

# Spread by rounding, in units in the last place of the largest value: many where many terms are added up.
_UNITS = 2**10
# A power of two of which a few multiples are all values, as a multiple of eps: that of numbers up to 2^26.
_LATTICE = 2**26
# Binary digits to which values are multiples of it: those of numbers that vary are not so few by chance.
_DIGITS = 30
# How far apart solutions may lie, in tolerances: errors of steps add up, orbits settle on both sides.
_STEPS, _SETTLED = 64, 4
# What an output of a trajectory may need of it (`statuses.needs_of`).
_OF_ORBITS = ("path", "final", "attractor")
CONSTANT, ROUNDING, TOLERANCE = 1, 2, 3
WHY = {
    CONSTANT: "does not vary",
    ROUNDING: "varies by rounding alone",
    TOLERANCE: "varies within the solver's tolerance alone",
}


def said_of(reason: int, std: float, error: float, many: bool = False) -> str:
    """Why an output does not vary, with its standard deviation and the error that explains it.

    Of `many` cells they are those of the one where the deviation is largest.
    """
    if reason == CONSTANT or not np.isfinite(std):
        return WHY[reason]
    most = " at most" if many else ""
    return f"{WHY[reason]} (its standard deviation is{most} {std:.2g}, and errors reach {error:.2g})"


@dataclass(frozen=True)
class Extent:
    """How far values of some columns go.

    Attributes
    ----------
    low, high
        The least and the largest; infinite, the other way round, where there are none.
    step
        A power of two of which all values are multiples; infinite where that was not looked at.
    """

    low: np.ndarray
    high: np.ndarray
    step: np.ndarray


@dataclass(frozen=True)
class Floor:
    """What an output varies by without any reason.

    Attributes
    ----------
    eps
        Of the dtype it is stored in; 0 for integers.
    relative, absolute
        Of an output of trajectories: tolerance relative to the largest value, and besides it; else 0.
    """

    eps: float
    relative: float = 0.0
    absolute: float = 0.0

    def of(self, size: np.ndarray) -> np.ndarray:
        """Spreads up to which values as large as `size` do not vary."""
        return (_UNITS * self.eps + self.relative) * size + self.absolute

    def reasons(self, values: np.ndarray, usable: np.ndarray) -> np.ndarray:
        """For each column of values, shape (rows, cells): 0 where it varies, else a key of `WHY`."""
        return self.reasons_of(self.extent(values, usable))

    def extent(self, values: np.ndarray, usable: np.ndarray) -> Extent:
        """How far the values of each column go."""
        if usable.all() and len(values):
            low, high = values.min(axis=0), values.max(axis=0)
        else:
            low = np.where(usable, values, np.inf).min(axis=0)
            high = np.where(usable, values, -np.inf).max(axis=0)
        return self.extent_between(low, high, values, usable)

    def extent_between(
        self, low: np.ndarray, high: np.ndarray, values: np.ndarray, usable: np.ndarray | None = None
    ) -> Extent:
        """The same of columns whose least and largest values are known; None for `usable`: all are."""
        step, size = np.full(len(low), np.inf), _size(low, high)
        # Most outputs are far from cancelling, and bits are dear to look at.
        suspects = np.flatnonzero((size <= _UNITS * _LATTICE * self.eps) & (size > 0))
        if len(suspects):
            some = values[:, suspects]
            step[suspects] = _lowest_bit(some, np.True_ if usable is None else usable[:, suspects])
        return Extent(low, high, step)

    def reasons_of(self, extent: Extent) -> np.ndarray:
        """As `reasons`, of values that go so far."""
        size = _size(extent.low, extent.high)
        with np.errstate(invalid="ignore"):
            width = extent.high - extent.low
        result = np.zeros(len(size), np.int8)
        result[width <= self.of(size)] = TOLERANCE
        result[(width <= _UNITS * self.eps * size) | self._cancelled(extent)] = ROUNDING
        result[width == 0] = CONSTANT
        return np.where(extent.low <= extent.high, result, 0)

    def error(self, extent: Extent) -> np.ndarray:
        """By how much values that go so far may vary without any reason."""
        within = self.of(_size(extent.low, extent.high))
        rounded = np.where(np.isfinite(extent.step), _UNITS * extent.step, 0.0)
        return np.where(self._cancelled(extent), np.maximum(within, rounded), within)

    def cancelled(self, values: np.ndarray, usable: np.ndarray) -> np.ndarray:
        """Columns that are what is left of larger numbers: few multiples of one tiny power of two."""
        return self._cancelled(self.extent(values, usable))

    def _cancelled(self, extent: Extent) -> np.ndarray:
        size = _size(extent.low, extent.high)
        suspect = (size <= _UNITS * _LATTICE * self.eps) & (size > 0)
        return suspect & (size <= _UNITS * extent.step) & (extent.step <= _LATTICE * self.eps)

    def tied(self, values: np.ndarray) -> np.ndarray:
        """Columns in which values that differ by less than the floor are the same, for their ranks.

        Where values stand closer than that one beside the other over a wider range, each part as wide as the
        floor is the same. Values over so many orders of magnitude that none can be left of the largest differ
        where their logarithms do.
        """
        wide = self._wide(values)
        largest = np.abs(values).max(axis=0)
        if wide.any():  # counts of more digits than floats have are none
            values = np.where(wide, _signed_logarithms(values), values)
        order = np.argsort(values, axis=0)
        rising = np.take_along_axis(values, order, axis=0)
        floor = np.where(wide, _UNITS * self.eps + self.relative, self.of(largest))
        apart = np.diff(rising, axis=0, prepend=rising[:1]) > floor
        apart[:1] = True
        first = np.maximum.accumulate(np.where(apart, rising, -np.inf), axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(floor > 0, np.ceil((rising - first) / floor), 0.0)
        part = np.maximum(part, 1)  # values from the first to the floor above it are one
        apart[1:] |= np.diff(part, axis=0) > 0
        tied = np.empty_like(values)
        np.put_along_axis(tied, order, np.cumsum(apart, axis=0).astype(float), axis=0)
        return tied

    def _wide(self, values: np.ndarray) -> np.ndarray:
        """Columns of one sign that hold less than rounding of the largest value leaves, and its square."""
        sizes = np.abs(values)
        least = np.where(sizes > 0, sizes, np.inf).min(axis=0)
        one_sign = (values >= 0).all(axis=0) | (values <= 0).all(axis=0)
        return one_sign & (least < self.eps**2.5 * sizes.max(axis=0)) & (self.absolute == 0)


def _signed_logarithms(values: np.ndarray) -> np.ndarray:
    """Logarithms of values of one sign, in the same order; of 0 one below all others."""
    with np.errstate(divide="ignore"):
        logarithms = np.where(values == 0, -1e4, np.log(np.abs(values)))
    return np.where((values <= 0).all(axis=0), -logarithms, logarithms)


def _size(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The largest size of a value; 0 where there are none."""
    return np.where(low <= high, np.maximum(np.abs(low), np.abs(high)), 0.0)


def _lowest_bit(values: np.ndarray, usable: np.ndarray | np.bool) -> np.ndarray:
    """The largest power of two of which all values of a column are multiples, to so many digits.

    What a function such as a logarithm makes of a sum that is 1 but for rounding is that rounding, and a
    little of its square.
    """
    there = usable & (values != 0)
    mantissa, exponent = np.frexp(np.where(there, values, 1))
    digits = np.rint(np.abs(mantissa) * 2.0**_DIGITS).astype(np.int64)
    lowest = np.ldexp((digits & -digits).astype(float), exponent - _DIGITS)
    return np.where(there, lowest, np.inf).min(axis=0)


def floor_of(array: "xr.DataArray", identity: Mapping[str, str]) -> Floor:
    """The floor of an output of a cube with this identity."""
    return floor_for(array.dtype, needs_of(array), identity)


def floor_for(dtype: np.dtype, needs: str, identity: Mapping[str, str]) -> Floor:
    """The floor of an output that is stored as `dtype` and needs this of an orbit (`statuses.needs_of`)."""
    if dtype.kind != "f":
        return Floor(0.0)
    eps = float(np.finfo(dtype).eps)
    if needs not in _OF_ORBITS:
        return Floor(eps)
    from ...engine.ode.method import Method

    single = {"rtol": 1e-5, "settle": 1e-3} if dtype == np.float32 else {}
    default = {"rtol": Method.rtol, "settle": Method.settle} | single
    rtol, settle = (float(identity.get(f"integrator.{name}", default[name])) for name in ("rtol", "settle"))
    atol = identity.get("integrator.atol", "0")
    absolute = max(map(float, atol.strip("[]()").split(","))) if atol not in ("None", "") else 0.0
    return Floor(eps, _STEPS * rtol + _SETTLED * settle, _STEPS * absolute)
