"""The exact formulation: equilibria of the stated loss with investment e >= 0, corners included."""

from collections.abc import Mapping
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from ...numerics.roots import Function, bisect, climb
from ...status import Status
from .game import Equilibrium, any_breach, first_guess, net_benefit, reach_of

BRANCHES = ("highest", "middle", "lowest")


class Candidate(NamedTuple):
    """One solution the city (or the planner) may settle on."""

    breach: Array
    effective: Array
    risk: Array  # expected loss without the money invested


def exact_equilibrium(p: Mapping[str, Array], mechanism: str, branch: str, n_max: int) -> Equilibrium:
    """Equilibrium (or the planner's optimum) of the stated loss, with investment never negative.

    Candidates are the interior roots p < beta v and the corner e = 0, which is one where investing
    does not pay at beta v. Cooperation is an optimum, not a game: its local minima are counted and the
    one of least cost is reported, whatever the branch.
    """
    reach, rate = reach_of(mechanism, p), -p["E"] * jnp.log(p["v"])
    end = p["beta"] * p["v"]
    pays = net_benefit(p, reach, n_max)
    per_unit = 1 if mechanism == "cooperation" else 1 / reach.dilution

    def at(breach: Array) -> Candidate:
        # The logarithms stay apart so that each is taken only along the axes it depends on.
        effective = (jnp.log(p["beta"]) + jnp.log(p["v"]) - jnp.log(breach)) / rate
        return Candidate(breach, effective, p["L"] * any_breach(breach, breach, p["alpha"], p["n"], n_max))

    guess = first_guess(p, reach, n_max)
    # The search ends at 1 and not at beta v, so that it need not be repeated along beta.
    first, has_first = climb(pays, guess, jnp.ones_like(guess))
    has_first = has_first & (first < end)
    corner_holds = pays(end) <= 0
    corner = at(end)._replace(effective=jnp.zeros_like(end))
    interior = at(first)

    if mechanism == "cooperation":
        cheaper = interior.risk + interior.effective * per_unit <= corner.risk
        chosen = _choose(has_first & (cheaper | ~corner_holds), interior, corner)
        count = has_first.astype(int) + corner_holds
    else:
        third, has_third = late_root(pays, guess, first, has_first, end, mechanism == "compensation")
        count = jnp.where(has_first & (corner_holds | has_third), 3, 1)
        last = _choose(corner_holds, corner, _choose(has_third, at(third), interior))
        chosen = _choose(has_first, interior, last) if branch == "highest" else last
        if branch == "middle":
            middle = bisect(lambda p: -pays(p), jnp.where(count == 3, first, end / 2), last.breach)
            chosen = _choose(count == 3, at(middle), last)
    status = jnp.where(chosen.effective > 0, Status.ok, Status.corner)
    return Equilibrium(
        investment=chosen.effective / reach.dilution,
        effective=chosen.effective,
        breach=chosen.breach,
        loss=chosen.risk + chosen.effective * per_unit,
        number=count,
        status=jnp.where(count > 1, Status.several_equilibria, status),
    )


def _choose(condition: Array, yes: Candidate, no: Candidate) -> Candidate:
    return Candidate(*(jnp.where(condition, a, b) for a, b in zip(yes, no, strict=True)))


def late_root(
    pays: Function, guess: Array, first: Array, has_first: Array, end: Array, transfers: bool
) -> tuple[Array, Array]:
    """The largest root before `end` where the transfer makes the benefit rise again at last.

    Only with `transfers` there can be one. From `end` leftwards the benefit is convex as long as it falls, so
    the mirrored climb meets the largest root or certifies that there is none beyond the first.
    """
    if not transfers:
        return first, jnp.zeros_like(has_first)
    at_end = pays(end)
    back, met = climb(lambda back: -pays(end - back), jnp.zeros_like(end), end)
    late = jnp.where(met, end - back, end)  # never negative: reverse-mode would meet its logarithm
    only = bisect(pays, jnp.minimum(guess, end), end)  # no first root: one rise lies between
    beyond = has_first & met & (late > first * (1 + 1e-6))
    return jnp.where(has_first, late, only), (at_end > 0) & (beyond | ~has_first)
