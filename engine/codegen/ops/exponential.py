"""exp, log and the logistic function: everything about them.

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
import numpy as np

from .operation import define
from .series import Series, chained, minus, plus, product, scaled, times
from .term import Term, where

_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
# Added to an integer below 2^51, leaves that integer in the low bits.
_TO_BITS = 6755399441055744.0
_EXP_COEFFICIENTS = [1 / factorial(k) for k in range(2, 14)]
_LARGEST, _SMALLEST = 709.782712893384, -708.3964185322641
_SMALLEST_NORMAL = 2.0**-1022
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_LOG_COEFFICIENTS = [
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
    1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01,
]  # fmt: skip


def _polynomial(x: Term, coefficients: list[float]) -> Term:
    """Estrin's scheme: pairs side by side, so that they need not wait for each other."""
    terms = [x.term(c) for c in coefficients]
    while len(terms) > 1:
        pairs = [
            terms[k + 1].fma(x, terms[k]) if k + 1 < len(terms) else terms[k] for k in range(0, len(terms), 2)
        ]
        terms, x = pairs, x * x if len(pairs) > 1 else x
    return terms[0]


# --- exp -------------------------------------------------------------------------------------------------


def _exp(x: Term) -> Term:
    """e^x = 2^k e^r with |r| <= ln(2)/2."""
    k = (x * (1 / math.log(2))).roundeven()
    r = k.fma(-_LN2_LOW, k.fma(-_LN2_HIGH, x))
    # 1 + (r + r^2 q): the large terms last, so that only they round.
    p = (r * r).fma(_polynomial(r, _EXP_COEFFICIENTS), r) + 1.0
    y = (((k + _TO_BITS).bits() << 52) + p.bits()).from_bits()
    y = where(x > _LARGEST, inf, y)
    y = where(x < _SMALLEST, 0.0, y)
    return where(x.is_nan(), x, y)  # a NaN may carry bits that were shifted into a number


def _exp_series(own: Series, k: int, x: Series) -> Any:
    """By e' = e x'."""
    return chained(own, k, x)


define("exp", 1, primitive=True, value=jnp.exp, fold=np.exp, series=_exp_series, formula=_exp)


# --- log -------------------------------------------------------------------------------------------------


def _log(x: Term) -> Term:
    """Ln x = e ln 2 + ln m with m between sqrt(1/2) and sqrt 2."""
    small = x < _SMALLEST_NORMAL
    bits = where(small, x * 2.0**54, x).bits()
    power = (bits - _SQRT_HALF_BITS) >> 52
    m = (bits - (power << 52)).from_bits()
    e = (power + 0x4338000000000000).from_bits() + -_TO_BITS
    e = where(small, e + -54.0, e)
    f = m + -1.0
    s = f / (f + 2.0)
    z = s * s
    tail = z * _polynomial(z, _LOG_COEFFICIENTS)
    half = f * f * 0.5
    # e ln2_high - ((half - (s (half + tail) + e ln2_low)) - f)
    inner = s.fma(half + tail, e * _LN2_LOW)
    y = e * _LN2_HIGH - ((half - inner) - f)
    y = where(x < inf, y, x)
    y = where(x.equals(0.0), -inf, y)
    return where(x < 0.0, nan, y)


def _log_series(own: Series, k: int, x: Series) -> Any:
    """By x l' = x'."""
    total = None
    for j in range(1, k):
        total = plus(total, times(scaled(own[j], float(j)), x[k - j]))
    rest = minus(x[k], scaled(total, 1 / k))
    return None if rest is None else rest / x[0]


define("log", 1, primitive=True, value=jnp.log, fold=np.log, series=_log_series, formula=_log)


# --- logistic --------------------------------------------------------------------------------------------


def _logistic(x: Term) -> Term:
    """1 / (1 + e^-x)."""
    return x.term(1.0) / (_exp(-x) + 1.0)


def _logistic_series(own: Series, k: int, x: Series) -> Any:
    """By s' = s (1 - s) x'."""
    own.slope.append(minus(own[k - 1], product(own, k - 1, own, own)))
    return chained(own.slope, k, x)


define("logistic", 1, primitive=True, value=jax.nn.sigmoid, series=_logistic_series, formula=_logistic)
