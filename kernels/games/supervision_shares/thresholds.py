"""The thresholds of both shares, the areas that they part the square into, and what is in force in each."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .mechanism import Mechanism, On, steps

Array = Any


class Thresholds(NamedTuple):
    """0, the thresholds of a share in order, and 1: shape (2,), (3,) or (4,) each.

    Where two are at one share, the area between them is empty, and all lies on the first.
    """

    x: Array
    y: Array


class Areas(NamedTuple):
    """Parts of the square without a threshold inside, shape (areas,) each, with what is in force there."""

    left: Array
    right: Array
    bottom: Array
    top: Array
    on: On


def thresholds(m: Mechanism) -> Thresholds:
    """The thresholds that there are, of either share."""
    names = m.rules.reward_in_x, m.rules.punishment_in_x, m.rules.reward, m.rules.punishment
    there = [steps(shape) for shape in names]
    x = [m.p[n] for n, t in zip(("reward_x_threshold", "fine_x_threshold"), there[:2], strict=True) if t]
    y = [m.p[n] for n, t in zip(("reward_threshold", "fine_threshold"), there[2:], strict=True) if t]
    return Thresholds(*(_in_order(of_one, jnp.ones_like(m.p["r"])) for of_one in (x, y)))


def _in_order(values: list[Array], one: Array) -> Array:
    if len(values) == 2:
        values = [jnp.minimum(*values), jnp.maximum(*values)]
    return jnp.stack([0 * one, *values, one])


def areas(m: Mechanism, lines: Thresholds) -> Areas:
    """All of them, those of the lowest y first."""
    columns, rows = (jnp.arange(len(ends) - 1) for ends in lines)
    column, row = (index.ravel() for index in jnp.meshgrid(columns, rows))
    left, bottom = lines.x[column], lines.y[row]
    return Areas(left, lines.x[column + 1], bottom, lines.y[row + 1], m.on(left, bottom))


def pick(values: Any, index: Array) -> Any:
    """What stands at an index, of every array of a tuple."""
    return jax.tree.map(lambda value: jnp.take(value, index, axis=0, mode="clip"), values)
