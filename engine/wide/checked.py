"""Whole numbers of 64 bits of which none wraps: what leaves them is said, and stays so.

A sum or product of integers is right but for a multiple of 2^64. So the same is computed of floating-point
numbers beside it, whose error is far less: where both are near each other the integer is right, and where
not, it left the integers on the side on which the other lies.

Four integers stand for what is none. `ABOVE` and `BELOW` are for all beyond 64 bits on one side. Where a
result may lie on either side, or may have come back, as that of `ABOVE` // 2, it is `LOST`, whose bits are
still right, or `NAN`, of which nothing is.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

Array = Any

_LIMITS = np.iinfo(np.int64)
NAN, LOST, BELOW, ABOVE = _LIMITS.min, _LIMITS.min + 1, _LIMITS.min + 2, _LIMITS.max
# What is beyond 64 bits is larger than this, whatever small numbers were added to it since. An integer.
SURE = 2**63 - 2**53
# What wraps differs by 2^64 at least; the error of the float beside it is far below this.
_APART = 2.0**62

# Operations that may leave the integers, or that would take one of these four for a number.
CHECKED = frozenset({
    "add", "sub", "mul", "neg", "abs", "sign", "max", "min", "clamp", "div", "rem", "integer_pow",
    "square", "add_any", "reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "cumsum", "cumprod",
    "cummax", "cummin", "dot_general", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min",
    "scatter-max", "reduce_window_sum", "reduce_window_max", "reduce_window_min", "shift_left",
    "shift_right_arithmetic", "polynomial",
})  # fmt: skip
# Of these the ones that leave the integers, whatever they are given; the others pass on what left them.
LEAVING = frozenset({
    "add", "sub", "mul", "neg", "div", "rem", "integer_pow", "square", "add_any", "reduce_sum", "reduce_prod",
    "cumsum", "cumprod", "dot_general", "scatter-add", "scatter-sub", "scatter-mul", "reduce_window_sum",
    "shift_left", "polynomial",
})  # fmt: skip
# Of the bits that results of these have, those that are left are right.
_OF_RIGHT_BITS = (LEAVING - {"div", "rem"}) | {"shift_right_arithmetic"}
_SCATTERS: dict[str, Callable[..., Array]] = {
    "scatter": lax.scatter, "scatter-add": lax.scatter_add, "scatter-sub": lax.scatter_sub,
    "scatter-mul": lax.scatter_mul,
    "scatter-min": lax.scatter_min, "scatter-max": lax.scatter_max,
}  # fmt: skip


def integer_of(real: Array) -> Array:
    """The integer of a floating-point number, cut off towards zero."""
    size = lax.stop_gradient(real)  # a guard: no field switches where numbers leave the integers
    inside = (size < 2.0**63) & (size > -(2.0**63))
    return jnp.where(inside, jnp.where(inside, real, 0).astype(jnp.int64), _beyond(size))


def real_of(whole: Array, dtype: Any = jnp.float64) -> Array:
    """The floating-point number of an integer: infinite on the side on which it is beyond 64 bits, or NaN."""
    real = whole.astype(dtype)
    real = jnp.where(whole == ABOVE, jnp.inf, jnp.where(whole == BELOW, -jnp.inf, real))
    return jnp.where(whole <= LOST, jnp.nan, real).astype(dtype)


def is_none(whole: Array) -> Array:
    """Which integers are none."""
    return (whole <= BELOW) | (whole == ABOVE)


def on_integers(equation: Any, operands: Sequence[Array]) -> list[Array]:
    """What an equation makes of these operands, which may be of other dtypes than its own."""
    primitive = equation.primitive
    if primitive.name in _SCATTERS:
        return [_scatter(equation, operands)]
    params = primitive.get_bind_params(equation.params)
    if operands and operands[0].dtype != equation.invars[0].aval.dtype and "preferred_element_type" in params:
        params = {**params, "preferred_element_type": operands[0].dtype}
    results = primitive.bind(*operands, **params)
    return list(results) if primitive.multiple_results else [results]


def checked(
    equation: Any, operands: Sequence[Array], may_be_none: Sequence[bool], data: Sequence[int]
) -> Array:
    """The same of one of `CHECKED`, with what leaves the integers said.

    `may_be_none` says of each operand whether it can be what no integer is; those at `data` say what is
    computed, the others where.
    """
    (whole,) = on_integers(equation, operands)
    reals = [
        a if i not in data else real_of(a) if may_be_none[i] else jnp.asarray(a).astype(jnp.float64)
        for i, a in enumerate(operands)
    ]
    unsure = [operands[i] for i in data if may_be_none[i]]
    real = _of_reals(equation, reals)
    right = jnp.abs(real - whole.astype(jnp.float64)) < _APART
    return jnp.where(right, whole, _outside(equation, real, reals, unsure))


def _of_reals(equation: Any, reals: Sequence[Array]) -> Array:
    if equation.primitive.name.startswith("shift"):
        factor = _power_of_two(reals[1])
        return reals[0] * factor if equation.primitive.name == "shift_left" else jnp.floor(reals[0] / factor)
    return on_integers(equation, reals)[0]


def _power_of_two(exponent: Array) -> Array:
    """The power by the bits of a floating-point number: the same on every machine."""
    bits = jnp.clip(exponent, -1022, 1023).astype(jnp.int64) + 1023
    return lax.bitcast_convert_type(bits << 52, jnp.float64)


def _outside(equation: Any, real: Array, reals: Sequence[Array], unsure: Sequence[Array]) -> Array:
    """Which of the four stands for a result that is outside; `unsure` are the operands that may be none."""
    name = equation.primitive.name
    if name in ("div", "rem"):
        return jnp.full(real.shape, NAN, jnp.int64)
    nothing = jnp.asarray(NAN, jnp.int64)
    if name in _OF_RIGHT_BITS:
        nan = jnp.any(jnp.stack([jnp.any(a == NAN) for a in unsure])) if unsure else False
        nothing = jnp.where(nan, nothing, LOST)
    if unsure:  # what is beyond may be as small as 2^63
        nearest = [jnp.clip(a, -(2.0**63), 2.0**63) if a.dtype == jnp.float64 else a for a in reals]
        real = jnp.where(jnp.abs(_of_reals(equation, nearest)) >= SURE, real, jnp.nan)
    return jnp.where(jnp.isnan(real), nothing, _beyond(real))


def _beyond(real: Array) -> Array:
    sided = jnp.where(real < 0, jnp.asarray(BELOW, jnp.int64), jnp.asarray(ABOVE, jnp.int64))
    return jnp.where(jnp.isnan(real), jnp.asarray(NAN, jnp.int64), sided)


def _scatter(equation: Any, operands: Sequence[Array]) -> Array:
    """A scatter, of which the trace holds how numbers of its own dtype are joined."""
    onto, indices, new = operands
    params = equation.params
    return _SCATTERS[equation.primitive.name](
        onto, indices, new, params["dimension_numbers"], indices_are_sorted=params["indices_are_sorted"],
        unique_indices=params["unique_indices"], mode=params["mode"],
    )  # fmt: skip
