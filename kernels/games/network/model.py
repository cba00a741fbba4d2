"""Model `network`: security investment among unequal cities on a given network."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from ...model import Choice, Model, Parameter
from ...status import Status
from .best_response import Ends, extreme_equilibria
from .centrality import NAMES, centralities
from .checks import cross_derivatives, gain_of_deviation, gain_of_other_pool, own_slopes
from .declaration import DIMS, FORMULAS, OUTPUTS, PARAMETERS, RECONSTRUCTED, SOURCE, UNIQUE
from .families import FAMILIES, family
from .game import MECHANISMS, Cities, balance, cities_of, costs, risk
from .shared import pooled_cost, pooled_optimum, sharing_equilibria
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
) -> dict[str, Array]:
    """The equilibrium, or the planner's optimum, of one scenario.

    Parameters
    ----------
    p
        Vectors L, v, E, beta [city]; scalars alpha, gamma, delta, length, seed.
    network, mechanism, spread, branch, transfers, rates
        Static choices. Of `network`, `transfers` and `rates` a name is a family or stands in `graphs`.
    length_max, seed_max
        Static upper bounds of ``p["length"]`` and ``p["seed"]``; the latter bounds nothing.
    wanted
        Outputs that somebody looks at, all if None.
    graphs
        Networks besides the families, see `Graphs`.

    Returns
    -------
    dict
        The outputs that `NETWORK` declares, so far as `wanted`, and ``"status"``.
    """
    del seed_max
    n, named = p["L"].shape[0], graphs or {}
    weights = _matrix(network, n, p["seed"], named, p["L"].dtype)

    def between(name: str) -> Array:
        if name == "linked":
            return weights
        return _matrix("complete" if name == "all" else name, n, p["seed"], named, p["L"].dtype)

    links = jnp.minimum(p["alpha"] * weights, 1)
    spreading = spread_along(spread, links, p["length"], length_max)
    c = cities_of(p, mechanism, between(transfers), between(rates))
    ends = _solve(c, spreading, mechanism)
    found, status, unique, gap = _chosen(c, spreading, mechanism, branch, ends)
    asked = {o.name for o in OUTPUTS} if wanted is None else set(wanted)
    result = _of_solution(c, spreading, mechanism, found)
    result |= {"ends_apart": gap, "uniqueness": unique}
    result |= _checked(c, spreading, mechanism, found)
    wrong = jnp.any(result["deviation_gain"] > _tolerance(found) * (1 + jnp.max(c.loss)))
    if asked & {"optimal_cost", "cost_ratio"}:
        alone = cities_of(p, "cooperation", between(transfers), between(rates))
        best = _chosen(alone, spreading, "cooperation", branch, _solve(alone, spreading, "cooperation"))[0]
        least = jnp.sum(costs(alone, spreading, best))
        result |= {"optimal_cost": least, "cost_ratio": result["group_cost"] / least}
    if asked & set(NAMES):
        result |= centralities(weights)
    if "cross_derivative" in asked:
        result["cross_derivative"] = cross_derivatives(c, spreading, found)
    result |= {"weight": weights + 0 * p["alpha"], "arrival": spreading.arrival()}
    status = jnp.where(wrong, Status.not_a_minimum, status)
    result["status"] = jnp.where(ends.reached, status, Status.max_steps)
    return result


def _matrix(name: str, n: int, seed: Array, graphs: Graphs, dtype: Any) -> Array:
    if name not in graphs:
        return family(name, n).astype(dtype)
    seeds, weights = (jnp.asarray(part) for part in graphs[name])
    if weights.shape[0] == 1:
        return weights[0].astype(dtype)
    return lax.dynamic_index_in_dim(weights, jnp.searchsorted(seeds, seed), keepdims=False).astype(dtype)


def _solve(c: Cities, spread: Spread, mechanism: str) -> Ends:
    if mechanism == "sharing":
        return sharing_equilibria(c, spread)
    if mechanism == "pooling":
        best = pooled_optimum(c, spread)
        return Ends(best, best, jnp.asarray(True))
    return extreme_equilibria(c, spread, mechanism)


def _tolerance(x: Array) -> float:
    return float(jnp.finfo(x.dtype).eps) ** 0.5


def _chosen(
    c: Cities, spread: Spread, mechanism: str, branch: str, ends: Ends
) -> tuple[Array, Array, Array, Array]:
    """The investments that are reported, status, what is known of other solutions, how far ends lie apart."""
    apart = jnp.max(jnp.abs(ends.highest - ends.lowest))
    one = apart <= _tolerance(apart) * (1 + jnp.max(ends.highest))
    found = ends.highest if branch == "highest" else ends.lowest
    if mechanism == "cooperation":
        cheaper = jnp.sum(costs(c, spread, ends.highest)) <= jnp.sum(costs(c, spread, ends.lowest))
        found = jnp.where(cheaper, ends.highest, ends.lowest)
    proved = UNIQUE["not_proved"] if mechanism in ("sharing", "pooling") else UNIQUE["unique"]
    unique = jnp.where(one, proved, UNIQUE["several"]).astype(jnp.int8)
    status = jnp.where(jnp.any(found == 0), Status.corner, Status.ok)
    status = jnp.where(one, status, Status.several_equilibria)
    return found, status, unique, jnp.where(one, 0, apart)


def _of_solution(c: Cities, spread: Spread, mechanism: str, e: Array) -> dict[str, Array]:
    pooled = mechanism == "pooling"
    defends = jnp.sum(e) * jnp.ones_like(e) if pooled else e @ c.reach
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
        slope, bend = _pool_slopes(c, spread, jnp.sum(e), e)
    else:
        slope, bend = own_slopes(c, spread, mechanism, e)
        gain = gain_of_deviation(c, spread, mechanism, e)
    return {
        "second_derivative": bend,
        "multiplier": jnp.where(e > 0, 0, slope),
        "deviation_gain": jnp.where(gain > _tolerance(e) ** 1.5 * c.loss, gain, 0),
    }


def _pool_slopes(c: Cities, spread: Spread, money: Array, e: Array) -> tuple[Array, Array]:
    def slope(m: Array) -> Array:
        return jax.jvp(lambda m: pooled_cost(c, spread, m), (m,), (jnp.ones_like(m),))[1]

    first, second = jax.jvp(slope, (money,), (jnp.ones_like(money),))
    return first + 0 * e, second + 0 * e


def network_model(cities: tuple[str, ...] = DEFAULT_CITIES, graphs: Graphs | None = None) -> Model:
    """The model for cities of these names, with networks besides the families, see `Graphs`."""
    named = {name: graph for name, graph in (graphs or {}).items() if name not in FAMILIES}
    options = (*FAMILIES, *named)
    pairs = (*PARTNERS, *named)
    return Model(
        name="network",
        title="Security investment among unequal cities on a given network",
        source=SOURCE,
        formulas=FORMULAS,
        kernel=partial(network, graphs=named) if named else network,
        parameters=tuple(_for_cities(parameter, cities) for parameter in PARAMETERS),
        choices=(
            Choice("network", options, "ring", "which links there are: a family, or a name in [networks]"),
            Choice("mechanism", MECHANISMS, "noncooperation", "how the cities decide"),
            Choice("spread", SPREADS, "hops", "how breaches arrive: strongest way, cascade, or exactly"),
            Choice("branch", BRANCHES, "highest", "which extreme equilibrium is reported, by investment"),
            Choice("transfers", pairs, "all", "who pays whom under compensation, row to column"),
            Choice("rates", pairs, "all", "who shares with whom under sharing, row to column"),
        ),
        outputs=OUTPUTS,
        dims=DIMS,
        reconstructed=RECONSTRUCTED,
    )


def _for_cities(parameter: Parameter, cities: tuple[str, ...]) -> Parameter:
    if parameter.dim is None:
        return parameter
    return replace(parameter, default=dict.fromkeys(cities, parameter.fill or 0.0))


NETWORK = network_model()
