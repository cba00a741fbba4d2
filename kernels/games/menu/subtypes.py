"""Sub-types, pairs of a vulnerability type and a criticality level, in the order of what they value.

Sub-type (i, j) values resources at theta_i phi_j, which is the product that the contract paper ranks
sub-types by. All arrays over sub-types here stand in that order, the least first, unless said otherwise.
"""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax


class Subtypes(NamedTuple):
    """The K = types x levels sub-types in the order of their worth; every array has shape [K]."""

    worth: Array
    """theta_i phi_j."""
    weight: Array
    """p_i q_j theta_i phi_j: what a unit of reward from the sub-type counts with the centre."""
    number: Array
    """n_i q_j: infrastructures of the sub-type that the centre expects."""
    least: Array
    """T_min of the sub-type's type."""
    order: Array
    """int: where in the table [type, level], read row by row, each sub-type stands."""
    ends_group: Array
    """bool: whether every type up to here ranks wholly below every type beyond."""


def ranked(p: Mapping[str, Array]) -> Subtypes:
    """The sub-types of one point."""
    worth = _pairs(p["theta"], p["phi"])
    share = _pairs(p["probability"], p["criticality_probability"])
    number = _pairs(p["infrastructures"], p["criticality_probability"])
    levels = p["phi"].shape[0]
    order = jnp.argsort(lax.stop_gradient(worth))
    kind = order // levels
    # The types seen so far are 0 ... m, all of their levels, just where m + 1 types have all been counted.
    complete = lax.cummax(kind) + 1
    ends = complete * levels == jnp.arange(1, order.shape[0] + 1)
    least = jnp.repeat(p["T_min"], levels)
    return Subtypes(worth[order], (share * worth)[order], number[order], least[order], order, ends)


def table(values: Array, order: Array, shape: tuple[int, int]) -> Array:
    """Values over ranked sub-types as a table [type, level]."""
    return jnp.zeros_like(values).at[order].set(values).reshape(shape)


def distinct(p: Mapping[str, Array]) -> Array:
    """Whether no two sub-types value resources alike: those cannot be told apart by what they prefer."""
    worth = jnp.sort(_pairs(p["theta"], p["phi"]))
    return jnp.all(jnp.diff(worth) > 64 * jnp.finfo(worth.dtype).eps * worth[1:])


def _pairs(by_type: Array, by_level: Array) -> Array:
    return (by_type[:, None] * by_level[None, :]).ravel()
