"""The external paper's conclusions held against unequal cities on other networks than its chain.

Nothing of these games is the paper's: a conclusion that fails here is not refuted, it does not carry over.
Of four cities the first has another loss and another intrusion probability than the others; it stands in the
middle of a star, and at the end of a path. Full cooperation, whose planner pools all money, is the mechanism
`pooling` there.
"""

from typing import Any

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


_WEAK: dict[str, Any] = {"weak": True, "tolerance": 1e-7}

_ENOUGH = "δ = 0.5 is more than the paper's threshold -E Γ ln v, which is below 0.07 here."

CONCLUSIONS = (
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
    Conclusion("6 (investment, networks)",
               "no city invests less without cooperation than its share of a pool",
               each_exceeds(ONE, TWO, "investment"), **_WEAK,
               remark="A share is the same for all; who has little to lose invests less of its own."),
    Conclusion("6 (like with like, networks)",
               "all bear less without cooperation than where a planner pools their money",
               exceeds(TWO, ONE, "group_cost"), **_WEAK),
    Conclusion("8 (networks)", "a pool shrinks as α rises", each(TWO, "d_investment_d_alpha", -1), **_WEAK),
    Conclusion("8 (loss, networks)", "what all bear where money is pooled rises with α",
               of_all(TWO, "d_group_cost_d_alpha"), **_WEAK),
    Conclusion("9 (investment, networks)", "no city invests less under compensation than without cooperation",
               each_exceeds(THREE, ONE, "investment"), **_WEAK),
    Conclusion("9 (cost, networks)", "no city's cost is higher under compensation than without cooperation",
               each_exceeds(ONE, THREE, "expected_loss"), **_WEAK,
               remark="At symmetry transfers cancel; between unequal cities they do not."),
    Conclusion("9 (sum, networks)", "compensation does not raise the sum of all costs",
               exceeds(ONE, THREE, "group_cost"), **_WEAK),
    Conclusion("10 (sentence before, networks)",
               "no city invests more under sharing than without cooperation",
               each_exceeds(ONE, FOUR, "investment"), **_WEAK),
    Conclusion("10 (cost, networks)", "no city's cost is higher under sharing than without cooperation",
               each_exceeds(ONE, FOUR, "expected_loss"), **_WEAK),
    Conclusion("11 (networks)", "no city invests less under sharing as α rises",
               each(FOUR, "d_investment_d_alpha"), **_WEAK, remark=_ENOUGH),
    Conclusion("12 (networks)", "no city invests more under sharing as the sharing rate δ rises",
               each(FOUR, "d_investment_d_delta", -1), **_WEAK, remark=_ENOUGH),
)  # fmt: skip

NETWORKS = Study(
    "networks",
    Sweep(
        "network",
        {
            "mechanism": [ONE, PLANNER, TWO, THREE, FOUR],
            "network": ["star", "path"],
            "alpha": evenly(0.02, 0.98, 25),
            "L.1": {"start": 40, "stop": 8000, "num": 12, "scale": "log"},
            "beta.1": evenly(0.05, 0.95, 8),
        },
        {"L": 400, "v": 0.5, "E": 0.1, "beta": 0.5, "gamma": 0.5, "delta": 0.5},
        ["investment", "expected_loss", "group_cost", "uniqueness"],
        {
            "investment": ["alpha", "beta.1", "delta"],
            "expected_loss": ["alpha", "beta.1"],
            "group_cost": ["alpha"],
        },
        origin="audit external, study networks",
    ),
    CONCLUSIONS,
    "alpha",
    points=4_800,
)
