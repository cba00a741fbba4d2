"""Whether an implicit step would pass over what grows within it.

An implicit method damps what changes fast beside its step, whether it decays or grows: R(z) of y' = z y / h
nears 0 on either side. Beside a rest point that an orbit leaves, what grows may be smaller than the errors
that are allowed, so that these show nothing, and the steps would hold the orbit there. So where nearly
nothing moves in a step it is asked whether the Jacobian of the field has a direction that grows too fast.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..rest.attraction import grows_within, stay_constant
from ..rest.chart import size_of

Array = Any

# In a step that is asked about, each component moves by less than this part of itself, or of its least size,
# a part of its scale.
_STILL, _LEAST = 1e-3, 1e-7
# A direction that grows ten thousandfold within so many steps grows tenfold in one, which methods follow.
_STEPS = 4.0
# So much is a rate times the size of such a step: log(10). From 2.6 to 4.7 Rosenbrock steps lead to the other
# side of what an orbit leaves.
_MOST = 2.3


def passes_over(
    jacobian: Array,
    states: tuple[Array, Array],
    rates: Array,
    size: Array,
    scale: Array | None,
) -> Array:
    """Whether a step of that `size` between two `states`, shape (d,), passes over what grows within it.

    Of three components and more that is seen where one direction alone grows so fast, or three, and does not
    swing: a determinant is negative then.

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
    still = ~jnp.any(changed) & (jnp.abs(size) * size_of(jacobian) > 1)

    def looked(_: tuple[Array, Array]) -> tuple[Array, Array]:
        free = ~stay_constant(jacobian, rates == 0) & counts
        matrix = jnp.where(free[:, None] & free[None, :], jacobian * units[None, :] / units[:, None], 0.0)
        if len(old) <= 2:
            return jnp.asarray(False), grows_within(matrix, _STEPS * jnp.abs(size))
        beyond = jnp.eye(len(old), dtype=old.dtype) - jnp.abs(size) / _MOST * matrix
        return jnp.asarray(False), _has_negative_determinant(beyond)

    # A loop of at most one turn: of a condition many orbits at once compute both branches.
    return lax.while_loop(lambda at: at[0], looked, (still, jnp.asarray(False)))[1]


def _has_negative_determinant(matrix: Array) -> Array:
    factors, pivots = jax.scipy.linalg.lu_factor(matrix)
    swaps = pivots != jnp.arange(len(pivots), dtype=pivots.dtype)
    return functools.reduce(jnp.logical_xor, [*swaps, *(jnp.diagonal(factors) < 0)])
