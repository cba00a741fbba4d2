"""Roots of one equation and of a number, safe under jit, vmap and differentiation of any order."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

Function = Callable[[Array], Array]

_MOST_STEPS = 200  # A simple root takes 4-9 steps, a double root about 26: this is a guard, not a budget.


def climb(f: Function, start: Array, stop: Array) -> tuple[Array, Array]:
    """Smallest root of `f` in ``[start, stop)``, by Newton's method from the left.

    `f`, scaled to terms of order 1, must be negative or zero at `start`, and concave from there to
    its first maximum. Newton then never oversteps a root before that maximum: it climbs to the
    smallest, or reaches a point where ``f < 0 and f' <= 0``, or jumps to one where f > 0, which
    certifies that there is none. (A jump from just left of a maximum below zero may land where `f`
    has risen again, beyond a later root.)

    Returns
    -------
    (x, is_root)
        The root, and whether it is one; where `is_root` is false, `x` is the last point visited.
        Derivatives of `x` come from the implicit function theorem.
    """
    start = lax.stop_gradient(start)
    eps = float(jnp.finfo(start.dtype).eps)

    def value_and_slope(x: Array) -> tuple[Array, Array]:
        return jax.jvp(f, (x,), (jnp.ones_like(x),))

    def unfinished(state: tuple[Array, Array, Array]) -> Array:
        x, step, count = state
        return (step > 2 * eps * jnp.abs(x)) & (x < stop) & (count < _MOST_STEPS)

    def advance(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        x, _, count = state
        value, slope = value_and_slope(x)
        rising = (value < -4 * eps) & (slope > 0)
        step = jnp.where(rising, -value / jnp.where(rising, slope, 1), 0)
        return x + step, step, count + 1

    def solve(_: Function, x: Array) -> Array:
        return lax.while_loop(unfinished, advance, (x, jnp.full_like(x, jnp.inf), jnp.asarray(0)))[0]

    x = lax.custom_root(f, start, solve, _divide_by_slope)
    value, slope = value_and_slope(lax.stop_gradient(x))
    # At a fold the value stalls at rounding level while the slope vanishes: still a (double) root.
    is_root = (x < stop) & ((slope > 0) | (value > -64 * eps)) & (jnp.abs(value) < 1e3 * eps)
    return x, is_root


def bisect(f: Function, low: Array, high: Array) -> Array:
    """The root of `f` between `low` and `high`, where it changes sign once, from negative to positive.

    The bracket is halved until it is two neighbouring numbers. `f` is never asked for its sign at the
    ends: they may be roots themselves. Derivatives come from the implicit function theorem.
    """
    low, high = lax.stop_gradient(low), lax.stop_gradient(high)

    def solve(f: Function, _: Array) -> Array:
        def halve(_: int, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
            a, b = bracket
            middle = 0.5 * (a + b)
            right = f(middle) > 0
            return jnp.where(right, a, middle), jnp.where(right, middle, b)

        halvings = jnp.finfo(high.dtype).nmant + 12
        a, b = lax.fori_loop(0, halvings, halve, (low, high))
        return 0.5 * (a + b)

    return lax.custom_root(f, high, solve, _divide_by_slope)


def _divide_by_slope(linear: Function, y: Array) -> Array:
    """Solve ``slope * x = y``; a vanishing slope (no root, or a fold) gives 0, never NaN times zero."""
    slope = linear(jnp.ones_like(y))
    return jnp.where(slope == 0, 0, y / jnp.where(slope == 0, 1, slope))


def falling_root(f: Function, dtype: Any) -> tuple[Array, Array]:
    """The root in (0, 1) of a polynomial `f` of degree <= 2 that never rises there, and whether it exists.

    The coefficients come from three values. The form of the solution is the one without cancellation
    for f' <= 0, and holds for degree 1 too. Where there is no root the first value is meaningless.
    """
    zero = jnp.zeros((), dtype)
    low, middle, high = f(zero), f(zero + 0.5), f(zero + 1)
    bend = 2 * (low - 2 * middle + high)
    fall = low - high + bend
    exists = (low > 0) & (high < 0)
    # At a root of a falling quadratic the discriminant is f'(root)^2, so it is positive there.
    root_term = safe_sqrt(jnp.where(exists, fall**2 - 4 * bend * low, 1.0))
    return jnp.where(exists, 2 * low, 1.0) / jnp.where(exists, fall + root_term, 2.0), exists


def line_root(at_zero: Array, at_one: Array) -> tuple[Array, Array]:
    """The root in (0, 1) of the line through (0, at_zero) and (1, at_one), and whether it exists."""
    exists = at_zero * at_one < 0
    return jnp.where(exists, at_zero, -1.0) / jnp.where(exists, at_zero - at_one, -2.0), exists


def safe_sqrt(value: Array) -> Array:
    """Square root of a non-negative number, with derivative 0 (not infinite) at 0."""
    positive = value > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, value, 1.0)), 0.0)
