"""Margins of the external paper's conclusions: how far each holds at a point of a cube."""

import numpy as np
import xarray as xr

from ..conclusions import Margin

EFFICIENCY = 0.1
CITIES = [2, 3, 4, 5, 6, 8, 10, 15, 20]
ONE, TWO, THREE, FOUR = "noncooperation", "cooperation", "compensation", "sharing"
FIVE = "together"  # of the model `external_combined`: compensation and sharing at once


def of(mechanism: str, name: str) -> Margin:
    """A variable under one mechanism."""
    return lambda d: d[name].sel(mechanism=mechanism, drop=True)


def gap(larger: Margin, smaller: Margin) -> Margin:
    """How much the first exceeds the second."""
    return lambda d: larger(d) - smaller(d)


def between(low: Margin, middle: Margin, high: Margin) -> Margin:
    """The lesser of both gaps of ``low < middle < high``."""
    return lambda d: np.minimum(middle(d) - low(d), high(d) - middle(d))


def negative(margin: Margin) -> Margin:
    """Of something claimed to be below zero."""
    return lambda d: -margin(d)


def rises(mechanism: str, name: str, axis: str) -> Margin:
    """How much a variable rises from one value of an axis of the grid to the next, at the smaller."""
    return lambda d: of(mechanism, name)(d).diff(axis, label="lower")


def falls_with_cities(mechanism: str) -> Margin:
    """From one number of cities of the grid to the next, at the smaller."""
    return negative(rises(mechanism, "investment", "n"))


def dearer_with_cities(mechanism: str) -> Margin:
    """How much the loss rises from one number of cities of the grid to the next, at the smaller."""
    return rises(mechanism, "expected_loss", "n")


def equal(one: Margin, other: Margin) -> Margin:
    """Minus the difference, relative to the size; for claims of equality."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        a, b = one(d), other(d)
        return -np.abs(a - b) / (1 + np.abs(a))

    return margin


def none_arrives(d: xr.Dataset, p: xr.DataArray) -> xr.DataArray:
    """Pi(p) of n - 1 others, multiplied out."""
    product = xr.ones_like(p * d["alpha"] * d["n"], dtype=float)
    for k in range(1, int(d["n"].max())):
        product = product * xr.where(k < d["n"], 1 - d["alpha"] ** k * p, 1.0)
    return product


def investing_pays(d: xr.Dataset) -> xr.DataArray:
    """The condition L > 1 / (-E ln v p Pi) of Conclusions 6, 9 and 10, at e = 0.

    At the equilibrium itself the two sides are equal, by its first-order condition, so there it says
    nothing; at e = 0 it says that the first unit of money is worth spending.
    """
    p = d["beta"] * d["v"]
    return -EFFICIENCY * d["L"] * np.log(d["v"]) * p * none_arrives(d, p) > 1


def shared_enough(d: xr.Dataset, mechanism: str = FOUR) -> xr.DataArray:
    """The condition delta > -E Gamma ln v of Conclusions 11 and 12, with Gamma at the solution."""
    gamma = none_arrives(d, of(mechanism, "breach_probability")(d))
    return d["delta"] > -EFFICIENCY * gamma * np.log(d["v"])


e1, e2, e3, e4, e5 = (of(m, "investment") for m in (ONE, TWO, THREE, FOUR, FIVE))
c1, c2, c3, c4, c5 = (of(m, "expected_loss") for m in (ONE, TWO, THREE, FOUR, FIVE))


def group_cost_alone(d: xr.Dataset) -> xr.DataArray:
    """One loss and everybody's money, without cooperation."""
    return c1(d) + (d["n"] - 1) * e1(d)


def city_cooperating(d: xr.Dataset) -> xr.DataArray:
    """What one city bears under full cooperation: the loss, and its own share of the money."""
    return c2(d) - (d["n"] - 1) * e2(d)


def inside(d: xr.Dataset) -> xr.DataArray:
    """The condition of Conclusion 10, that of `investing_pays` and sharing of some but not of all."""
    return investing_pays(d) & (d["delta"] > 0) & (d["delta"] < 1)
