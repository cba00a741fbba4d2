"""Taylor rules of functions that come from a library: each from an equation for its derivative.

`own.slope` holds the coefficients of what its docstring names q or s, and `own.beside` those of what s is
made of, so that each is formed once.
"""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from .series import Series, chained, convolved, minus, plus, product, scaled, times

Array = Any
Rule = Callable[..., Any]


def _over(own: Series, k: int, top: Any) -> Any:
    """Coefficient k of y, where q y' is what has the coefficient k `top` when it is integrated."""
    total = None
    for j in range(1, k):
        total = plus(total, times(scaled(own[j], float(j)), own.slope[k - j]))
    rest = minus(top, scaled(total, 1 / k))
    return None if rest is None else rest / own.slope[0]


# --- exponentials and tangents ---------------------------------------------------------------------------


def power_of_2_series(own: Series, k: int, x: Series) -> Any:
    """By y' = (ln 2) y x'."""
    return scaled(chained(own, k, x), math.log(2))


def tangent_series(own: Series, k: int, x: Series) -> Any:
    """By y' = s x' with s = 1 + y^2."""
    own.slope.append(plus(1.0 if k == 1 else None, product(own, k - 1, own, own)))
    return chained(own.slope, k, x)


def beside_each_other(first_slope: Callable[[Array], Array]) -> Rule:
    """Of sinh and cosh, by y' = s x' and s' = y x'; `first_slope` is s of a number."""

    def rule(own: Series, k: int, x: Series) -> Any:
        own.slope.append(first_slope(x[0]) if k == 1 else chained(own, k - 1, x))
        return chained(own.slope, k, x)

    return rule


def cube_root_series(own: Series, k: int, x: Series) -> Any:
    """By 3 x y' = y x'."""
    total = None
    for j in range(1, k + 1):
        total = plus(total, scaled(times(x[j], own[k - j]), j / 3 - (k - j)))
    return None if total is None else total / (k * x[0])


# --- inverse functions -----------------------------------------------------------------------------------


def arctangent_series(own: Series, k: int, x: Series) -> Any:
    """By q y' = x' with q = 1 + x^2."""
    own.slope.append(plus(1.0 if k == 1 else None, product(own, k - 1, x, x)))
    return _over(own, k, x[k])


def inverse_tanh_series(own: Series, k: int, x: Series) -> Any:
    """By q y' = x' with q = 1 - x^2, whose first coefficient loses no digits near 1 as (1 - x) (1 + x)."""
    first = (1.0 - x[0]) * (1.0 + x[0])
    own.slope.append(first if k == 1 else scaled(product(own, k - 1, x, x), -1.0))
    return _over(own, k, x[k])


def angle_series(own: Series, k: int, y: Series, x: Series) -> Any:
    """Of arctan2(y, x), by q a' = x y' - y x' with q = x^2 + y^2."""
    own.slope.append(plus(product(own, k - 1, x, x), product(own, k - 1, y, y)))
    return _over(own, k, minus(chained(x, k, y), chained(y, k, x)))


def over_root(first: Callable[[Array], Array], sign: float) -> Rule:
    """Of functions with q y' = x', where q is a root of a square and q' = `sign` x y'; `first` is q of x."""

    def rule(own: Series, k: int, x: Series) -> Any:
        own.slope.append(first(x[0]) if k == 1 else scaled(chained(x, k - 1, own), sign))
        return _over(own, k, x[k])

    return rule


arcsine_series = over_root(lambda x: jnp.sqrt((1.0 - x) * (1.0 + x)), -1.0)
arccosine_series = over_root(lambda x: -jnp.sqrt((1.0 - x) * (1.0 + x)), -1.0)
inverse_sinh_series = over_root(lambda x: jnp.hypot(1.0, x), 1.0)
inverse_cosh_series = over_root(lambda x: jnp.sqrt(x - 1.0) * jnp.sqrt(x + 1.0), 1.0)


# --- integrals -------------------------------------------------------------------------------------------


def error_function_series(sign: float) -> Rule:
    """Of erf, or of erfc with `sign` -1, by y' = s x' with s' = -2 (x s) x'."""

    def rule(own: Series, k: int, x: Series) -> Any:
        first = sign * 2 / math.sqrt(math.pi) * jnp.exp(-x[0] * x[0])
        own.slope.append(first if k == 1 else scaled(chained(own.beside, k - 1, x), -2.0))
        own.beside.append(convolved(x, own.slope, k - 1))
        return chained(own.slope, k, x)

    return rule
