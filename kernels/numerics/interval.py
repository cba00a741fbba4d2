"""Bounds of a number: sums and products of intervals hold every sum and product of their members.

Source: Moore, "Interval Analysis" (1966). Ends are rounded to the nearest number, not outwards: whoever asks
whether an interval holds zero leaves room for the roundings of its terms.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

Array = Any


@dataclass(frozen=True, eq=False)
class Interval:
    """All numbers from `low` to `high`."""

    low: Array
    high: Array

    def __add__(self, other: Any) -> "Interval":
        """Interval of the sums."""
        low, high = _ends(other)
        return Interval(self.low + low, self.high + high)

    __radd__ = __add__

    def __neg__(self) -> "Interval":
        """Interval of the opposites."""
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Any) -> "Interval":
        """Interval of the differences."""
        return self + -other

    def __rsub__(self, other: Any) -> "Interval":
        """Interval of the differences, the other way round."""
        return -self + other

    def __mul__(self, other: Any) -> "Interval":
        """Interval of the products."""
        low, high = _ends(other)
        products = [self.low * low, self.low * high, self.high * low, self.high * high]
        least, most = products[0], products[0]
        for product in products[1:]:
            least, most = jnp.minimum(least, product), jnp.maximum(most, product)
        return Interval(least, most)

    __rmul__ = __mul__


def _ends(value: Any) -> tuple[Array, Array]:
    return (value.low, value.high) if isinstance(value, Interval) else (value, value)


def rising(function: Callable[[Array], Array], value: Any) -> Any:
    """A function that never falls, of a number or of an interval."""
    if isinstance(value, Interval):
        return Interval(function(value.low), function(value.high))
    return function(value)


def lacks_zero(value: Interval, tolerance: Array) -> Array:
    """Whether all of an interval lies further from zero than `tolerance`."""
    return (value.low > tolerance) | (value.high < -tolerance)
