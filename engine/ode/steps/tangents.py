"""Derivatives of a step that are as accurate as the step.

The size of a step follows from the error of its state alone. Where a field is stiff an explicit method keeps
to the edge of what is stable: an error of the state is below the tolerance there and stays so, while
derivatives, which no size heeds, grow without bounds. And where a state rests, a step of any method is long,
whatever moves its derivatives. So the derivative of the estimate of the error is looked at, which estimates
the error of the derivative; where it is too large the step is taken again within itself, for its derivative
alone, in parts as short as that needs. The state and all that is decided stay what they are without
derivatives. Reference: Hindmarsh and others (2005), "SUNDIALS: suite of nonlinear and differential/algebraic
equation solvers", section 3.2, whose error control takes in sensitivities.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer
from jax.extend import core

from .stepper import all_finite

Array = Any
# take(field, t, t_next, moved, rates, around) -> how far the state has moved since the begin of the step by
# t_next, the rates there, estimate of the error; the field is that of what has moved
Take = Callable[..., tuple[Array, Array, Array]]

# Parts are so many times as wrong as the tolerance says, relative to a component's derivative, or to this
# part of the largest one, each in units of what is allowed in its component. Whole steps are left as they are
# up to so many times that: of Lotka and Volterra's equations, where derivatives grow with the phase, dopri8
# takes 2.4 times as long if they are not, and is no better.
_WRONG, _LEAST, _LEFT = 10.0, 1e-1, 10.0
_SAFETY, _SHRINK_MOST, _GROW_MOST = 0.9, 0.1, 4.0
# Parts that are tried at most. What is no number in one as short as this is none.
_MOST, _SHORTEST = 10_000, 1e-4
# A bend is found to such a part of the step; rounding is what is met again and again, after so many tries.
_BEND, _FEW = 1e-7, 100


class Begin(NamedTuple):
    """Where a step begins and ends in time, and its begin: a state and the rates there, shape (d,)."""

    t: Array
    t_next: Array
    state: Array
    rates: Array


class Allowed(NamedTuple):
    """The error that is allowed in the state, shape (d,), and as a part of a component's size."""

    error: Array
    part: Array


class Around(NamedTuple):
    """The state where the step begins of which a part is taken, and the error allowed in it, shape (d,)."""

    state: Array
    allowed: Array


class _Part(NamedTuple):
    """How far into the step, as a part of it, it has come; the size of the next part.

    How far the state has moved by there and the rates there, and the derivatives of state and rates; the
    error over the size of the last part that was taken back; and how many were tried.
    """

    done: Array
    size: Array
    at: tuple[Array, Array]
    slopes: tuple[Array, Array]
    refused: Array
    tried: Array


def with_accurate_tangents(
    take: Take, order: int, field: Callable[..., Array], begin: Begin, end: tuple[Array, Array, Array],
    allowed: Allowed, wanted: Array | bool = True,
) -> tuple[Array, Array]:  # fmt: skip
    """The state at the end of a step and the rates there, whose derivatives are as accurate as the step.

    Parameters
    ----------
    take, order : `take` takes it in parts, with an error of this order.
    field : field(t, state) -> rates; it may depend on anything that is differentiated.
    begin : where the step begins.
    end : state, rates and estimate of the error at its end, or several estimates, shape (k, d).
    allowed : the error that is allowed.
    wanted : False of a step that is not kept, whose derivatives are of no account.
    """
    rates_at, known = _of_all(field, begin.t, begin.state)

    def taken(known: Any, around: Around, part: Begin) -> tuple[Array, Array, Array]:
        # Of how far the state has moved: added to the state, short parts beside a switch would be lost to
        # rounding, and never come to its other side.
        return take(lambda t, moved: rates_at(known, t, around.state + moved), *part, around)

    @jax.custom_jvp
    def same(
        _known: Any, _begin: Begin, end: tuple[Array, Array, Array], _allowed: Allowed, _wanted: Array
    ) -> tuple[Array, Array]:
        return end[0], end[1]

    @same.defjvp
    def _(primals: Any, tangents: Any) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        *at, (state, rates, _), allowed, wanted = primals
        *along, (*slopes, wrong), _, _ = tangents
        ratio = jnp.where(wanted, _ratio(along[1].state, slopes[0], wrong, allowed), 0.0)
        return (state, rates), _in_parts(
            taken, order, tuple(at), tuple(along), allowed, ratio, (slopes[0], slopes[1])
        )

    return same(known, begin, end, jax.tree.map(lax.stop_gradient, allowed), jnp.asarray(wanted))


def _of_all(field: Callable[..., Array], t: Array, state: Array) -> tuple[Callable[..., Array], list[Array]]:
    """The field as a function of all that it depends on, t and the state last, and the values of the rest.

    Of integers, too, in which nothing is differentiated: one that is traced is gone by the time that the rule
    of a function is asked which closes over it, and `jax.closure_convert` leaves it there.
    """
    trace = jax.make_jaxpr(lambda t, state: field(t, state))(t, state)
    is_traced = [isinstance(value, Tracer) for value in trace.consts]

    def rates_at(known: list[Array], t: Array, state: Array) -> Array:
        given = iter(known)
        values = [next(given) if traced else x for x, traced in zip(trace.consts, is_traced, strict=True)]
        return core.jaxpr_as_fun(core.ClosedJaxpr(trace.jaxpr, values))(t, state)[0]

    return rates_at, [value for value, traced in zip(trace.consts, is_traced, strict=True) if traced]


def _ratio(old: Array, new: Array, wrong: Array, allowed: Allowed) -> Array:
    """The error of a derivative over what is allowed; at most what floats hold, and that where it is none."""
    limits = jnp.finfo(new.dtype)
    size = jnp.maximum(jnp.abs(old), jnp.abs(new))
    largest = jnp.minimum(jnp.max(size / allowed.error), limits.max)
    least = jnp.minimum(_LEAST * largest * allowed.error, limits.max) + limits.tiny
    largest_error = jnp.max(jnp.abs(jnp.atleast_2d(wrong)), axis=0)
    ratios = largest_error / (_WRONG * allowed.part * jnp.maximum(size, least))
    # Of what does not move at all the bound is 0, too, and no number would come of it.
    ratio = jnp.max(jnp.where(largest_error == 0, 0.0, ratios))
    return jnp.where(ratio < limits.max, ratio, limits.max)


def _in_parts(
    taken: Callable[..., Any], order: int, at: tuple[Any, ...], along: tuple[Any, ...], allowed: Allowed,
    ratio: Array, slopes: tuple[Array, Array],
) -> tuple[Array, Array]:  # fmt: skip
    """The derivatives of state and rates at the end of a step: `slopes`, where the `ratio` lets them be."""
    begin, limits = at[1], jnp.finfo(ratio.dtype)

    def cond(last: _Part) -> Array:
        return (last.done < 1) & (last.tried < _MOST)

    def body(last: _Part) -> _Part:
        ends = last.done + 1.01 * last.size >= 1
        to = jnp.where(ends, 1.0, last.done + last.size)

        def part(known: Any, begin: Begin, moved: Array, rates: Array) -> Any:
            whole = begin.t_next - begin.t
            t_next = jnp.where(ends, begin.t_next, begin.t + to * whole)
            # What has moved has the derivatives of the state.
            around = Around(lax.stop_gradient(begin.state), allowed.error)
            return taken(known, around, Begin(begin.t + last.done * whole, t_next, moved, rates))

        (*new, _), (*slope, wrong) = jax.jvp(part, (*at, *last.at), (*along, *last.slopes))
        ratio = _ratio(last.slopes[0], slope[0], wrong, allowed)
        per_size = ratio / last.size
        is_none = ratio == limits.max
        # Shorter parts do not help where rounding is what the estimate sees, or little where the field bends.
        stays = (per_size >= last.refused / 2) & (last.refused < limits.max) & ~is_none
        stays &= (ratio <= _LEFT) | (last.size < _BEND) | (last.tried > _FEW)
        keep = (ratio <= 1) | stays
        factor = _factor(ratio, order)
        factor = jnp.where(keep, jnp.maximum(factor, 1.0), factor)
        size = last.size * factor
        tried = jnp.where(is_none & (last.size <= _SHORTEST), _MOST, last.tried + 1)
        back = last._replace(size=size, refused=per_size, tried=tried)
        none_refused = jnp.full_like(ratio, limits.max)
        after = _Part(to, size, (new[0], new[1]), (slope[0], slope[1]), none_refused, tried)
        return jax.tree.map(lambda a, b: jnp.where(keep, a, b), after, back)

    # Derivatives that are no numbers where the step begins stay none.
    fine = (ratio <= _LEFT) | ~(all_finite(along[1].state) & all_finite(along[1].rates))
    first = _Part(
        jnp.where(fine, 1.0, 0.0).astype(ratio.dtype),
        jnp.minimum(_factor(ratio, order), 0.5),
        (0 * begin.state, begin.rates),
        (along[1].state, along[1].rates),
        ratio,
        jnp.int32(0),
    )
    last = lax.while_loop(cond, body, first)
    # What parts do not come to the end of has no derivative that is known.
    known = jax.tree.map(lambda slope: jnp.where(last.done < 1, jnp.nan, slope), last.slopes)
    return jax.tree.map(lambda a, b: jnp.where(fine, a, b), slopes, known)


def _factor(ratio: Array, order: int) -> Array:
    """How many times as long the next part is, after one of this error."""
    tiny = jnp.finfo(ratio.dtype).tiny
    factor = _SAFETY * jnp.exp(jnp.log(jnp.maximum(ratio, tiny)) / -order)
    return jnp.clip(factor, _SHRINK_MOST, _GROW_MOST)
