"""The external paper's conclusions held against cities with a budget, and cities with an entry cost.

Nothing of these games is the paper's: a conclusion that fails here is not refuted, it does not carry over.
Investments jump where an entry cost stops to be worth paying, and stand still where a budget is spent: so
everything that rises or falls is compared between neighbouring points of the grid.
"""

from typing import Any

import numpy as np
import xarray as xr

from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly
from .margins import (
    EFFICIENCY,
    FIVE,
    FOUR,
    ONE,
    THREE,
    TWO,
    between,
    c1,
    c2,
    c3,
    c4,
    c5,
    e1,
    e2,
    e3,
    e4,
    equal,
    gap,
    inside,
    investing_pays,
    negative,
    of,
    rises,
    shared_enough,
)
from .together import invests, there_is_one

_PAYS: dict[str, Any] = {"premise": investing_pays, "condition": "investing pays at e = 0"}
_PARTLY: dict[str, Any] = {"premise": inside, "condition": "investing pays at e = 0, and 0 < δ < 1"}
_SHARED: dict[str, Any] = {"premise": shared_enough, "condition": "δ > -E Γ ln v"}
_STEPS = "Between neighbouring points of the grid."


def _paid(d: xr.Dataset, mechanism: str) -> xr.DataArray:
    """A city's money: its investment, and its entry cost where it invests."""
    e = of(mechanism, "investment")(d)
    return e + (e > 0) * d["entry_cost"] if "entry_cost" in d.dims else e


def _group_alone(d: xr.Dataset) -> xr.DataArray:
    return c1(d) + (d["n"] - 1) * _paid(d, ONE)


def _city_cooperating(d: xr.Dataset) -> xr.DataArray:
    return c2(d) - (d["n"] - 1) * _paid(d, TWO)


def _falls(mechanism: str, name: str, axis: str) -> Margin:
    return negative(rises(mechanism, name, axis))


def restated(limit: str) -> tuple[Conclusion, ...]:
    """The conclusions that can be stated of cities with this limit, which their numbers name."""

    def said(number: str, claim: str, margin: Margin, **more: Any) -> Conclusion:
        main, _, part = number.partition(" ")
        inner = f"{part.strip('()')}, {limit}" if part else limit
        return Conclusion(f"{main} ({inner})", claim, margin, **more)

    def steps(number: str, claim: str, margin: Margin, **more: Any) -> Conclusion:
        return said(number, claim, margin, remark=_STEPS, **more)

    return (
        said(
            "1",
            "without cooperation there is an equilibrium that invests",
            lambda d: invests(d, ONE),
            unit="",
        ),
        said(
            "1 (unique)",
            "without cooperation there is only one equilibrium",
            lambda d: 1 - of(ONE, "equilibrium_count")(d),
            weak=True,
            unit="too many",
            remark="There always is one. Where it is the only symmetric one there is no other, mixed or not "
            "(Milgrom, Roberts 1990), save unequal splits of a budget in common.",
        ),
        steps("2", "e1 falls as the number of cities grows", _falls(ONE, "investment", "n")),
        steps("3", "e1 rises with the intrusion probability β", rises(ONE, "investment", "beta")),
        steps("4", "e1 falls as the propagation probability α rises", _falls(ONE, "investment", "alpha")),
        steps(
            "2 (loss)",
            "without cooperation the loss rises with the number of cities",
            rises(ONE, "expected_loss", "n"),
        ),
        steps("3 (loss)", "without cooperation the loss rises with β", rises(ONE, "expected_loss", "beta")),
        steps("4 (loss)", "without cooperation the loss rises with α", rises(ONE, "expected_loss", "alpha")),
        said(
            "4 (too little)",
            "without cooperation cities invest less than makes their costs least",
            gap(of(ONE, "optimal_investment"), e1),
            tolerance=1e-8,
        ),
        said("6 (investment)", "e1 > e2", gap(e1, e2), **_PAYS),
        said(
            "6 (cost)",
            "a city's cost without cooperation is below the cost under full cooperation",
            gap(c2, c1),
            **_PAYS,
            remark="It compares one city's cost with the group's.",
        ),
        said(
            "6 (like with like)",
            "the group's cost without cooperation is below that under full cooperation",
            gap(c2, _group_alone),
            **_PAYS,
        ),
        steps("7", "e2 falls as the number of cities grows", _falls(TWO, "investment", "n")),
        steps("8", "e2 falls as the propagation probability α rises", _falls(TWO, "investment", "alpha")),
        steps(
            "7 (loss)",
            "under full cooperation the loss rises with the number of cities",
            rises(TWO, "expected_loss", "n"),
        ),
        steps(
            "8 (loss)", "under full cooperation the loss rises with α", rises(TWO, "expected_loss", "alpha")
        ),
        steps(
            "8 (loss, β)", "under full cooperation the loss rises with β", rises(TWO, "expected_loss", "beta")
        ),
        said("9 (investment)", "e3 > e1", gap(e3, e1), **_PAYS),
        said(
            "9 (cost)",
            "a city's cost under compensation is below that without cooperation",
            gap(c1, c3),
            **_PAYS,
        ),
        steps("9 (17)", "e3 rises with the compensation coefficient γ", rises(THREE, "investment", "gamma")),
        said(
            "10 (exists)",
            "under sharing there is a symmetric equilibrium",
            lambda d: there_is_one(d, FOUR),
            unit="",
            remark="Where there is none each would ride free on the others, and begin alone.",
        ),
        said(
            "10 (exists, both)",
            "under both mechanisms there is a symmetric equilibrium",
            there_is_one,
            unit="",
        ),
        said("10 (investment)", "e1 < e4 < e2", between(e1, e4, e2), **_PARTLY),
        said("10 (sentence before)", "e1 > e4 > e2", between(e2, e4, e1), **_PARTLY),
        said(
            "10 (cost)",
            "a city's cost under sharing is below that without cooperation",
            gap(c1, c4),
            **_PARTLY,
        ),
        said(
            "10 (cost, both)",
            "a city's cost under both mechanisms is below that under either",
            lambda d: np.minimum(c3(d), c4(d)) - c5(d),
            **_PARTLY,
        ),
        steps(
            "11", "e4 rises with the propagation probability α", rises(FOUR, "investment", "alpha"), **_SHARED
        ),
        steps("12", "e4 falls as the sharing rate δ rises", _falls(FOUR, "investment", "delta"), **_SHARED),
        said(
            "12 (δ = 0)",
            "without sharing e4 = e1",
            equal(e4, e1),
            premise=lambda d: d["delta"] == 0,
            condition="δ = 0",
            weak=True,
            unit="relative",
        ),
        said(
            "12 (δ = 1)",
            "with full sharing e4 = e2",
            equal(e4, e2),
            premise=lambda d: d["delta"] == 1,
            condition="δ = 1",
            weak=True,
            unit="relative",
        ),
        steps(
            "12 (Table 8)",
            "a city's cost under sharing rises with δ",
            rises(FOUR, "expected_loss", "delta"),
            **_SHARED,
        ),
        said(
            "12 (limit)",
            "a city's cost under sharing is never below its cost under full cooperation",
            gap(c4, _city_cooperating),
            weak=True,
        ),
    )


_AXES: dict[str, Any] = {
    "mechanism": [ONE, TWO, THREE, FOUR, FIVE],
    "alpha": evenly(0, 1, 7),
    "L": {"start": 40, "stop": 8000, "num": 6, "scale": "log"},
    "v": [0.5, 0.8],
    "n": [2, 3, 6],
    "gamma": evenly(0.1, 1, 3),
    "delta": evenly(0, 1, 5),
    "beta": evenly(0.1, 1, 4),
}
_OUTPUTS = ["investment", "expected_loss", "breach_probability", "equilibrium_count", "optimal_investment"]


def _study(name: str, axes: dict[str, Any], fixed: dict[str, Any], split: str) -> Study:
    sweep = Sweep(
        "external_combined", {**_AXES, **axes}, {"E": EFFICIENCY, **fixed}, _OUTPUTS,
        origin=f"audit external, study {name}",
    )  # fmt: skip
    return Study(name, sweep, restated(name), "L", split, points=75_000)


BUDGET = _study(
    "budget",
    {"budget_kind": ["city", "common"], "budget": {"start": 1, "stop": 100, "num": 5, "scale": "log"}},
    {"entry_cost": 0},
    "budget_kind",
)
ENTRY = _study(
    "entry",
    {"entry_cost": {"start": 1, "stop": 300, "num": 5, "scale": "log"}},
    {"budget_kind": "none"},
    "",
)
