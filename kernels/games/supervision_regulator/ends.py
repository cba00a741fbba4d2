"""Orbits of the game under a regulator that mathematics decides: strategies are given up in turn.

A strategy whose gain has one sign whatever the others do is given up (Samuelson and Zhang 1992); so is one
of which that holds where the others have given up theirs. Gains are largest and least at corners of what
remains: they are linear in x and z, and in y linear or, A, falling. Where all that remains is one corner,
every orbit from inside ends there.

Nothing else is decided. A cycle along edges of the cube is never said to be reached, however wide an orbit
swings: in three dimensions its stability does not follow from the signs at the corners.
"""

from collections.abc import Mapping
from itertools import product
from typing import Any

import jax.numpy as jnp

from ...flow import NOT_ALONG_FACES, Attractor
from .gains import Gains

Array = Any
Parameters = Mapping[str, Array]


def attractor(p: Parameters, g: Gains) -> Array:
    """What a flow's `decide` says (int8) of the orbit from (x0, y0, z0)."""
    start = jnp.stack([p[name] for name in ("x0", "y0", "z0")])
    low, high = jnp.zeros_like(start), jnp.ones_like(start)
    for _ in range(3):
        low, high = _without_what_is_given_up(g, low, high)
    ends = jnp.all(low == high) & jnp.all((start > 0) & (start < 1))
    return jnp.where(ends, jnp.int8(Attractor.rest_point), jnp.int8(NOT_ALONG_FACES))


def _without_what_is_given_up(g: Gains, low: Array, high: Array) -> tuple[Array, Array]:
    """The box of shares that remains, by what every gain is at its corners."""
    corners = [low + (high - low) * jnp.asarray(bits, low.dtype) for bits in product((0, 1), repeat=3)]
    gains = jnp.stack([g.all(corner) for corner in corners])
    clear = jnp.stack([g.clear(gains[:, k], k) for k in range(3)], axis=1)
    rises, falls = jnp.all((gains > 0) & clear, axis=0), jnp.all((gains < 0) & clear, axis=0)
    mixed = low < high
    return jnp.where(mixed & rises, 1.0, low), jnp.where(mixed & falls, 0.0, high)
