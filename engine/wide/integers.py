"""Whole numbers of a kernel as they are without the integers in which it computes them.

What a model makes an int8 or int32 is cut off, or wraps, where it does not fit, what is beyond 64 bits wraps,
too, and NaN is 0; nothing shows it afterwards. So its counts and classes are computed a second time, along
its own trace, in 64 bits, and what leaves these is said. Bits that are mixed on purpose (``and``, ``xor``,
unsigned numbers of 32 and 64 bits) stay what they are.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from math import inf
from operator import or_
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from ..called import WITH_RULES, called
from .checked import LEAVING, NAN, on_integers, real_of
from .constants import of_constants
from .conversions import converted, is_cut
from .loops import branches, loop, scan
from .numbers import (
    NARROW,
    Array,
    Number,
    apart,
    in_64_bits,
    is_cast,
    known,
    lost,
    nan_where,
)
from .powers import of_any_exponent, powers
from .results import chosen, first
from .rules import by_own_rule
from .written import keep_written_numbers

keep_written_numbers()  # before a model is traced, whose functions JAX keeps

Kernel = Callable[[Mapping[str, Array]], Mapping[str, Array]]

# What holds jaxprs, and computes them in 64 bits.
_WITHIN = {"scan": scan, "while": loop, "cond": branches}


def with_wide_integers(
    kernel: Kernel,
    p: Mapping[str, Array],
    names: Sequence[str],
    sizes: Mapping[str, float] | None = None,
    differentiated: bool = False,
) -> tuple[dict[str, Array], Array]:
    """The outputs of these names where no integer is cut off or wraps, and whether a real one is none.

    Integers have 64 bits. One that is none, because it was NaN before it became one or has left them all, is
    then one of those that ``engine.wide.checked`` has for it; a floating-point number that rests on such is
    NaN. `sizes` says how large parameters can be, as far as that is known; what is `differentiated` is traced
    again, so that an error in it names the model's line.
    """
    leaves, tree = jax.tree.flatten(dict(p))
    largest_of = [(sizes or {}).get(name, inf) for name in sorted(p) for _ in jax.tree.leaves(p[name])]

    def some(*leaves: Array) -> list[Array]:
        whole = kernel(jax.tree.unflatten(tree, leaves))
        return [jnp.asarray(whole[name]) for name in names]

    trace = jax.make_jaxpr(some)(*leaves)
    if not _may_lose(trace.jaxpr):
        if differentiated:
            return dict(kernel(p)), jnp.asarray(False)
        return dict(zip(names, core.jaxpr_as_fun(trace)(*leaves), strict=True)), jnp.asarray(False)
    given = [known(leaf, size) for leaf, size in zip(leaves, largest_of, strict=True)]
    numbers = _evaluated(trace.jaxpr, trace.consts, given)
    unsure = [n for n in numbers if n.lost is not None and jnp.issubdtype(n.value.dtype, jnp.inexact)]
    rests_on_none = reduce(or_, [jnp.any(lost(n)) for n in unsure], jnp.asarray(False))
    return dict(zip(names, map(_seen, numbers), strict=True)), rests_on_none


def with_right_reals(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function gives, a tree of arrays, where none of its integers is cut off or wraps.

    Numbers that rest on one that is none are NaN. Calls and loops in which nothing can be lost stay as they
    are written: what looks for switches knows some of them by name.
    """
    trace, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
    given = [known(leaf) for leaf in jax.tree.leaves(arguments)]
    numbers = _evaluated(trace.jaxpr, trace.consts, given, keeps=True)
    return jax.tree.unflatten(jax.tree.structure(shape), list(map(_real, numbers)))


def may_lose(function: Callable[..., Any], *arguments: Any) -> bool:
    """Whether what a function gives may rest on an integer that is lost; `arguments` are arrays or shapes."""
    trace = jax.make_jaxpr(function)(*arguments)
    if not _may_lose(trace.jaxpr):
        return False
    noted: list[Number] = []

    def evaluated(*leaves: Array) -> list[Array]:
        noted.extend(_evaluated(trace.jaxpr, trace.consts, list(map(known, leaves))))
        return [number.value for number in noted]

    jax.eval_shape(evaluated, *jax.tree.leaves(arguments))
    return any(map(apart, noted))


def _real(number: Number) -> Array:
    """A number, NaN where an integer or a boolean is none."""
    if not apart(number) or jnp.issubdtype(number.value.dtype, jnp.inexact):
        return number.value
    real = number.value.astype(float) if number.wide is None else real_of(in_64_bits(number), float)
    return nan_where(lost(number), real)


def _seen(number: Number) -> Array:
    """A number as an output shows it."""
    if number.wide is not None and not is_cast(number):
        return number.wide
    if number.lost is None or jnp.issubdtype(number.value.dtype, jnp.inexact):
        return number.value
    return jnp.where(number.lost, jnp.asarray(NAN, jnp.int64), number.value.astype(jnp.int64))


def _may_lose(jaxpr: Any) -> bool:
    """Whether anything in a jaxpr becomes an integer that may be cut off, or makes one that may not fit."""
    for equation in jaxpr.eqns:
        types = [str(getattr(v.aval, "dtype", "")) for v in equation.outvars]
        if any(of in NARROW for of in types) or is_cut(equation):
            return True
        if equation.primitive.name in LEAVING and types[0] == "int64":
            return True
        if any(_may_lose(getattr(inner, "jaxpr", inner)) for inner in _held(equation)):
            return True
    return False


def _held(equation: Any) -> list[Any]:
    """The jaxprs of a call, a loop or a branch."""
    inner, params = called(equation), equation.params
    if equation.primitive.name not in _WITHIN:
        return [] if inner is None else [inner]
    held = [params.get(name) for name in ("jaxpr", "cond_jaxpr", "body_jaxpr")]
    return [one for one in (*held, *params.get("branches", ())) if one is not None]


def _evaluated(
    jaxpr: Any, constants: Sequence[Array], arguments: Sequence[Number], keeps: bool = False
) -> list[Number]:
    """The results of a jaxpr; one that `keeps` leaves calls and loops in which nothing is lost as written."""
    values: dict[Any, Number] = {v: known(c) for v, c in zip(jaxpr.constvars, constants, strict=True)}
    values.update(zip(jaxpr.invars, arguments, strict=True))

    def read(atom: Any) -> Number:
        return _literal(atom) if isinstance(atom, core.Literal) else values[atom]

    of_powers = powers(jaxpr)
    for index, equation in enumerate(jaxpr.eqns):
        operands = [read(v) for v in equation.invars]
        results = _as_written(equation, operands) if keeps and _holds_more(equation) else None
        values.update(zip(equation.outvars, results or _of_equation(equation, operands, keeps), strict=True))
        if index in of_powers:
            power, *rest = of_powers[index]
            values[power] = of_any_exponent(values[power], *map(read, rest))
    return [read(v) for v in jaxpr.outvars]


def _of_equation(equation: Any, operands: Sequence[Number], keeps: bool) -> list[Number]:
    inner = called(equation)
    if inner is None or _stays(equation, inner, operands):
        return _applied(equation, operands, keeps)
    program = inner.jaxpr, inner.consts
    if equation.primitive.name in WITH_RULES:
        return by_own_rule(equation, program, operands, partial(_evaluated, keeps=keeps))
    return _evaluated(*program, operands, keeps)


def _holds_more(equation: Any) -> bool:
    return equation.primitive.name in _WITHIN or called(equation) is not None


def _as_written(equation: Any, operands: Sequence[Number]) -> list[Number] | None:
    """The results of a call or loop as it is written; None where an integer in it may be lost."""
    noted: list[Number] = []

    def evaluated() -> list[Array]:
        noted.extend(_of_equation(equation, operands, keeps=False))
        return [number.value for number in noted]

    if any(map(apart, operands)):
        return None
    jax.eval_shape(evaluated)
    if any(map(apart, noted)):
        return None
    results = on_integers(equation, [number.value for number in operands])
    return [known(new, n.size, n.positive) for new, n in zip(results, noted, strict=True)]


def _literal(atom: Any) -> Number:
    value = atom.val
    return known(value if hasattr(value, "dtype") else np.asarray(value, atom.aval.dtype))


def _stays(equation: Any, inner: Any, operands: Sequence[Number]) -> bool:
    """Whether a call is left as it is, with the rule by which it is differentiated."""
    return (
        equation.primitive.name in WITH_RULES
        and all(jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in (*equation.invars, *equation.outvars))
        and not _may_lose(inner.jaxpr)
    )


def _applied(equation: Any, operands: Sequence[Number], keeps: bool) -> list[Number]:
    name, primitive = equation.primitive.name, equation.primitive
    if name in _WITHIN and (
        any(map(apart, operands)) or any(_may_lose(inner.jaxpr) for inner in _held(equation))
    ):
        return _WITHIN[name](equation.params, operands, partial(_evaluated, keeps=keeps))
    fixed = of_constants(equation, operands)
    if fixed is not None:
        return [fixed]
    params = primitive.get_bind_params(equation.params)
    results = primitive.bind(*(number.value for number in operands), **params)
    results = list(results) if primitive.multiple_results else [results]
    if name == "convert_element_type":
        return [converted(equation, operands[0], results[0])]
    if not results:
        return []
    made = chosen if any(map(apart, operands)) else first
    return made(equation, operands, results)
