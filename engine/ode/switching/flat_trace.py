"""The trace of a function as one list of equations: calls, choices and short loops are written out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from ...called import WITH_RULES, called
from ...scan_counts import scan_counts
from ...xla.live_bytes import inner_jaxprs

Array = Any

# Functions of JAX that are smooth, although they are written with max, abs and where.
_SMOOTH = frozenset({
    "logaddexp", "logaddexp2", "hypot", "sinc", "exp1", "expn", "expi", "hyp1f1", "hyp2f1"
})  # fmt: skip
# The same more plainly than as JAX writes them, who reads signs off bits and rounds what was rounded.
_PLAINLY: dict[str, Callable[..., list[Array]]] = {
    "frexp": lambda x: _in_octaves(x),
    "ldexp": lambda x, exponent: [_times_power(*jnp.broadcast_arrays(x, exponent))],
    "signbit": lambda x: [lax.lt(x, jnp.zeros_like(x))],
    "floor_divide": lambda x, y: [lax.floor(lax.div(*jnp.broadcast_arrays(x, y)))],
    "divmod": lambda x, y: [lax.floor(lax.div(*jnp.broadcast_arrays(x, y))), _modulo(x, y)],
}
# Kept as one equation, since what it compares can be read off its arguments.
SEARCH = "searchsorted"
# A longer loop is left as it is.
_LONGEST = 64
# So many digits of the number of a loop's steps are looked at: one of them at least changes with it.
_DIGITS, _BESIDE_ZERO = 12, 1e-9
_SWITCHING = frozenset({
    "lt", "le", "gt", "ge", "lt_to", "le_to", "max", "min", "abs", "sign", "floor", "ceil", "round", "rem",
    "clamp", "reduce_max", "reduce_min", "argmax", "argmin", "is_finite", "eq", "ne", "sort", "top_k",
    "cummax", "cummin", "atan2",
})  # fmt: skip


@dataclass(frozen=True)
class FlatTrace:
    """Equations in order, each of a primitive without an inner function where that was possible."""

    inputs: tuple[Any, ...]
    constants: Mapping[Any, Array]
    equations: tuple[Any, ...]
    outputs: tuple[Any, ...]

    def evaluate(
        self, wanted: Sequence[Any], arguments: Sequence[Array], after: Callable[..., None] | None = None
    ) -> list[Array]:
        """Values of these variables or literals; only the equations that they need are computed.

        ``after(equation, operands, results)`` is called of each of them.
        """
        needed = {v for v in wanted if not isinstance(v, core.Literal)}
        kept = []
        for equation in reversed(self.equations):
            if needed.intersection(equation.outvars):
                kept.append(equation)
                needed.update(v for v in equation.invars if not isinstance(v, core.Literal))
        values = dict(zip(self.inputs, arguments, strict=True)) | dict(self.constants)
        for equation in reversed(kept):
            operands = [_read(values, v) for v in equation.invars]
            results = bound(equation, operands)
            values.update(zip(equation.outvars, results, strict=True))
            if after is not None:
                after(equation, operands, results)
        return [jnp.asarray(_read(values, v)) for v in wanted]


def flat_trace(function: Callable[..., Array], *arguments: Any) -> FlatTrace:
    """The trace of a function of arrays, or of their shapes, that returns an array."""
    trace = jax.make_jaxpr(function)(*arguments)
    shapes = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in trace.jaxpr.invars]
    flat = jax.make_jaxpr(lambda *inputs: _inlined(trace.jaxpr, trace.consts, inputs))(*shapes)
    constants = dict(zip(flat.jaxpr.constvars, flat.consts, strict=True))
    return FlatTrace(tuple(flat.jaxpr.invars), constants, tuple(flat.jaxpr.eqns), tuple(flat.jaxpr.outvars))


def _inlined(jaxpr: Any, constants: Sequence[Any], arguments: Sequence[Any]) -> list[Any]:
    """The results of a jaxpr, its inner functions applied equation by equation."""
    values = dict(zip(jaxpr.constvars, constants, strict=True))
    values.update(zip(jaxpr.invars, arguments, strict=True))
    for equation in jaxpr.eqns:
        operands = [_read(values, v) for v in equation.invars]
        values.update(zip(equation.outvars, _applied(equation, operands), strict=True))
    return [_read(values, v) for v in jaxpr.outvars]


def _applied(equation: Any, operands: Sequence[Any]) -> Sequence[Any]:
    name, params, inner = equation.primitive.name, equation.params, called(equation)
    of = _name(params, inner)
    if of in _PLAINLY and jnp.issubdtype(operands[0].dtype, jnp.floating):
        return _PLAINLY[of](*map(jnp.asarray, operands))
    if of not in (*_SMOOTH, SEARCH) and not holds_loop(equation):
        if inner is not None:
            return _call(inner, operands)
        if name == "cond":
            which, *rest = operands
            cases = [_call(branch, rest) for branch in params["branches"]]
            return [_chosen(which, results) for results in zip(*cases, strict=True)]
        if name == "while" and _switches(params["cond_jaxpr"].jaxpr):
            return _counted(params, operands)
        if name == "scan" and params["length"] <= _LONGEST and _switches(params["jaxpr"].jaxpr):
            return _written_out(params, operands)
    if name == "nextafter":  # which JAX does not differentiate, and is its first number but for rounding
        return [operands[0]]
    return bound(equation, operands)


def holds_loop(equation: Any) -> bool:
    """Whether an equation calls what has derivatives of its own and holds a loop that compares.

    A root is found in it, say: it stays one equation.
    """
    if equation.primitive.name not in WITH_RULES:
        return False
    inner = called(equation)
    return inner is None or _compares_in_loops(inner.jaxpr)


def _compares_in_loops(jaxpr: Any) -> bool:
    return any(
        _switches(inner) if equation.primitive.name in ("while", "scan") else _compares_in_loops(inner)
        for equation in jaxpr.eqns
        for inner in inner_jaxprs(equation.params)
    )


def _name(params: Mapping[str, Any], inner: Any) -> str:
    """The name of the function that an equation calls, as far as it is known."""
    info = getattr(getattr(inner, "jaxpr", inner), "debug_info", None)
    return params.get("name") or getattr(info, "func_src_info", "").partition(" ")[0]


def _modulo(x: Array, y: Array) -> Array:
    x, y = jnp.broadcast_arrays(x, y)
    rest, zero = lax.rem(x, y), jnp.zeros_like(x)
    other = lax.ne(lax.lt(rest, zero), lax.lt(y, zero)) & lax.ne(rest, zero)
    return lax.select(other, rest + y, rest)


def _in_octaves(x: Array) -> list[Array]:
    """Mantissa and exponent: the number over a power of two, which is read off its bits."""
    limits = jnp.finfo(x.dtype)
    bits = lax.bitcast_convert_type(x, f"int{limits.bits}")
    exponent = ((bits >> limits.nmant) & (2**limits.nexp - 1)) - (limits.maxexp - 2)
    exponent = jnp.where(x == 0, 0, exponent)
    return [_times_power(x, -exponent), exponent.astype(jnp.int32)]


def _times_power(x: Array, exponent: Array) -> Array:
    """A number times two to a whole number, in two steps, of which none is as large as that number may be."""
    limits = jnp.finfo(x.dtype)
    whole = jnp.clip(exponent.astype(jnp.int32), 2 * limits.minexp, 2 * (limits.maxexp - 1))
    half = whole >> 1
    for part in (half, whole - half):
        bits = (part + (limits.maxexp - 1)).astype(f"int{limits.bits}") << limits.nmant
        x = x * lax.bitcast_convert_type(bits, x.dtype)
    return x


def _call(inner: Any, operands: Sequence[Any]) -> list[Any]:
    return _inlined(inner.jaxpr, inner.consts, operands)


def _chosen(which: Any, cases: Sequence[Any]) -> Any:
    if len(cases) == 1:
        return cases[0]
    number = jnp.clip(which.astype(jnp.int32), 0, len(cases) - 1)
    if len(cases) == 2:
        return lax.select_n(number.astype(bool), *cases)
    return lax.select_n(jnp.broadcast_to(number, jnp.shape(cases[0])), *cases)


def _written_out(params: Mapping[str, Any], operands: Sequence[Any]) -> list[Any]:
    """A scan, step by step."""
    fixed, carried = scan_counts(params, len(operands))
    constants, carry, along = (
        operands[:fixed],
        list(operands[fixed : fixed + carried]),
        operands[fixed + carried :],
    )
    steps = range(params["length"])
    rows: dict[int, list[Any]] = {}
    for i in reversed(steps) if params["reverse"] else steps:
        results = _call(params["jaxpr"], [*constants, *carry, *(a[i] for a in along)])
        carry, rows[i] = results[:carried], results[carried:]
    stacks = len(next(iter(rows.values()))) if rows else 0
    return [*carry, *(jnp.stack([rows[i][k] for i in steps]) for k in range(stacks))]


def _counted(params: Mapping[str, Any], operands: Sequence[Any]) -> list[Any]:
    """A while loop whose results are chosen by how many steps it takes: where that changes they may jump."""
    of_test, of_body = params["cond_nconsts"], params["body_nconsts"]
    test, body, carried = (
        operands[:of_test],
        operands[of_test : of_test + of_body],
        operands[of_test + of_body :],
    )

    def goes_on(now: tuple[Any, Any, list[Any]]) -> Any:
        return _call(params["cond_jaxpr"], [*test, *now[2]])[0]

    def go_on(now: tuple[Any, Any, list[Any]]) -> tuple[Any, Any, list[Any]]:
        return now[0] + 1, digits(now[0] + 1), _call(params["body_jaxpr"], [*body, *now[2]])

    def digits(count: Any) -> Any:
        return jnp.where((count >> jnp.arange(_DIGITS)) & 1 == 1, 1.0, -1.0)

    none = jnp.int32(0)
    _, signs, results = lax.while_loop(goes_on, go_on, (none, digits(none), list(carried)))
    # Not with 0, at which states may stick. Both choices are the same: this is to be found, not to choose.
    which = jnp.all(signs > _BESIDE_ZERO)
    return [lax.select(jnp.broadcast_to(which, jnp.shape(result)), result, result) for result in results]


def _switches(jaxpr: Any) -> bool:
    """Whether a primitive with a switch stands in a jaxpr, or inside one of its calls."""
    for equation in jaxpr.eqns:
        real = bool(equation.invars) and jnp.issubdtype(equation.invars[0].aval.dtype, jnp.inexact)
        if real and (equation.primitive.name in _SWITCHING or to_integer(equation)):
            return True
        if any(map(_switches, inner_jaxprs(equation.params))):
            return True
    return False


def to_integer(equation: Any) -> bool:
    """Whether a primitive makes integers or booleans of floats: by their value, or by their bits."""
    if equation.primitive.name not in ("convert_element_type", "bitcast_convert_type"):
        return False
    before, after = (atom.aval.dtype for atom in (equation.invars[0], equation.outvars[0]))
    return jnp.issubdtype(before, jnp.floating) and jnp.issubdtype(after, jnp.integer)


def bound(equation: Any, operands: Sequence[Any]) -> Sequence[Any]:
    """The results of an equation, by its primitive."""
    results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
    return results if equation.primitive.multiple_results else [results]


def _read(values: Mapping[Any, Any], atom: Any) -> Any:
    return atom.val if isinstance(atom, core.Literal) else values[atom]
