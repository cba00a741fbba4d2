"""What the model `external_combined` takes and returns, in words."""

from ...model import Domain, Output, Parameter
from ..external.model import EXTERNAL
from ..external.model import SOURCE as EXTERNAL_SOURCE

SOURCE = f"own, extending {EXTERNAL_SOURCE}"

RECONSTRUCTED = (
    "Nothing of compensation and sharing at once, of a budget or of an entry cost is the paper's. Without "
    'them the model is "external" in its exact formulation.'
)

REGIMES = {"interior": 0, "budget": 1, "nothing": 2}

FORMULAS = (
    "p(x) = β v^(E x + 1), x_i = e_i + δ (sum of the others' e)   breach probability of city i",
    "C = [1 - (1-p) Π] L + (n-1) α γ L (p - q) + e + F [e > 0]    of a city; q: p of each other city",
    "e <= B (budget of each city), or sum of e <= B (in common, one multiplier λ)",
    "With K = -E L ln v and S = sum over k of α^k / (1 - α^k p), at symmetry and where e > 0",
    "  K p [Π + δ (1-p) Π S + (n-1) α γ (1-δ)] = 1 + λ,   λ >= 0, and λ = 0 below the budget,",
    "  entry_value = C(e_i = 0) - C(e_i = e) + F >= F,    and no other e_i is better still.",
    "Nobody invests where no e_i alone saves more than F.",
    "noncooperation: γ = δ = 0; compensation: δ = 0; sharing: γ = 0; together: both;",
    "cooperation: a planner makes [1 - (1-p) Π] L + n e + n F [e > 0] least, x = n e",
)

_DELTA = "sharing rate of information (sharing, together)"
_GAMMA = "compensation coefficient (compensation, together)"
_MEANING = {"gamma": _GAMMA, "delta": _DELTA}

PARAMETERS = (
    *(
        Parameter(q.name, q.symbol, q.unit, q.default, q.domain, _MEANING.get(q.name, q.meaning), q.integer)
        for q in EXTERNAL.parameters
    ),
    Parameter("budget", "B", "money", 10.0, Domain(0), "budget of each city, or of all in common"),
    Parameter("entry_cost", "F", "money", 0.0, Domain(0), "entry cost of each city that invests anything"),
)

OUTPUTS = (
    Output("investment", "e", "money", "investment per city"),
    Output("effective_investment", "x", "money", "investment that defends a city, spill-over included"),
    Output("breach_probability", "p", "1", "breach probability at the effective investment"),
    Output(
        "expected_loss",
        "C",
        "money",
        "expected loss, investment and entry cost: of a city; of the group if cooperating",
    ),
    Output(
        "entry_value",
        "V",
        "money",
        "what investing saves a city (the group) against nothing, entry cost not counted; where nobody "
        "invests, what it could save at best. Who invests: at least F; nobody: at most F",
    ),
    Output(
        "budget_multiplier", "λ", "1", "what one more unit of budget would save, less that unit; 0 below it"
    ),
    Output(
        "regime",
        "",
        "1",
        "what decides the investment: its first-order condition, the budget, or that investing does not pay",
        kind="class",
        classes=REGIMES,
    ),
    Output("second_derivative", "C''", "1/money", "second derivative of the cost in a city's own investment"),
    Output(
        "equilibrium_count",
        "#",
        "1",
        "symmetric equilibria in pure strategies; 1 if cooperating",
        kind="count",
    ),
    Output(
        "optimal_investment",
        "e°",
        "money",
        "investment per city at which the sum of the cities' own costs is least, if all invest the same",
        by_name=True,
    ),
    Output("optimal_cost", "C°", "money", "a city's cost there", by_name=True),
    Output(
        "cost_ratio",
        "C/C°",
        "1",
        "price of anarchy: the sum of the cities' own costs over its least value",
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
        "mixing_probability",
        "π",
        "1",
        "probability with which each city invests in the mixed equilibrium; 0 where there is none, or with "
        "sharing or a budget in common, where none is looked for",
        by_name=True,
    ),
    Output(
        "mixing_investment", "e_π", "money", "what it invests if it does; 0 where there is none", by_name=True
    ),
    Output(
        "volunteer_count",
        "#_1",
        "1",
        "equilibria in which one city invests and all others do not: n of them, or none; 0 if cooperating",
        kind="count",
        by_name=True,
    ),
    Output(
        "pattern_count",
        "#_S",
        "1",
        "sets of two or more but not all cities for which an equilibrium was found in which just these "
        "invest; -1 with a budget in common and of more than six cities, where none is looked for",
        kind="count",
        by_name=True,
    ),
)
