"""The payoffs of the supervision game, and what its mechanisms pay and fine.

The table of payoffs stands in `game`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ...replicator import Bimatrix

Array = Any
Parameters = Mapping[str, Array]

# What the government pays or fines, as functions of the cap and the share y that manages.
REWARD: dict[str, Callable[[Array, Array], Array]] = {"static": lambda r, y: r, "dynamic": lambda r, y: r * y}
PUNISHMENT: dict[str, Callable[[Array, Array], Array]] = {
    "static": lambda f, y: f,
    "dynamic": lambda f, y: f * (1 - y),
}


def payoffs(p: Parameters, reward: str, punishment: str) -> Callable[[Array, Array], Bimatrix]:
    """Payoff matrices of (government, enterprise) as a function of the shares (x, y)."""

    def at(_x: Array, y: Array) -> Bimatrix:
        rew, pun = REWARD[reward](p["r"], y), PUNISHMENT[punishment](p["f"], y)
        c1, c2, R1, R2 = p["c1"], p["c2"], p["R1"], p["R2"]
        Lg, Le, p1, p2 = p["Lg"], p["Le"], p["p1"], p["p2"]
        government = ((R1 - c1 - rew, -c1 + pun - p1 * Lg), (R1, -p2 * (Lg + p["S"])))
        enterprise = ((R2 - c2 + rew, R2 - pun - p1 * Le), (R2 - c2, R2 - p2 * Le))
        return government, enterprise

    return at
