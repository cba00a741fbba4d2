"""An orbit on its way by exact steps, from turn to turn: the walk by which a cycle is looked for."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..codegen.lane_call import lane_call
from .attractor import closeness
from .extrema import Bind, Turns, turned
from .vanishing.levels import Vanished

Array = Any
Loop = Callable[..., Any]

# Extremes that are found by exact steps are the same to so many of their errors, and at most to this part of
# a swing: in float32 a step is wrong by 50 roundings at most, and a turn takes some ten or twenty of them.
_EXACT_ERRORS, _MOST_EXACT = 1e3, 3e-4


class Closeness(NamedTuple):
    """As parts of a swing: extremes that differ by less than `close` may be the same, by `exact` they are."""

    close: Array | float
    exact: Array | float

    @classmethod
    def of(cls, tolerance: float, exact_tolerance: float) -> "Closeness":
        """From the tolerance of the steps that led there and of the exact ones."""
        close = closeness(tolerance)
        return cls(close, min(_EXACT_ERRORS * exact_tolerance, _MOST_EXACT, close))


class Sought(NamedTuple):
    """What is sought of an orbit, and does not change meanwhile.

    Attributes
    ----------
    real : which quantities swing by more than errors, shape (k,).
    first : the number of the quantity whose loops are counted.
    until : the time at which the search is given up, and how many steps are tried at most (`most_steps`).
    same : what the maxima of the first quantity may differ by in a cycle.
    within : which extremes are the same, as parts of a swing.
    error : what the error of an exact step makes of each quantity, shape (k,).
    units : the scale of each component of the state, shape (d,); infinite of what only accumulates.
    unseen : that of components that live on themselves alone, 0 of others, shape (d,).
    steps : how many steps led to where the orbit ended.
    """

    real: Array
    first: Array
    until: Array
    most_steps: Array
    same: Array
    within: Closeness
    error: Array
    units: Array
    unseen: Array
    steps: Array


class Walk(NamedTuple):
    """An orbit on its way to its next turn: the next step begins at `t`; `last` is the one before, (k, ...).

    `turned` are the quantities with a maximum (first row) or a minimum in the last step, shape (2, k).
    """

    t: Array
    state: Array
    rates: Array
    size: Array
    solver_state: Any
    tried: Array
    calls: Array | None
    vanished: Vanished | None
    last: Turns
    turned: Array


def followed_down(walk: Walk, sought: Sought, bind: Bind, p: Any, loop: Loop) -> Walk:
    """The walk, once what is due of components that vanish is done, where anything is."""
    if walk.calls is None:
        return walk

    def held(given: tuple[Walk, Array, Any]) -> tuple[Any, ...]:
        walk, until, p = given
        assert walk.vanished is not None
        stepper, _, holds = bind(p)
        state, rates, vanished = holds.followed_down(walk, walk.vanished, walk.calls, until)
        return state, rates, vanished, stepper.moved(walk.solver_state, walk.t, state)

    def once(at: tuple[Array, Walk]) -> tuple[Array, Walk]:
        _, now = lax.optimization_barrier(at)
        state, rates, vanished, carried = lane_call(loop, held, (now, sought.until, p))
        no = jnp.asarray(False)
        return no, now._replace(state=state, rates=rates, calls=no, vanished=vanished, solver_state=carried)

    return lax.while_loop(lambda at: at[0], once, (walk.calls, walk))[1]


def goes_on(t: Array, state: Array, tried: Array, sought: Sought) -> Array:
    """Whether there are steps and time left to look for a cycle."""
    return (tried < sought.most_steps) & (t < sought.until) & jnp.all(jnp.isfinite(state))


def to_next_turn(walk: Walk, sought: Sought, bind: Bind, p: Any, loop: Loop) -> Walk:
    """Step until after a maximum or minimum of a quantity that really swings."""

    def cond(walk: Walk, fixed: Any) -> Array:
        ends = jnp.any(walk.turned) if walk.calls is None else jnp.any(walk.turned) | walk.calls
        return goes_on(walk.t, walk.state, walk.tried, fixed[0]) & ~ends

    def body(walk: Walk, fixed: Any) -> Walk:
        sought, p, vanished = fixed
        stepper, followed, holds = bind(p)
        tried = stepper.step(walk.t, sought.until, walk.size, walk.state, walk.rates, walk.solver_state)
        step, rose, fell = turned(
            followed,
            (walk.t, tried.t),
            (walk.state, tried.state),
            (walk.rates, tried.rates),
        )
        new = walk._replace(
            t=tried.t, state=tried.state, rates=tried.rates, solver_state=tried.solver_state, last=step,
            calls=holds.is_due(tried, vanished), turned=jnp.stack([rose, fell]) & sought.real[None],
        )  # fmt: skip
        kept = jax.tree.map(lambda a, b: jnp.where(tried.keep, a, b), new, walk)
        return kept._replace(size=tried.next_size, tried=walk.tried + 1)

    fresh = walk._replace(turned=jnp.zeros_like(walk.turned), vanished=None)
    return loop(cond, body, fresh, (sought, p, walk.vanished))._replace(vanished=walk.vanished)
