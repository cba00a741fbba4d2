"""Comparisons of what may be no integer, and what is made of their answers: yes, no, or unknown."""

from collections.abc import Sequence
from functools import reduce
from math import inf
from operator import or_
from typing import Any

import jax.numpy as jnp
from jax import lax

from .checked import NAN, SURE, is_none, on_integers, real_of
from .numbers import (
    Array,
    Number,
    in_64_bits,
    is_cast,
    is_whole,
    known,
    lost,
    may_be_none,
    unknown_where,
    wide_of,
    without_side,
)

COMPARING = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "lt_to", "le_to", "is_finite"})
LOGIC = frozenset({"and", "or", "xor", "not", "reduce_and", "reduce_or", "reduce_xor"})
# These take the smaller or larger of floats, in which all integers beyond 64 bits are infinite.
BOUNDING = frozenset({"min", "max", "clamp"})


def compared(equation: Any, operands: Sequence[Number], result: Array) -> Number:
    """The answer of a comparison; unknown of `NAN`, and between two on the same side beyond 64 bits."""
    given = [_sided(number) for number in operands]
    (answer,) = on_integers(equation, given)
    unsure = [number for number in operands if may_be_none(number)]
    if not unsure:
        return Number(result, answer.astype(jnp.int64), 1.0)
    unknown = reduce(or_, map(without_side, unsure))
    beyond = [is_none(in_64_bits(number)) for number in unsure if number.wide is not None]
    if beyond and len(given) == 2:
        far = [(a >= SURE, a <= -SURE) for a in map(_far, given, operands)]
        (more, less), (others_more, others_less) = far
        unknown |= reduce(or_, beyond) & ((more & others_more) | (less & others_less))
    return Number(result, jnp.where(unknown, NAN, answer.astype(jnp.int64)), inf)


def _sided(number: Number) -> Array:
    return real_of(in_64_bits(number), number.value.dtype) if is_cast(number) else wide_of(number)


def _far(given: Array, number: Number) -> Array:
    """The number, but 0 of infinite floats: every integer is less than these."""
    real = jnp.issubdtype(given.dtype, jnp.floating) and not is_cast(number)
    return jnp.where(jnp.isfinite(given), given, 0) if real else given


def logic(equation: Any, operands: Sequence[Number], result: Array) -> Number:
    """``and``, ``or`` and so on of answers: unknown unless those that are known decide it."""
    name, wides = equation.primitive.name, [wide_of(number) for number in operands]
    params = equation.primitive.get_bind_params(equation.params)
    answer = equation.primitive.bind(*(wide == 1 for wide in wides), **params).astype(jnp.int64)
    if not any(map(may_be_none, operands)):
        return Number(result, answer, 1.0)

    def any_of(masks: Sequence[Array]) -> Array:
        return reduce(or_, [jnp.any(m, axis=params["axes"]) if "axes" in params else m for m in masks])

    unknown = any_of([wide == NAN for wide in wides])
    if name.endswith(("and", "or")) and not name.endswith("xor"):
        unknown &= ~any_of([wide == (0 if name.endswith("and") else 1) for wide in wides])
    return Number(result, jnp.where(unknown, NAN, answer), inf)


def selected(equation: Any, operands: Sequence[Number], written: Array, size: float) -> Number:
    """What an answer selects: nobody knows what, where the answer is unknown."""
    which, *cases = operands
    chosen = which.value
    if which.wide is not None:
        count = len(cases) - 1
        chosen = which.wide == 1 if chosen.dtype == bool else jnp.clip(which.wide, 0, count).astype(jnp.int32)
    whole = written.dtype == bool or is_whole(written)
    new = equation.primitive.bind(chosen, *map(wide_of, cases))
    nowhere = None
    if any(map(may_be_none, cases)):
        size = inf
        nowhere = None if whole else equation.primitive.bind(chosen, *map(lost, cases))
    elif written.dtype == bool:
        size = 1.0
    number = Number(written, new, size) if whole else Number(new, None, size, nowhere)
    return unknown_where(without_side(which), number) if may_be_none(which) else number


def bounded(equation: Any, operands: Sequence[Number]) -> Number:
    """The smaller or larger of floats that integers have just become: known where it is within 64 bits."""
    (new,) = on_integers(equation, [_sided(number) for number in operands])
    unknown = reduce(or_, [without_side(number) for number in operands])
    beyond = reduce(or_, [is_none(in_64_bits(number)) for number in operands if is_cast(number)])
    return unknown_where(unknown | (beyond & (jnp.abs(new) >= SURE)), known(new))


def ordered(equation: Any, operands: Sequence[Number], news: Sequence[Number]) -> list[Number]:
    """What stands in which order, or is the largest, where the order is known."""
    name, params = equation.primitive.name, equation.params
    keys = [number for number in operands[: params.get("num_keys", 1)] if may_be_none(number)]
    axes = params.get("axes") or (params.get("dimension", operands[0].value.ndim - 1),)
    if not keys:
        return list(news)

    def along(mask: Array) -> Array:
        return jnp.sum(mask, axis=axes, keepdims=name in ("sort", "top_k"))

    unknown = reduce(or_, [along(without_side(number)) > 0 for number in keys])
    equal = jnp.zeros_like(unknown)
    for whole in (in_64_bits(number) for number in keys if number.wide is not None):
        best = {"argmax": jnp.max, "argmin": jnp.min}.get(name)
        first = whole if best is None else best(whole, axis=axes, keepdims=True)
        for far in ((whole >= SURE) & (first >= SURE), (whole <= -SURE) & (first <= -SURE)):
            equal |= (along(far) > 1) & (along(far & is_none(whole)) > 0)
    # Equal keys are as good in one order as in another; what goes with them is not.
    goes_with = len(operands) > 1 or name.startswith("arg")
    moved = [goes_with or (name == "top_k" and i == 1) for i in range(len(news))]
    lines = [unknown | equal if one else unknown for one in moved]
    return [
        unknown_where(jnp.broadcast_to(line, new.value.shape), new)
        for line, new in zip(lines, news, strict=True)
    ]


def placed(equation: Any, data: Sequence[int], operands: Sequence[Number], new: Number) -> Number:
    """What stands at indices, of which some may be none; what is beyond 64 bits is past every end."""
    indices = [n for i, n in enumerate(operands) if i not in data and may_be_none(n)]
    if not indices:
        return new
    if equation.primitive.name != "gather":
        unknown = reduce(or_, [jnp.any(without_side(number)) for number in indices])
    else:
        shape, offsets = new.value.shape, equation.params["dimension_numbers"].offset_dims
        of_batch = [axis for axis in range(len(shape)) if axis not in offsets]
        unknown = lax.broadcast_in_dim(jnp.any(without_side(indices[0]), axis=-1), shape, of_batch)
    return unknown_where(unknown, new)
