"""The external paper's conclusions held against compensation and sharing at once.

Nothing of that game is the paper's: a conclusion that fails here is not refuted, it does not carry over. e5
and c5 are a city's investment and cost under both mechanisms; e1 to e4 as in the paper.
"""

from typing import Any

import numpy as np
import xarray as xr

from ....kernels.status import Status
from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Study, evenly
from .margins import (
    EFFICIENCY,
    FIVE,
    FOUR,
    THREE,
    TWO,
    between,
    c2,
    c3,
    c4,
    c5,
    city_cooperating,
    dearer_with_cities,
    e2,
    e3,
    e4,
    e5,
    equal,
    falls_with_cities,
    gap,
    inside,
    investing_pays,
    negative,
    of,
    shared_enough,
)


def there_is_one(d: xr.Dataset, mechanism: str = FIVE) -> xr.DataArray:
    """+1 where there is a symmetric equilibrium, -1 where not: no point is left out."""
    return xr.where(of(mechanism, "status")(d) != int(Status.no_equilibrium), 1.0, -1.0)


def invests(d: xr.Dataset, mechanism: str = FIVE) -> xr.DataArray:
    """+1 where there is one that invests, -1 elsewhere."""
    return xr.where(of(mechanism, "investment")(d) > 0, 1.0, -1.0)


def _group_cost(d: xr.Dataset) -> xr.DataArray:
    """One loss and everybody's money, under both."""
    return c5(d) + (d["n"] - 1) * e5(d)


def _shared_enough(d: xr.Dataset) -> xr.DataArray:
    return shared_enough(d, FIVE)


def _compensated(d: xr.Dataset) -> xr.DataArray:
    """Where compensation adds anything to sharing: not all is shared, and something propagates."""
    return investing_pays(d) & (d["delta"] < 1) & (d["gamma"] > 0) & (d["alpha"] > 0)


_PAYS: dict[str, Any] = {"premise": investing_pays, "condition": "investing pays at e = 0"}
_PARTLY: dict[str, Any] = {"premise": inside, "condition": "investing pays at e = 0, and 0 < δ < 1"}
_SHARED: dict[str, Any] = {"premise": _shared_enough, "condition": "δ > -E Γ ln v"}
_ADDS: dict[str, Any] = {
    "premise": _compensated, "condition": "investing pays at e = 0, δ < 1, and α, γ > 0"
}  # fmt: skip

CONCLUSIONS = (
    Conclusion(
        "1 (together)", "with both mechanisms there is a symmetric equilibrium that invests", invests, unit=""
    ),
    Conclusion(
        "1 (exists, together)",
        "with both mechanisms there is a symmetric equilibrium",
        there_is_one,
        unit="",
        remark="From which no deviation of a city alone gains, however far.",
    ),
    Conclusion(
        "1 (unique, together)",
        "there is only one",
        lambda d: 1 - of(FIVE, "equilibrium_count")(d),
        weak=True,
        unit="too many",
    ),
    Conclusion("2 (together)", "e5 falls as the number of cities grows", falls_with_cities(FIVE)),
    Conclusion("3 (together)", "e5 rises with the intrusion probability β", of(FIVE, "d_investment_d_beta")),
    Conclusion(
        "4 (together)",
        "e5 falls as the propagation probability α rises",
        negative(of(FIVE, "d_investment_d_alpha")),
    ),
    Conclusion("2 (loss, together)", "c5 rises with the number of cities", dearer_with_cities(FIVE)),
    Conclusion("3 (loss, together)", "c5 rises with β", of(FIVE, "d_expected_loss_d_beta")),
    Conclusion("4 (loss, together)", "c5 rises with α", of(FIVE, "d_expected_loss_d_alpha")),
    Conclusion(
        "4 (free-riding, together)",
        "a city invests less where the others invest more",
        of(FIVE, "cross_derivative"),
        unit="1/money",
    ),
    Conclusion(
        "4 (too little, together)",
        "cities invest less than makes their costs least",
        gap(of(FIVE, "optimal_investment"), e5),
        tolerance=1e-8,
        remark="The optimum without pooling, with what is shared.",
    ),
    Conclusion("6 (investment, together)", "e5 > e2", gap(e5, e2), **_PAYS),
    Conclusion(
        "6 (like with like, together)",
        "the group's cost with both is below that of full cooperation",
        gap(c2, _group_cost),
        **_PAYS,
        remark="It cannot hold for an optimum.",
    ),
    Conclusion(
        "9 (investment, together)",
        "compensation added to sharing raises investment: e5 > e4",
        gap(e5, e4),
        **_ADDS,
    ),
    Conclusion(
        "9 (cost, together)", "compensation added to sharing lowers a city's cost", gap(c4, c5), **_ADDS
    ),
    Conclusion(
        "9 (17, together)", "e5 rises with the compensation coefficient γ", of(FIVE, "d_investment_d_gamma")
    ),
    Conclusion("10 (investment, together)", "e3 < e5 < e2", between(e3, e5, e2), **_PARTLY),
    Conclusion("10 (sentence before, together)", "e3 > e5 > e2", between(e2, e5, e3), **_PARTLY),
    Conclusion(
        "10 (cost, together)", "sharing added to compensation lowers a city's cost", gap(c3, c5), **_PARTLY
    ),
    Conclusion(
        "10 (either, together)",
        "a city's cost under both is below that under either",
        lambda d: np.minimum(c3(d), c4(d)) - c5(d),
        **_PARTLY,
    ),
    Conclusion(
        "11 (together)",
        "e5 rises with the propagation probability α",
        of(FIVE, "d_investment_d_alpha"),
        **_SHARED,
    ),
    Conclusion(
        "12 (together)",
        "e5 falls as the sharing rate δ rises",
        negative(of(FIVE, "d_investment_d_delta")),
        **_SHARED,
    ),
    Conclusion(
        "12 (δ = 0, together)",
        "without sharing e5 = e3",
        equal(e5, e3),
        lambda d: d["delta"] == 0,
        "δ = 0",
        weak=True,
        unit="relative",
    ),
    Conclusion(
        "12 (δ = 1, together)",
        "with full sharing e5 = e2",
        equal(e5, e2),
        lambda d: d["delta"] == 1,
        "δ = 1",
        weak=True,
        unit="relative",
    ),
    Conclusion(
        "12 (δ = 1, no compensation)",
        "with full sharing e5 = e4, whatever γ",
        equal(e5, e4),
        lambda d: d["delta"] == 1,
        "δ = 1",
        weak=True,
        unit="relative",
        remark="Not the paper's: where all are defended alike transfers move nobody.",
    ),
    Conclusion("12 (Table 8, together)", "c5 rises with δ", of(FIVE, "d_expected_loss_d_delta"), **_SHARED),
    Conclusion(
        "12 (limit, together)",
        "c5 is never below a city's cost under full cooperation",
        gap(c5, city_cooperating),
        weak=True,
    ),
)

TOGETHER = Study(
    "together",
    Sweep(
        "external_combined",
        {
            "mechanism": [TWO, THREE, FOUR, FIVE],
            "alpha": evenly(0, 1, 10),
            "L": {"start": 20, "stop": 20000, "num": 8, "scale": "log"},
            "v": [0.2, 0.5, 0.8],
            "n": [2, 3, 5, 10],
            "gamma": evenly(0, 1, 4),
            "delta": evenly(0, 1, 5),
            "beta": evenly(0.05, 1, 5),
        },
        {"E": EFFICIENCY, "budget_kind": "none", "entry_cost": 0},
        ["investment", "expected_loss", "breach_probability", "equilibrium_count", "cross_derivative",
         "optimal_investment"],
        {"investment": ["alpha", "beta", "gamma", "delta"], "expected_loss": ["alpha", "beta", "delta"]},
        origin="audit external, study together",
    ),
    CONCLUSIONS,
    "L",
    points=96_000,
)  # fmt: skip
