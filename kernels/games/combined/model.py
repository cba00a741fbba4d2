"""Model `external_combined`: compensation and sharing at once, a budget and an entry cost."""

from collections.abc import Collection, Mapping

import jax.numpy as jnp
from jax import Array

from ...model import Choice, Model
from ...status import Status
from ..external.game import net_benefit
from .declaration import FORMULAS, OUTPUTS, PARAMETERS, RECONSTRUCTED, REGIMES, SOURCE
from .game import BUDGETS, MECHANISMS, Game, arrives, cross_derivative, game_of, second_derivative
from .mixing import mixing
from .patterns import pattern_count
from .planner import pooled, unpooled
from .symmetric import Candidate, candidates, chosen
from .volunteer import volunteer

BRANCHES = ("highest", "lowest")

_OF_OPTIMUM = frozenset({"optimal_investment", "optimal_cost", "cost_ratio"})
_OF_MIXING = frozenset({"mixing_probability", "mixing_investment"})


def external_combined(
    p: Mapping[str, Array],
    *,
    mechanism: str = "together",
    budget_kind: str = "none",
    branch: str = "highest",
    n_max: int,
    wanted: Collection[str] | None = None,
) -> dict[str, Array]:
    """The symmetric equilibrium, or the planner's optimum, of one scenario.

    Parameters
    ----------
    p
        Scalars alpha, beta, v, E, L, n, gamma, delta, budget, entry_cost.
    mechanism, budget_kind, branch
        Static choices, see `MECHANISMS`, `BUDGETS`, `BRANCHES`.
    n_max
        Static upper bound of ``p["n"]``.
    wanted
        Outputs that somebody looks at, all if None: the others that are computed by name are left out.

    Returns
    -------
    dict
        The outputs that `EXTERNAL_COMBINED` declares, each a scalar, and ``"status"``; some as `wanted`.
    """
    g = game_of(p, mechanism, budget_kind, n_max)
    if mechanism == "cooperation":
        every, solution, count = [], pooled(g), jnp.ones_like(g.start, int)
    else:
        every = candidates(g)
        solution, count = chosen(every, branch)
    asked = {o.name for o in OUTPUTS} if wanted is None else set(wanted)
    result = _of_solution(g, solution) | {"equilibrium_count": count.astype(jnp.int16)}
    if asked & _OF_OPTIMUM:
        best, least = unpooled(g)
        own = _own_cost(g, solution)
        result |= {"optimal_investment": best.investment, "optimal_cost": least, "cost_ratio": own / least}
    if "cross_derivative" in asked:
        result["cross_derivative"] = cross_derivative(g, solution.breach)
    if asked & _OF_MIXING:
        share, investment = mixing(g)
        result |= {"mixing_probability": share, "mixing_investment": investment}
    if "volunteer_count" in asked:
        result["volunteer_count"] = jnp.where(volunteer(g) > 0, p["n"], 0).astype(jnp.int16)
    if "pattern_count" in asked:
        result["pattern_count"] = pattern_count(g).astype(jnp.int16)
    status = jnp.where((solution.investment > 0) & ~solution.bound, Status.ok, Status.corner)
    status = jnp.where(count > 1, Status.several_equilibria, status)
    return result | {"status": jnp.where(count > 0, status, Status.no_equilibrium)}


def _own_cost(g: Game, solution: Candidate) -> Array:
    """What a city bears."""
    risk = arrives(g, solution.breach, solution.breach)
    return g.p["L"] * risk + solution.investment + jnp.where(solution.investment > 0, g.p["entry_cost"], 0)


def _of_solution(g: Game, solution: Candidate) -> dict[str, Array]:
    e, own = solution.investment, _own_cost(g, solution)
    paid = e + jnp.where(e > 0, g.p["entry_cost"], 0)
    net = net_benefit(g.p, g.reach, g.n_max)(solution.breach)
    regime = jnp.where(e > 0, REGIMES["interior"], REGIMES["nothing"])
    return {
        "investment": e,
        "effective_investment": e * g.reach.dilution,
        "breach_probability": solution.breach,
        "expected_loss": own + (g.p["n"] - 1) * paid if g.mechanism == "cooperation" else own,
        "entry_value": solution.saves,
        "budget_multiplier": jnp.where(solution.bound, jnp.maximum(net, 0), 0),
        "regime": jnp.where(solution.bound, REGIMES["budget"], regime).astype(jnp.int8),
        "second_derivative": second_derivative(g, solution.breach),
    }


EXTERNAL_COMBINED = Model(
    name="external_combined",
    title="External allocation with mechanisms together, a budget and an entry cost",
    source=SOURCE,
    formulas=FORMULAS,
    kernel=external_combined,
    parameters=PARAMETERS,
    choices=(
        Choice("mechanism", MECHANISMS, "together", "how the cities decide; together: γ and δ at once"),
        Choice(
            "budget_kind", BUDGETS, "none", "whose budget: nobody's, each city's, or one of all in common"
        ),
        Choice(
            "branch", BRANCHES, "highest", "which of several symmetric equilibria is reported, by investment"
        ),
    ),
    outputs=OUTPUTS,
    reconstructed=RECONSTRUCTED,
)
