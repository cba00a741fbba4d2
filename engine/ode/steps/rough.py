"""Logarithm and power of 2 for the size of a step, of which nobody needs more than two digits.

A float's bits, read as an integer, are its logarithm to base 2, with a line in place of the curve between two
powers of 2 (Mitchell, 1962, "Computer multiplication and division using binary logarithms"). With log and exp
instead, a step of two components took an eighth longer.
"""

from math import sqrt
from typing import Any

import jax.numpy as jnp
from jax import lax

Array = Any

# 2^f is about 1 + SLOPE f + BEND f^2, right at -1/2, 0 and 1/2.
_SLOPE, _BEND = sqrt(0.5), 3 * sqrt(2) - 4


def _layout(x: Array) -> tuple[Any, int, int]:
    """The dtype of integers of its size, how many bits its fraction has, and its exponent's bias."""
    info = jnp.finfo(x.dtype)
    return (jnp.uint64 if info.bits == 64 else jnp.uint32), info.nmant, int(info.maxexp) - 1


def log2(x: Array) -> Array:
    """The logarithm to base 2 of positive normal numbers, exact or up to 0.087 too small; NaN of NaN."""
    whole, fraction, bias = _layout(x)
    # Exponent and fraction become the fraction of a float of integers; the last bits have no room there.
    dropped = jnp.finfo(x.dtype).bits - 1 - fraction
    grid = 2.0**fraction
    bits = lax.bitcast_convert_type(x, whole) >> whole(dropped)
    one = lax.bitcast_convert_type(jnp.asarray(grid, x.dtype), whole)
    number = lax.bitcast_convert_type(bits | one, x.dtype) - grid
    return number * 2.0 ** (dropped - fraction) - bias + 0 * x


def exp2(x: Array) -> Array:
    """2^x to 0.3%, where it is a normal number; exact of integers, and NaN of NaN."""
    whole, fraction, _ = _layout(x)
    n = jnp.round(x)
    f = x - n
    mantissa = 1 + f * (_SLOPE + f * _BEND)
    shifted = lax.bitcast_convert_type(n + 1.5 * 2.0**fraction, whole) << whole(fraction)
    return lax.bitcast_convert_type(shifted + lax.bitcast_convert_type(mantissa, whole), x.dtype)
