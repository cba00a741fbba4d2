"""Taylor coefficients: what the rules of the operations are made of.

``rule(own, k, *arguments)`` is the k-th coefficient of an operation, from its own below k and from those of
its arguments up to k. None is an exact zero, so that what does not change costs nothing. Reference:
Griewank and Walther, "Evaluating derivatives", chapter 13.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp


class Series(list[Any]):
    """Coefficients of one scalar, lowest first; where its rule wants them, of its slope, too.

    `beside` holds those of what the slope is made of, `rates` those of its derivative in time, where that is
    known, and `shared` the `inner` sums with other series by their `id`, which it keeps alive.
    """

    def __init__(self, items: Sequence[Any] = ()) -> None:
        super().__init__(items)
        self.slope: list[Any] = []
        self.beside: list[Any] = []
        self.rates: Series | None = None
        self.shared: dict[tuple[int, int], tuple[Series, Any]] = {}


def plus(a: Any, b: Any) -> Any:
    """The sum a + b."""
    return b if a is None else a if b is None else a + b


def minus(a: Any, b: Any) -> Any:
    """The difference a - b."""
    return a if b is None else -b if a is None else a - b


def times(a: Any, b: Any) -> Any:
    """The product a b of numbers."""
    return None if a is None or b is None else a * b


def scaled(a: Any, factor: float) -> Any:
    """A coefficient times a number."""
    return None if a is None else a if factor == 1 else a * factor


def convolved(a: list[Any], b: list[Any], k: int, first: int = 0, last: int | None = None) -> Any:
    """Sum of a_j b_(k-j) for j from `first` to `last`, k if not given.

    The newest coefficients come last, here and below: a processor computes the rest of the sum while it waits
    for them.
    """
    total = None
    for j in sorted(range(first, (k if last is None else last) + 1), key=lambda j: (max(j, k - j), j)):
        total = plus(total, times(a[j], b[k - j]))
    return total


def inner(a: Series, b: Series, k: int) -> Any:
    """Sum of a_j b_(k-j) without its ends, j = 0 and k: made once, and of a square each pair once."""
    known = b.shared.get((k, id(a))) or a.shared.get((k, id(b)))
    if known is None:
        known = a.shared[k, id(b)] = (b, _inner(a, b, k))
    return known[1]


def _inner(a: Series, b: Series, k: int) -> Any:
    if a is not b:
        return convolved(a, b, k, 1, k - 1)
    half = scaled(convolved(a, a, k, 1, (k - 1) // 2), 2.0)
    return half if k % 2 else plus(half, times(a[k // 2], a[k // 2]))


def product(_own: Series, k: int, a: Series, b: Series) -> Any:
    """Coefficient k of a b."""
    if k == 0:
        return times(a[0], b[0])
    if a is b:
        return plus(times(scaled(a[0], 2.0), a[k]), inner(a, a, k) if k > 1 else None)
    between = inner(a, b, k) if k > 1 else None
    return plus(plus(between, times(a[0], b[k])), times(a[k], b[0]))


def chained(slope: list[Any], k: int, x: Series) -> Any:
    """Coefficient k of a function of x whose derivative is `slope`."""
    total = None
    for j in sorted(range(1, k + 1), key=lambda j: (max(j - 1, k - j), j)):
        steepness = scaled(x[j], float(j)) if x.rates is None else x.rates[j - 1]
        total = plus(total, times(steepness, slope[k - j]))
    return scaled(total, 1 / k)


def choice(_own: Series, k: int, which: Series, yes: Series, no: Series) -> Any:
    """Coefficient k of the one of two series that a condition picks."""
    if yes[k] is None and no[k] is None:
        return None
    return jnp.where(which[0], _or_zero(yes[k]), _or_zero(no[k]))


def _or_zero(a: Any) -> Any:
    return 0.0 if a is None else a
