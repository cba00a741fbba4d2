"""Where floating-point numbers and bits rest on what is no integer."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import jax.numpy as jnp

from .numbers import Array, Number, lost, may_be_none

# Each number of the result is made of those at the same place.
_ELEMENTWISE = frozenset({
    "add", "sub", "mul", "div", "rem", "neg", "abs", "sign", "max", "min", "clamp", "pow", "integer_pow",
    "square", "sqrt", "rsqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log1p", "sin", "cos", "tan",
    "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "logistic", "floor",
    "ceil", "round", "erf", "erfc", "erf_inv", "lgamma", "digamma", "nextafter", "add_any",
    "reduce_precision", "convert_element_type", "shift_left", "shift_right_logical", "shift_right_arithmetic",
    "and", "or", "xor", "not", "one_minus_square",
})  # fmt: skip
# These only say where each number goes.
_STRUCTURAL = frozenset({
    "broadcast_in_dim", "reshape", "squeeze", "transpose", "slice", "rev", "copy", "expand_dims", "name",
    "concatenate", "stack", "unstack", "split",
})  # fmt: skip
_REDUCING = frozenset({"reduce_sum", "reduce_prod", "reduce_max", "reduce_min"})


def where_lost(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Array]:
    """Where the results of an equation rest on what is lost; everywhere, where it does not say on what."""
    name = equation.primitive.name
    masks = [lost(number) for number in operands]
    if name in _STRUCTURAL:
        params = equation.primitive.get_bind_params(equation.params)
        moved = equation.primitive.bind(*masks, **params)
        return list(moved) if equation.primitive.multiple_results else [moved]
    if name in _ELEMENTWISE:
        some = [mask for mask, number in zip(masks, operands, strict=True) if may_be_none(number)]
        return [jnp.broadcast_to(reduce(or_, some), results[0].shape)]
    if name in _REDUCING:
        return [jnp.any(masks[0], axis=equation.params["axes"])]
    anywhere = reduce(or_, map(jnp.any, masks))
    return [jnp.broadcast_to(anywhere, result.shape) for result in results]
