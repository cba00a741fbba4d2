"""Where orbits of the supervision game end, by the signs of its field at the corners: nothing is integrated.

With the weight 1/(x (1-x) y (1-y)) the field's divergence is s / (1-x), s being the cap r where the reward
is dynamic less the cap f where the punishment is: of one sign everywhere. By Dulac's criterion there is no
closed orbit inside unless s = 0, when a quantity is conserved. By the theorem of Poincare and Bendixson an
orbit from inside then ends in a rest point or on the cycle along the boundary. A does not depend on x and
falls in y; B is linear in x, and B(1, y) linear in y with slope s. So these signs decide:

- A < 0 everywhere: x goes to 0, and y to the side that B(0) points to.
- A > 0 everywhere: x goes to 1, where B(1, y) decides. With B(1, 0) < 0 < B(1, 1) both corners attract.
- A(0) > 0 > A(1), and B(0) > 0: (0, 1) attracts; (1, 0) does, too, where B(1, 0) < 0, and so does the rest
  point within the edge x = 1, if it has one at which A > 0 and B(1, y) falls.
- A(0) > 0 > A(1), and B(0) < 0 < B(1, 0): where B(1, 1) < 0 only one point attracts, inside or on the edge.
  Where B(1, 1) > 0 all four corners are saddles, joined to a cycle. The product of their contracting over
  expanding rates is B(1, 1) / B(1, 0), so the cycle attracts where s > 0, the rest point inside where s < 0.
- A(0) > 0 > A(1), B(0) < 0 and B(1, 0) < 0: (1, 0) alone attracts.

Only single orbits, those that end in a saddle, do otherwise.
"""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from ...flow import Attractor
from .signs import Advantage, conserves, slope

Array = Any
Parameters = Mapping[str, Array]


def attractor(p: Parameters, *, reward: str, punishment: str) -> Array:
    """`Attractor` number (int8) of the orbit from (x0, y0).

    `undecided` where several rest points attract, where a sign is lost in rounding and for starts on a face.
    """
    A, B = Advantage(p, reward, punishment, 0), Advantage(p, reward, punishment, 1)
    x, y = p["x0"], p["y0"]
    inside = (x > 0) & (x < 1) & (y > 0) & (y < 1)
    at_rest = ~A.has_sign(0.0, y) & ~B.has_sign(x, y)
    ends = jnp.where(at_rest, jnp.int8(Attractor.rest_point), _end(p, A, B, reward, punishment))
    return jnp.where(inside, ends, jnp.int8(Attractor.undecided))


def _end(p: Parameters, A: Advantage, B: Advantage, reward: str, punishment: str) -> Array:
    """The same for a start inside that is no rest point."""
    tilt = slope(p, reward, punishment)
    top, bottom = A.at(0.0, 0.0), A.at(0.0, 1.0)
    left, low, high = B.at(0.0, 0.0), B.at(1.0, 0.0), B.at(1.0, 1.0)
    # Where B(1, 0) = 0 the slope along x = 1 says what happens beside that corner.
    flat = ~B.has_sign(1.0, 0.0) & ~conserves(p, reward, punishment)
    low = jnp.where(flat, tilt, low)
    turning = (low > 0) != (high > 0)
    on_edge = jnp.where(turning, low / jnp.where(turning, low - high, 1.0), 0.0)

    all_saddles = (top > 0) & (bottom < 0) & (left < 0) & (low > 0) & (high > 0)
    inner = jnp.where(
        conserves(p, reward, punishment),
        Attractor.closed_orbit,
        jnp.where(tilt < 0, Attractor.rest_point, Attractor.boundary_cycle),
    )
    end = jnp.where(all_saddles, inner, Attractor.rest_point)

    both_corners = (bottom > 0) & (low < 0) & (high > 0)
    attracts_on_edge = turning & (low > 0) & (A.at(0.0, on_edge) > 0)
    two = both_corners | ((top > 0) & (bottom < 0) & (left > 0) & ((low < 0) | attracts_on_edge))
    clear = A.has_sign(0.0, 0.0) & A.has_sign(0.0, 1.0) & A.has_sign(0.0, on_edge)
    clear &= B.has_sign(0.0, 0.0) & (B.has_sign(1.0, 0.0) | flat)
    # Where A(1) < 0 < B(1, 0), the corner (1, 1) attracts nothing whatever the sign of B there, and the cycle
    # along the boundary, if there is one, repels: B(1, 1) below B(1, 0) is all that counts.
    clear &= B.has_sign(1.0, 1.0) | ((bottom < 0) & (low > 0))
    return jnp.where(clear & ~two, end, Attractor.undecided).astype(jnp.int8)
