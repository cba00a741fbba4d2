"""What the four sides of the square do to orbits beside them, where rules follow both shares.

Unlike in the game of y alone nothing here excludes closed orbits inside: with the weight of Dulac,
1/(x (1-x) y (1-y)), the divergence is A_x / (y (1-y)) + B_y / (x (1-x)), and A_x may have either sign. So
orbits are integrated; but where the cycle along the sides is absent, or repels, none is taken to be bound
for it.
"""

from typing import Any

import jax.numpy as jnp

from ...flow import NOT_ALONG_FACES, Attractor
from ...numerics.stability import RestClass
from ..supervision_shapes.ends import BoundaryCycle
from .mechanism import Mechanism, On
from .rest import FIRST_EDGE, FIRST_INSIDE, RestPoints

Array = Any


def boundary_cycle(m: Mechanism, rest: RestPoints) -> Array:
    """`BoundaryCycle` number (int8).

    The product of contracting over expanding rates at the four corners decides (Hofbauer and Sigmund 1998,
    section 17.5).
    """
    kinds, zero = rest.rest_class, jnp.zeros_like(m.p["r"])
    saddles = jnp.all(kinds[:FIRST_EDGE] == RestClass.saddle)
    open_sides = jnp.all(kinds[FIRST_EDGE:FIRST_INSIDE] == RestClass.absent)

    def at(x: int, y: int) -> tuple[Array, Array, On]:
        return zero + x, zero + y, m.on(zero + x, zero + y)

    start, end, back_from, back_to = (
        m.supervising(*at(*corner)) for corner in ((0, 0), (1, 0), (1, 1), (0, 1))
    )
    low, high = (m.managing(*at(1, y)) for y in (0, 1))
    there = saddles & open_sides & (start > 0) & (end > 0) & (back_from < 0) & (back_to < 0)
    there &= (m.alone < 0) & (low > 0) & (high > 0)

    def size(value: Array) -> Array:
        return jnp.log(jnp.where(there, jnp.abs(value), 1.0))

    product = size(end) - size(start) + size(high) - size(low) + size(back_to) - size(back_from)
    kind = jnp.where(product > 0, BoundaryCycle.attracts, BoundaryCycle.repels)
    rounding = 1000 * jnp.finfo(zero.dtype).eps
    kind = jnp.where(jnp.abs(product) > rounding, kind, BoundaryCycle.neutral)
    return jnp.where(there, kind, BoundaryCycle.absent).astype(jnp.int8)


def attractor(m: Mechanism, rest: RestPoints) -> Array:
    """What a flow's `decide` says (int8): at most that an orbit is not bound for the sides."""
    cycle = boundary_cycle(m, rest)
    clear = jnp.all(rest.rest_class[:FIRST_INSIDE] != RestClass.degenerate)
    shy = clear & ((cycle == BoundaryCycle.absent) | (cycle == BoundaryCycle.repels))
    return jnp.where(shy, jnp.int8(NOT_ALONG_FACES), jnp.int8(Attractor.undecided))
