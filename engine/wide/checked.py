"""Whole numbers of 64 bits of which none wraps: what leaves them is infinite, and stays so.

A sum or product of integers is right but for a multiple of 2^64. So the same is computed of floating-point
numbers beside it, whose error is far less: where both are near each other the integer is right, and where
not, it left the integers on the side on which the other lies. Three integers stand for results that no
integer holds, as NaN and the infinities do among floats: `NAN`, `BELOW` and `ABOVE`. Another operation makes
of them what it makes of the floats.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

Array = Any

_LIMITS = np.iinfo(np.int64)
NAN, BELOW, ABOVE = _LIMITS.min, _LIMITS.min + 1, _LIMITS.max
# What wraps differs by 2^64 at least; the error of the float beside it is far below this.
_APART = 2.0**62

# Operations that may leave the integers, or that would take one of these three for a number.
CHECKED = frozenset({
    "add", "sub", "mul", "neg", "abs", "sign", "max", "min", "clamp", "div", "rem", "integer_pow",
    "square", "add_any", "reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "cumsum", "cumprod",
    "cummax", "cummin", "dot_general", "scatter-add", "scatter-mul", "scatter-min", "scatter-max",
    "reduce_window_sum", "reduce_window_max", "reduce_window_min", "shift_left", "shift_right_arithmetic",
})  # fmt: skip
# Of these the ones that leave the integers, whatever they are given; the others pass on what left them.
LEAVING = frozenset({
    "add", "sub", "mul", "neg", "div", "rem", "integer_pow", "square", "add_any", "reduce_sum", "reduce_prod",
    "cumsum", "cumprod", "dot_general", "scatter-add", "scatter-mul", "reduce_window_sum", "shift_left",
})  # fmt: skip
_SCATTERS: dict[str, Callable[..., Array]] = {
    "scatter": lax.scatter, "scatter-add": lax.scatter_add, "scatter-mul": lax.scatter_mul,
    "scatter-min": lax.scatter_min, "scatter-max": lax.scatter_max,
}  # fmt: skip


def integer_of(real: Array) -> Array:
    """The integer of a floating-point number, cut off towards zero."""
    inside = (real < 2.0**63) & (real > -(2.0**63))
    return jnp.where(inside, jnp.where(inside, real, 0).astype(jnp.int64), _beyond(real))


def real_of(whole: Array, dtype: Any = jnp.float64) -> Array:
    """The floating-point number of an integer: NaN and infinities of what stands for them."""
    real = whole.astype(dtype)
    real = jnp.where(whole == ABOVE, jnp.inf, jnp.where(whole == BELOW, -jnp.inf, real))
    return jnp.where(whole == NAN, jnp.nan, real).astype(dtype)


def on_integers(equation: Any, operands: Sequence[Array]) -> list[Array]:
    """What an equation makes of these operands, which may be of other dtypes than its own."""
    primitive = equation.primitive
    if primitive.name in _SCATTERS:
        return [_scattered(equation, operands)]
    params = primitive.get_bind_params(equation.params)
    if operands and operands[0].dtype != equation.invars[0].aval.dtype and "preferred_element_type" in params:
        params = {**params, "preferred_element_type": operands[0].dtype}
    results = primitive.bind(*operands, **params)
    return list(results) if primitive.multiple_results else [results]


def checked(
    equation: Any, operands: Sequence[Array], may_be_none: Sequence[bool], places: Sequence[int]
) -> Array:
    """The same of one of `CHECKED`, with what leaves the integers said.

    `may_be_none` says of each operand whether it can be what no integer is; those at `places` say what is
    computed, the others where.
    """
    (whole,) = on_integers(equation, operands)
    reals = [
        a if i not in places else real_of(a) if none else jnp.asarray(a).astype(jnp.float64)
        for i, (a, none) in enumerate(zip(operands, may_be_none, strict=True))
    ]
    if equation.primitive.name.startswith("shift"):
        steps = jnp.exp2(reals[1] if equation.primitive.name == "shift_left" else -reals[1])
        real = jnp.floor(reals[0] * steps)
    else:
        (real,) = on_integers(equation, reals)
    return jnp.where(jnp.abs(real - whole.astype(jnp.float64)) < _APART, whole, _beyond(real))


def _beyond(real: Array) -> Array:
    sided = jnp.where(real < 0, jnp.asarray(BELOW, jnp.int64), jnp.asarray(ABOVE, jnp.int64))
    return jnp.where(jnp.isnan(real), jnp.asarray(NAN, jnp.int64), sided)


def _scattered(equation: Any, operands: Sequence[Array]) -> Array:
    """A scatter, of which the trace holds how numbers of its own dtype are joined."""
    onto, places, new = operands
    params = equation.params
    return _SCATTERS[equation.primitive.name](
        onto, places, new, params["dimension_numbers"], indices_are_sorted=params["indices_are_sorted"],
        unique_indices=params["unique_indices"], mode=params["mode"],
    )  # fmt: skip
