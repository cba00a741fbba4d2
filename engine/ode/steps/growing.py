"""Whether an implicit step would pass over what grows within it.

An implicit method damps what changes fast beside its step, whether it decays or grows: R(z) of y' = z y / h
nears 0 on either side. Beside a rest point that an orbit leaves, what grows may be smaller than the errors
that are allowed, so that these show nothing, and the steps would hold the orbit there. So it is asked
whether the Jacobian of the field has a direction that grows too fast: of four components at most in every
step, of more where nearly nothing moves.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax

from ..rest.attraction import balanced, largest_real_part, square_of_swing, stay_constant
from ..rest.chart import size_of
from .eigenvalue_bounds import excludes
from .eigenvalues import eigenvalues

Array = Any

# In a step where nearly nothing moves, each component does by less than this part of itself, or of its least
# size, a part of its scale.
_STILL, _LEAST = 1e-3, 1e-7
# What grows tenfold in a step, at a rate times its size of log(10), methods follow. From 2.6 to 4.7 steps of
# rodas5p lead to the other side of what an orbit leaves.
_MOST = 2.3
# What swings is damped by a part of the sixth power of its angle within the step, of kvaerno5 about this one
# (of rodas5p a thirtieth of it): twice that is less than it grows by where it is followed.
_DAMPED = 7e-4
# What grows by less than this part of its size, 0.06% a turn, does not matter in steps that follow it.
_SLOWEST = 1e-4
# Within the first angle all that counts is followed, beyond the second nothing.
_NEAR, _FAR = 0.6, 1e3
# A pair of a smaller angle is damped by less than it grows, where it counts.
_LEAST_ANGLE = (_SLOWEST / _DAMPED) ** 0.2
# Of more components the eigenvalues would have to be asked for too often, and take as long as 20 steps.
_MOST_COMPONENTS = 4
# A component is measured in itself, or in this part of its scale.
_SMALL = 1e-3
# So many roundings of the Jacobian may be a growth that is none.
_ROUNDINGS = 1e3


def passes_over(
    jacobian: Array,
    states: tuple[Array, Array],
    rates: Array,
    size: Array,
    scale: Array | None,
) -> Array:
    """Whether a step of that `size` between two `states`, shape (d,), passes over what grows within it.

    jacobian, rates : of the field where it begins, shape (d, d) and (d,).
    scale : that of each component; None: it is 1.
    """
    given = lax.stop_gradient((jacobian, *states, rates, size))
    jacobian, old, new, rates, size = given
    sizes = jnp.maximum(jnp.abs(old), jnp.abs(new))
    units = jnp.maximum(sizes, jnp.ones_like(sizes) if scale is None else lax.stop_gradient(scale))
    units = jnp.maximum(units, jnp.finfo(units.dtype).tiny / jnp.finfo(units.dtype).eps)
    # What only accumulates moves on and on, and moves nothing.
    counts = jnp.any(jacobian != 0, axis=0)
    changed = counts & ~(jnp.abs(new - old) < _STILL * jnp.maximum(sizes, _LEAST * units))
    may = _may_grow(jacobian * jnp.abs(size), rates == 0, counts, jnp.maximum(sizes, _SMALL * units))
    asked = (~jnp.any(changed) | may) & (jnp.abs(size) * size_of(jacobian) > _NEAR)

    def looked(at: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        # Of the size that the loop carries, so that nothing of this is computed outside it.
        within = jacobian * at[2]
        free = ~stay_constant(within, rates == 0) & counts
        within = jnp.where(free[:, None] & free[None, :], within * units[None, :] / units[:, None], 0.0)
        return jnp.asarray(False), _grows_unseen(balanced(within)), jnp.zeros_like(size)

    # A loop of at most one turn: of a condition many orbits at once compute both branches.
    return lax.while_loop(lambda at: at[0], looked, (asked, jnp.asarray(False), jnp.abs(size)))[1]


def _may_grow(jacobian: Array, still: Array, counts: Array, sizes: Array) -> Array:
    """Whether there may be a direction that grows too fast, by few operations; of five and more: False.

    jacobian : times the size of the step. still : whether a component has a rate of 0. counts : whether it
    moves anything. sizes : of the components, none of which is 0.
    """
    count = len(jacobian)
    if count > _MOST_COMPONENTS:
        return jnp.asarray(False)
    eye = jnp.eye(count, dtype=bool)
    # What is absent, and grows of itself alone, stays absent.
    absent = still & jnp.all((jacobian == 0) | eye, axis=1)
    if count > 3:
        return ~excludes(jnp.where((counts & ~absent)[:, None], jacobian, 0.0), sizes, _LEAST_ANGLE, _MOST)
    jacobian = jnp.where(absent[:, None], 0.0, jacobian)
    if count <= 2:
        return _grows_unseen(jacobian)
    (a, b, c), (d, e, f), (g, h, i) = jacobian
    # Of the polynomial x^3 + p x^2 + q x + r, by Routh and Hurwitz.
    p = -(a + e + i)
    terms = a * e, -b * d, a * i, -c * g, e * i, -f * h
    q = sum(terms)
    r = b * (d * i - f * g) - a * (terms[4] + terms[5]) - c * (d * h - e * g)
    # Their rounding is that of products along cycles, whatever the units of the components are.
    unit = jnp.sqrt((jnp.abs(a) + jnp.abs(e) + jnp.abs(i)) ** 2 + sum(map(jnp.abs, terms)))
    rounding = _ROUNDINGS * jnp.finfo(unit.dtype).eps * unit
    three_real = (p * p - 4 * q) * q * q + ((18 * q - 4 * p * p) * p - 27 * r) * r > rounding * unit**5
    # Where all three grow p < 0; else the size of a pair that grows is less than the root of r / p.
    near = (p > 0) & (r < _NEAR**2 * p)
    swings = (p * q - r < -rounding * unit * unit) & ~three_real & ~near
    x = _MOST
    alone = (
        (3 * x + p < 0)
        | ((3 * x + 2 * p) * x + q < -rounding * unit)
        | (((x + p) * x + q) * x + r < -rounding * unit * unit)
    )
    return swings | alone


def _grows_unseen(jacobian: Array) -> Array:
    """Whether an eigenvalue, of a Jacobian times a step's size, is one of what grows and is not followed."""
    growth, angle = _eigenvalues(jacobian)
    rounding = _ROUNDINGS * jnp.finfo(growth.dtype).eps * size_of(jacobian)
    counts = growth > jnp.maximum(rounding, _SLOWEST * angle)
    return jnp.any(counts & ((growth > _MOST) | (_DAMPED * jnp.minimum(angle, _FAR) ** 6 > growth)))


def _eigenvalues(jacobian: Array) -> tuple[Array, Array]:
    """Of each its real part and its size; of two real ones the larger one alone."""
    if len(jacobian) <= 2:
        growth = largest_real_part(jacobian)
        return growth, jnp.sqrt(growth**2 + square_of_swing(jacobian))
    unit = size_of(jacobian)
    real, imaginary = eigenvalues(jacobian / unit)
    return unit * real, unit * jnp.sqrt(real**2 + imaginary**2)
