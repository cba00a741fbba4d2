"""Operations whose results NumPy gives to the bit: nothing has to be compiled for them.

They move numbers, or round correctly as IEEE 754 asks of sums, products and quotients. A program that a
loop in Python writes out (`x[k]` for many k) differs in them above all, by shapes and places.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Array = Any
Params = Mapping[str, Any]


def _slice(x: Array, p: Params) -> Array:
    strides = p["strides"] or (1,) * x.ndim
    return x[tuple(map(slice, p["start_indices"], p["limit_indices"], strides))]


def _broadcast_in_dim(x: Array, p: Params) -> Array:
    lengths = dict(zip(p["broadcast_dimensions"], x.shape, strict=True))
    return np.broadcast_to(x.reshape([lengths.get(i, 1) for i in range(len(p["shape"]))]), p["shape"])


_STRUCTURAL: dict[str, Callable[..., Array]] = {
    "slice": _slice,
    "squeeze": lambda x, p: np.squeeze(x, tuple(p["dimensions"])),
    "broadcast_in_dim": _broadcast_in_dim,
    "transpose": lambda x, p: np.transpose(x, p["permutation"]),
    "reshape": lambda x, p: x.reshape(p["new_sizes"]),
    "copy": lambda x, p: x,
}
_ARITHMETIC: dict[str, Callable[..., Array]] = {
    "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "neg": np.negative, "max": np.maximum, "min": np.minimum, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip


_INTEGERS = (np.dtype(np.int32), np.dtype(np.int64))


def _converts(from_: Any, to: Any) -> bool:
    """Whether NumPy converts as XLA does: into doubles, and among integers."""
    return to == np.float64 or (to in _INTEGERS and from_ != np.float64)


def numpy_rule(equation: Any) -> Callable[[Sequence[Array]], Array] | None:
    """What computes an equation from its operands; None where NumPy's result could be another."""
    name, params = equation.primitive.name, equation.params
    avals = [atom.aval for atom in equation.invars]
    dtypes = [getattr(aval, "dtype", None) for aval in avals]
    if not avals or any(dtype not in (np.float64, np.bool_, *_INTEGERS) for dtype in dtypes):
        return None
    if (
        name in _STRUCTURAL
        and not params.get("sharding")
        and not (name == "reshape" and params["dimensions"])
    ):
        rule = _STRUCTURAL[name]
        return lambda operands: rule(np.asarray(operands[0]), params)
    if name == "convert_element_type" and _converts(dtypes[0], params["new_dtype"]):
        return lambda operands: np.asarray(operands[0]).astype(params["new_dtype"])
    if name == "concatenate":
        return lambda operands: np.concatenate([*map(np.asarray, operands)], params["dimension"])
    if name == "select_n" and len(avals) == 3 and avals[0].dtype == np.bool_:
        return lambda operands: np.where(*map(np.asarray, (operands[0], operands[2], operands[1])))
    numbers = _INTEGERS if name != "div" else ()
    if name in _ARITHMETIC and len({*dtypes}) == 1 and dtypes[0] in (np.float64, *numbers):
        rule = _ARITHMETIC[name]
        return lambda operands: np.asarray(rule(*map(np.asarray, operands)))
    return None
