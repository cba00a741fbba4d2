"""Model `network`: security investment among unequal cities on a given network."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from ...model import Choice, Model, Parameter
from ...status import Status
from .best_response import Ends, extreme_equilibria
from .centrality import NAMES, centralities
from .checks import cross_derivatives, far, gain_of_deviation, gain_of_other_pool, own_slopes
from .declaration import (
    DIMS,
    FORMULAS,
    OUTPUTS,
    PAIR_DIM,
    PAIR_PARAMETERS,
    PARAMETERS,
    RECONSTRUCTED,
    SOURCE,
    UNIQUE,
)
from .families import FAMILIES, family
from .game import MECHANISMS, Cities, balance, cities_of, risk
from .optimum import least_sum, planned
from .pairs import Pairs, pairs_of, with_added
from .pooling import pool_slopes, pooled_optimum
from .shared import sharing_equilibria
from .spread import SPREADS, Spread, spread_along

BRANCHES = ("highest", "lowest")
PARTNERS = ("all", "linked")
DEFAULT_CITIES = ("1", "2", "3", "4")

# A network's name to its seeds, in rising order, and the weights of each: [seed][from, to].
Graphs = Mapping[str, tuple[Any, Any]]


def network(
    p: Mapping[str, Array],
    *,
    network: str = "ring",
    mechanism: str = "noncooperation",
    spread: str = "hops",
    branch: str = "highest",
    transfers: str = "all",
    rates: str = "all",
    length_max: int,
    seed_max: int = 0,
    wanted: Collection[str] | None = None,
    graphs: Graphs | None = None,
    pairs: Pairs = (),
) -> dict[str, Array]:
    """The equilibrium, or the planner's optimum, of one scenario.

    Parameters
    ----------
    p
        Vectors L, v, E, beta [city]; scalars alpha, gamma, delta, length, seed; with `pairs` the vectors
        added_weight, added_transfer and added_rate [pair].
    network, mechanism, spread, branch, transfers, rates
        Static choices. Of `network`, `transfers` and `rates` a name is a family or stands in `graphs`.
    length_max, seed_max
        Static upper bounds of ``p["length"]`` and ``p["seed"]``; the latter bounds nothing.
    wanted
        Outputs that somebody looks at, all if None.
    graphs
        Networks besides the families, see `Graphs`.
    pairs
        From which city to which what is added leads.

    Returns
    -------
    dict
        The outputs that `NETWORK` declares, so far as `wanted`, and ``"status"``.
    """
    del seed_max
    n, named = p["L"].shape[0], graphs or {}
    weights = _matrix(network, n, p["seed"], named, p["L"].dtype)
    weights, of_links = with_added(weights, p, "added_weight", pairs)

    def between(name: str) -> Array:
        if name == "linked":
            return weights
        return _matrix("complete" if name == "all" else name, n, p["seed"], named, p["L"].dtype)

    pays, of_transfers = with_added(between(transfers), p, "added_transfer", pairs)
    shares, of_rates = with_added(between(rates), p, "added_rate", pairs)
    inside = of_links & of_transfers & of_rates
    spreading = spread_along(spread, p["alpha"] * weights, p["length"], length_max)
    c = cities_of(p, mechanism, pays, shares)
    solved = _solve(c, spreading, mechanism, branch)
    asked = {o.name for o in OUTPUTS} if wanted is None else set(wanted)
    result = _of_solution(c, spreading, solved.investment)
    result |= {"ends_apart": solved.apart, "uniqueness": solved.unique}
    result |= _checked(c, spreading, mechanism, solved.investment)
    wrong = jnp.any(result["deviation_gain"] > far(jnp.max(c.loss)))
    settled = solved.settled
    if asked & {"optimal_cost", "cost_ratio"}:
        least, sure = result["group_cost"], jnp.asarray(True)
        if mechanism != "cooperation":
            least, sure = least_sum(c, spreading, mechanism)
        result |= {"optimal_cost": least, "cost_ratio": result["group_cost"] / least}
        settled = settled & sure
    if asked & set(NAMES):
        result |= centralities(weights)
    if "cross_derivative" in asked:
        result["cross_derivative"] = cross_derivatives(c, spreading, solved.investment)
    result |= {"weight": weights + 0 * p["alpha"], "arrival": spreading.arrival()}
    status = jnp.where(wrong, Status.not_a_minimum, solved.status)
    status = jnp.where(settled, status, Status.max_steps)
    result["status"] = jnp.where(inside, status, Status.out_of_domain)
    return result


def _matrix(name: str, n: int, seed: Array, graphs: Graphs, dtype: Any) -> Array:
    if name not in graphs:
        return family(name, n).astype(dtype)
    seeds, weights = (jnp.asarray(part) for part in graphs[name])
    if weights.shape[0] == 1:
        return weights[0].astype(dtype)
    return lax.dynamic_index_in_dim(weights, jnp.searchsorted(seeds, seed), keepdims=False).astype(dtype)


class _Solved(NamedTuple):
    investment: Array  # investments that are reported
    status: Array
    unique: Array  # what is known of other solutions
    apart: Array  # how far the ends lie apart
    settled: Array


def _tolerance(x: Array) -> float:
    return float(jnp.finfo(x.dtype).eps) ** 0.5


def _solve(c: Cities, spread: Spread, mechanism: str, branch: str) -> _Solved:
    determined = jnp.asarray(True)
    if mechanism == "sharing":
        ends, determined = sharing_equilibria(c, spread)
    elif mechanism == "pooling":
        best = pooled_optimum(c, spread)
        ends = Ends(best, best, determined)
    else:
        ends = extreme_equilibria(c, spread, mechanism)
    apart = jnp.max(jnp.abs(ends.highest - ends.lowest))
    one = apart <= _tolerance(apart) * (1 + jnp.max(ends.highest))
    investment, chosen = ends.highest if branch == "highest" else ends.lowest, one & determined
    if mechanism == "cooperation":
        investment, chosen = planned(c, spread, ends)
    alone = UNIQUE["not_proved"] if mechanism in ("sharing", "pooling") else UNIQUE["unique"]
    unique = jnp.where(one & determined, alone, UNIQUE["several"]).astype(jnp.int8)
    status = jnp.where(jnp.any(investment == 0), Status.corner, Status.ok)
    status = jnp.where(chosen, status, Status.several_equilibria)
    return _Solved(investment, status, unique, jnp.where(one, 0, apart), ends.reached)


def _of_solution(c: Cities, spread: Spread, e: Array) -> dict[str, Array]:
    defends = e @ c.reach
    p = jnp.exp(jnp.log(c.start) - c.rate * defends)
    none = spread.none(p)
    each = c.loss * risk(p, none) + e + balance(c, p)
    return {
        "investment": e,
        "effective_investment": defends,
        "breach_probability": p,
        "risk": risk(p, none),
        "expected_loss": each,
        "group_investment": jnp.sum(e),
        "group_cost": jnp.sum(each),
        "breaches": jnp.sum(risk(p, none)),
    }


def _checked(c: Cities, spread: Spread, mechanism: str, e: Array) -> dict[str, Array]:
    if mechanism == "pooling":
        gain = gain_of_other_pool(c, spread, jnp.sum(e)) + 0 * e
        slope, bend = (of_all + 0 * e for of_all in pool_slopes(c, spread, jnp.sum(e)))
    else:
        slope, bend = own_slopes(c, spread, mechanism, e)
        gain = gain_of_deviation(c, spread, mechanism, e)
    return {
        "second_derivative": bend,
        "multiplier": jnp.where(e > 0, 0, slope),
        "deviation_gain": jnp.where(gain > _tolerance(e) ** 1.5 * c.loss, gain, 0),
    }


def network_model(
    cities: tuple[str, ...] = DEFAULT_CITIES, graphs: Graphs | None = None, pairs: tuple[str, ...] = ()
) -> Model:
    """The model for cities of these names, with networks besides the families, see `Graphs`.

    `pairs` are names of `pairs_of` the cities: entries of matrices that are parameters.
    """
    named = {name: graph for name, graph in (graphs or {}).items() if name not in FAMILIES}
    options, partners = (*FAMILIES, *named), (*PARTNERS, *named)
    numbers = pairs_of(cities)
    static = {"graphs": named} if named else {}
    static |= {"pairs": tuple(numbers[pair] for pair in pairs)} if pairs else {}
    of_pairs = tuple(replace(q, default=dict.fromkeys(pairs, 0.0)) for q in PAIR_PARAMETERS if pairs)
    return Model(
        name="network",
        title="Security investment among unequal cities on a given network",
        source=SOURCE,
        formulas=FORMULAS,
        kernel=partial(network, **static) if static else network,
        parameters=tuple(_for_cities(parameter, cities) for parameter in PARAMETERS) + of_pairs,
        choices=(
            Choice("network", options, "ring", "which links there are: a family, or a name in [networks]"),
            Choice("mechanism", MECHANISMS, "noncooperation", "how the cities decide"),
            Choice("spread", SPREADS, "hops", "how breaches arrive: strongest way, cascade, or exactly"),
            Choice("branch", BRANCHES, "highest", "which extreme equilibrium is reported, by investment"),
            Choice("transfers", partners, "all", "who pays whom under compensation, row to column"),
            Choice("rates", partners, "all", "who shares with whom under sharing, row to column"),
        ),
        outputs=OUTPUTS,
        dims=(*DIMS, PAIR_DIM) if pairs else DIMS,
        reconstructed=RECONSTRUCTED,
    )


def _for_cities(parameter: Parameter, cities: tuple[str, ...]) -> Parameter:
    if parameter.dim is None:
        return parameter
    return replace(parameter, default=dict.fromkeys(cities, parameter.fill or 0.0))


NETWORK = network_model(pairs=("1_to_2",))
