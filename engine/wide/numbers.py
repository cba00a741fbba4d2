"""A value of a trace, and the same in 64 bits where it is an integer that may have been cut off."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from .sizes import size_of

Array = Any
NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16"})


class Number(NamedTuple):
    """A value of a trace.

    `wide` is None where nothing was cut off, or wrapped, on the way to the value; it is of 64 bits where the
    value is a narrow integer. `size` is the largest absolute value that an integer can have; of what may be
    none (``engine.wide.checked``) it is infinite.
    """

    value: Array
    wide: Array | None = None
    size: float = inf


# evaluate(jaxpr, constants, numbers) -> numbers
Evaluate = Callable[[Any, Sequence[Array], Sequence[Number]], list[Number]]


def known(value: Array, size: float | None = None) -> Number:
    """A value that is right as it is; `size`, where what made it says how large it can be."""
    if size is None or getattr(value, "dtype", None) == np.bool_:
        size = size_of(value)
    return Number(value, None, min(size, limit_of(value) + 1))


def limit_of(value: Array) -> float:
    """The largest number of a narrow integer type; infinite of other types."""
    return float(np.iinfo(value.dtype).max) if str(getattr(value, "dtype", "")) in NARROW else inf


def wide_of(number: Number) -> Array:
    """A number in 64 bits, if it is a narrow integer; the right one, if it was cut off."""
    if number.wide is not None:
        return number.wide
    value = jnp.asarray(number.value)
    return value.astype(jnp.int64) if str(value.dtype) in NARROW else value


def flat(numbers: Sequence[Number], wide: Sequence[bool]) -> list[Array]:
    """All arrays of these numbers, two of each that is to be `wide`."""
    arrays = []
    for number, is_wide in zip(numbers, wide, strict=True):
        arrays += [number.value, wide_of(number)] if is_wide else [number.value]
    return arrays


def unflat(arrays: Sequence[Array], wide: Sequence[bool], sizes: Sequence[float]) -> list[Number]:
    """The numbers again, of these sizes."""
    rest = iter(arrays)
    numbers = []
    for is_wide, size in zip(wide, sizes, strict=True):
        value = next(rest)
        numbers.append(Number(value, next(rest), size) if is_wide else known(value, size))
    return numbers
