"""Linear stability of a rest point of a two-dimensional flow: eigenvalues, and a class.

All is computed from the 2 x 2 Jacobian in closed form; see Strogatz, "Nonlinear dynamics and chaos",
section 5.2, for the taxonomy by trace and determinant.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import jax
import jax.numpy as jnp

from .roots import safe_sqrt

Array = Any


class RestClass(IntEnum):
    """Class of a rest point, stored as ``int8``. The first three attract their neighbourhood.

    `ess` is a corner with two negative eigenvalues: a strict Nash equilibrium, which in a game between
    two populations is the same as an evolutionarily stable strategy (Selten 1980).
    `centre` is meant of the linearisation. `degenerate`: an eigenvalue is zero to rounding.
    """

    absent = 0
    ess = 1
    stable_node = 2
    stable_focus = 3
    centre = 4
    saddle = 5
    unstable_node = 6
    unstable_focus = 7
    degenerate = 8


def eigenvalues(jacobian: Array) -> tuple[Array, Array, Array]:
    """Real part of the larger eigenvalue, real part of the smaller, and the imaginary part >= 0 they share.

    The other one of a complex pair has the opposite imaginary part.
    """
    (a, b), (c, d) = jacobian
    middle = (a + d) / 2
    # ((a-d)/2)^2 + bc rather than tr^2/4 - det: no cancellation where the eigenvalues are real and close.
    discriminant = ((a - d) / 2) ** 2 + b * c
    root = safe_sqrt(jnp.abs(discriminant))
    half_gap = jnp.where(discriminant > 0, root, 0.0)
    turning = jnp.where(discriminant < 0, root, 0.0)
    return middle + half_gap, middle - half_gap, jnp.where(jnp.isnan(middle), jnp.nan, turning)


def classify(jacobian: Array, corner: Array) -> Array:
    """`RestClass` number (int8) of a rest point with this Jacobian; `corner` says whether it is one.

    A trace or determinant counts as zero below 1,000 rounding errors of the Jacobian's largest entry.
    """
    (a, b), (c, d) = jacobian
    trace, determinant = a + d, a * d - b * c
    focus = ((a - d) / 2) ** 2 + b * c < 0
    size = jnp.max(jnp.abs(jacobian))
    rounding = 1000 * jnp.finfo(jacobian.dtype).eps
    stable = jnp.where(corner, RestClass.ess, RestClass.stable_node)
    rest = RestClass
    cases = [
        # Not of the maximum: compiled for a CPU, it may lose a NaN.
        (jnp.any(jnp.isnan(jacobian)), rest.absent),
        (jnp.abs(determinant) <= rounding * size**2, rest.degenerate),
        (determinant < 0, rest.saddle),
        (focus & (jnp.abs(trace) <= rounding * size), rest.centre),
        (focus & (trace < 0), rest.stable_focus),
        (focus, rest.unstable_focus),
        (trace < 0, stable),
    ]
    result = jnp.int8(rest.unstable_node)
    for condition, number in reversed(cases):
        result = jnp.where(condition, jnp.asarray(number, jnp.int8), result)
    return result


def attracts(number: Array) -> Array:
    """Whether a rest point of this `RestClass` number is asymptotically stable."""
    return (number >= RestClass.ess) & (number <= RestClass.stable_focus)


def jacobian_at(field: Callable[[Array], Array], point: Array) -> Array:
    """Jacobian of `field` at `point`, [equation][variable], by forward differentiation."""
    return jax.jacfwd(field)(point)
