"""Operations on constants as every device rounds them, and the remainder of floats, which none rounds."""

import math
import struct
from fractions import Fraction
from typing import Any

import numpy as np

from .term import Term, repeated, where

_FORMATS = {"f64": "d", "f32": "f", "i64": "q", "u64": "Q", "i32": "i", "u32": "I"}
_EXPONENT = 0x7FF
# Quotients of this many bits are integers that a double holds, and their products with the divisor are exact.
_BITS = 50


# --- of constants ----------------------------------------------------------------------------------------


def fused(a: Any, b: Any, c: Any) -> Any:
    """A b + c, rounded once."""
    if not (np.isfinite(a) and np.isfinite(b) and np.isfinite(c)):
        return a * b + c
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    if not exact:
        return a * b + c  # which knows the sign of 0
    if getattr(a, "dtype", None) == np.float32:
        return _single(exact)
    try:
        return exact.numerator / exact.denominator
    except OverflowError:
        return math.copysign(math.inf, exact)


def _single(exact: Fraction) -> np.float32:
    """The nearest of the three floats around a number that was rounded twice."""
    near = np.float32(exact.numerator / exact.denominator)
    if not np.isfinite(near):
        return near
    around = (np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf)))
    even = [int(a.view(np.uint32)) % 2 for a in around]
    return min(zip(around, even, strict=True), key=lambda pair: (_apart(pair[0], exact), pair[1]))[0]


def _apart(a: np.float32, exact: Fraction) -> Fraction:
    return abs(Fraction(float(a)) - exact) if np.isfinite(a) else Fraction(2) ** 128


def reinterpreted(a: Any, dtype: str, given: str) -> Any:
    """The same bits as a number of another dtype of the same size."""
    return struct.unpack(_FORMATS[dtype], struct.pack(_FORMATS[given], a))[0]


def shifted_left(a: int, bits: int) -> int:
    """Before it is cut to its dtype."""
    return a << bits if 0 <= bits < 64 else 0


def shifted_right(a: int, bits: int) -> int:
    """The sign is kept."""
    return a >> min(bits, 63) if bits >= 0 else (-1 if a < 0 else 0)


# --- the remainder ---------------------------------------------------------------------------------------


def remainder(x: Term, y: Term) -> Term:
    """What is left of x once y is taken from it as often as it goes, with the sign of x: exact, as C's fmod.

    From the front: y times a power of 2 is taken off as often as it goes, some 2^50 times at most; the
    product and the difference are exact (fma). Few numbers need more than one round.
    """
    divisor, size = abs(y), abs(x)
    below = _exponent(divisor)
    fits = (size < math.inf).apply("and", divisor > 0.0).apply("and", divisor < math.inf)

    def goes_on(left: Term) -> Term:
        return (divisor < left).apply("or", left.equals(divisor)).apply("and", fits)

    def taken(left: Term) -> list[Term]:
        shift = _exponent(left) - below - _BITS
        times = where(shift > 0, shift, 0)
        most = times >> 1  # 2^times itself may be out of range
        part = divisor * _two_to(most) * _two_to((times - most) >> 1) * _two_to((times - most + 1) >> 1)
        count = (left / part).floor()
        rest = (-count).fma(part, left)  # the quotient may have been rounded up to one too many
        return [where(rest < 0.0, rest + part, rest)]

    (left,) = repeated([size], goes_on, taken)
    result = where(x.bits() < 0, -left, left)
    result = where(fits, result, where((size < math.inf).apply("and", y.equals(y)), x, math.nan))
    return where(y.equals(0.0), math.nan, result)


def _exponent(size: Term) -> Term:
    """The power of 2 of a number that is not negative, up to one constant; also below the normal ones."""
    small = size < 2.0**-1022
    exponent = (where(small, size * 2.0**54, size).bits() >> 52) & _EXPONENT
    return exponent - where(small, exponent.term(54), 0)


def _two_to(power: Term) -> Term:
    """2^power, which is normal."""
    return ((power + 1023) << 52).from_bits()
