"""The external paper's conclusions held against unequal cities on other networks than its chain.

Nothing of these games is the paper's: a conclusion that fails here is not refuted, it does not carry over.
Of four cities the first has another loss and another intrusion probability than the others; it stands in the
middle of a star, and at the end of a path. Full cooperation, whose planner pools all money, is the mechanism
`pooling` there. Not stated: Conclusion 5, a formula of equal cities; 7, as that planner counts the mean loss
of all cities, which is not the same with a city more; and 12's ends, delta of 0 and 1.
"""

from typing import Any

import numpy as np
import xarray as xr

from ....kernels.games.network.declaration import UNIQUE
from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly

ONE, PLANNER, THREE, FOUR = "noncooperation", "cooperation", "compensation", "sharing"
TWO = "pooling"


def each(mechanism: str, name: str, sign: int = 1) -> Margin:
    """The least over all cities of a variable under one mechanism, or of its negative."""
    return lambda d: (sign * d[name].sel(mechanism=mechanism, drop=True)).min("city")


def each_exceeds(larger: str, smaller: str, name: str) -> Margin:
    """The least over all cities of the gap between two mechanisms."""
    return lambda d: (
        d[name].sel(mechanism=larger, drop=True) - d[name].sel(mechanism=smaller, drop=True)
    ).min("city")


def _one_only(d: xr.Dataset) -> xr.DataArray:
    return xr.where(d["uniqueness"].sel(mechanism=ONE, drop=True) == UNIQUE["unique"], 1.0, -1.0)


def exceeds(larger: str, smaller: str, name: str) -> Margin:
    """The gap between two mechanisms of what all cities have one of."""
    return lambda d: d[name].sel(mechanism=larger, drop=True) - d[name].sel(mechanism=smaller, drop=True)


def of_all(mechanism: str, name: str) -> Margin:
    """A variable that all cities have one of, under one mechanism."""
    return lambda d: d[name].sel(mechanism=mechanism, drop=True)


def _any_pair(d: xr.Dataset) -> xr.DataArray:
    """The most over all pairs of cities of how a city's marginal cost rises in the other's investment."""
    cross = d["cross_derivative"].sel(mechanism=ONE, drop=True)
    return cross.where(cross["city"] != cross["other_city"]).max(["city", "other_city"])


def _pooled(d: xr.Dataset) -> xr.DataArray:
    """What the planner who pools counts: the loss of a city on average, and all money."""
    cost, e = (d[name].sel(mechanism=TWO, drop=True) for name in ("expected_loss", "investment"))
    return (cost - e).mean("city") + e.sum("city")


def _between(d: xr.Dataset) -> xr.DataArray:
    return np.minimum(each_exceeds(FOUR, ONE, "investment")(d), each_exceeds(TWO, FOUR, "investment")(d))


def _joins(name: str, sign: int) -> Margin:
    """The least over the other three of how a variable rises, for sign 1, as the fourth city joins."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        others = d[name].sel(city=["1", "2", "3"])
        return (sign * others.diff("beta.4", label="lower")).min("city")

    return margin


_WEAK: dict[str, Any] = {"weak": True, "tolerance": 1e-7}

_ENOUGH = "δ = 0.5 is more than the paper's threshold -E Γ ln v, which is below 0.07 here."

CONCLUSIONS = (
    Conclusion("1 (networks)", "without cooperation every city invests",
               lambda d: xr.where(each(ONE, "investment")(d) > 0, 1.0, -1.0), unit=""),
    Conclusion("1 (unique, networks)", "without cooperation there is one equilibrium, symmetric or not",
               _one_only, unit=""),
    Conclusion("3 (networks)", "no city invests less as one city's intrusion probability rises",
               each(ONE, "d_investment_d_beta_1"), **_WEAK,
               remark="A city that invests nothing is breached more often; the others' own breaches matter "
                      "less."),
    Conclusion("4 (networks)", "no city invests more as α rises", each(ONE, "d_investment_d_alpha", -1),
               **_WEAK),
    Conclusion("3 (loss, networks)", "no city's cost falls as one city's intrusion probability rises",
               each(ONE, "d_expected_loss_d_beta_1"), **_WEAK),
    Conclusion("4 (loss, networks)", "no city's cost falls as α rises", each(ONE, "d_expected_loss_d_alpha"),
               **_WEAK),
    Conclusion("4 (too little, networks)", "no city invests more than a planner of all costs would have it",
               each_exceeds(PLANNER, ONE, "investment"), **_WEAK),
    Conclusion("4 (free-riding, networks)", "some city invests less where another one invests more",
               _any_pair, unit="1/money"),
    Conclusion("6 (investment, networks)",
               "no city invests less without cooperation than its share of a pool",
               each_exceeds(ONE, TWO, "investment"), **_WEAK,
               remark="A share is the same for all; who has little to lose invests less of its own."),
    Conclusion("6 (cost, networks)", "no city's cost is above that of full cooperation",
               lambda d: _pooled(d) - d["expected_loss"].sel(mechanism=ONE, drop=True).max("city"), **_WEAK,
               remark="It compares one city's cost with what the planner counts: a loss on average, and all "
                      "money."),
    Conclusion("6 (like with like, networks)",
               "all bear less without cooperation than where a planner pools their money",
               exceeds(TWO, ONE, "group_cost"), **_WEAK),
    Conclusion("8 (networks)", "a pool shrinks as α rises", each(TWO, "d_investment_d_alpha", -1), **_WEAK),
    Conclusion("8 (loss, networks)", "what all bear where money is pooled rises with α",
               of_all(TWO, "d_group_cost_d_alpha"), **_WEAK),
    Conclusion("8 (loss, β, networks)", "what all bear where money is pooled rises with one city's β",
               of_all(TWO, "d_group_cost_d_beta_1"), **_WEAK),
    Conclusion("9 (17, networks)", "no city invests less under compensation as γ rises",
               each(THREE, "d_investment_d_gamma"), **_WEAK),
    Conclusion("9 (investment, networks)", "no city invests less under compensation than without cooperation",
               each_exceeds(THREE, ONE, "investment"), **_WEAK),
    Conclusion("9 (cost, networks)", "no city's cost is higher under compensation than without cooperation",
               each_exceeds(ONE, THREE, "expected_loss"), **_WEAK,
               remark="At symmetry transfers cancel; between unequal cities they do not."),
    Conclusion("9 (sum, networks)", "compensation does not raise the sum of all costs",
               exceeds(ONE, THREE, "group_cost"), **_WEAK),
    Conclusion("10 (investment, networks)", "no city invests less under sharing than without cooperation, or "
               "more than its share of a pool", _between, **_WEAK),
    Conclusion("10 (sentence before, networks)",
               "no city invests more under sharing than without cooperation",
               each_exceeds(ONE, FOUR, "investment"), **_WEAK),
    Conclusion("10 (cost, networks)", "no city's cost is higher under sharing than without cooperation",
               each_exceeds(ONE, FOUR, "expected_loss"), **_WEAK),
    Conclusion("11 (networks)", "no city invests less under sharing as α rises",
               each(FOUR, "d_investment_d_alpha"), **_WEAK, remark=_ENOUGH),
    Conclusion("12 (networks)", "no city invests more under sharing as the sharing rate δ rises",
               each(FOUR, "d_investment_d_delta", -1), **_WEAK, remark=_ENOUGH),
    Conclusion("12 (Table 8, networks)", "no city's cost falls under sharing as δ rises",
               each(FOUR, "d_expected_loss_d_delta"), **_WEAK),
    Conclusion("12 (limit, networks)", "no city's cost is lower under sharing than where money is pooled",
               each_exceeds(FOUR, TWO, "expected_loss"), **_WEAK),
)  # fmt: skip

JOINED = (
    Conclusion("2 (networks)", "without cooperation no city invests more as another one joins",
               _joins("investment", -1), **_WEAK,
               remark="From three cities to four: the last one, a leaf or an end, is never tried, or is."),
    Conclusion("2 (loss, networks)", "without cooperation no city's cost falls as another one joins",
               _joins("expected_loss", 1), **_WEAK),
)  # fmt: skip

_CASE = {"L": 400, "v": 0.5, "E": 0.1, "beta": 0.5}
_AXES: dict[str, Any] = {
    "network": ["star", "path"],
    "alpha": evenly(0.02, 0.98, 25),
    "L.1": {"start": 40, "stop": 8000, "num": 12, "scale": "log"},
    "beta.1": evenly(0.05, 0.95, 8),
}

NETWORKS = Study(
    "networks",
    Sweep(
        "network",
        {"mechanism": [ONE, PLANNER, TWO, THREE, FOUR], **_AXES},
        {**_CASE, "gamma": 0.5, "delta": 0.5},
        ["investment", "expected_loss", "group_cost", "uniqueness", "cross_derivative"],
        {
            "investment": ["alpha", "beta.1", "gamma", "delta"],
            "expected_loss": ["alpha", "beta.1", "delta"],
            "group_cost": ["alpha", "beta.1"],
        },
        origin="audit external, study networks",
    ),
    CONCLUSIONS,
    "alpha",
    points=4_800,
)

# A leaf of a star, or the end of a path, that is never tried is as if it were not there.
JOINING = Study(
    "joining",
    Sweep(
        "network",
        {**_AXES, "beta.4": [1e-300, 0.5]},
        {**_CASE, "mechanism": ONE},
        ["investment", "expected_loss"],
        origin="audit external, study joining",
    ),
    JOINED,
    "alpha",
    points=4_800,
)
