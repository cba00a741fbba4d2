"""Scalars computed by NumPy and exact fractions, of numbers or arrays: slow, and obviously what they mean."""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import numpy as np
from equisweep.engine.codegen.ir import DTYPES, order_of

DTYPE = {name: np.dtype(word).type for name, word in DTYPES.items()}


def fma(a, b, c):
    """As below, of numbers or arrays."""
    return fused(a, b, c) if np.ndim(a) == np.ndim(b) == np.ndim(c) == 0 else _EACH(a, b, c)


def fused(a, b, c):
    """A product and a sum, rounded once: the exact result as a fraction, then the nearest double."""
    a, b, c = float(a), float(b), float(c)
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return np.float64(a) * np.float64(b) + np.float64(c)
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    if exact == 0:  # the sign of zero follows from the operands'
        return np.float64(a) * np.float64(b) + np.float64(c) if a * b == 0 else np.float64(0)
    try:
        return np.float64(float(exact))
    except OverflowError:
        return np.float64(math.inf if exact > 0 else -math.inf)


_EACH = np.vectorize(fused, [np.float64])

OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "mul_rounded": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "fma": fma,
    "roundeven": np.rint,
    "floor": np.floor,
    "abs": abs,
    "min": np.minimum,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "select": np.where,
    "shift_left": np.left_shift,
    "shift_right_arithmetic": np.right_shift,
    "shift_right_logical": np.right_shift,
}


def evaluate(scalars: Sequence, inputs: Sequence) -> list:
    """The numbers that scalars are, where input number k is ``inputs[k]``, all of one shape."""
    known = {}
    with np.errstate(all="ignore"):
        return _evaluate(scalars, _order(tuple(scalars)), inputs, known)


_order = cache(order_of)


def _evaluate(scalars, order, inputs, known):
    for s in order:
        known[s] = _value(s, inputs, known)
    return [known[s] for s in scalars]


def _value(s, inputs, known):
    if s.op == "constant":
        return DTYPE[s.dtype](s.value)
    if s.op == "input":
        return inputs[s.value]
    args = [known[a] for a in s.args]
    if s.op == "loop":
        return _looped(s.value, args, inputs, known)
    if s.op == "result":
        return args[0][s.value]
    if s.op == "bitcast":
        return args[0].view(DTYPE[s.dtype])
    if s.op == "convert":
        return DTYPE[s.dtype](args[0])
    return DTYPE[s.dtype](OPERATIONS[s.op](*args))


def _looped(loop, first, inputs, known):
    state = first[: len(loop.carried)]
    outside = known | dict.fromkeys(loop.carried)
    cond = order_of([loop.cond], outside)
    body = order_of(loop.body, outside | dict.fromkeys(cond))
    while True:
        inside = known | dict(zip(loop.carried, state, strict=True))
        goes_on = _evaluate([loop.cond], cond, inputs, inside)[0]
        if not np.any(goes_on):
            return state
        after = _evaluate(loop.body, body, inputs, inside)
        state = [np.where(goes_on, one, was)[()] for one, was in zip(after, state, strict=True)]
