"""Optimal contracts: what a control centre offers infrastructures whose types it does not know.

Source: Eldosouky, Saad, Kamhoua, Kwiat, "Contract-theoretic resource allocation for critical
infrastructure protection", arXiv 1702.06436. Reconstructed, where the text lost its formulas: the
order of types and levels (`ranking` below), and the weights of the centre's expected utility.

A contract for type i is (T_i, R_i): resources, and the reward R_i = r_i T_i that comes back for them.

    centre             sum_i p_i theta_i (r_i - 1) T_i * sum_j q_j phi_j
    type i, contract j theta_i a T_j - c r_j T_j

The centre maximises its utility over T subject to IR (every type's own contract gives it >= 0), IC
(no type prefers another's contract), sum n_i T_i = T_total for n_i infrastructures of type i, and
T >= T_min. All of it is linear in T, and solved in x_i = n_i T_i / T_total. Which of IR and IC are
imposed is a choice: all pairs; the paper's relaxation to neighbours and IR of the lowest type alone
(its Theorem 1: the same); or of neighbours the lower contract only, its constraints (12) and (15).
"""

from collections.abc import Mapping

import jax.numpy as jnp
from jax import Array, lax

from ..model import Choice, Dim, Domain, Model, Output, Parameter
from ..numerics.linear_program import (
    INFEASIBLE,
    OPTIMAL,
    OUT_OF_PIVOTS,
    Program,
    maximise,
    several_optima,
    tolerance,
)
from ..status import Status

BINDING = {"undefined": -1, "slack": 0, "binding": 1, "violated": 2}
CONSTRAINTS = ("all", "neighbours", "downward")
RANKING = {"undefined": -1, "criticality_overtakes": 0, "vulnerability_first": 1}


def type_utilities(resources: Array, p: Mapping[str, Array]) -> Array:
    """Utility of type i (row) under the contract made for type j (column): [type, other_type]."""
    return _value_of_contract(p) * resources[None, :]


def centre_utility(resources: Array, p: Mapping[str, Array]) -> Array:
    """The centre's expected utility when type i gets ``resources[i]``."""
    return jnp.sum(centre_weights(p) * resources) * jnp.sum(p["criticality_probability"] * p["phi"])


def contract(p: Mapping[str, Array], *, constraints: str = "all") -> dict[str, Array]:
    """The optimal contracts at one point; keys and shapes as `CONTRACT` declares them."""
    size = p["theta"].shape[0]
    bounds = p["infrastructures"] * p["T_min"] / p["T_total"]
    every = (bounds, *scaled_value(p, "all"))
    data = every if constraints == "all" else (bounds, *scaled_value(p, constraints))
    weights = centre_weights(p) / p["infrastructures"]
    best = maximise(PROGRAM, data, weights, jnp.ones_like(p["T_total"]))
    consistent = _consistent(p)
    good = consistent & (best.verdict == OPTIMAL)
    # A factor, not a choice: so derivatives, too, are NaN where there is no contract, and not zero.
    resources = best.x * p["T_total"] / p["infrastructures"] * jnp.where(good, 1, jnp.nan)
    several = good & several_optima(PROGRAM, data, weights, jnp.ones_like(p["T_total"]), best)

    utilities = type_utilities(resources, p)
    own = jnp.diagonal(utilities)
    diagonal = jnp.eye(size, dtype=bool)
    ic_slack = jnp.where(diagonal & good, 0, own[:, None] - utilities)
    equal = jnp.broadcast_to(p["T_total"] / jnp.sum(p["infrastructures"]), (size,))
    equal_split = centre_utility(equal, p) * jnp.where(consistent, 1, jnp.nan)
    tol = 10 * tolerance(resources.dtype)
    scaled = PROGRAM.slack(every, best.x)
    binds = (scaled <= tol).astype(jnp.int8) + (scaled < -tol).astype(jnp.int8)
    binds = jnp.where(good, binds, jnp.int8(-1))
    pairs = binds[size:].reshape(size, size)
    incentive = jnp.where(diagonal & good, jnp.int8(0), pairs)
    counted = sum(jnp.sum(part == 1) for part in (binds[:size], jnp.diagonal(pairs), incentive))
    return {
        "resources": resources,
        "reward": p["reward_rate"] * resources,
        "centre_utility": centre_utility(resources, p),
        "type_utility": own,
        "equal_split_centre_utility": equal_split,
        "gain_over_equal_split": centre_utility(resources, p) / equal_split - 1,
        "ir_slack": own,
        "ic_slack": ic_slack,
        "minimum_binds": binds[:size],
        "rationality_binds": jnp.diagonal(pairs),
        "incentive_binds": incentive,
        "binding_count": jnp.where(good, counted, -1).astype(jnp.int16),
        "ranking": jnp.where(consistent, _ranking(p), RANKING["undefined"]).astype(jnp.int8),
        "status": _status(consistent, best.verdict, several),
    }


def _value_of_contract(p: Mapping[str, Array]) -> Array:
    """What one unit of the resources of contract j is worth to type i: a theta_i - c r_j."""
    return p["value_rate"] * p["theta"][:, None] - p["unit_cost"] * p["reward_rate"][None, :]


def centre_weights(p: Mapping[str, Array]) -> Array:
    """The centre's expected utility per unit given to each type, before criticality [type]."""
    return p["probability"] * p["theta"] * (p["reward_rate"] - 1)


def scaled_value(p: Mapping[str, Array], constraints: str) -> tuple[Array, Array]:
    """Coefficients of the rows (i, j): own[i, j] x_i - other[i, j] x_j >= 0.

    Off the diagonal this is IC; on it `other` is nothing, which is IR. Rows are scaled to 1. A row that is
    not imposed says x_i >= 0, which its minimum does already.
    """
    value = _value_of_contract(p) / p["infrastructures"][None, :]
    other = jnp.where(jnp.eye(value.shape[0], dtype=bool), 0, value)
    own = jnp.broadcast_to(jnp.diagonal(value)[:, None], value.shape)
    imposed = _imposed(value.shape[0], constraints)
    own, other = jnp.where(imposed, own, 1), jnp.where(imposed, other, 0)
    scale = jnp.maximum(jnp.maximum(jnp.abs(own), jnp.abs(other)), jnp.finfo(value.dtype).tiny)
    scale = lax.stop_gradient(scale)
    return own / scale, other / scale


def _imposed(size: int, constraints: str) -> Array:
    """Which of IR (the diagonal) and IC (off it) the program holds to: bool [type, other_type]."""
    i, j = jnp.arange(size)[:, None], jnp.arange(size)[None, :]
    lowest = (i == 0) & (j == 0)
    if constraints == "all":
        return i == i + 0 * j
    return lowest | ((abs(i - j) == 1) if constraints == "neighbours" else (j == i - 1))


def _slack(data: tuple[Array, Array, Array], x: Array) -> Array:
    bounds, own, other = data
    pairs = own * x[:, None] - other * x[None, :]
    return jnp.concatenate([x - bounds, pairs.ravel()])


def _row(data: tuple[Array, Array, Array], index: Array) -> tuple[Array, Array]:
    bounds, own, other = data
    size = bounds.shape[0]
    types = jnp.arange(size)
    i, j = jnp.divmod(jnp.maximum(index - size, 0), size)
    pair = own[i, j] * (types == i) - other[i, j] * (types == j)
    is_bound = index < size
    bound = jnp.where(is_bound, bounds[jnp.minimum(index, size - 1)], 0)
    return jnp.where(is_bound, (types == index).astype(bounds.dtype), pair), bound


PROGRAM = Program(_slack, _row)  # rows: the minima, then IR and IC [type, other_type]


def _consistent(p: Mapping[str, Array]) -> Array:
    """Types and levels in increasing order, and probabilities that sum to 1 (within 1e-6)."""
    ordered = [jnp.all(jnp.diff(p[name]) > 0) for name in ("theta", "reward_rate", "phi")]
    tol = max(1e-6, tolerance(p["theta"].dtype))
    sums = [jnp.abs(jnp.sum(p[name]) - 1) <= tol for name in ("probability", "criticality_probability")]
    return jnp.all(jnp.stack(ordered + sums))


def _ranking(p: Mapping[str, Array]) -> Array:
    """Whether theta_i phi_M < theta_{i+1} phi_1 for all i: the paper's order of sub-types [recon]."""
    first = jnp.all(p["theta"][:-1] * p["phi"][-1] < p["theta"][1:] * p["phi"][0])
    return jnp.where(first, RANKING["vulnerability_first"], RANKING["criticality_overtakes"])


def _status(consistent: Array, verdict: Array, several: Array) -> Array:
    status = jnp.where(several, Status.several_equilibria, Status.ok)
    status = jnp.where(verdict == OUT_OF_PIVOTS, Status.max_steps, status)
    status = jnp.where(verdict == INFEASIBLE, Status.infeasible, status)
    return jnp.where(consistent, status, Status.out_of_domain)


def _by_type(name: str, symbol: str, unit: str, default: tuple, domain: Domain, meaning: str) -> Parameter:
    values = {str(k): value for k, value in enumerate(default, 1)}
    return Parameter(name, symbol, unit, values, domain, meaning, dim="type")


def _by_level(name: str, symbol: str, default: tuple, domain: Domain, meaning: str) -> Parameter:
    values = {str(k): value for k, value in enumerate(default, 1)}
    return Parameter(name, symbol, "1", values, domain, meaning, dim="level")


_POSITIVE = Domain(0, low_open=True)
_THIRDS = (1 / 3, 1 / 3, 1 / 3)

RESOURCES_HELD = Parameter("T_total", "T", "resource", 300.0, _POSITIVE, "resources that the centre holds")
UNIT_COST = Parameter(
    "unit_cost",
    "c",
    "1/reward",
    0.5,
    Domain(0, 1, low_open=True, high_open=True),
    "what paying one unit of reward costs an infrastructure",
)

CONTRACT = Model(
    name="contract",
    title="Optimal contracts for protecting critical infrastructures of unknown type",
    source=(
        "Eldosouky, Saad, Kamhoua, Kwiat: Contract-Theoretic Resource Allocation for Critical Infrastructure "
        "Protection, arXiv 1702.06436, problem (11)"
    ),
    formulas=(
        "maximise sum over i of p_i θ_i (r_i - 1) T_i * sum over j of q_j φ_j",
        "over T with sum of n_i T_i = T_total, T >= T_min, and",
        "IR: θ_i a T_i - c r_i T_i >= 0;  IC: θ_i a T_i - c r_i T_i >= θ_i a T_j - c r_j T_j for all i, j",
        "or, by choice: neighbours, IR of i = 1 and IC of j = i - 1, i + 1; downward, of j = i - 1 alone",
    ),
    kernel=contract,
    parameters=(
        _by_type("theta", "θ", "1", (1.0, 2.0, 3.0), _POSITIVE, "vulnerability of the type; must increase"),
        _by_type("probability", "p", "1", _THIRDS, Domain(0, 1), "probability of the type; they sum to 1"),
        _by_type(
            "reward_rate",
            "r",
            "reward/resource",
            (2.0, 4.0, 6.0),
            Domain(1, low_open=True),
            "reward per resource that the type's contract asks for; must increase",
        ),
        _by_type("T_min", "T_min", "resource", (20.0, 60.0, 100.0), Domain(0), "least the type needs"),
        Parameter(
            "infrastructures",
            "n",
            "1",
            dict.fromkeys("123", 1.0),
            _POSITIVE,
            "infrastructures of the type, each of which gets its contract",
            dim="type",
            fill=1.0,
        ),
        _by_level("phi", "φ", (1.0, 1.1, 1.2), _POSITIVE, "criticality of the level; must increase"),
        _by_level(
            "criticality_probability", "q", _THIRDS, Domain(0, 1), "probability of the level; sum to 1"
        ),
        RESOURCES_HELD,
        Parameter("value_rate", "a", "1/resource", 2.0, _POSITIVE, "what one unit is worth: V(T) = a T"),
        UNIT_COST,
    ),
    choices=(
        Choice(
            "constraints", CONSTRAINTS, "all", "which of IR and IC are imposed: all pairs, or neighbours'"
        ),
    ),
    outputs=(
        Output("resources", "T", "resource", "resources in the type's contract", ("type",)),
        Output("reward", "R", "reward", "reward in the type's contract", ("type",)),
        Output("centre_utility", "U", "1", "the centre's expected utility"),
        Output("type_utility", "u", "1", "the type's utility under its own contract", ("type",)),
        Output("equal_split_centre_utility", "U_eq", "1", "the centre's, if all types got the same"),
        Output("gain_over_equal_split", "U/U_eq - 1", "1", "relative gain over giving all types the same"),
        Output("ir_slack", "IR", "1", "own utility above none (>= 0: the type takes part)", ("type",)),
        Output(
            "ic_slack",
            "IC",
            "1",
            "own utility above that under the other type's contract (>= 0: not envied)",
            ("type", "other_type"),
        ),
        Output("minimum_binds", "", "1", "T = T_min", ("type",), "class", BINDING),
        Output("rationality_binds", "", "1", "IR holds with equality", ("type",), "class", BINDING),
        Output(
            "incentive_binds", "", "1", "IC holds with equality", ("type", "other_type"), "class", BINDING
        ),
        Output("binding_count", "", "1", "constraints that bind, of all three kinds", (), "count"),
        Output(
            "ranking",
            "",
            "1",
            "whether any level of a type ranks below every level of the next [reconstructed]",
            (),
            "class",
            RANKING,
        ),
    ),
    dims=(
        Dim("type", "vulnerability type, the least vulnerable first"),
        Dim("other_type", "the type whose contract is looked at", like="type"),
        Dim("level", "criticality level, the least critical first"),
    ),
    reconstructed=(
        "The weights p_i sum_j q_j phi_j of the centre's utility, and the paper's order of sub-types, "
        "theta_i phi_M < theta_{i+1} phi_1, which enters no constraint and is reported as `ranking`. The "
        "paper's rates theta, r and probabilities are lost: the defaults make its runs feasible. Among "
        "several optima the one that gives most to the highest type is reported."
    ),
)
