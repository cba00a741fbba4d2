"""The results of one equation of a trace, of numbers of which some are other than they were written."""

from collections.abc import Sequence
from functools import reduce
from math import inf
from operator import and_, or_
from typing import Any

import jax.numpy as jnp

from .checked import CHECKED, LEAVING, NAN, checked, is_none, on_integers
from .lost import where_lost
from .numbers import (
    Array,
    Number,
    constant,
    is_cast,
    is_whole,
    known,
    limit_of,
    may_be_none,
    nan_where,
    plain,
    unknown_where,
    wide_of,
)
from .sizes import largest, never_negative
from .unknown import BOUNDING, COMPARING, LOGIC, bounded, compared, logic, ordered, placed, selected

# Operations that mean the same whatever the width of their integers.
_COUNTING = CHECKED | frozenset({
    "select_n", "broadcast_in_dim", "reshape", "squeeze", "transpose", "concatenate", "slice",
    "dynamic_slice", "gather", "rev", "pad", "copy", "expand_dims", "lt", "le", "gt", "ge", "eq", "ne",
    "sort", "top_k", "split", "argmax", "argmin", "stack", "unstack", "dynamic_update_slice", "scatter",
    "optimization_barrier", "name",
})  # fmt: skip
# Of these the other operands say where, and not what: how many say what, or which.
_DATA_OPERANDS = {
    "dynamic_slice": (0,), "gather": (0,), "dynamic_update_slice": (0, 1), "scatter": (0, 2),
    "scatter-add": (0, 2), "scatter-sub": (0, 2), "scatter-mul": (0, 2), "scatter-min": (0, 2),
    "scatter-max": (0, 2),
}  # fmt: skip
_ORDERING = frozenset({"sort", "top_k", "argmax", "argmin"})
# These only place what they are given.
_KEEPING = frozenset({
    "broadcast_in_dim", "reshape", "squeeze", "transpose", "slice", "rev", "copy", "expand_dims", "name",
})  # fmt: skip
# These mix bits on purpose.
_OF_BITS = frozenset({"and", "or", "xor", "not", "shift_right_logical", "population_count", "clz"})
# And these count them, of which a number beyond 64 bits has no certain ones.
_COUNTING_BITS = frozenset({"population_count", "clz"})
# Integers of 64 bits below this are added and multiplied as they are.
_SMALL = 2.0**62


def chosen(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Number]:
    """The results of an equation of which an operand may be other than it was written."""
    name, (result, *_) = equation.primitive.name, results
    if name in COMPARING:
        return [compared(equation, operands, result)]
    if name in LOGIC and result.dtype == bool:
        return [logic(equation, operands, result)]
    if name in _OF_BITS:
        return [_of_bits(equation, operands, result)]
    if any(map(is_cast, operands)):
        if name in BOUNDING:
            return [bounded(equation, operands)]
        if name in _KEEPING and len(operands) == 1:
            return [_moved(equation, operands[0], result)]
        operands = list(map(plain, operands))
    if name == "select_n":
        return [selected(equation, operands, result, _size(equation, operands)[0])]
    return _widened(equation, operands, results)


def _moved(equation: Any, operand: Number, result: Array) -> Number:
    """An integer that has just become a float, elsewhere."""
    wide, *_ = on_integers(equation, [operand.wide])
    nowhere = None if operand.lost is None else where_lost(equation, [operand], [result])[0]
    return Number(result, wide, operand.size, nowhere)


def _size(equation: Any, operands: Sequence[Number]) -> tuple[float, bool]:
    """How large the results of an equation can be, and whether they are known not to be negative."""
    name = equation.primitive.name
    data = _DATA_OPERANDS.get(name, range(len(operands)))
    says = [operands[i] for i in data if not (name == "select_n" and i == 0)]
    constants = list(map(constant, says))
    size = largest(equation, [number.size for number in says], constants)
    return size, never_negative(name, [number.positive for number in says], constants)


def first(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Number]:
    """The results of an equation of which all operands are as they were written."""
    size, positive = _size(equation, operands)
    whole = all(map(is_whole, results))
    leaves = whole and equation.primitive.name in LEAVING and size > min(limit_of(results[0]), _SMALL)
    if leaves:
        return _widened(equation, operands, results)
    return [known(result, size, positive) for result in results]


def _widened(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Number]:
    """The results of an equation, in 64 bits where they may not be what they should."""
    name, (size, _) = equation.primitive.name, _size(equation, operands)
    data = _DATA_OPERANDS.get(name, range(len(operands)))
    if not (name in _COUNTING or _alike(operands)):
        return _of_unknown(equation, operands, results)
    none = [may_be_none(number) for number in operands]
    if any(none) or all(result.dtype == bool for result in results):
        size = inf if any(none) else 1.0
    given = _given(name, operands, data)
    if all(map(is_whole, results)) and name in CHECKED and (size >= _SMALL or any(none)):
        news, size = [checked(equation, given, none, tuple(data))], inf
    else:
        news = on_integers(equation, given)
    numbers = [_beside(result, new, size) for result, new in zip(results, news, strict=True)]
    said = [operands[i] if i in data else known(operands[i].value) for i in range(len(operands))]
    if any(map(may_be_none, said)):
        numbers = _resting(equation, said, numbers)
    if name in _ORDERING:
        return ordered(equation, operands, numbers)
    return [placed(equation, data, operands, numbers[0])] if name in _DATA_OPERANDS else numbers


def _beside(result: Array, new: Array, size: float) -> Number:
    """A result as it was written and as it is."""
    if result.dtype == bool or is_whole(result):
        return Number(result, wide_of(known(new)), size)
    return known(new, size)


def _resting(equation: Any, operands: Sequence[Number], numbers: Sequence[Number]) -> list[Number]:
    """Results with what of the floating-point numbers and bits among them rests on what is none."""
    masks = where_lost(equation, operands, [number.value for number in numbers])
    return [
        number if number.wide is not None else Number(nan_where(where, number.value), None, inf, where)
        for number, where in zip(numbers, masks, strict=True)
    ]


def _of_unknown(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Number]:
    """The results of what is not known here: as they were written, but nothing that rests on lost floats."""
    numbers = [known(result) for result in results]
    if not any(n.lost is not None and jnp.issubdtype(n.value.dtype, jnp.inexact) for n in operands):
        return numbers  # bits that are mixed on purpose
    masks = where_lost(equation, operands, results)
    return [unknown_where(where, number) for where, number in zip(masks, numbers, strict=True)]


def _given(name: str, operands: Sequence[Number], data: Sequence[int]) -> list[Array]:
    """The operands of an equation in 64 bits, where they are; indices are all of one type.

    What another library defines takes its operands in the types that it declares.
    """
    if name not in _COUNTING:
        return [n.value if n.wide is None else wide_of(n) for n in operands]
    in_64_bits = [i in data or n.wide is not None for i, n in enumerate(operands)]
    if name.startswith("dynamic") and any(in_64_bits[i] for i in range(len(operands)) if i not in data):
        in_64_bits = [True] * len(operands)
    return [wide_of(n) if wide else n.value for n, wide in zip(operands, in_64_bits, strict=True)]


def _of_bits(equation: Any, operands: Sequence[Number], result: Array) -> Number:
    """What mixes bits takes them as written, but those of a number that was cut off; NaN has none.

    Nor are those of a number beyond 64 bits counted.
    """
    if not is_whole(result):
        return known(result)
    wides = [wide_of(number).astype(jnp.int64) for number in operands]
    written = [wide.astype(n.value.dtype) == n.value for wide, n in zip(wides, operands, strict=True)]
    new = jnp.where(
        reduce(and_, written) | reduce(or_, map(is_none, wides)),
        jnp.asarray(result).astype(jnp.int64),
        on_integers(equation, wides)[0],
    )
    counts = equation.primitive.name in _COUNTING_BITS
    nothing = reduce(or_, [is_none(wide) if counts else wide == NAN for wide in wides])
    return Number(result, jnp.where(nothing, NAN, new))


def _alike(operands: Sequence[Number]) -> bool:
    """Whether all that stands in 64 bits had them before, so that any operation takes it."""
    return all(n.wide is None or n.wide.dtype == n.value.dtype for n in operands)
