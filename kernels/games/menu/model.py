"""What the model `menu` takes and returns."""

from ...model import Choice, Dim, Domain, Model, Output, Parameter
from ..contract import RESOURCES_HELD, UNIT_COST
from .game import RANKING, SHARED, menu
from .offer import TERMS

_POSITIVE = Domain(0, low_open=True)
_SHARE = Domain(0, 1, low_open=True)
_THIRDS = (1 / 3, 1 / 3, 1 / 3)


def _vector(
    name: str, symbol: str, unit: str, default: tuple, domain: Domain, meaning: str, **more
) -> Parameter:
    values = {str(k): value for k, value in enumerate(default, 1)}
    return Parameter(name, symbol, unit, values, domain, meaning, **more)


def _of_pairs(name: str, symbol: str, unit: str, meaning: str, **more) -> Output:
    return Output(name, symbol, unit, meaning, ("type", "level"), **more)


MENU = Model(
    name="menu",
    title="Menus of contracts for sub-types: vulnerability and criticality at once",
    source=(
        "own, after Eldosouky, Saad, Kamhoua, Kwiat: Contract-Theoretic Resource Allocation for Critical "
        "Infrastructure Protection, arXiv 1702.06436"
    ),
    formulas=(
        "maximise sum over i, j of p_i q_j θ_i φ_j (R_ij - T_ij) over contracts (T_ij, R_ij), with",
        "IR: θ_i φ_j V(T_ij) - c R_ij >= 0,  T_ij >= T_min,i,  sum over i, j of n_i q_j T_ij <= T, and",
        "IC: θ_i φ_j V(T_ij) - c R_ij >= θ_i φ_j V(T_kl) - c R_kl for all sub-types (i, j) and (k, l).",
        "terms: rates     V = a T and R_ij = r_i ρ_j T_ij; all resources are given out",
        "       linear    V = a T;  power  V = a T^κ;  log  V = a s ln(1 + T/s); R_ij is free",
    ),
    kernel=menu,
    parameters=(
        _vector(
            "theta",
            "θ",
            "1",
            (1.0, 2.0, 3.0),
            _POSITIVE,
            "vulnerability of the type; must increase",
            dim="type",
        ),
        _vector(
            "probability", "p", "1", _THIRDS, _SHARE, "probability of the type; they sum to 1", dim="type"
        ),
        _vector(
            "reward_rate",
            "r",
            "reward/resource",
            (2.0, 4.0, 6.0),
            Domain(1, low_open=True),
            "reward per resource that the type's contracts ask for, at terms of rates; must increase",
            dim="type",
        ),
        _vector(
            "T_min", "T_min", "resource", (20.0, 60.0, 100.0), Domain(0), "least the type needs", dim="type"
        ),
        _vector(
            "infrastructures",
            "n",
            "1",
            (1.0, 1.0, 1.0),
            _POSITIVE,
            "infrastructures of the type, of which each is on level j with probability q_j",
            dim="type",
            fill=1.0,
        ),
        _vector(
            "phi",
            "φ",
            "1",
            (1.0, 1.2),
            _POSITIVE,
            "criticality of the level; must increase",
            dim="level",
        ),
        _vector(
            "criticality_probability",
            "q",
            "1",
            (0.5, 0.5),
            _SHARE,
            "probability of the level; they sum to 1",
            dim="level",
        ),
        _vector(
            "level_rate",
            "ρ",
            "1",
            (1.0, 1.1),
            _POSITIVE,
            "by what the level multiplies the type's rate, at terms of rates; must not fall",
            dim="level",
            fill=1.0,
        ),
        RESOURCES_HELD,
        Parameter("value_rate", "a", "1", 2.0, _POSITIVE, "scale of the value V of resources"),
        UNIT_COST,
        Parameter("kappa", "κ", "1", 0.8, Domain(0, 1, True, True), "exponent of V, at terms of power"),
        Parameter(
            "value_scale", "s", "resource", 100.0, _POSITIVE, "resources at which V has bent, at terms of log"
        ),
    ),
    choices=(
        Choice(
            "terms",
            TERMS,
            "power",
            "rewards at given rates, V = a T (the paper's); or free rewards, V linear, a power, a log",
        ),
    ),
    outputs=(
        _of_pairs("resources", "T", "resource", "resources in the sub-type's contract"),
        _of_pairs("reward", "R", "reward", "reward in the sub-type's contract"),
        _of_pairs(
            "paid_rate",
            "R/T",
            "reward/resource",
            "reward per resource; undefined without resources",
            may_be_nan=True,
        ),
        _of_pairs("subtype_utility", "u", "1", "the sub-type's utility under its own contract"),
        _of_pairs("least_ic_slack", "IC", "1", "own utility above that under the next best contract (>= 0)"),
        _of_pairs(
            "shared",
            "",
            "1",
            "whether the sub-type that ranks next has the same resources",
            kind="class",
            classes=SHARED,
        ),
        Output("centre_utility", "U", "1", "the centre's expected utility"),
        Output(
            "types_centre_utility",
            "U_types",
            "1",
            "the centre's with one contract for each type, that all its levels take; at rates, with ρ = 1",
            may_be_nan=True,
        ),
        Output(
            "gain_over_types", "U - U_types", "1", "what contracts for sub-types add to it", may_be_nan=True
        ),
        Output(
            "kept_resources",
            "T - ΣnT",
            "resource",
            "resources that the centre keeps: giving them would not pay",
        ),
        Output(
            "ranking",
            "",
            "1",
            "whether any level of a type ranks below every level of the next",
            (),
            "class",
            RANKING,
        ),
    ),
    dims=(
        Dim("type", "vulnerability type, the least vulnerable first"),
        Dim("level", "criticality level, the least critical first"),
    ),
    reconstructed=(
        "The paper designs one contract for each vulnerability type. That infrastructures value resources at "
        "θ_i φ_j, by which it ranks sub-types, contracts for these, free rewards and concave values are ours."
    ),
)
