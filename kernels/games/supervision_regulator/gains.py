"""Gains of the three players of the supervision game under a regulator.

A share z of regulators inspects. Inspecting costs c3, and brings a penalty P from a government that does
not supervise. A regulator that did not inspect is blamed, at a loss D, for an incident under a government
that did not supervise. To the payoffs of `supervision.game` this adds

    |                | inspected        | not inspected                           |
    | supervise      | 0, -c3           | 0, 0                                    |
    | not supervised | -P, P - c3       | 0, -D with probability p2, not managed  |

(government, regulator). So a government gains A(y) + z P by supervising, with the A of the paper, an
enterprise B(x, y) by managing, as in the paper, and a regulator C(x, y) = -c3 + (1-x) (P + (1-y) p2 D) by
inspecting.
"""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from ...replicator import advantages
from ..supervision.payoffs import payoffs

Array = Any
Parameters = Mapping[str, Array]

# What is smaller than this many roundings of its terms has no sign.
_ROUNDINGS = 1000.0


class Gains:
    """Gains of one scenario, money, at shares (x, y, z)."""

    def __init__(self, p: Parameters, reward: str, punishment: str) -> None:
        unseen = dict.fromkeys(("R1", "R2"), 0.0)  # benefits, which cancel
        self._p, self._game = p, payoffs({**p, **unseen}, reward, punishment)
        self._terms = (
            p["c1"] + p["r"] + p["f"] + p["Lg"] + p["S"] + p["P"],
            p["c2"] + p["r"] + p["f"] + p["Le"],
            p["c3"] + p["P"] + p["D"],
        )

    def supervising(self, y: Array, z: Array | float) -> Array:
        """Of a government by supervising."""
        return advantages(self._game, jnp.zeros_like(y), y)[0] + z * self._p["P"]

    def managing(self, x: Array | float, y: Array) -> Array:
        """Of an enterprise by managing."""
        return advantages(self._game, x * jnp.ones_like(y), y)[1]

    def inspecting(self, x: Array | float, y: Array) -> Array:
        """Of a regulator by inspecting."""
        return -self._p["c3"] + (1 - x) * self.unsupervised(y)

    def unsupervised(self, y: Array) -> Array:
        """What inspecting brings, or spares, a regulator under a government that does not supervise."""
        return self._p["P"] + (1 - y) * self._p["p2"] * self._p["D"]

    def all(self, shares: Array) -> Array:
        """All three at shares (3,), shape (3,)."""
        x, y, z = shares
        return jnp.stack([self.supervising(y, z), self.managing(x, y), self.inspecting(x, y)])

    def velocity(self, shares: Array) -> Array:
        """Derivative of the shares in time, shape (3,)."""
        return shares * (1 - shares) * self.all(shares)

    def clear(self, value: Array, player: int) -> Array:
        """Whether a gain of a player (0, 1, 2) is neither zero nor lost in the rounding of its terms."""
        terms = self._terms[player]
        return jnp.abs(value) > _ROUNDINGS * jnp.finfo(terms.dtype).eps * terms
