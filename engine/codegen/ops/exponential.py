"""exp, log, the logistic function and their like near 0: everything about them.

Their formulas reduce the argument and take a polynomial, after the usual pattern (Cody and Waite, "Software
manual for the elementary functions", 1980; the logarithm's coefficients are those of Sun's fdlibm). Errors
stay below 2 units in the last place; results below the smallest normal number are 0, as in XLA. The
formulas are of doubles; float32 goes through them (`decompose`).
"""

import math
from math import factorial, inf, nan
from typing import Any

import jax
import jax.numpy as jnp

from .operation import define
from .series import Series, chained, inner, minus, plus, scaled, times
from .term import Term, polynomial, where

LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
# Added to an integer below 2^51, leaves that integer in the low bits.
TO_BITS = 6755399441055744.0
EXP_COEFFICIENTS = [1 / factorial(k) for k in range(2, 14)]
_LARGEST, _SMALLEST = 709.782712893384, -708.3964185322641
SMALLEST_NORMAL = 2.0**-1022
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_LOG_COEFFICIENTS = [
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
]  # fmt: skip


# --- exp -------------------------------------------------------------------------------------------------


def _exp(x: Term) -> Term:
    """e^x = 2^k e^r with |r| <= ln(2)/2."""
    k = (x * (1 / math.log(2))).roundeven()
    r = k.fma(-LN2_LOW, k.fma(-LN2_HIGH, x))
    # 1 + (r + r^2 q): the large terms last, so that only they round.
    p = (r * r).fma(polynomial(r, EXP_COEFFICIENTS), r) + 1.0
    y = (((k + TO_BITS).bits() << 52) + p.bits()).from_bits()
    y = where(x > _LARGEST, inf, y)
    y = where(x < _SMALLEST, 0.0, y)
    return where(x.is_nan(), x, y)  # a NaN may carry bits that were shifted into a number


def _exp_series(own: Series, k: int, x: Series) -> Any:
    """By e' = e x'."""
    return chained(own, k, x)


define("exp", 1, primitive=True, value=jnp.exp, series=_exp_series, formula=_exp, folds_by_formula=True)


# --- exp - 1 ---------------------------------------------------------------------------------------------


def exp_minus_1(x: Term) -> Term:
    """e^x - 1 = 2^k (e^r - 1) + (2^k - 1), the last of which is exact where it matters."""
    k = (x * (1 / math.log(2))).roundeven()
    high, low = k.fma(-LN2_HIGH, x), k * LN2_LOW
    r = high - low
    lost = (high - r) - low  # of the difference, by rounding
    p = (r * r).fma(polynomial(r, EXP_COEFFICIENTS), r.fma(lost, lost)) + r
    half = power_of_2(k + -1.0)  # 2^k itself may not be finite where the result is
    y = half.fma(p, half + -0.5) * 2.0
    y = where(x > _LARGEST, inf, y)
    y = where(x < -50.0, -1.0, y)
    y = where(abs(x) < 2.0**-54, x, y)
    return where(x.is_nan(), x, y)


def power_of_2(k: Term) -> Term:
    """2^k of a whole number between -1022 and 1023, given as a double."""
    return (((k + TO_BITS).bits() << 52) + k.term(1.0).bits()).from_bits()


def _exp_minus_1_series(own: Series, k: int, x: Series) -> Any:
    """By e' = (1 + e) x'."""
    own.slope.append(plus(own[k - 1], 1.0 if k == 1 else None))
    return chained(own.slope, k, x)


define("expm1", 1, primitive=True, value=jnp.expm1, series=_exp_minus_1_series, formula=exp_minus_1)


# --- log -------------------------------------------------------------------------------------------------


def _log(x: Term) -> Term:
    """Ln x = e ln 2 + ln m with m between sqrt(1/2) and sqrt 2."""
    small = x < SMALLEST_NORMAL
    power, m = power_and_mantissa(where(small, x * 2.0**54, x))
    e = whole(power)
    e = where(small, e + -54.0, e)
    y = _log_from_parts(e, m + -1.0, e * LN2_LOW)
    y = where(x < inf, y, x)
    y = where(x.equals(0.0), -inf, y)
    return where(x < 0.0, nan, y)


def power_and_mantissa(x: Term) -> tuple[Term, Term]:
    """A normal number as 2^power m, with m between sqrt(1/2) and sqrt 2; the power is an integer."""
    bits = x.bits()
    power = (bits - _SQRT_HALF_BITS) >> 52
    return power, (bits - (power << 52)).from_bits()


def whole(power: Term) -> Term:
    """A power of 2 as a double."""
    return (power + 0x4338000000000000).from_bits() + -TO_BITS


def _log_from_parts(e: Term, f: Term, low: Term) -> Term:
    """Ln (1 + f) + e ln2_high + low."""
    s = f / (f + 2.0)
    z = s * s
    tail = z * polynomial(z, _LOG_COEFFICIENTS)
    half = f * f * 0.5
    # e ln2_high - ((half - (s (half + tail) + low)) - f)
    return e * LN2_HIGH - ((half - s.fma(half + tail, low)) - f)


def log_series(own: list[Any], k: int, x: Series) -> Any:
    """By x l' = x'."""
    total = None
    for j in range(1, k):
        total = plus(total, times(scaled(own[j], float(j)), x[k - j]))
    rest = minus(x[k], scaled(total, 1 / k))
    return None if rest is None else rest / x[0]


define("log", 1, primitive=True, value=jnp.log, series=log_series, formula=_log, folds_by_formula=True)


# --- log (1 + x) -----------------------------------------------------------------------------------------


def _log_1_plus(x: Term) -> Term:
    """As ln of u = 1 + x, with what the sum lost; near 0 by x itself, of which nothing is lost."""
    u = x + 1.0
    power, m = power_and_mantissa(u)
    near = power.equals(0)
    lost = where(x > 1.0, x.term(1.0) - (u - x), x - (u + -1.0)) / u
    e = whole(power)
    y = _log_from_parts(e, where(near, x, m + -1.0), e.fma(LN2_LOW, where(near, 0.0, lost)))
    y = where(abs(x) < 2.0**-54, x, y)
    y = where(x < inf, y, x)
    y = where(x.equals(-1.0), -inf, y)
    return where(x < -1.0, nan, y)


def _log_1_plus_series(own: Series, k: int, x: Series) -> Any:
    """As ln of the series 1 + x."""
    return log_series(own, k, Series([1.0 + x[0], *x[1:]]))


define("log1p", 1, primitive=True, value=jnp.log1p, series=_log_1_plus_series, formula=_log_1_plus)


# --- logistic --------------------------------------------------------------------------------------------


def _logistic(x: Term) -> Term:
    """1 / (1 + e^-x)."""
    return x.term(1.0) / (_exp(-x) + 1.0)


def _logistic_series(own: Series, k: int, x: Series) -> Any:
    """By s' = s (1 - s) x'."""
    own.slope.append(_slope_of_logistic(own, k - 1))
    return chained(own.slope, k, x)


def _slope_of_logistic(own: Series, k: int) -> Any:
    """Coefficient k of s (1 - s)."""
    if k == 0:
        return own[0] - own[0] * own[0]
    return minus(times(own[k], 1 - 2 * own[0]), inner(own, own, k) if k > 1 else None)


define("logistic", 1, primitive=True, value=jax.nn.sigmoid, series=_logistic_series, formula=_logistic)
