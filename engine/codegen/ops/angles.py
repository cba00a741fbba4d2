"""sin and cos: everything about them.

The argument is reduced to r with |r| <= pi/4, kept as a sum of two doubles, and r goes into a polynomial
(Cody and Waite, "Software manual for the elementary functions", 1980; coefficients of Sun's fdlibm).
Large arguments are reduced by as many bits of 2/pi as they need (Payne and Hanek, SIGNUM Newsletter 18,
1983). Errors stay below 1 unit in the last place, for doubles of any size.
"""

import math
from math import inf, nan
from typing import Any

import jax.numpy as jnp

from .exponential import TO_BITS
from .operation import define
from .pairs import normal, product_of, sum_of
from .series import Series, chained, scaled
from .term import Term, polynomial, repeated, where

# pi/2 as a sum of three doubles.
_HALF_PI = tuple(
    map(float.fromhex, ("0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110"))
)
# Up to here a multiple of pi/2 is found in doubles.
_LARGE = 2.0**45
# 2/pi to 1,184 bits, in words of 32.
_WORDS_OF_2_OVER_PI = tuple(
    int.from_bytes(word)
    for digits in [bytes.fromhex(
        "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1c"
        "b129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f"
        "6d367ecf27cb09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046"
    )]
    for word in (digits[k : k + 4] for k in range(0, len(digits), 4))
)  # fmt: skip
_WORDS_NEEDED = 7  # for a double: 53 bits of its own, 53 of the result, 62 that may cancel, and a word's rest
_LOW_32 = 0xFFFFFFFF

_SIN_COEFFICIENTS = [
    8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06,
    -2.50507602534068634195e-08, 1.58969099521155010221e-10,
]  # fmt: skip
_SIN_CUBE = -1.66666666666666324348e-01
_COS_COEFFICIENTS = [
    4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
    -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11,
]  # fmt: skip


# --- the argument ----------------------------------------------------------------------------------------


def _reduced(size: Term) -> tuple[Term, Term, Term]:
    """A number that is not negative as a multiple of pi/2 (its lowest two bits), and r and its lower part."""
    large = size > _LARGE
    quarter, r, low = _reduced_small(size)
    quarter_large, r_large, low_large = _reduced_large(size, large)
    return (
        where(large, quarter_large, quarter),
        where(large, r_large, r),
        where(large, low_large, low),
    )


def _reduced_small(size: Term) -> tuple[Term, Term, Term]:
    first, second, third = _HALF_PI
    k = (size * (2 / math.pi)).roundeven()
    high = k.fma(-first, size)  # exact: what cancels leaves few bits
    product, product_low = product_of(k, k.term(second))
    r, lost = sum_of(high, -product)
    low = (lost - product_low) - k * third
    return (k + TO_BITS).bits(), *normal(r, low)


def _reduced_large(size: Term, large: Term) -> tuple[Term, Term, Term]:
    """By the words of 2/pi, times the 53 bits of `size`, from the first word that does not make whole turns.

    With size = m 2^(e - 52), the first e - 54 bits of 2/pi make whole turns and are left out.
    """
    bits = size.bits()
    skipped = (bits >> 52) - (1023 + 54)
    first, shift = skipped >> 5, (skipped & 31).to("u64")
    m = (bits & 0xFFFFFFFFFFFFF | 1 << 52).to("u64")
    lowest = (m & _LOW_32).shifted_left(shift)
    rest = (m >> 32).shifted_left(shift) + (lowest >> 32)
    limbs = [lowest & _LOW_32, rest & _LOW_32, rest >> 32]

    def step(i: Term, c0: Term, c1: Term, c2: Term, *last: Term) -> list[Term]:
        """One word of 2/pi, from the lowest needed upward: a word of the product, and what is carried on."""
        word = m.term(0)
        for number, value in enumerate(_WORDS_OF_2_OVER_PI):
            word = where(i.equals(number), value, word)
        t0 = limbs[0] * word + c0
        t1 = limbs[1] * word + (t0 >> 32) + c1
        t2 = limbs[2] * word + (t1 >> 32) + c2
        return [i - 1, t1 & _LOW_32, t2 & _LOW_32, t2 >> 32, t0 & _LOW_32, *last[:-1]]

    begin = where(large, first + (_WORDS_NEEDED - 1), first - 1)
    zero = m.term(0)
    state = repeated([begin, *[zero] * 7], lambda i, *_: (first - 1) < i, step)
    return _in_radians(*state[4:])


def _in_radians(w0: Term, w1: Term, w2: Term, w3: Term) -> tuple[Term, Term, Term]:
    """128 bits, of which the first two count quarter turns, and the others are a fraction of one."""
    top, bottom = (w0 << 32) | w1, (w2 << 32) | w3
    whole = top >> 62
    fraction = ((top << 2) | (bottom >> 62)).to("i64")  # as one between -1/2 and 1/2, of 2^64
    quarter = whole.to("i64") + where(fraction < 0, fraction.term(1), 0)
    below = bottom << 2
    parts = (fraction >> 32, fraction & _LOW_32, below >> 32, below & _LOW_32)
    high, middle, low, lowest = (
        part.to("f64") * 2.0**exponent for part, exponent in zip(parts, (-32, -64, -96, -128), strict=True)
    )
    turn, lost = sum_of(high, middle)
    turn, lost = normal(turn, lost + (low + lowest))
    first, second, _ = _HALF_PI
    r, low = product_of(turn, turn.term(first))
    return quarter, *normal(r, low + (turn * second + lost * first))


# --- sin and cos of what is left --------------------------------------------------------------------------


def _sin_near_0(r: Term, low: Term) -> Term:
    z = r * r
    cube = z * r
    inner = cube * polynomial(z, _SIN_COEFFICIENTS)
    return r - ((z * (low * 0.5 - inner) - low) - cube * _SIN_CUBE)


def _cos_near_0(r: Term, low: Term) -> Term:
    z = r * r
    half = z * 0.5
    rest = z * (z * polynomial(z, _COS_COEFFICIENTS)) - r * low
    one_less = half.term(1.0) - half
    return one_less + (((half.term(1.0) - one_less) - half) + rest)


def _of_quarter(x: Term, quarter: Term, r: Term, low: Term) -> Term:
    """The sine of r after so many quarter turns; NaN where x is not finite."""
    odd = (quarter & 1).equals(1)
    y = where(odd, _cos_near_0(r, low), _sin_near_0(r, low))
    y = where((quarter & 2).equals(2), -y, y)
    return where(abs(x) < inf, y, nan)


def _sin(x: Term) -> Term:
    y = _of_quarter(x, *_reduced(abs(x)))
    y = where(x < 0.0, -y, y)
    return where(x.equals(0.0), x, y)  # 0 has a sign


def _cos(x: Term) -> Term:
    quarter, r, low = _reduced(abs(x))
    return _of_quarter(x, quarter + 1, r, low)


def _sine_series(own: Series, k: int, x: Series) -> Any:
    """By s' = c x', with c' = -s x' followed beside it."""
    own.slope.append(jnp.cos(x[0]) if k == 1 else scaled(chained(own, k - 1, x), -1.0))
    return chained(own.slope, k, x)


def _cosine_series(own: Series, k: int, x: Series) -> Any:
    """By c' = -s x', with s' = c x' followed beside it."""
    own.slope.append(-jnp.sin(x[0]) if k == 1 else scaled(chained(own, k - 1, x), -1.0))
    return chained(own.slope, k, x)


define("sin", 1, primitive=True, value=jnp.sin, series=_sine_series, formula=_sin)
define("cos", 1, primitive=True, value=jnp.cos, series=_cosine_series, formula=_cos)
