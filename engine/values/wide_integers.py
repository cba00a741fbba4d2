"""Whole numbers of a kernel as they are without the narrow integers in which it computes them.

What a model makes an int8 or int32 is cut off, or wraps, where it does not fit, and NaN is 0; nothing shows
it afterwards. So its counts and classes are computed a second time, along its own trace, in 64 bits. Bits
that are mixed on purpose (shifts, `and`, unsigned numbers of 32 and 64 bits) stay what they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import core

Array = Any
Kernel = Callable[[Mapping[str, Array]], Mapping[str, Array]]

_CALLS = frozenset({"jit", "pjit", "closed_call", "remat2", "custom_jvp_call", "custom_vjp_call"})
# Operations that mean the same whatever the width of their whole numbers.
_COUNTING = frozenset({
    "add", "sub", "mul", "neg", "abs", "sign", "max", "min", "clamp", "div", "rem", "integer_pow",
    "add_any", "reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "cumsum", "cumprod", "cummax",
    "cummin", "dot_general", "select_n", "broadcast_in_dim", "reshape", "squeeze", "transpose",
    "concatenate", "slice", "dynamic_slice", "gather", "rev", "pad", "copy", "convert_element_type",
    "expand_dims", "square", "lt", "le", "gt", "ge", "eq", "ne",
})  # fmt: skip
# Of these the other operands say where, and not what.
_AT_PLACES = frozenset({"dynamic_slice", "gather"})
_NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16"})


def with_wide_integers(kernel: Kernel, p: Mapping[str, Array], names: Sequence[str]) -> dict[str, Array]:
    """What the kernel returns, the outputs of these names in 64 bits wherever they are narrow integers.

    What is NaN before it becomes an integer is then the least of them, and what is too large the largest.
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
    wide = _evaluated(trace.jaxpr, trace.consts, [(leaf, None) for leaf in leaves])
    for name, (_, widened) in zip(names, wide, strict=True):
        if widened is not None:
            result[name] = widened
    return result


def _may_lose(jaxpr: Any) -> bool:
    """Whether anything in a jaxpr becomes a narrow integer, or an integer what was none."""
    for equation in jaxpr.eqns:
        if any(str(getattr(v.aval, "dtype", "")) in _NARROW for v in equation.outvars) or _is_cut(equation):
            return True
        inner = _inner(equation)
        if inner is not None and _may_lose(getattr(inner, "jaxpr", inner)):
            return True
    return False


def _is_cut(equation: Any) -> bool:
    """Whether an equation makes signed integers of floating-point numbers."""
    return (
        equation.primitive.name == "convert_element_type"
        and jnp.issubdtype(equation.invars[0].aval.dtype, jnp.floating)
        and jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.integer)
        and str(equation.outvars[0].aval.dtype) in (*_NARROW, "int64")
    )


def _inner(equation: Any) -> Any:
    if equation.primitive.name not in _CALLS:
        return None
    return equation.params.get("call_jaxpr", equation.params.get("jaxpr"))


# A value of the trace, and the same in 64 bits where it is a narrow integer that may have been cut off.
_Pair = tuple[Array, Array | None]


def _evaluated(jaxpr: Any, constants: Sequence[Array], arguments: Sequence[_Pair]) -> list[_Pair]:
    values: dict[Any, _Pair] = {v: (c, None) for v, c in zip(jaxpr.constvars, constants, strict=True)}
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def read(atom: Any) -> _Pair:
        return (atom.val, None) if isinstance(atom, core.Literal) else values[atom]

    for equation in jaxpr.eqns:
        operands = [read(v) for v in equation.invars]
        inner = _inner(equation)
        if inner is not None:
            closed = hasattr(inner, "jaxpr")
            results = _evaluated(inner.jaxpr if closed else inner, inner.consts if closed else (), operands)
        else:
            results = _applied(equation, operands)
        values.update(zip(equation.outvars, results, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _applied(equation: Any, operands: Sequence[_Pair]) -> list[_Pair]:
    primitive, params = equation.primitive, equation.primitive.get_bind_params(equation.params)
    results = primitive.bind(*(value for value, _ in operands), **params)
    if primitive.multiple_results:
        return [(value, None) for value in results]
    return [(results, _widened(equation, operands, results))]


def _widened(equation: Any, operands: Sequence[_Pair], result: Array) -> Array | None:
    """The result of an equation in 64 bits; None where it is as it was."""
    name, narrow = equation.primitive.name, str(result.dtype) in _NARROW
    changed = any(wide is not None for _, wide in operands)
    if name == "convert_element_type":
        return _converted(equation, operands[0], result)
    counts = name in _COUNTING
    if not (changed or (counts and narrow)) or not (counts or _alike(operands)):
        return None
    counted = 1 if name in _AT_PLACES else len(operands)
    given = [_wide(pair) if i < counted else pair[0] for i, pair in enumerate(operands)]
    params = equation.primitive.get_bind_params(equation.params)
    if params.get("preferred_element_type") is not None and narrow:
        params = {**params, "preferred_element_type": jnp.dtype(jnp.int64)}
    return equation.primitive.bind(*given, **params)


def _converted(equation: Any, operand: _Pair, result: Array) -> Array | None:
    """A conversion, of NaN to the least integer of all, which stands for what none is."""
    (value, wide), narrow = operand, str(result.dtype) in _NARROW
    if value.dtype == bool or (wide is None and not narrow and not _is_cut(equation)):
        return None
    value = jnp.asarray(value) if wide is None else wide
    new = value.astype(jnp.int64 if narrow else result.dtype)
    if not _is_cut(equation):
        return new
    return jnp.where(jnp.isnan(value), jnp.iinfo(jnp.int64).min, new)


def _alike(operands: Sequence[_Pair]) -> bool:
    """Whether all that stands in 64 bits had them before, so that any operation takes it."""
    return all(wide is None or wide.dtype == value.dtype for value, wide in operands)


def _wide(pair: _Pair) -> Array:
    value, wide = pair
    if wide is not None:
        return wide
    return jnp.asarray(value).astype(jnp.int64) if str(jnp.result_type(value)) in _NARROW else value
