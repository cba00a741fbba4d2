"""The external paper's twelve conclusions, each as a margin at a point, and the cubes to hold them against.

Source: Li, Zou, Xiang, Wan, Xing 2021, doi 10.18001/TRS.7.5.21; formula numbers are that paper's. Its e1 to
e4 are the investments without cooperation, under full cooperation, compensation and sharing.

Money has no scale of its own: only E e and E L matter, so E stays at the paper's 0.1 and L is swept.
"""

from typing import Any

import numpy as np
import xarray as xr

from ....kernels.status import Status
from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Study
from .limits import BUDGET, ENTRY
from .margins import (
    CITIES,
    EFFICIENCY,
    FOUR,
    ONE,
    THREE,
    TWO,
    between,
    c1,
    c2,
    c3,
    c4,
    city_cooperating,
    dearer_with_cities,
    e1,
    e2,
    e3,
    e4,
    equal,
    falls_with_cities,
    gap,
    group_cost_alone,
    inside,
    investing_pays,
    negative,
    none_arrives,
    of,
    shared_enough,
)
from .networks import JOINING, NETWORKS
from .together import TOGETHER


def _invests(d: xr.Dataset) -> xr.DataArray:
    """+1 where the condition's root invests something, -1 elsewhere: no point is left out."""
    status = of(ONE, "status")(d)
    invests = status.isin([int(Status.ok), int(Status.several_equilibria)]) & (e1(d) > 0)
    return xr.where(invests, 1.0, -1.0)


def _closed_form(d: xr.Dataset) -> Any:
    """Conclusion 5's formula for e2, with Omega taken at the e2 that was computed.

    Published: Omega = Pi at the breach probability of one city's own money, as in Tables 4-6.
    """
    p = of(TWO, "breach_probability")(d)
    start = d["beta"] * d["v"]
    own = start * d["v"] ** (EFFICIENCY * e2(d))
    omega = none_arrives(d, own if d["formulation"].item() == "published" else p)
    inner = -EFFICIENCY * d["L"] * start * np.log(d["v"]) * omega
    return -np.log(inner) / (d["n"] * EFFICIENCY * np.log(d["v"]))


_PAYS = {"premise": investing_pays, "condition": "investing pays at e = 0"}
_PARTLY = {"premise": inside, "condition": "investing pays at e = 0, and 0 < δ < 1"}
_SHARED = {"premise": shared_enough, "condition": "δ > -E Γ ln v"}
_WHERE = (
    "The condition on L is an equality at every equilibrium, by the first-order condition; "
    "it is read at e = 0."
)
_THRESHOLD = "The threshold -E Γ ln v has the unit 1/money, and δ has none; it is taken with E = 0.1."

GAMES = (
    Conclusion("1", "without cooperation the first-order condition gives an equilibrium that invests",
               _invests,
               unit="", remark="Where it does not, nobody investing is the equilibrium."),
    Conclusion("1 (unique)", "that equilibrium is the only symmetric one",
               lambda d: 1 - of(ONE, "equilibrium_count")(d), weak=True, unit="too many",
               remark="Implied, not stated."),
    Conclusion("2", "e1 falls as the number of cities grows", falls_with_cities(ONE)),
    Conclusion("3", "e1 rises with the intrusion probability β", of(ONE, "d_investment_d_beta")),
    Conclusion("4", "e1 falls as the propagation probability α rises",
               negative(of(ONE, "d_investment_d_alpha"))),
    Conclusion("2 (loss)", "without cooperation the loss rises with the number of cities",
               dearer_with_cities(ONE), remark="Said of Tables 1-3."),
    Conclusion("3 (loss)", "without cooperation the loss rises with β", of(ONE, "d_expected_loss_d_beta"),
               remark="Said of Tables 1-3."),
    Conclusion("4 (loss)", "without cooperation the loss rises with α", of(ONE, "d_expected_loss_d_alpha"),
               remark="Said of Tables 1-3."),
    Conclusion("4 (free-riding)", "without cooperation a city invests less where the others invest more",
               of(ONE, "cross_derivative"), unit="1/money",
               remark="Said after Conclusion 4. The cross derivative of a city's cost is negative: strategic "
                      "complements, the opposite of free-riding."),
    Conclusion("4 (too little)", "without cooperation cities invest less than makes their costs least",
               gap(of(ONE, "optimal_investment"), e1), tolerance=1e-8,
               remark="Not stated: the optimum without pooling, which no mechanism of the paper is."),
    Conclusion("5", "the cooperative optimum e2 obeys the closed form in which Ω is a constant",
               equal(e2, _closed_form), weak=True, unit="relative",
               remark="The formula leaves out that the money also lowers Ω, so it is no optimum of the "
                      "loss (8) that it is derived from."),
    Conclusion("6 (investment)", "e1 > e2", gap(e1, e2), **_PAYS, remark=_WHERE),
    Conclusion("6 (cost)", "a city's cost without cooperation is below the cost under full cooperation",
               gap(c2, c1), **_PAYS, remark="It compares one city's cost with the group's."),
    Conclusion("6 (like with like)",
               "the group's cost without cooperation is below that under full cooperation",
               gap(c2, group_cost_alone), **_PAYS,
               remark="Conclusion 6 read for the same n cities on both sides; it cannot hold for an "
                      "optimum."),
    Conclusion("7", "e2 falls as the number of cities grows", falls_with_cities(TWO)),
    Conclusion("8", "e2 falls as the propagation probability α rises",
               negative(of(TWO, "d_investment_d_alpha"))),
    Conclusion("7 (loss)", "under full cooperation the loss rises with the number of cities",
               dearer_with_cities(TWO), remark="Said of Tables 4-6."),
    Conclusion("8 (loss)", "under full cooperation the loss rises with α", of(TWO, "d_expected_loss_d_alpha"),
               remark="Said of Tables 4-6."),
    Conclusion("8 (loss, β)", "under full cooperation the loss rises with β",
               of(TWO, "d_expected_loss_d_beta"),
               remark="Said of Tables 4-6."),
)  # fmt: skip

COMPENSATION = (
    Conclusion("9 (investment)", "e3 > e1", gap(e3, e1), **_PAYS, remark=_WHERE),
    Conclusion("9 (cost)", "a city's cost under compensation is below that without cooperation",
               gap(c1, c3), **_PAYS, remark="For every γ of the grid, up to 1."),
    Conclusion("9 (17)", "e3 rises with the compensation coefficient γ", of(THREE, "d_investment_d_gamma")),
)  # fmt: skip

SHARING = (
    Conclusion("10 (investment)", "e1 < e4 < e2", between(e1, e4, e2), **_PARTLY,
               remark="As numbered. The sentence before it says the opposite, e1 > e4 > e2; with "
                      "Conclusion 6 "
                      "(e1 > e2) only that one could be meant."),
    Conclusion("10 (sentence before)", "e1 > e4 > e2", between(e2, e4, e1), **_PARTLY, remark=_WHERE),
    Conclusion("10 (cost)", "a city's cost under sharing is below that without cooperation", gap(c1, c4),
               **_PARTLY),
    Conclusion("11", "e4 rises with the propagation probability α", of(FOUR, "d_investment_d_alpha"),
               **_SHARED,
               remark=_THRESHOLD),
    Conclusion("12", "e4 falls as the sharing rate δ rises", negative(of(FOUR, "d_investment_d_delta")),
               **_SHARED, remark=_THRESHOLD),
    Conclusion("12 (δ = 0)", "without sharing e4 = e1", equal(e4, e1), lambda d: d["delta"] == 0, "δ = 0",
               weak=True, unit="relative"),
    Conclusion("12 (δ = 1)", "with full sharing e4 = e2", equal(e4, e2), lambda d: d["delta"] == 1, "δ = 1",
               weak=True, unit="relative"),
    Conclusion("12 (Table 8)", "a city's cost under sharing rises with δ",
               of(FOUR, "d_expected_loss_d_delta"), **_SHARED),
    Conclusion("12 (limit)", "a city's cost under sharing is never below its cost under full cooperation",
               gap(c4, city_cooperating), weak=True,
               remark="Not stated; it follows from the text, where sharing becomes full cooperation at "
                      "δ = 1 and is no better before."),
)  # fmt: skip


def _study(
    name: str, mechanisms: list[str], sizes: dict[str, int], conclusions: tuple[Conclusion, ...],
    slopes: dict[str, list[str]], outputs: list[str],
) -> Study:  # fmt: skip
    ends = {"alpha": (0, 1), "v": (0.05, 0.95), "beta": (0.05, 1), "gamma": (0.1, 1), "delta": (0, 1)}
    axes: dict[str, object] = {"mechanism": mechanisms, "formulation": ["exact", "published"]}
    for axis, num in sizes.items():
        if axis == "n":
            axes["n"] = CITIES
        elif axis == "L":
            axes["L"] = {"start": 20, "stop": 20000, "num": num, "scale": "log"}
        else:
            axes[axis] = {"start": ends[axis][0], "stop": ends[axis][1], "num": num}
    sweep = Sweep(
        "external", axes, {"E": EFFICIENCY}, outputs, slopes, origin=f"audit external, study {name}"
    )
    return Study(name, sweep, conclusions, "alpha", "formulation")


STUDIES = (
    _study("games", [ONE, TWO], {"alpha": 26, "L": 20, "v": 16, "n": 9, "beta": 14}, GAMES,
           {"investment": ["alpha", "beta"], "expected_loss": ["alpha", "beta"]},
           ["investment", "expected_loss", "breach_probability", "equilibrium_count", "cross_derivative",
            "optimal_investment"]),
    _study("compensation", [ONE, THREE], {"alpha": 16, "L": 12, "v": 8, "n": 9, "gamma": 10, "beta": 8},
           COMPENSATION, {"investment": ["gamma"]}, ["investment", "expected_loss"]),
    _study("sharing", [ONE, TWO, FOUR], {"alpha": 16, "L": 12, "v": 8, "n": 9, "delta": 11, "beta": 8},
    SHARING,
           {"investment": ["alpha", "delta"], "expected_loss": ["delta"]},
           ["investment", "expected_loss", "breach_probability"]),
    NETWORKS,
    JOINING,
    TOGETHER,
    BUDGET,
    ENTRY,
)  # fmt: skip
