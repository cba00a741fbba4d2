"""Menus that are linear programs: rewards chosen freely with V = a T, and rewards at the paper's rates."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from ...numerics.linear_program import Program, Vertex, maximise, several_optima
from ..contract import PROGRAM, centre_weights, scaled_value
from .chain import Blocks
from .subtypes import Subtypes


class Menu(NamedTuple):
    """Where the search for a menu ended."""

    resources: Array
    """[K]; of ranked sub-types, or, at rates, in the order of the table [type, level]."""
    kept: Array
    """Resources that are not given out."""
    vertex: Vertex
    several: Array
    """Whether another menu is as good."""


def free_menu(s: Subtypes, run: Blocks, ends: Array, p: Mapping[str, Array]) -> Menu:
    """The best menu where V = a T and rewards are free: see `chain`, of which this is the linear case.

    Variables are the shares n_k T_k / T_total of ranked sub-types, and last the share that is kept. Sub-types
    that must share a contract, as `ends` says, rise and fall along the chain at once.
    """
    own = jnp.diagonal(run.gain) * p["value_rate"] - jnp.diagonal(run.weight)
    nothing = jnp.zeros_like(own[:1])
    weights = jnp.concatenate([own / s.number, nothing])
    bounds = jnp.concatenate([s.number * s.least / p["T_total"], nothing])
    pair = jnp.maximum(s.number[1:], s.number[:-1])
    data = (bounds, s.number[:-1] / pair, s.number[1:] / pair, ends[:-1])
    return _solved(_CHAIN, data, weights, p["T_total"], s.number)


def rate_menu(p: Mapping[str, Array], level_rate: Array) -> Menu:
    """The best menu at rewards r_i level_rate_j T: problem (11) of the paper over sub-types.

    It is the program of the model `contract` in which every sub-type is a type of its own.
    """
    levels = p["phi"].shape[0]
    chance, types = p["criticality_probability"], p["theta"].shape[0]
    every = {
        "theta": jnp.outer(p["theta"], p["phi"]).ravel(),
        "probability": jnp.outer(p["probability"], chance).ravel(),
        "reward_rate": jnp.outer(p["reward_rate"], level_rate).ravel(),
        "infrastructures": jnp.outer(p["infrastructures"], chance).ravel(),
        "T_min": jnp.repeat(p["T_min"], levels, total_repeat_length=types * levels),
        "value_rate": p["value_rate"],
        "unit_cost": p["unit_cost"],
    }
    number = every["infrastructures"]
    data = (number * every["T_min"] / p["T_total"], *scaled_value(every, "all"))
    return _solved(PROGRAM, data, centre_weights(every) / number, p["T_total"], number)


def _solved(program: Program, data: Any, weights: Array, total: Array, number: Array) -> Menu:
    best = maximise(program, data, weights, jnp.ones_like(total))
    several = several_optima(program, data, weights, jnp.ones_like(total), best)
    size = number.shape[0]
    return Menu(best.x[:size] * total / number, jnp.sum(best.x[size:]) * total, best, several)


def _chain_slack(data: tuple[Array, Array, Array, Array], x: Array) -> Array:
    bounds, of_next, of_own, apart = data
    rise = of_next * x[1:-1] - of_own * x[:-2]
    return jnp.concatenate([x - bounds, rise, jnp.where(apart, 0, -rise)])


def _chain_row(data: tuple[Array, Array, Array, Array], index: Array) -> tuple[Array, Array]:
    bounds, of_next, of_own, apart = data
    size, steps = bounds.shape[0], of_own.shape[0]
    positions = jnp.arange(size)
    if steps == 0:  # one sub-type alone has minima and no neighbours
        return (positions == index).astype(bounds.dtype), bounds[index]
    at = index - size
    k = jnp.clip(at % steps, 0, steps - 1)
    falls = at >= steps
    sign = jnp.where(falls, jnp.where(apart[k], 0, -1), 1)
    step = sign * (of_next[k] * (positions == k + 1) - of_own[k] * (positions == k))
    is_bound = index < size
    bound = jnp.where(is_bound, bounds[jnp.minimum(index, size - 1)], 0)
    return jnp.where(is_bound, (positions == index).astype(bounds.dtype), step), bound


# Rows: the minima; sub-type k + 1 has at least what k has; and at most that where both share a contract.
_CHAIN = Program(_chain_slack, _chain_row)
