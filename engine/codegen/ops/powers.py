"""Powers: everything about them.

x^y = e^(y ln x), the logarithm and the product kept as sums of two doubles, for an error of the exponent is
one of the result times its size. Errors stay below 1 unit in the last place; results below the smallest
normal number are 0, as of exp. Values at 0, at infinity and of NaN are those of C (ISO C, annex F).
"""

import math
from fractions import Fraction
from math import inf, nan
from typing import Any

import jax.numpy as jnp

from .exponential import (
    EXP_COEFFICIENTS,
    LN2_HIGH,
    LN2_LOW,
    SMALLEST_NORMAL,
    log_series,
    power_and_mantissa,
    power_of_2,
    whole,
)
from .operation import define
from .pairs import normal, product_of
from .series import Series, chained, convolved, plus, times
from .term import Term, polynomial, where

_THIRD_HIGH = 1 / 3
_THIRD_LOW = float(Fraction(1, 3) - Fraction(_THIRD_HIGH))
_ARTANH_COEFFICIENTS = [1 / (2 * n + 1) for n in range(2, 15)]
# Beyond, results are infinite or 0; half the power of 2 is in range up to here.
_MOST = 1400.0


def _log_in_two(x: Term) -> tuple[Term, Term]:
    """Ln x of a positive finite number, to some 65 bits: e ln 2 + 2 artanh s with s = (m - 1) / (m + 1)."""
    small = x < SMALLEST_NORMAL
    power, m = power_and_mantissa(where(small, x * 2.0**54, x))
    e = whole(power)
    e = where(small, e + -54.0, e)
    f, d = m + -1.0, m + 1.0
    s = f / d
    s_low = ((-s).fma(d, f) - s * (m - (d + -1.0))) / d
    z, z_low = product_of(s, s)
    z_low = z_low + s * s_low * 2.0
    # artanh s = s (1 + w) with w = z/3 + z^2/5 + ..., its first term in two parts as well.
    third, third_low = product_of(z, z.term(_THIRD_HIGH))
    third_low = third_low + (z * _THIRD_LOW + z_low * _THIRD_HIGH)
    w, w_low = normal(third, z * z * polynomial(z, _ARTANH_COEFFICIENTS))
    w_low = w_low + third_low
    twice, twice_low = s * 2.0, s_low * 2.0
    more, more_low = product_of(twice, w)
    more_low = more_low + (twice * w_low + twice_low * w)
    high, low = normal(twice, more)
    total, lost = normal(e * LN2_HIGH, high)  # the product is exact
    return normal(total, lost + (e * LN2_LOW + (low + (more_low + twice_low))))


def _exp_of_two(high: Term, low: Term) -> Term:
    """e^(high + low), infinite or 0 where it is out of range."""
    k = (high * (1 / math.log(2))).roundeven()
    first, second = k.fma(-LN2_HIGH, high), k * LN2_LOW
    r, lost = normal(first, -second)
    r, lost = normal(r, lost + low)
    p = (r * r).fma(polynomial(r, EXP_COEFFICIENTS), r.fma(lost, lost) + r) + 1.0
    half = (k * 0.5).floor()  # 2^k itself may be out of range
    y = p * power_of_2(half) * power_of_2(k - half)
    return where(y < SMALLEST_NORMAL, 0.0, y)


def _power(x: Term, y: Term) -> Term:
    size = abs(x)
    log, log_low = _log_in_two(size)
    product, product_low = product_of(log, y)
    within = abs(product) < _MOST
    beyond = where(product < 0.0, product.term(-_MOST), _MOST)
    low = where(within, product_low + log_low * y, 0.0)
    result = _exp_of_two(where(within, product, beyond), low)
    result = where(size.equals(0.0), where(y < 0.0, inf, y.term(0.0)), result)
    result = where(size.equals(1.0), 1.0, result)
    whole_exponent = y.floor().equals(y)
    result = where(x < 0.0, where(whole_exponent, result, nan), result)
    result = where(size.equals(inf), where(y < 0.0, 0.0, y.term(inf)), result)
    odd = where(whole_exponent, ((y * 0.5).floor() * 2.0).differs(y), whole_exponent)
    result = where(x.bits() < 0, where(odd, -result, result), result)
    result = where(x.is_nan(), x, where(y.is_nan(), y, result))
    return where(y.equals(0.0), 1.0, where(x.equals(1.0), 1.0, result))


def _power_series(own: Series, k: int, x: Series, exponent: Series) -> Any:
    """By x y' = e y x' where the exponent is constant, and y' = y e' ln x where the base is."""
    if all(c is None for c in x[1:]):
        slope = chained(own, k, exponent)
        return None if slope is None else slope * jnp.log(x[0])
    if any(c is not None for c in exponent[1:]):
        return _moving_power_series(own, k, x, exponent)
    total = None
    for j in range(1, k + 1):
        term = times(x[j], own[k - j])
        total = plus(total, None if term is None else term * (exponent[0] * j - (k - j)))
    return None if total is None else total / (k * x[0])


def _moving_power_series(own: Series, k: int, x: Series, exponent: Series) -> Any:
    """As e^w with w = e ln x, whose logarithm is followed beside it."""
    if k == 1:
        own.beside.append(jnp.log(x[0]))
        own.slope.append(exponent[0] * own.beside[0])
    own.beside.append(log_series(own.beside, k, x))
    own.slope.append(convolved(exponent, own.beside, k))
    return chained(own, k, Series(own.slope))


define("pow", 2, value=jnp.power, series=_power_series, formula=_power)
