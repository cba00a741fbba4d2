"""Comparisons, choices, and operations on booleans and bits."""

from typing import Any

import jax.numpy as jnp
from jax import lax

from .exact import reinterpreted, shifted_left, shifted_right
from .operation import define
from .series import choice

# --- comparisons: of floats, only `ne` holds with NaN ----------------------------------------------------


def _comparison(name: str, value: Any, fold: Any) -> None:
    define(name, 2, primitive=True, result_dtype="i1", value=value, fold=fold, stepwise=True)


_comparison("eq", jnp.equal, lambda a, b: a == b)
_comparison("ne", jnp.not_equal, lambda a, b: a != b)
_comparison("lt", jnp.less, lambda a, b: a < b)
_comparison("le", jnp.less_equal, lambda a, b: a <= b)
_comparison("gt", jnp.greater, lambda a, b: a > b)
_comparison("ge", jnp.greater_equal, lambda a, b: a >= b)


# --- a choice: (condition, where true, where false) ------------------------------------------------------


def _chosen(which: Any, yes: Any, no: Any) -> Any:
    if yes is no:
        return yes
    if which.constant:
        return yes if which.value else no
    return None


define("select", 3, value=jnp.where, simplify=_chosen, series=choice)


# --- bit by bit ------------------------------------------------------------------------------------------


def _decided(a: Any, b: Any, neutral: bool) -> Any:
    """Of two booleans that are joined, of which `neutral` leaves the other: the one that is the result."""
    if a.dtype != "i1":
        return None
    for known, other in ((a, b), (b, a)):
        if known.constant:
            return other if bool(known.value) == neutral else known
    return a if a is b else None


define(
    "and", 2, primitive=True,
    value=jnp.bitwise_and,
    fold=lambda a, b: a & b,
    simplify=lambda a, b: _decided(a, b, neutral=True),
    stepwise=True,
)  # fmt: skip
define(
    "or", 2, primitive=True,
    value=jnp.bitwise_or,
    fold=lambda a, b: a | b,
    simplify=lambda a, b: _decided(a, b, neutral=False),
    stepwise=True,
)  # fmt: skip
define("xor", 2, primitive=True, value=jnp.bitwise_xor, stepwise=True)
define("not", 1, value=jnp.bitwise_not, stepwise=True)
define("shift_left", 2, value=lax.shift_left, fold=shifted_left, stepwise=True)
define("shift_right_logical", 2, value=lax.shift_right_logical, stepwise=True)
define("shift_right_arithmetic", 2, value=lax.shift_right_arithmetic, fold=shifted_right, stepwise=True)


# --- from one dtype to another: by value, and bit by bit -------------------------------------------------

define("convert", 1, value=lambda a, dtype: lax.convert_element_type(a, dtype), typed=True,
       series=lambda _own, k, a: a[k])  # fmt: skip
define(
    "bitcast", 1, value=lambda a, dtype: lax.bitcast_convert_type(a, dtype), typed=True, fold=reinterpreted
)
