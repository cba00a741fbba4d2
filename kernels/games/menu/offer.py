"""One menu: its contracts, and how the search for it ended."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from ...numerics.linear_program import INFEASIBLE, OUT_OF_PIVOTS
from ...status import Status
from .chain import best_chain, blocks
from .linear import Menu, free_menu, rate_menu
from .subtypes import Subtypes
from .value import CONCAVE

TERMS = ("rates", "linear", *CONCAVE)


class Offer(NamedTuple):
    """A menu: arrays over ranked sub-types [K], and how its search ended."""

    resources: Array
    reward: Array
    value: Array
    """V of the resources."""
    kept: Array
    status: Array


def offer(p: Mapping[str, Array], s: Subtypes, terms: str, by_type: bool) -> Offer:
    """The best menu over sub-types, or the best with one contract for each type (at rates: level_rate 1)."""
    if terms == "rates":
        level_rate = jnp.ones_like(p["level_rate"]) if by_type else p["level_rate"]
        menu = rate_menu(p, level_rate)
        resources = menu.resources[s.order]
        reward = jnp.outer(p["reward_rate"], level_rate).ravel()[s.order] * resources
        return Offer(resources, reward, p["value_rate"] * resources, menu.kept, _of_program(menu))
    ends = s.ends_group if by_type else jnp.ones_like(s.ends_group)
    run = blocks(s, p["unit_cost"], ends)
    if terms == "linear":
        menu = free_menu(s, run, ends, p)
        value = p["value_rate"] * menu.resources
        return Offer(menu.resources, _rewards(s, value, p), value, menu.kept, _of_program(menu))
    best = best_chain(run, s.number, CONCAVE[terms], p)
    value = CONCAVE[terms](p).worth(best.resources)
    kept = jnp.where(best.scarce, 0, p["T_total"] - jnp.sum(s.number * best.resources))
    status = jnp.where(best.feasible, Status.ok, Status.infeasible)
    return Offer(best.resources, _rewards(s, value, p), value, kept, status)


def _rewards(s: Subtypes, value: Array, p: Mapping[str, Array]) -> Array:
    """The most that sub-types pay for contracts of such values: each is kept from the contract below."""
    steps = jnp.concatenate([value[:1], jnp.diff(value)])
    return jnp.cumsum(s.worth * steps) / p["unit_cost"]


def _of_program(menu: Menu) -> Array:
    status = jnp.where(menu.several, Status.several_equilibria, Status.ok)
    status = jnp.where(menu.vertex.verdict == OUT_OF_PIVOTS, Status.max_steps, status)
    return jnp.where(menu.vertex.verdict == INFEASIBLE, Status.infeasible, status)
