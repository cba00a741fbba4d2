"""Contracts for infrastructures whose types are known by name: several may be of one type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import jax
import numpy as np

from ....kernels.games.contract import contract
from ....kernels.status import Status


@dataclass(frozen=True)
class Infrastructure:
    """One that asks for protection.

    Attributes
    ----------
    name
        It has one of its own.
    theta, reward_rate
        Of its type: its vulnerability [1], and the reward per unit of resources that it pays.
    least
        Resources that its type needs at least, in the unit of the centre's total.
    level_probability
        What the centre believes about its criticality [level], lowest level first; sums to 1.
    """

    name: str
    theta: float
    reward_rate: float
    least: float
    level_probability: tuple[float, ...]


def optimal_design(
    considered: Sequence[Infrastructure],
    total: float,
    value_rate: float = 2.0,
    unit_cost: float = 0.5,
    probability: Mapping[float, float] | None = None,
) -> np.ndarray | None:
    """Optimal contracts: resources for each infrastructure, None if none is feasible.

    Parameters
    ----------
    considered
        Those of one theta are of one type, and get the same contract.
    total
        Resources of the centre.
    value_rate, unit_cost
        What a unit of resources is worth (V(T) = a T), and what paying a unit of reward costs: a, c.
    probability
        Theta to the centre's probability p of that type; by default the share of its infrastructures.

    Raises
    ------
    ValueError
        Those of one theta differ otherwise, or the reward rate does not grow with theta.
    """
    types = _types(considered)
    counts = np.array([sum(i.theta == t.theta for i in considered) for t in types], float)
    theta, rate, least = (np.array([getattr(t, n) for t in types]) for n in ("theta", "reward_rate", "least"))
    if len(types) == 1:  # alone it gets everything, if it is worth its reward to it
        fits = value_rate * theta[0] >= unit_cost * rate[0] and counts[0] * least[0] <= total
        return np.full(len(considered), total / len(considered)) if fits else None
    shares = counts if probability is None else np.array([probability.get(t.theta, 0.0) for t in types])
    if not shares.sum() > 0:
        raise ValueError("probability: every type that asks has probability 0")
    point = {"theta": theta, "reward_rate": rate, "T_min": least, "T_total": np.float64(total)}
    point |= {"probability": shares / shares.sum(), "infrastructures": counts}
    point |= {"value_rate": np.float64(value_rate), "unit_cost": np.float64(unit_cost)}
    # One level: criticality scales the centre's utility and moves no resources.
    point |= {"phi": np.ones(1), "criticality_probability": np.ones(1)}
    with jax.enable_x64(True):
        solved = _solve(point)
    if int(solved["status"]) not in (Status.ok, Status.several_equilibria):
        return None
    by_theta = dict(zip(theta.tolist(), np.asarray(solved["resources"]).tolist(), strict=True))
    return np.array([by_theta[i.theta] for i in considered])


_solve = jax.jit(contract)


def _types(considered: Sequence[Infrastructure]) -> list[Infrastructure]:
    """One infrastructure of each type, the least vulnerable first."""
    first: dict[float, Infrastructure] = {}
    for one in sorted(considered, key=lambda i: i.theta):
        other = first.setdefault(one.theta, one)
        for name in ("reward_rate", "least"):
            if getattr(one, name) != getattr(other, name):
                raise ValueError(
                    f"{other.name} and {one.name} have theta = {one.theta:g}, so they are of one type, but "
                    f"differ in {name}: {getattr(other, name):g} and {getattr(one, name):g}"
                )
    types = list(first.values())
    for low, high in pairwise(types):
        if high.reward_rate <= low.reward_rate:
            raise ValueError(
                f"{high.name} is more vulnerable than {low.name}, so its reward_rate must be above "
                f"{low.reward_rate:g}, not {high.reward_rate:g}"
            )
    return types
