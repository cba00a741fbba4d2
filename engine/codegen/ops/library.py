"""Functions that have no formula here: a back end takes them from a library, or has none."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from .operation import NoSeries, define
from .series import Series, chained, minus, plus, product, scaled, times

# --- powers ----------------------------------------------------------------------------------------------


def _power_series(own: Series, k: int, x: Series, exponent: Series) -> Any:
    """By x y' = e y x' where the exponent is constant, and y' = y e' ln x where the base is."""
    if all(c is None for c in x[1:]):
        slope = chained(own, k, exponent)
        return None if slope is None else slope * jnp.log(x[0])
    if any(c is not None for c in exponent[1:]):
        raise NoSeries("a power whose base and exponent move")
    total = None
    for j in range(1, k + 1):
        term = times(x[j], own[k - j])
        total = plus(total, None if term is None else term * (exponent[0] * j - (k - j)))
    return None if total is None else total / (k * x[0])


define("pow", 2, value=jnp.power, series=_power_series)
define("exp2", 1, primitive=True, value=jnp.exp2)
define("expm1", 1, primitive=True, value=jnp.expm1)
define("log1p", 1, primitive=True, value=jnp.log1p)
define("cbrt", 1, primitive=True, value=lax.cbrt)


# --- of angles -------------------------------------------------------------------------------------------


def _sine_series(own: Series, k: int, x: Series) -> Any:
    """By s' = c x', with c' = -s x' followed beside it."""
    own.slope.append(jnp.cos(x[0]) if k == 1 else scaled(chained(own, k - 1, x), -1.0))
    return chained(own.slope, k, x)


def _cosine_series(own: Series, k: int, x: Series) -> Any:
    """By c' = -s x', with s' = c x' followed beside it."""
    own.slope.append(-jnp.sin(x[0]) if k == 1 else scaled(chained(own, k - 1, x), -1.0))
    return chained(own.slope, k, x)


define("sin", 1, primitive=True, value=jnp.sin, series=_sine_series)
define("cos", 1, primitive=True, value=jnp.cos, series=_cosine_series)
define("tan", 1, primitive=True, value=jnp.tan)
define("asin", 1, primitive=True, value=jnp.arcsin)
define("acos", 1, primitive=True, value=jnp.arccos)
define("atan", 1, primitive=True, value=jnp.arctan)
define("atan2", 2, primitive=True, value=jnp.arctan2)


# --- hyperbolic ------------------------------------------------------------------------------------------


def _tanh_series(own: Series, k: int, x: Series) -> Any:
    """By t' = (1 - t^2) x'."""
    own.slope.append(minus(1.0 if k == 1 else None, product(own, k - 1, own, own)))
    return chained(own.slope, k, x)


define("tanh", 1, primitive=True, value=jnp.tanh, series=_tanh_series)
define("sinh", 1, primitive=True, value=jnp.sinh)
define("cosh", 1, primitive=True, value=jnp.cosh)
define("asinh", 1, primitive=True, value=jnp.arcsinh)
define("acosh", 1, primitive=True, value=jnp.arccosh)
define("atanh", 1, primitive=True, value=jnp.arctanh)


# --- integrals -------------------------------------------------------------------------------------------

define("erf", 1, primitive=True, value=lax.erf)
define("erfc", 1, primitive=True, value=lax.erfc)
define("lgamma", 1, primitive=True, value=lax.lgamma)
