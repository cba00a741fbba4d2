"""Whole numbers of a kernel as they are without the integers in which it computes them.

What a model makes an int8 or int32 is cut off, or wraps, where it does not fit, what is beyond 64 bits wraps,
too, and NaN is 0; nothing shows it afterwards. So its counts and classes are computed a second time, along
its own trace, in 64 bits, and what leaves these is said. Bits that are mixed on purpose (``and``, ``xor``,
unsigned numbers of 32 and 64 bits) stay what they are.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

from .checked import CHECKED, LEAVING, NAN, checked, integer_of, on_integers
from .loops import Given, branches, loop, scan
from .numbers import (
    NARROW,
    Array,
    Number,
    in_64_bits,
    is_cast,
    known,
    limit_of,
    may_be_none,
    nothing_where,
    wide_of,
    without_side,
)
from .powers import of_any_exponent, powers
from .sizes import largest
from .unknown import BOUNDING, COMPARING, LOGIC, bounded, compared, logic, ordered, placed, selected

Kernel = Callable[[Mapping[str, Array]], Mapping[str, Array]]

_CALLS = frozenset({"jit", "pjit", "closed_call", "remat2", "custom_jvp_call", "custom_vjp_call"})
# Operations that mean the same whatever the width of their whole numbers.
_COUNTING = CHECKED | frozenset({
    "select_n", "broadcast_in_dim", "reshape", "squeeze", "transpose", "concatenate", "slice",
    "dynamic_slice", "gather", "rev", "pad", "copy", "expand_dims", "lt", "le", "gt", "ge", "eq", "ne",
    "sort", "top_k", "split", "argmax", "argmin", "stack", "unstack", "dynamic_update_slice", "scatter",
})  # fmt: skip
# Of these the other operands say where, and not what: how many say what, or which.
_AT_PLACES = {
    "dynamic_slice": (0,), "gather": (0,), "dynamic_update_slice": (0, 1), "scatter": (0, 2),
    "scatter-add": (0, 2), "scatter-mul": (0, 2), "scatter-min": (0, 2), "scatter-max": (0, 2),
}  # fmt: skip
_ORDERING = frozenset({"sort", "top_k", "argmax", "argmin"})
# These only place what they are given.
_KEEPING = frozenset({
    "broadcast_in_dim", "reshape", "squeeze", "transpose", "slice", "rev", "copy", "expand_dims",
})  # fmt: skip
# These mix bits on purpose.
_OF_BITS = frozenset({"and", "or", "xor", "not", "shift_right_logical", "population_count", "clz"})
# Integers of 64 bits below this are added and multiplied as they are.
_SMALL = 2.0**62
# What holds jaxprs, and computes them in 64 bits.
_WITHIN = {"scan": scan, "while": loop, "cond": branches}


def with_wide_integers(kernel: Kernel, p: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """What the kernel returns, the outputs of these names in 64 bits wherever they may be cut off or wrap.

    What is no integer, because it was NaN before it became one or has left them all, is then one of those
    that ``engine.wide.checked`` has for it.
    """
    result = dict(kernel(p))
    if not names:
        return result
    leaves, tree = jax.tree.flatten(dict(p))

    def some(*leaves: Array) -> list[Array]:
        whole = kernel(jax.tree.unflatten(tree, leaves))
        return [jnp.asarray(whole[name]) for name in names]

    trace = jax.make_jaxpr(some)(*leaves)
    if not _may_lose(trace.jaxpr):
        return result
    numbers = _evaluated(trace.jaxpr, trace.consts, [known(leaf) for leaf in leaves])
    for name, number in zip(names, numbers, strict=True):
        if number.wide is not None:
            result[name] = number.wide
    return result


def _may_lose(jaxpr: Any) -> bool:
    """Whether anything in a jaxpr becomes a narrow integer, or makes an integer that may not fit."""
    for equation in jaxpr.eqns:
        types = [str(getattr(v.aval, "dtype", "")) for v in equation.outvars]
        if any(of in NARROW for of in types) or _is_cut(equation):
            return True
        if equation.primitive.name in LEAVING and types[0] == "int64":
            return True
        if any(_may_lose(getattr(inner, "jaxpr", inner)) for inner in _held(equation)):
            return True
    return False


def _held(equation: Any) -> list[Any]:
    """The jaxprs of a call, a loop or a branch."""
    inner, params = _inner(equation), equation.params
    if equation.primitive.name not in _WITHIN:
        return [] if inner is None else [inner]
    held = [params.get(name) for name in ("jaxpr", "cond_jaxpr", "body_jaxpr")]
    return [one for one in (*held, *params.get("branches", ())) if one is not None]


def _is_cut(equation: Any) -> bool:
    """Whether an equation makes signed integers of floating-point numbers."""
    return (
        equation.primitive.name == "convert_element_type"
        and jnp.issubdtype(equation.invars[0].aval.dtype, jnp.floating)
        and str(equation.outvars[0].aval.dtype) in (*NARROW, "int64")
    )


def _inner(equation: Any) -> Any:
    if equation.primitive.name not in _CALLS:
        return None
    return equation.params.get("call_jaxpr", equation.params.get("jaxpr"))


def _evaluated(jaxpr: Any, constants: Sequence[Array], arguments: Sequence[Number]) -> list[Number]:
    values: dict[Any, Number] = {v: known(c) for v, c in zip(jaxpr.constvars, constants, strict=True)}
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def read(atom: Any) -> Number:
        return known(atom.val) if isinstance(atom, core.Literal) else values[atom]

    of_powers = powers(jaxpr)
    for place, equation in enumerate(jaxpr.eqns):
        operands = [read(v) for v in equation.invars]
        inner = _inner(equation)
        if inner is not None:
            closed = hasattr(inner, "jaxpr")
            results = _evaluated(inner.jaxpr if closed else inner, inner.consts if closed else (), operands)
        else:
            results = _applied(equation, operands)
        values.update(zip(equation.outvars, results, strict=True))
        if place in of_powers:
            power, *rest = of_powers[place]
            values[power] = of_any_exponent(values[power], *map(read, rest))
    return [read(v) for v in jaxpr.outvars]


def _applied(equation: Any, operands: Sequence[Number]) -> list[Number]:
    name, primitive = equation.primitive.name, equation.primitive
    params = primitive.get_bind_params(equation.params)
    results = primitive.bind(*(number.value for number in operands), **params)
    results = list(results) if primitive.multiple_results else [results]
    if name in _WITHIN:
        given = _within(equation, operands) or [(None, inf) for _ in results]
        return [_beside(value, *one) for value, one in zip(results, given, strict=True)]
    if name == "convert_element_type":
        return [_converted(equation, operands[0], results[0])]
    if all(number.wide is None for number in operands):
        return _widened(equation, operands, results)
    return _chosen(equation, operands, results)


def _chosen(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Number]:
    """The results of an equation of which an operand stands in 64 bits."""
    name, (result, *_) = equation.primitive.name, results
    if name in COMPARING:
        return [compared(equation, operands, result)]
    if name in LOGIC and result.dtype == bool:
        return [logic(equation, operands, result)]
    if name in _OF_BITS:
        return [_of_bits(operands, result)]
    if any(map(is_cast, operands)):
        if name in BOUNDING:
            return [bounded(equation, operands, result)]
        if name not in _KEEPING:
            operands = [n._replace(wide=wide_of(n), size=inf) if is_cast(n) else n for n in operands]
    if name == "select_n":
        size = largest(equation, [number.size for number in operands[1:]])
        return [selected(equation, operands, result, size)]
    return _widened(equation, operands, results)


def _beside(value: Array, wide: Array | None, size: float) -> Number:
    return known(value, size) if wide is None else Number(value, wide, size)


def _within(equation: Any, operands: Sequence[Number]) -> list[Given] | None:
    """What a loop or branch gives in 64 bits, where it counts."""
    if not any(number.wide is not None for number in operands) and not any(
        _may_lose(inner.jaxpr) for inner in _held(equation)
    ):
        return None
    return _WITHIN[equation.primitive.name](equation.params, operands, _evaluated)


def _widened(equation: Any, operands: Sequence[Number], results: Sequence[Array]) -> list[Number]:
    """The results of an equation, in 64 bits where they may not be what they should."""
    name, whole = equation.primitive.name, all(_is_whole(result) for result in results)
    places = _AT_PLACES.get(name, range(len(operands)))
    says = [operands[i] for i in places if not (name == "select_n" and i == 0)]
    size = largest(equation, [number.size for number in says])
    none = [may_be_none(number) for number in operands]
    leaves = whole and name in LEAVING and size > min(limit_of(results[0]), _SMALL)
    changed = any(number.wide is not None for number in operands)
    if not (changed or leaves) or not (name in _COUNTING or _alike(operands)):
        return [known(result, size) for result in results]
    if any(none) or results[0].dtype == bool:
        size = inf if any(none) else 1.0
    given = _given(name, operands, places)
    if whole and name in CHECKED and (size >= _SMALL or any(none)):
        news, size = [checked(equation, given, none, tuple(places))], inf
    else:
        news = on_integers(equation, given)
    if name in _ORDERING:
        news = ordered(equation, operands, news)
    elif name in _AT_PLACES:
        news = [placed(equation, places, operands, news[0])]
    return [Number(result, wide_of(known(new)), size) for result, new in zip(results, news, strict=True)]


def _given(name: str, operands: Sequence[Number], places: Sequence[int]) -> list[Array]:
    """The operands of an equation in 64 bits, where they are; indices are all of one type."""
    in_64_bits = [i in places or n.wide is not None for i, n in enumerate(operands)]
    if name.startswith("dynamic") and any(in_64_bits[i] for i in range(len(operands)) if i not in places):
        in_64_bits = [True] * len(operands)
    return [
        n.value if not wide else n.wide if is_cast(n) and name in _KEEPING else wide_of(n)
        for n, wide in zip(operands, in_64_bits, strict=True)
    ]


def _is_whole(value: Array) -> bool:
    return str(value.dtype) in (*NARROW, "int64")


def _converted(equation: Any, operand: Number, result: Array) -> Number:
    """A conversion, of NaN to the integer that stands for it, and back."""
    of, wide = jnp.asarray(operand.value).dtype, operand.wide
    if _is_cut(equation):
        exact = wide if wide is not None and is_cast(operand) else integer_of(jnp.asarray(wide_of(operand)))
        return Number(result, exact)
    if not _is_whole(result):  # a float, a boolean, or bits
        return known(result) if wide is None else _not_whole(operand, result)
    size = operand.size if of != jnp.uint32 else 2.0**32
    if wide is None and size <= limit_of(result):
        return known(result, size)
    return Number(result, wide_of(operand).astype(jnp.int64), size)


def _not_whole(operand: Number, result: Array) -> Number:
    """What stands in 64 bits as a float, a boolean, or bits, which are as they were written."""
    wide = in_64_bits(operand)
    if jnp.issubdtype(result.dtype, jnp.unsignedinteger):
        return known(result)
    if result.dtype != bool:
        return Number(result, wide if wide.dtype == jnp.int64 else wide.astype(result.dtype), operand.size)
    truth = (wide != 0).astype(jnp.int64)
    if not may_be_none(operand):
        return Number(result, truth, 1.0)
    return Number(result, nothing_where(without_side(operand), truth))


def _of_bits(operands: Sequence[Number], result: Array) -> Number:
    """What mixes bits takes them as they were written; of NaN it makes nothing."""
    nan = [number.wide == NAN for number in operands if number.wide is not None and _is_whole(number.wide)]
    if not nan or not _is_whole(result):
        return known(result)
    wide = result.astype(jnp.int64)
    for one in nan:
        wide = jnp.where(one, NAN, wide)
    return Number(result, wide)


def _alike(operands: Sequence[Number]) -> bool:
    """Whether all that stands in 64 bits had them before, so that any operation takes it."""
    return all(number.wide is None or number.wide.dtype == number.value.dtype for number in operands)
