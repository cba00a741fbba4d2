"""tanh: everything about it. Its error stays below 2 units in the last place."""

from typing import Any

import jax.numpy as jnp

from .exponential import exp_minus_1
from .operation import define
from .pairs import sum_of
from .series import Series, chained, minus, product
from .term import Term, where

# From here on it is 1.
_LARGEST = 22.0


def _tanh(x: Term) -> Term:
    """With t = e^(2|x|) - 1: t / (t + 2)."""
    t = exp_minus_1(abs(x).at_most(_LARGEST) * 2.0)
    d, d_low = sum_of(t, t.term(2.0))
    inverse = t.term(1.0) / d
    y = t * inverse
    y = ((-y).fma(d, t) - y * d_low).fma(inverse, y)  # what the quotient's roundings lost
    y = where(x < 0.0, -y, y)
    return where(abs(x) < 2.0**-27, x, y)


def _tanh_series(own: Series, k: int, x: Series) -> Any:
    """By t' = (1 - t^2) x'."""
    own.slope.append(minus(1.0 if k == 1 else None, product(own, k - 1, own, own)))
    return chained(own.slope, k, x)


define("tanh", 1, primitive=True, value=jnp.tanh, series=_tanh_series, formula=_tanh)
