"""How far an orbit is from its rest point, its swings about it counted.

The largest component of a spiral's distance dips and rises from turn to turn, and whether a step ends in a
dip is chance. The height of its peaks only falls. Near the rest point the motion is linear: where v'' =
2a v' - (a^2 + w^2) v, v turns with the angular speed w, and at present its peaks are
sqrt((w^2 v^2 + (v' - a v)^2) / (a^2 + w^2)) high.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp

Array = Any

# Only an orbit that swings at one rate has peaks that this formula gives: others differ by more than this.
_MISFIT = 0.1


class Swing(NamedTuple):
    """Of motion about a rest point: a; w^2; 1 / (a^2 + w^2), which is 0 where it does not swing."""

    rate: Array
    square: Array
    part: Array


def no_swing(dtype: Any) -> Swing:
    """Motion that does not swing, or is not known to."""
    zero = jnp.zeros((), dtype)
    return Swing(zero, zero, zero)


def swing_of(jacobian: Array, apart: Array) -> Swing:
    """The swing of linear motion, from its matrix (d, d) and where it is, shape (d,): a fit to v, v', v''."""
    size = jnp.max(jnp.abs(jacobian))
    size = jnp.where(size > 0, size, 1.0)
    v = apart / jnp.maximum(jnp.max(jnp.abs(apart)), jnp.finfo(apart.dtype).tiny)
    first = jnp.sum(jacobian * v[None, :], axis=1) / size
    second = jnp.sum(jacobian * first[None, :], axis=1) / size
    vv, vf, ff = jnp.sum(v * v), jnp.sum(v * first), jnp.sum(first * first)
    vs, fs = jnp.sum(v * second), jnp.sum(first * second)
    determinant = vv * ff - vf * vf
    safe = jnp.where(determinant > 0, determinant, 1.0)
    of_first, of_v = (vv * fs - vf * vs) / safe, (ff * vs - vf * fs) / safe
    rate, square = of_first / 2, -of_v - of_first * of_first / 4
    misfit = jnp.max(jnp.abs(second - of_first * first - of_v * v))
    swings = (determinant > 0) & (square > 0) & (misfit <= _MISFIT * jnp.max(jnp.abs(second)))
    square, part = square * size * size, 1 / jnp.where(swings, (square + rate * rate) * size * size, 1.0)
    return Swing(
        jnp.where(swings, rate * size, 0.0), jnp.where(swings, square, 0.0), jnp.where(swings, part, 0.0)
    )


def apart(step: Array, scale: Array, left_out: Array) -> Array:
    """The length of a step of the state in units of its scale, but for what is `left_out`."""
    if len(left_out) == len(step):
        return jnp.max(jnp.abs(jnp.where(left_out, 0.0, step / scale)))
    logarithms = jnp.append(step, jnp.zeros(1, step.dtype))  # of shares, but for one number added to all
    top = jnp.max(jnp.where(left_out, -jnp.inf, logarithms))
    return jnp.maximum(top - jnp.min(jnp.where(left_out, jnp.inf, logarithms)), 0.0)


def square_of_distance(step: Array, velocity: Array, scale: Array, left_out: Array, swing: Swing) -> Array:
    """The square of the distance from a rest point, or of the peaks about it if they are higher.

    `step`, shape (d,), leads from it to the state, where the rates are `velocity`; in units of the scale.
    """
    if len(left_out) != len(step):  # of shares, whose distance is a difference: it dips by 13% at most
        return apart(step, scale, left_out) ** 2
    v = jnp.where(left_out, 0.0, step / scale)
    slope = jnp.where(left_out, 0.0, velocity / scale)
    peaks = swing.part * (swing.square * v * v + (slope - swing.rate * v) ** 2)
    return jnp.max(jnp.maximum(v * v, peaks))
