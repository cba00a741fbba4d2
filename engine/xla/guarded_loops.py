"""Loops that run only where somebody wants their result.

Under vmap all branches of a choice are computed everywhere, and the body of a loop also where it is done
already. A `while` in there runs on numbers that it was never meant for, and may not end on them: the
continued fraction of ``jax.scipy.special.exp1`` takes about 30 / x rounds, and is for x > 1. So the condition
of a loop within a branch, or within another loop, asks first whether that branch is taken, or that loop goes
on. Its numbers do not change where they count.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from ..called import called
from ..scan_counts import scan_counts
from .equations import bound, computed, retraced, with_inner
from .live_bytes import inner_jaxprs

Array = Any


def loops_guarded(closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
    """The same program, differentiated already and not yet vmapped, its inner loops guarded."""
    if not has_inner_loops(closed.jaxpr):
        return closed
    return _rewritten(closed)


def guarded(function: Callable[..., Array]) -> Callable[..., Array]:
    """The same function of arrays, which returns one, made to be vmapped; not to be differentiated."""

    def run(*arguments: Array) -> Array:
        closed = jax.make_jaxpr(function)(*arguments)
        if not has_inner_loops(closed.jaxpr):
            return core.jaxpr_as_fun(closed)(*arguments)[0]
        return _run(closed.jaxpr, closed.consts, *arguments, wanted=None)[0]

    return run


def has_inner_loops(jaxpr: core.Jaxpr, inside: bool = False) -> bool:
    """Whether a loop of unknown length stands within a branch or another such loop; `inside`: or anywhere."""
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if name == "while" and inside:
            return True
        within = inside or name in ("while", "cond")
        if any(has_inner_loops(inner, within) for inner in inner_jaxprs(equation.params)):
            return True
    return False


def _rewritten(closed: core.ClosedJaxpr) -> core.ClosedJaxpr:
    return retraced(partial(_run, wanted=None), closed)


def _run(jaxpr: core.Jaxpr, consts: Sequence[Array], *arguments: Array, wanted: Array | None) -> list[Array]:
    """Evaluate a jaxpr whose loops run where it is `wanted`; None: everywhere."""
    values = computed(jaxpr, consts, partial(_results, wanted=wanted), *arguments)
    return [_typed(value, atom.aval) for value, atom in zip(values, jaxpr.outvars, strict=True)]


def _typed(value: Array, aval: Any) -> Array:
    """A number that stands in the program itself, in its dtype: branches are to return the same."""
    return value if hasattr(value, "aval") else np.asarray(value, aval.dtype)


def _results(equation: Any, operands: list[Array], wanted: Array | None) -> Sequence[Array]:
    name, params = equation.primitive.name, equation.params
    inner = inner_jaxprs(params)
    if not any(has_inner_loops(j, inside=name in ("while", "cond") or wanted is not None) for j in inner):
        if name == "while" and wanted is not None:
            return _while(params, operands, wanted)
        return bound(equation, operands, params)
    with equation.ctx.manager:  # the settings under which it was traced
        function = called(equation)
        if function is not None:
            return _inner(function, wanted, *operands)
        if name in _RULES:
            return _RULES[name](params, operands, wanted)
    return bound(equation, operands, with_inner(params, has_inner_loops, _rewritten))


def _inner(function: Any, wanted: Array | None, *operands: Array) -> list[Array]:
    """The results of a function that an equation holds, which may bring its constants along."""
    if isinstance(function, core.ClosedJaxpr):
        return _run(function.jaxpr, function.consts, *operands, wanted=wanted)
    return _run(function, (), *operands, wanted=wanted)


def _cond(params: Any, operands: list[Array], wanted: Array | None) -> Sequence[Array]:
    which, *rest = operands
    which, branches = jnp.asarray(which).astype(jnp.int32), params["branches"]
    which = jnp.clip(which, 0, len(branches) - 1)

    def branch(i: int, *operands: Array) -> list[Array]:
        return _inner(branches[i], _both(wanted, which == i), *operands)

    return lax.switch(which, [partial(branch, i) for i in range(len(branches))], *rest)


def _while(params: Any, operands: list[Array], wanted: Array | None) -> Sequence[Array]:
    first, second = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]

    def cond(carried: list[Array]) -> Array:
        goes_on = _inner(params["cond_jaxpr"], wanted, *operands[:first], *carried)[0]
        return _both(wanted, goes_on)

    def body(carried: list[Array]) -> list[Array]:
        inside, on = None, None
        many = bool(params["cond_jaxpr"].out_avals[0].shape)
        if many or has_inner_loops(params["body_jaxpr"].jaxpr, inside=True):
            on = cond(carried)
            inside = _some(on)
        later = _inner(params["body_jaxpr"], inside, *operands[first:second], *carried)
        # Several loops that a vmap of the kernel's own made one: who is done keeps what it has.
        return [_kept(on, *pair) for pair in zip(carried, later, strict=True)] if many else later

    return lax.while_loop(lambda carried: _some(cond(carried)), body, list(operands[second:]))


def _scan(params: Any, operands: list[Array], wanted: Array | None) -> Sequence[Array]:
    fixed, count = scan_counts(params, len(operands))

    def step(carried: list[Array], along: list[Array]) -> tuple[list[Array], list[Array]]:
        results = _inner(params["jaxpr"], wanted, *operands[:fixed], *carried, *along)
        return results[:count], results[count:]

    carried, along = operands[fixed : fixed + count], operands[fixed + count :]
    reverse, unroll = params["reverse"], params["unroll"]
    last, stacks = lax.scan(step, carried, along, params["length"], reverse, unroll)
    return [*last, *stacks]


def _some(on: Array) -> Array:
    return jnp.any(on) if on.shape else on


def _kept(on: Any, old: Array, new: Array) -> Array:
    """The new value where a loop goes on, and the old one elsewhere; loops run along the first dimensions."""
    return jnp.where(jnp.reshape(on, on.shape + (1,) * (jnp.ndim(new) - on.ndim)), new, old)


_RULES = {"cond": _cond, "while": _while, "scan": _scan}


def _both(wanted: Array | None, condition: Array) -> Array:
    return condition if wanted is None else wanted & condition
