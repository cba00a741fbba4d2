"""What the model `network` takes and returns, in words."""

from ...model import Dim, Domain, Output, Parameter
from ..external.model import SOURCE as EXTERNAL_SOURCE

SOURCE = f"own, generalising {EXTERNAL_SOURCE}"

RECONSTRUCTED = (
    "Nothing of unequal cities or of networks is the paper's. Its symmetric game is the case of equal "
    'cities on the network "chain" with spread "hops" or "walks", or on any network in which each city is at '
    "every distance from 1 to n - 1 from one other."
)

UNIQUE = {"unique": 0, "several": 1, "not_proved": 2}

FORMULAS = (
    "x_i = e_i + δ sum over j of D_ji e_j (sharing)        what defends city i",
    "p_i = β_i v_i^(E_i x_i + 1)                           a breach of its own",
    "none_i = prod over j of (1 - B_ji p_j)                none arrives (hops, walks); exact: reachability",
    "C_i = L_i [1 - (1-p_i) none_i] + e_i                  what it bears",
    "      + α γ [p_i sum_j T_ij L_j - L_i sum_j T_ji p_j]   (compensation)",
    "B of α W: hops, the strongest way; walks, a cascade; each of at most `length` links",
    "noncooperation, compensation, sharing: each city makes C_i least; cooperation: a planner sum of C_i;",
    "pooling: a planner makes mean of L_i [1 - (1-p_i) none_i] + sum of e_i least, x_i = sum of e_j",
)

DIMS = (
    Dim("city", "city"),
    Dim("other_city", "the other city of a pair", like="city"),
)

_POSITIVE = Domain(0, low_open=True)


def _by_city(name: str, symbol: str, unit: str, value: float, domain: Domain, meaning: str) -> Parameter:
    each = {str(k): value for k in range(1, 5)}
    return Parameter(name, symbol, unit, each, domain, meaning, dim="city", fill=value)


PARAMETERS = (
    _by_city("L", "L", "money", 400.0, _POSITIVE, "loss of the city on a breach"),
    _by_city("v", "v", "1", 0.5, Domain(0, 1, True, True), "vulnerability of the city before any investment"),
    _by_city("E", "E", "1/money", 0.1, _POSITIVE, "efficiency of a unit of the city's investment"),
    _by_city("beta", "β", "1", 0.1, Domain(0, 1, True), "probability that an intrusion into it is tried"),
    Parameter(
        "alpha", "α", "1", 0.1, Domain(0, 1), "probability that a breach goes on over a link of weight 1"
    ),
    Parameter("gamma", "γ", "1", 0.5, Domain(0), "compensation coefficient (compensation only)"),
    Parameter("delta", "δ", "1", 0.5, Domain(0, 1), "sharing rate of information (sharing only)"),
    Parameter(
        "length",
        "K",
        "1",
        63,
        Domain(0, 63),
        "most links of a way along which a breach arrives; more than n - 1 are as n - 1",
        integer=True,
    ),
    Parameter("seed", "s", "1", 0, Domain(0, 2**31 - 1), "seed of a random network", integer=True),
)

# Of the pairs of cities alone that a sweep names, as 1_to_2.
PAIR_DIM = Dim("pair", "from one city to another, of those that the sweep names")


def _by_pair(name: str, symbol: str, meaning: str) -> Parameter:
    return Parameter(name, symbol, "1", {}, Domain(-1, 1), meaning, dim="pair", fill=0.0)


PAIR_PARAMETERS = (
    _by_pair("added_weight", "ΔW", "added to the weight of the link, which stays in [0, 1]"),
    _by_pair("added_transfer", "ΔT", "added to the entry of the matrix of transfers, which stays in [0, 1]"),
    _by_pair("added_rate", "ΔD", "added to the entry of the matrix of rates, which stays in [0, 1]"),
)

_CITY, _PAIR = ("city",), ("city", "other_city")

OUTPUTS = (
    Output("investment", "e", "money", "investment of the city", _CITY),
    Output("effective_investment", "x", "money", "what defends the city, what others share included", _CITY),
    Output("breach_probability", "p", "1", "probability of a breach by the city's own fault", _CITY),
    Output("risk", "ρ", "1", "probability that the city is breached, by its own fault or another's", _CITY),
    Output("expected_loss", "C", "money", "what the city bears: loss, investment, transfers", _CITY),
    Output("group_investment", "Σe", "money", "investments of all cities"),
    Output("group_cost", "ΣC", "money", "what all cities bear"),
    Output("breaches", "Σρ", "1", "expected number of cities that are breached"),
    Output(
        "optimal_cost", "ΣC°", "money", "least that all cities could bear, each paying its own", by_name=True
    ),
    Output("cost_ratio", "ΣC/ΣC°", "1", "price of anarchy: what all bear over the least of it", by_name=True),
    Output(
        "ends_apart",
        "Δe",
        "money",
        "largest difference of a city's investments between the extreme equilibria; 0 where they are one",
    ),
    Output(
        "uniqueness",
        "",
        "1",
        "whether there is one solution: proved by equal ends, several found, or one found and none proved",
        kind="class",
        classes=UNIQUE,
    ),
    Output(
        "second_derivative",
        "C''",
        "1/money",
        "second derivative of the cost in the city's own investment: the city's, or the planner's",
        _CITY,
    ),
    Output("multiplier", "μ", "1", "of e >= 0: marginal cost of investing at e = 0, else 0", _CITY),
    Output(
        "deviation_gain",
        "ΔC",
        "money",
        "what the best of 64 other investments of the city alone, from 0 to its loss, saves; 0 at a solution",
        _CITY,
    ),
    Output(
        "cross_derivative",
        "∂²C/∂e∂e'",
        "1/money",
        "derivative of the city's marginal cost in the other's investment; < 0: strategic complements",
        _PAIR,
        by_name=True,
    ),
    Output("degree", "d", "1", "links that lead into the city", _CITY, by_name=True),
    Output("strength", "s", "1", "sum of their weights", _CITY, by_name=True),
    Output(
        "closeness", "c_C", "1", "closeness by ways into the city (Wasserman, Faust)", _CITY, by_name=True
    ),
    Output(
        "betweenness", "c_B", "1", "share of others' shortest ways that lead through it", _CITY, by_name=True
    ),
    Output("eigenvector", "c_E", "1", "eigenvector centrality by weights into it", _CITY, by_name=True),
    Output("weight", "W", "1", "weight of the link from the city to the other", _PAIR, by_name=True),
    Output(
        "arrival",
        "B",
        "1",
        "probability that a breach of the city, alone, arrives at the other",
        _PAIR,
        by_name=True,
    ),
)
