"""Whole numbers of a kernel as they are without the narrow integers in which it computes them.

What a model makes an int8 or int32 is cut off, or wraps, where it does not fit, and NaN is 0; nothing shows
it afterwards. So its counts and classes are computed a second time, along its own trace, in 64 bits. Bits
that are mixed on purpose (shifts, ``and``, unsigned numbers of 32 and 64 bits) stay what they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from .loops import NARROW, Pair, branches, loop, scan, wide_of

Array = Any
Kernel = Callable[[Mapping[str, Array]], Mapping[str, Array]]

_CALLS = frozenset({"jit", "pjit", "closed_call", "remat2", "custom_jvp_call", "custom_vjp_call"})
# Operations that mean the same whatever the width of their whole numbers.
_COUNTING = frozenset({
    "add", "sub", "mul", "neg", "abs", "sign", "max", "min", "clamp", "div", "rem", "integer_pow",
    "add_any", "reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "cumsum", "cumprod", "cummax",
    "cummin", "dot_general", "select_n", "broadcast_in_dim", "reshape", "squeeze", "transpose",
    "concatenate", "slice", "dynamic_slice", "gather", "rev", "pad", "copy", "convert_element_type",
    "expand_dims", "square", "lt", "le", "gt", "ge", "eq", "ne", "sort", "top_k", "split", "argmax", "argmin",
    "stack", "unstack",
    "dynamic_update_slice", "scatter", "scatter-add", "scatter-mul", "scatter-min", "scatter-max",
    "reduce_window_sum", "reduce_window_max", "reduce_window_min", "shift_left", "shift_right_arithmetic",
})  # fmt: skip
# Of these the other operands say where, and not what: how many say what, or which.
_AT_PLACES = {"dynamic_slice": (0,), "gather": (0,), "dynamic_update_slice": (0, 1)}
_SCATTERS: dict[str, Callable[..., Array]] = {
    "scatter": lax.scatter, "scatter-add": lax.scatter_add, "scatter-mul": lax.scatter_mul,
    "scatter-min": lax.scatter_min, "scatter-max": lax.scatter_max,
}  # fmt: skip
_SIGNED = ("int8", "int16", "int32")
# What holds jaxprs, and computes them in 64 bits.
_WITHIN = {"scan": scan, "while": loop, "cond": branches}


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
        if any(str(getattr(v.aval, "dtype", "")) in NARROW for v in equation.outvars) or _is_cut(equation):
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
        and jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.integer)
        and str(equation.outvars[0].aval.dtype) in (*NARROW, "int64")
    )


def _inner(equation: Any) -> Any:
    if equation.primitive.name not in _CALLS:
        return None
    return equation.params.get("call_jaxpr", equation.params.get("jaxpr"))


def _evaluated(jaxpr: Any, constants: Sequence[Array], arguments: Sequence[Pair]) -> list[Pair]:
    values: dict[Any, Pair] = {v: (c, None) for v, c in zip(jaxpr.constvars, constants, strict=True)}
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def read(atom: Any) -> Pair:
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


def _applied(equation: Any, operands: Sequence[Pair]) -> list[Pair]:
    primitive, params = equation.primitive, equation.primitive.get_bind_params(equation.params)
    results = primitive.bind(*(value for value, _ in operands), **params)
    results = list(results) if primitive.multiple_results else [results]
    wide: Sequence[Array | None] | None
    if primitive.name in _WITHIN:
        wide = _within(equation, operands)
    elif primitive.name == "convert_element_type":
        wide = [_converted(equation, operands[0], results[0])]
    else:
        wide = _widened(equation, operands, results)
    return [(value, None) for value in results] if wide is None else list(zip(results, wide, strict=True))


def _within(equation: Any, operands: Sequence[Pair]) -> list[Array | None] | None:
    """What a loop or branch gives in 64 bits, where it counts."""
    if not any(wide is not None for _, wide in operands) and not any(
        _may_lose(inner.jaxpr) for inner in _held(equation)
    ):
        return None
    return _WITHIN[equation.primitive.name](equation.params, operands, _evaluated)


def _widened(equation: Any, operands: Sequence[Pair], results: Sequence[Array]) -> list[Array] | None:
    """The results of an equation in 64 bits; None where they are as they were."""
    name, narrow = equation.primitive.name, any(str(result.dtype) in NARROW for result in results)
    changed = any(wide is not None for _, wide in operands)
    counts = name in _COUNTING and (
        not name.startswith("shift") or all(str(result.dtype) in _SIGNED for result in results)
    )
    if not (changed or (counts and narrow)) or not (counts or _alike(operands)):
        return None
    if name in _SCATTERS:
        return [_scattered(equation, operands)]
    given = [wide_of(pair) if i in _AT_PLACES.get(name, (i,)) else pair[0] for i, pair in enumerate(operands)]
    params = equation.primitive.get_bind_params(equation.params)
    if params.get("preferred_element_type") is not None and narrow:
        params = {**params, "preferred_element_type": jnp.dtype(jnp.int64)}
    wide = equation.primitive.bind(*given, **params)
    return [wide_of((value, None)) for value in (wide if equation.primitive.multiple_results else [wide])]


def _scattered(equation: Any, operands: Sequence[Pair]) -> Array:
    """A scatter in 64 bits, of which the trace holds how narrow numbers are joined."""
    onto, (places, _), new = operands
    params = equation.params
    return _SCATTERS[equation.primitive.name](
        wide_of(onto), places, wide_of(new), params["dimension_numbers"],
        indices_are_sorted=params["indices_are_sorted"], unique_indices=params["unique_indices"],
        mode=params["mode"],
    )  # fmt: skip


def _converted(equation: Any, operand: Pair, result: Array) -> Array | None:
    """A conversion, of NaN to the least integer of all, which stands for what none is."""
    (value, wide), narrow = operand, str(result.dtype) in NARROW
    if (value.dtype == bool and wide is None) or (wide is None and not narrow and not _is_cut(equation)):
        return None
    value = jnp.asarray(value) if wide is None else wide
    new = value.astype(jnp.int64 if narrow else result.dtype)
    if not _is_cut(equation):
        return new
    return jnp.where(jnp.isnan(value), jnp.iinfo(jnp.int64).min, new)


def _alike(operands: Sequence[Pair]) -> bool:
    """Whether all that stands in 64 bits had them before, so that any operation takes it."""
    return all(wide is None or wide.dtype == value.dtype for value, wide in operands)
