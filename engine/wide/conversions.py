"""Integers that floating-point numbers become, and back: cut off nowhere, and lost where there is none."""

from math import inf
from typing import Any

import jax.numpy as jnp
import numpy as np

from .checked import NAN, integer_of, is_none
from .numbers import (
    Array,
    Number,
    apart,
    cast_of,
    constant,
    is_whole,
    known,
    limit_of,
    lost,
    may_be_none,
    unknown_where,
    wide_of,
    without_side,
)

# Floating-point numbers below this have an integer of 64 bits; larger ones are looked at.
_SAFE = 2.0**62
# Constants below this are the same in every type of integers.
_TINY = 2**7


def is_cut(equation: Any) -> bool:
    """Whether an equation makes integers of floating-point numbers, or unsigned ones of others."""
    if equation.primitive.name != "convert_element_type":
        return False
    of, to = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
    if jnp.issubdtype(of, jnp.floating):
        return jnp.issubdtype(to, jnp.integer)
    return _is_of_bits(to) and jnp.issubdtype(of, jnp.signedinteger)


def _is_of_bits(dtype: Any) -> bool:
    return str(dtype) in ("uint32", "uint64")


def converted(equation: Any, operand: Number, result: Array) -> Number:
    """A conversion, of NaN to the integer that stands for it, and back."""
    size, positive, plain = operand.size, operand.positive, not apart(operand)
    signed_or_positive = positive or not jnp.issubdtype(result.dtype, jnp.unsignedinteger)
    tiny = constant(operand)
    if tiny is not None and size < _TINY and positive:
        return known(tiny.astype(result.dtype))
    if is_cut(equation):
        if plain and size <= min(limit_of(result), _SAFE) and signed_or_positive:
            return known(result, size, positive)
        return _bits(operand, result) if _is_of_bits(result.dtype) else _cut(operand, result)
    if result.dtype == bool:
        return _truth(operand, result)
    if is_whole(result):
        if plain and size <= limit_of(result) and signed_or_positive:
            return known(result, size, positive)
        if operand.lost is not None:
            return unknown_where(operand.lost, known(result))
        return Number(result, wide_of(operand).astype(jnp.int64), size)
    if plain:
        return known(result, size, positive)
    if operand.wide is None:
        return Number(result, None, inf, operand.lost)
    return _bits(operand, result) if _is_of_bits(result.dtype) else cast_of(operand.wide, result.dtype, size)


def _cut(operand: Number, result: Array) -> Number:
    """The integer of a floating-point number."""
    if operand.wide is not None:
        return Number(result, operand.wide, operand.size)
    exact = integer_of(jnp.asarray(operand.value))
    return Number(result, exact if operand.lost is None else jnp.where(operand.lost, NAN, exact))


def _bits(operand: Number, result: Array) -> Number:
    """Bits of an integer, lost where it is negative, or larger than they can be."""
    of = jnp.asarray(operand.value)
    real = jnp.issubdtype(of.dtype, jnp.floating) and operand.wide is None
    whole = integer_of(of) if real else operand.wide
    if whole is None:
        whole = of.astype(jnp.int64)
    value, nowhere = (
        jnp.where(is_none(whole), result, whole.astype(result.dtype)),
        is_none(whole) | (whole < 0),
    )
    if real and result.dtype == jnp.uint64:  # it has one more bit than an integer
        nowhere &= ~((of >= 2.0**63) & (of < 2.0**64))
    if result.dtype == jnp.uint32:
        nowhere |= whole > np.iinfo(np.uint32).max
    return Number(value, None, inf, nowhere | lost(operand))


def _truth(operand: Number, result: Array) -> Number:
    """Whether a number is not 0."""
    if not apart(operand):
        return known(result)
    number = Number(result, (wide_of(operand) != 0).astype(jnp.int64), 1.0)
    return unknown_where(without_side(operand), number) if may_be_none(operand) else number
