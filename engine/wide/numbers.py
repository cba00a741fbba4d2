"""A value of a trace, and what it is in 64 bits where integers may have been cut off on the way to it."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .checked import LOST, NAN, is_none
from .sizes import is_positive, size_of

Array = Any
NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16"})


class Number(NamedTuple):
    """A value of a trace.

    Of signed integers, narrow unsigned ones and booleans `value` is as the model wrote it, and `wide` the
    same in 64 bits: None where nothing was cut off, or wrapped, on the way to it; of a boolean 0, 1, or `NAN`
    where it is unknown. Of other numbers `value` rests on what was right in 64 bits, and `lost` says where
    that was none; a floating-point number that an integer has just become has `wide`, too. `size` is the
    largest absolute value that a number can have, neither NaN nor infinite; of what may be none
    (``engine.wide.checked``) it is infinite, as that of a boolean that may be unknown. `positive`: it is
    known to be no less than 0.
    """

    value: Array
    wide: Array | None = None
    size: float = inf
    lost: Array | None = None
    positive: bool = False


# evaluate(jaxpr, constants, numbers) -> numbers
Evaluate = Callable[[Any, Sequence[Array], Sequence[Number]], list[Number]]


def known(value: Array, size: float | None = None, positive: bool = False) -> Number:
    """A value that is right as it is; `size` and `positive`, where what made it says so."""
    if size is None or getattr(value, "dtype", None) == np.bool_:
        size = size_of(value)
        positive = positive or is_positive(value)
    return Number(value, None, min(size, limit_of(value) + 1), None, positive)


def limit_of(value: Array) -> float:
    """The largest number of a narrow or unsigned integer type; infinite of other types."""
    name = str(getattr(value, "dtype", ""))
    return float(np.iinfo(name).max) if name in NARROW or name.startswith("uint") else inf


def is_whole(value: Array) -> bool:
    """Whether it is of integers that are computed in 64 bits, and not of those whose bits are mixed."""
    return str(value.dtype) in (*NARROW, "int64")


def apart(number: Number) -> bool:
    """Whether it may be other than it was written."""
    return number.wide is not None or number.lost is not None


def wide_of(number: Number) -> Array:
    """A number in 64 bits, if it is a narrow integer or a boolean; the right one, if it was cut off."""
    value = number.value
    if number.wide is not None and not is_cast(number):
        return number.wide
    value = jnp.asarray(value)
    return value.astype(jnp.int64) if value.dtype == bool or str(value.dtype) in NARROW else value


def cast_of(whole: Array, dtype: Any, size: float) -> Number:
    """The floating-point number of an integer, lost where it is none: 1 / 2^100 is not 0."""
    none = is_none(whole) if size == inf else None
    real = whole.astype(dtype) if none is None else nan_where(none, whole.astype(dtype))
    return Number(real, whole if jnp.issubdtype(dtype, jnp.floating) else None, size, none)


def constant(number: Number) -> np.ndarray | None:
    """The integers of a constant; None of anything else."""
    fixed = not apart(number) and not isinstance(number.value, Tracer) and number.size < inf
    value = np.asarray(number.value) if fixed else None
    return value if value is not None and value.dtype.kind in "iub" else None


def in_64_bits(number: Number) -> Array:
    """A number that stands in 64 bits, as it does."""
    assert number.wide is not None
    return number.wide


def is_cast(number: Number) -> bool:
    """Whether it is an integer that has just become a floating-point number."""
    return number.wide is not None and jnp.issubdtype(number.value.dtype, jnp.floating)


def plain(number: Number) -> Number:
    """The same, not known to have been an integer."""
    return number._replace(wide=None) if is_cast(number) else number


def may_be_none(number: Number) -> bool:
    """Whether it may be what no integer is, or rest on such."""
    return number.lost is not None or (number.wide is not None and number.size == inf)


def without_side(number: Number) -> Array:
    """Where it is none of which not even the side is known, or rests on what is none."""
    if number.wide is not None:
        return number.wide <= LOST
    return jnp.zeros(jnp.shape(number.value), bool) if number.lost is None else number.lost


def lost(number: Number) -> Array:
    """Where it is none, or rests on such."""
    return without_side(number) if number.wide is None else is_none(number.wide)


def unknown_where(unknown: Array, number: Number) -> Number:
    """A number that nobody knows at some places."""
    value = jnp.asarray(number.value)
    if value.dtype == bool or is_whole(value):
        return Number(value, jnp.where(unknown, jnp.asarray(NAN, jnp.int64), wide_of(number)))
    nowhere = jnp.broadcast_to(unknown, value.shape) | lost(number)
    return Number(nan_where(nowhere, value), None, inf, nowhere)


def nan_where(mask: Array, value: Array) -> Array:
    """A value with NaN where a mask is true, if it is of floating-point numbers."""
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return value
    return jnp.where(mask, jnp.asarray(jnp.nan, value.dtype), value)


def flat(numbers: Sequence[Number], two: Sequence[bool]) -> list[Array]:
    """All arrays of these numbers, of each of `two` the number in 64 bits, or where it is lost, as well."""
    arrays = []
    for number, both in zip(numbers, two, strict=True):
        arrays += [number.value, _second(number)] if both else [number.value]
    return arrays


def _second(number: Number) -> Array:
    value = jnp.asarray(number.value)
    return wide_of(number) if value.dtype == bool or is_whole(value) else lost(number)


def unflat(arrays: Sequence[Array], two: Sequence[bool], like: Sequence[Number]) -> list[Number]:
    """The numbers again, as large as those."""
    rest = iter(arrays)
    numbers = []
    for both, one in zip(two, like, strict=True):
        value = next(rest)
        second = next(rest) if both else None
        if second is None:
            numbers.append(known(value, one.size, one.positive))
        elif second.dtype == bool:
            numbers.append(Number(value, None, inf, second))
        else:
            numbers.append(Number(value, second, one.size))
    return numbers
