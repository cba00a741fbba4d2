"""The exact formulation: equilibria of the stated loss with investment e >= 0, corners included."""

from collections.abc import Mapping

import jax.numpy as jnp
from jax import Array

from .external_game import Equilibrium, any_breach, first_guess, net_benefit, reach_of
from .roots import bisect, climb
from .status import Status

BRANCHES = ("highest", "middle", "lowest")


def exact_equilibrium(p: Mapping[str, Array], mechanism: str, branch: str, n_max: int) -> Equilibrium:
    """Equilibrium (or the planner's optimum) of the stated loss, with investment never negative.

    Candidates are the interior roots p < beta v and the corner e = 0, which is one where investing
    does not pay at beta v. Cooperation is an optimum, not a game: its local minima are counted and the
    one of least cost is reported, whatever the branch.
    """
    reach, rate = reach_of(mechanism, p), -p["E"] * jnp.log(p["v"])
    corner = p["beta"] * p["v"]
    pays = net_benefit(p, reach, n_max)
    first, has_first = climb(pays, first_guess(p, reach, n_max), corner)
    corner_holds = pays(corner) <= 0

    def cost(breach: Array) -> Array:
        money = jnp.log(corner / breach) / rate * (1 if mechanism == "cooperation" else 1 / reach.dilution)
        return p["L"] * any_breach(breach, breach, p["alpha"], p["n"], n_max) + money

    if mechanism == "cooperation":
        safe = jnp.where(has_first, first, corner)
        interior = has_first & ~(corner_holds & (cost(corner) < cost(safe)))
        count = has_first.astype(int) + corner_holds
        breach = jnp.where(interior, safe, corner)
    else:
        third, has_third = late_root(p, reach, pays, first, has_first, corner, mechanism, n_max)
        count = jnp.where(has_first & (corner_holds | has_third), 3, 1)
        last = jnp.where(corner_holds, corner, jnp.where(has_third, third, first))
        breach = jnp.where(has_first, first, last)
        if branch == "lowest":
            breach = last
        if branch == "middle":
            middle = bisect(pays, jnp.where(count == 3, first, corner / 2), last)
            breach = jnp.where(count == 3, middle, last)
        interior = ~corner_holds | (has_first if branch == "highest" else (branch == "middle") & (count == 3))
    effective = jnp.where(interior, jnp.log(corner / breach) / rate, 0)
    status = jnp.where(interior, Status.ok, Status.corner)
    return Equilibrium(
        investment=effective / reach.dilution,
        effective=effective,
        breach=breach,
        loss=cost(breach),
        count=count,
        status=jnp.where(count > 1, Status.several_equilibria, status),
    )


def late_root(p, reach, pays, first, has_first, end, mechanism, n_max):
    """The largest root before `end` where the transfer makes the benefit rise again at last.

    Only compensation can have it. From `end` leftwards the benefit is convex as long as it falls, so
    the mirrored climb meets the largest root or certifies that there is none beyond the first.
    """
    if mechanism != "compensation":
        return first, jnp.zeros_like(has_first)
    at_end = pays(end)
    back, met = climb(lambda back: -pays(end - back), jnp.zeros_like(end), end)
    late = end - back
    only = bisect(pays, jnp.minimum(first, end), end)  # no first root: one rise lies between
    beyond = has_first & met & (late > first * (1 + 1e-6))
    return jnp.where(has_first, late, only), (at_end > 0) & (beyond | ~has_first)
