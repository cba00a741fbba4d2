"""A value of a trace, and the same in 64 bits where it is an integer that may have been cut off."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from .checked import LOST, NAN, is_none
from .sizes import size_of

Array = Any
NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16"})


class Number(NamedTuple):
    """A value of a trace.

    `wide` is None where nothing was cut off, or wrapped, on the way to the value; it is an integer of 64 bits
    where the value is a narrow integer or a boolean (0, 1, or `NAN` where it is unknown), or an integer that
    has just become a floating-point number. `size` is the largest absolute value that an integer can have;
    of what may be none (``engine.wide.checked``) it is infinite, as that of a boolean that may be unknown.
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
    """A number in 64 bits, if it is a narrow integer or a boolean; the right one, if it was cut off."""
    value = number.value
    if number.wide is not None:
        return float_of(number.wide, value.dtype) if is_cast(number) else number.wide
    value = jnp.asarray(value)
    return value.astype(jnp.int64) if value.dtype == bool or str(value.dtype) in NARROW else value


def float_of(whole: Array, dtype: Any) -> Array:
    """The floating-point number of an integer, NaN of what is none: 1 / 2^100 is not 0."""
    return jnp.where(is_none(whole), jnp.nan, whole.astype(dtype)).astype(dtype)


def in_64_bits(number: Number) -> Array:
    """A number that stands in 64 bits, as it does."""
    assert number.wide is not None
    return number.wide


def is_cast(number: Number) -> bool:
    """Whether it is an integer that has just become a floating-point number."""
    wide = number.wide
    return wide is not None and wide.dtype == jnp.int64 and jnp.issubdtype(number.value.dtype, jnp.floating)


def may_be_none(number: Number) -> bool:
    """Whether it may be what no integer is, or rest on such."""
    return number.wide is not None and number.size == inf


def without_side(number: Number) -> Array:
    """Where it is none of which not even the side is known; of floats, where such made it NaN."""
    wide = in_64_bits(number)
    if wide.dtype == jnp.int64:
        return wide <= LOST
    if not jnp.issubdtype(wide.dtype, jnp.floating):
        return jnp.zeros(wide.shape, bool)
    return jnp.isnan(wide) & ~jnp.isnan(number.value)


def lost(number: Number) -> Array:
    """Where it is none, or rests on such."""
    wide = in_64_bits(number)
    return is_none(wide) if wide.dtype == jnp.int64 else without_side(number)


def nothing_where(unknown: Array, array: Array) -> Array:
    """An array in 64 bits with what stands for none where nobody knows it; bits have nothing that does."""
    if array.dtype == jnp.int64:
        return jnp.where(unknown, jnp.asarray(NAN, jnp.int64), array)
    return jnp.where(unknown, jnp.nan, array) if jnp.issubdtype(array.dtype, jnp.floating) else array


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
