"""Model `external`: security investment among n linked cities with complementary resources."""

from collections.abc import Collection, Mapping

import jax.numpy as jnp
from jax import Array

from ...model import Choice, Domain, Model, Output, Parameter
from ...status import Status
from .exact import BRANCHES, exact_equilibrium
from .game import MECHANISMS, Equilibrium, any_breach, second_derivative
from .published import published_equilibrium
from .welfare import welfare

FORMULATIONS = ("exact", "published")

# The outputs of `Welfare`, in its order.
_WELFARE = ("optimal_investment", "optimal_cost", "cost_ratio", "optimal_compensation", "cross_derivative")
_OF_WELFARE = frozenset(_WELFARE)
_ANARCHY = "price_of_anarchy"

SOURCE = (
    "Li, Zou, Xiang, Wan, Xing: Complementary External Resource Allocation to Information Security in "
    "Smart Cities, Tob Regul Sci 7(5), 2021, 1036-1048, doi 10.18001/TRS.7.5.21"
)


def external(
    p: Mapping[str, Array],
    *,
    mechanism: str = "noncooperation",
    formulation: str = "exact",
    branch: str = "highest",
    n_max: int,
    wanted: Collection[str] | None = None,
) -> dict[str, Array]:
    """The symmetric equilibrium of one scenario under one mechanism.

    Parameters
    ----------
    p
        Scalars alpha, beta, v, E, L, n, gamma, delta.
    mechanism, formulation, branch
        Static choices, see `MECHANISMS`, `FORMULATIONS`, `BRANCHES`.
    n_max
        Static upper bound of ``p["n"]``.
    wanted
        Outputs that somebody looks at, all if None: the measures of welfare, and what is compared with the
        planner, are left out where none is one.

    Returns
    -------
    dict
        The outputs that `EXTERNAL` declares, each a scalar, and ``"status"``; some as `wanted`.
    """
    solve = published_equilibrium if formulation == "published" else exact_equilibrium
    equilibrium = solve(p, mechanism, branch, n_max)
    curvature = second_derivative(p, mechanism, equilibrium.breach, n_max)
    corner = (equilibrium.status == Status.corner) | (equilibrium.effective == 0)
    not_minimum = (formulation == "exact") & ~corner & (curvature <= 0)
    none = equilibrium.status == Status.no_equilibrium
    # Each takes equilibria more, and as long to trace as all the rest.
    compared = wanted is None or _ANARCHY in wanted
    asked = wanted is None or not _OF_WELFARE.isdisjoint(wanted)
    common = welfare(p, mechanism, equilibrium, n_max) if asked else None
    return {
        "investment": equilibrium.investment,
        "effective_investment": equilibrium.effective,
        "breach_probability": equilibrium.breach,
        "expected_loss": equilibrium.loss,
        **({_ANARCHY: _price_of_anarchy(p, mechanism, formulation, equilibrium, n_max)} if compared else {}),
        "second_derivative": curvature,
        **({} if common is None else dict(zip(_WELFARE, common, strict=True))),
        "equilibrium_count": equilibrium.number.astype(jnp.int16),
        "status": jnp.where(not_minimum & ~none, Status.not_a_minimum, equilibrium.status),
    }


def _price_of_anarchy(
    p: Mapping[str, Array], mechanism: str, formulation: str, equilibrium: Equilibrium, n_max: int
) -> Array:
    """What all cities lose and invest, divided by what they would under a planner."""
    group = p["L"] * any_breach(equilibrium.breach, equilibrium.breach, p["alpha"], p["n"], n_max)
    is_planner = (mechanism, formulation) == ("cooperation", "exact")
    planner = equilibrium if is_planner else exact_equilibrium(p, "cooperation", "highest", n_max)
    return (group + p["n"] * equilibrium.investment) / planner.loss


FORMULAS = (
    "p(x) = β v^(E x + 1)                     breach probability at effective investment x, (1)",
    "Π = prod over k = 1 ... n-1 of (1 - α^k p)   no breach arrives from the n - 1 others, k hops away, (2)",
    "C = [1 - (1-p) Π] L + e                  expected loss of a city; of the planner with n e instead",
    "With K = -E L ln v and S = sum over k of α^k / (1 - α^k p), the symmetric first-order condition is",
    "  noncooperation  K p Π = 1                            x = e",
    "  cooperation     K p Π [1 + (1-p) S] = 1              x = n e",
    "  compensation    K p [Π + (n-1) α γ] = 1              x = e",
    "  sharing         K p Π [1 + δ (1-p) S] = 1            x = e (1 + δ (n-1))",
    "and the corner e = 0 where its root would be negative (formulation exact).",
)

EXTERNAL = Model(
    name="external",
    title="External allocation of security resources among linked cities",
    source=SOURCE,
    formulas=FORMULAS,
    kernel=external,
    parameters=(
        Parameter("alpha", "α", "1", 0.1, Domain(0, 1), "probability that an intrusion propagates one hop"),
        Parameter("beta", "β", "1", 0.1, Domain(0, 1, low_open=True), "probability of an intrusion attempt"),
        Parameter("v", "v", "1", 0.5, Domain(0, 1, True, True), "vulnerability before any investment"),
        Parameter("E", "E", "1/money", 0.1, Domain(0, low_open=True), "efficiency of a unit of investment"),
        Parameter("L", "L", "money", 400.0, Domain(0, low_open=True), "loss on a breach"),
        Parameter("n", "n", "1", 3, Domain(1, 1024), "number of linked cities", integer=True),
        Parameter("gamma", "γ", "1", 0.5, Domain(0), "compensation coefficient (compensation only)"),
        Parameter("delta", "δ", "1", 0.5, Domain(0, 1), "sharing rate of information (sharing only)"),
    ),
    choices=(
        Choice("mechanism", MECHANISMS, "noncooperation", "how the cities decide"),
        Choice(
            "formulation",
            FORMULATIONS,
            "exact",
            "exact: the equilibrium of the stated loss, e >= 0; published: the computation behind the tables",
        ),
        Choice(
            "branch",
            BRANCHES,
            "highest",
            "which of several symmetric equilibria is reported, by investment (exact games only)",
        ),
    ),
    outputs=(
        Output("investment", "e", "money", "investment per city"),
        Output("effective_investment", "x", "money", "investment that defends a city, spill-over included"),
        Output("breach_probability", "p", "1", "breach probability at the effective investment, (1)"),
        Output(
            "expected_loss",
            "C",
            "money",
            "expected loss and investment: of a city; of the group if cooperating",
        ),
        Output(
            "price_of_anarchy",
            "PoA",
            "1",
            "group cost [1-(1-p)Π]L + n e over that of the exact planner's optimum, who pools investment",
        ),
        Output(
            "optimal_investment",
            "e°",
            "money",
            "investment per city at which the sum of the cities' own costs is least, without pooling",
            by_name=True,
        ),
        Output("optimal_cost", "C°", "money", "a city's cost there", by_name=True),
        Output(
            "cost_ratio",
            "C/C°",
            "1",
            "price of anarchy: the sum of the cities' own costs over its least value, without pooling",
            by_name=True,
        ),
        Output(
            "optimal_compensation",
            "γ°",
            "1",
            "compensation coefficient that induces that optimum; 0 where it invests nothing and if n = 1",
            by_name=True,
        ),
        Output(
            "cross_derivative",
            "∂²C/∂e∂e'",
            "1/money",
            "derivative of a city's marginal cost in the others' investment; < 0: strategic complements",
            by_name=True,
        ),
        Output(
            "second_derivative", "C''", "1/money", "second derivative of the cost in a city's own investment"
        ),
        Output(
            "equilibrium_count",
            "#",
            "1",
            "symmetric solutions of the first-order conditions; local optima of the planner; published roots",
            kind="count",
        ),
    ),
)
