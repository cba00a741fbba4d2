"""The best menu of contracts over sub-types at one point, and the best with one contract for each type.

The contract paper designs one contract for each vulnerability type and scales the centre's utility by the
mean criticality. Here every sub-type (type, level) has a contract of its own, and all of them are kept
from preferring another one: what is gained over one contract for each type is what levels are worth knowing.
"""

from collections.abc import Collection, Mapping

import jax.numpy as jnp
from jax import Array

from ...numerics.linear_program import tolerance
from ...status import Status
from .offer import offer
from .subtypes import Subtypes, distinct, ranked, table

SHARED = {"undefined": -1, "own": 0, "shared_with_next": 1}
RANKING = {"undefined": -1, "criticality_overtakes": 0, "vulnerability_first": 1}
_OF_TYPES = frozenset(("types_centre_utility", "gain_over_types"))


def menu(
    p: Mapping[str, Array], *, terms: str = "power", wanted: Collection[str] | None = None
) -> dict[str, Array]:
    """The best menu at one point; keys and shapes as `MENU` declares them.

    Parameters
    ----------
    p
        The parameters that `MENU` declares.
    terms
        At which terms resources are rewarded, and what they are worth: see `offer.TERMS`.
    wanted
        Outputs that somebody looks at, all if None: the menu over types is left out where none is of it.
    """
    s = ranked(p)
    best = offer(p, s, terms, by_type=False)
    consistent = _consistent(p, terms)
    status = jnp.where(consistent, best.status, Status.out_of_domain)
    good = (status == Status.ok) | (status == Status.several_equilibria)
    # A factor, not a choice: so derivatives, too, are NaN where there is no menu, and not zero.
    known = jnp.where(good, 1, jnp.nan)
    resources, reward = best.resources * known, best.reward * known
    shape = (p["theta"].shape[0], p["phi"].shape[0])
    utility = s.worth[:, None] * best.value[None, :] - p["unit_cost"] * best.reward[None, :]
    own = jnp.diagonal(utility)
    centre = jnp.sum(s.weight * (reward - resources))
    alike = jnp.diff(best.resources) <= 100 * tolerance(own.dtype) * p["T_total"]
    alike = jnp.concatenate([alike, jnp.zeros(1, bool)]).astype(jnp.int8)
    outputs = {
        "resources": table(resources, s.order, shape),
        "reward": table(reward, s.order, shape),
        "paid_rate": table(_rate(reward, resources), s.order, shape),
        "subtype_utility": table(own * known, s.order, shape),
        "least_ic_slack": table(_least_slack(utility) * known, s.order, shape),
        "shared": table(jnp.where(good, alike, jnp.int8(SHARED["undefined"])), s.order, shape),
        "centre_utility": centre,
        "kept_resources": best.kept * known,
        "ranking": jnp.where(consistent, jnp.all(s.ends_group[_last_levels(shape)]), RANKING["undefined"]),
    }
    outputs["ranking"] = outputs["ranking"].astype(jnp.int8)
    if wanted is None or not _OF_TYPES.isdisjoint(wanted):
        outputs |= _over_types(p, s, terms, centre)
    return outputs | {"status": status}


def _least_slack(utility: Array) -> Array:
    """By how much each sub-type's own contract is better than the best other one [K]; 0 where both tie."""
    own = jnp.diagonal(utility)
    if own.shape[0] == 1:
        return jnp.zeros_like(own)
    slack = own - jnp.max(jnp.where(jnp.eye(own.shape[0], dtype=bool), -jnp.inf, utility), axis=1)
    rounding = 256 * jnp.finfo(own.dtype).eps * jnp.max(jnp.abs(utility))
    return jnp.where(jnp.abs(slack) <= rounding, 0, slack)


def _last_levels(shape: tuple[int, int]) -> Array:
    """Where the most critical level of each type ranks if vulnerability ranks first."""
    return jnp.arange(1, shape[0] + 1) * shape[1] - 1


def _over_types(p: Mapping[str, Array], s: Subtypes, terms: str, centre: Array) -> dict[str, Array]:
    """What the centre has from one contract for each type, which all its levels take, and gains beyond."""
    best = offer(p, s, terms, by_type=True)
    good = (best.status == Status.ok) | (best.status == Status.several_equilibria)
    utility = jnp.sum(s.weight * (best.reward - best.resources)) * jnp.where(good, 1, jnp.nan)
    return {"types_centre_utility": utility, "gain_over_types": centre - utility}


def _rate(reward: Array, resources: Array) -> Array:
    """Reward per unit of resources; NaN of a contract without any."""
    some = resources > 0
    return jnp.where(some, reward / jnp.where(some, resources, 1), jnp.nan)


def _consistent(p: Mapping[str, Array], terms: str) -> Array:
    """Types and levels in increasing order, no two sub-types alike, probabilities that sum to 1."""
    parts = [jnp.all(jnp.diff(p[name]) > 0) for name in ("theta", "phi")]
    if terms == "rates":
        parts += [jnp.all(jnp.diff(p["reward_rate"]) > 0), jnp.all(jnp.diff(p["level_rate"]) >= 0)]
    tol = max(1e-6, tolerance(p["theta"].dtype))
    parts += [jnp.abs(jnp.sum(p[name]) - 1) <= tol for name in ("probability", "criticality_probability")]
    return jnp.all(jnp.stack([*parts, distinct(p)]))
