"""What the contract paper proves and observes, each as a margin at a point, and the cubes to hold it against.

Source: Eldosouky, Saad, Kamhoua, Kwiat, arXiv 1702.06436. The weights of the centre's utility, its rates and
probabilities are lost: the model is reconstructed there.
"""

from typing import Any

import numpy as np
import xarray as xr

from ....kernels.games.contract import CONSTRAINTS
from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly
from .subtypes import STUDY as SUBTYPES

ELSEWHERE = (
    "Algorithm 1 (III-C): of groups of infrastructures, not of a grid; `equisweep reproduce contract`, on "
    "groups drawn at random. `equisweep offers` runs it.",
)


def rises_with_type(name: str) -> Margin:
    """The least step from one type to the next."""
    return lambda d: d[name].diff("type").min("type", skipna=False)


def _type(d: xr.Dataset, name: str, label: str) -> xr.DataArray:
    return d[name].sel(type=label, drop=True)


def _lowest_at_minimum(d: xr.Dataset) -> Any:
    least = d["T_min.1"] if "T_min.1" in d.coords else 20.0
    return -np.abs(_type(d, "resources", "1") - least) / d["T_total"]


def _rest_to_highest(d: xr.Dataset) -> Any:
    return -np.abs(_type(d, "resources", "2") - (d["T_total"] - d["T_min.1"])) / d["T_total"]


def _closed_form(d: xr.Dataset) -> xr.DataArray:
    """Whether (T_min_1, T - T_min_1) is feasible: the condition of section III-B, derived."""
    low, high = d["T_min.1"], d["T_total"] - d["T_min.1"]
    worth = {
        (i, j): _VALUE * theta - d["unit_cost"] * d[f"reward_rate.{j}"]
        for i, theta in ((1, 1.0), (2, d["theta.2"]))
        for j in (1, 2)
    }
    takes_part = (worth[1, 1] >= 0) & (worth[2, 2] >= 0)
    no_envy = (worth[1, 1] * low >= worth[1, 2] * high) & (worth[2, 2] * high >= worth[2, 1] * low)
    return takes_part & no_envy & (high >= _LEAST_2)


def _same(name: str, other: str) -> Margin:
    """Minus the largest difference of the contracts under two sets of constraints, of the total."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        one, two = (d["resources"].sel(constraints=c, drop=True) for c in (name, other))
        return -abs(one - two).max("type", skipna=False) / d["T_total"]

    return margin


def _as_feasible(d: xr.Dataset) -> xr.DataArray:
    """+1 where contracts exist under neighbours' constraints exactly if they do under all."""
    exist = d["resources"].notnull().all("type")
    return xr.where(exist.sel(constraints="all") == exist.sel(constraints="neighbours"), 1.0, -1.0)


def _envy(d: xr.Dataset) -> xr.DataArray:
    """The least that any type gains by its own contract under neighbours' constraints, of T."""
    slack = d["ic_slack"].sel(constraints="neighbours", drop=True)
    return slack.min(["type", "other_type"], skipna=False) / d["T_total"]


def _equal_split(d: xr.Dataset, label: str) -> xr.DataArray:
    """Utility of a type under its own contract with an equal share of the resources (three types)."""
    theta = {"1": 1.0, "2": d["theta.2"], "3": d["theta.3"]}[label]
    rate = {"1": 2.0, "2": d["reward_rate.2"], "3": d["reward_rate.3"]}[label]
    return (_VALUE * theta - d["unit_cost"] * rate) * d["T_total"] / 3


_VALUE, _LEAST_2 = 2.0, 60.0
_IMPOSED = "It cannot but hold of what is computed with those constraints imposed:"

COMMON = (
    Conclusion("Lemma 1", "a more vulnerable type gets more resources", rises_with_type("resources"),
               unit="resources", remark=f"{_IMPOSED} it follows from IC."),
    Conclusion("Lemma 2", "a more vulnerable type has a higher utility", rises_with_type("type_utility"),
               unit="utility", remark=f"{_IMPOSED} it follows from IC and IR."),
)  # fmt: skip

THREE = (
    *COMMON,
    Conclusion("III-B (lowest)", "the lowest type gets just what it needs", _lowest_at_minimum, weak=True,
               unit="of T", tolerance=1e-7, remark="Stated of more than two types, without proof."),
    Conclusion("Fig. 1 (gain)", "the contracts gain over an equal split",
               lambda d: d["gain_over_equal_split"],
               unit="relative",
               remark="An equal split need not be incentive compatible: it may be better, and no contract."),
    Conclusion("Fig. 1 (resources)", "the centre's utility rises with its resources",
               lambda d: d["d_centre_utility_d_T_total"], unit="utility/resource"),
    Conclusion("Fig. 1 (more infrastructures)",
               "the gain falls as more infrastructures share the same resources",
               lambda d: d["d_gain_over_equal_split_d_T_total"], unit="1/resource", tolerance=1e-12,
               remark="k times as many of each type with T resources get what those with T / k get."),
    Conclusion("Fig. 2 (needs)", "the lowest type gets much more than it needs: 1.5 times as much",
               lambda d: _type(d, "resources", "1") / 20 - 1.5, unit="of T_min",
               remark="Said of types that do worse than under an equal split, as the lowest does. It "
                      "contradicts III-B (lowest)."),
    Conclusion("Fig. 2 (highest)", "the highest type does better than under an equal split",
               lambda d: _type(d, "type_utility", "3") - _equal_split(d, "3"), unit="utility"),
    Conclusion("Fig. 2 (lowest)", "the lowest type does worse than under an equal split",
               lambda d: _equal_split(d, "1") - _type(d, "type_utility", "1"), unit="utility"),
)  # fmt: skip

TWO = (
    *(Conclusion(f"{c.number} (two types)", c.claim, c.margin, unit=c.unit, remark=c.remark)
      for c in COMMON),
    Conclusion("III-B (two types)", "of two types the lower gets what it needs, and the higher all the rest",
               lambda d: np.minimum(_lowest_at_minimum(d), _rest_to_highest(d)), weak=True, unit="of T",
               tolerance=1e-7,
               remark="Everywhere; the paper says so under a condition: III-B (two types, condition)."),
    Conclusion("III-B (two types, condition)",
               "where that is feasible, it is the optimum", lambda d: np.minimum(_lowest_at_minimum(d),
               _rest_to_highest(d)), _closed_form, "IR and IC hold at (T_min_1, T - T_min_1) [derived]",
               weak=True, unit="of T", tolerance=1e-7),
)  # fmt: skip

RELAXED = (
    Conclusion("Theorem 1", "neighbours' IC and IR of the lowest type give the contracts of all pairs",
               _same("all", "neighbours"), weak=True, unit="of T", tolerance=1e-7),
    Conclusion("Theorem 1 (feasible)", "they admit contracts exactly where all pairs do", _as_feasible,
               unit=""),
    Conclusion("Theorem 1 (Fig. 3)", "under them every type does best under its own contract", _envy,
               weak=True, unit="utility/T", tolerance=1e-9),
    Conclusion("III-A, (12) and (15)", "looking down only gives the contracts of all pairs",
               _same("all", "downward"), weak=True, unit="of T", tolerance=1e-7,
               remark="The text keeps (12) and (15) and leaves out (13), which its proof of Theorem 1 uses."),
)  # fmt: skip


_LEVEL = {"phi": [1], "criticality_probability": [1], "value_rate": 2}

STUDIES = (
    Study(
        "three_types",
        Sweep("contract",
              {"T_total": evenly(180, 900, 10), "unit_cost": evenly(0.1, 0.9, 9), "theta.2": evenly(1.25, 3,
              5),
               "theta.3": evenly(2, 6, 6), "reward_rate.2": evenly(2.25, 6, 6),
               "reward_rate.3": evenly(2.5, 10, 8)},
              {"theta": {"1": 1}, "reward_rate": {"1": 2}, "T_min": [20, 60, 100], **_LEVEL},
              ["resources", "type_utility", "gain_over_equal_split"], {"centre_utility": ["T_total"],
              "gain_over_equal_split": ["T_total"]},
              origin="audit contract, study three_types"),
        THREE, "T_total", label="reconstruction", points=100_000,
    ),
    Study(
        "two_types",
        Sweep("contract",
              {"T_total": evenly(80, 800, 12), "unit_cost": evenly(0.1, 0.9, 9), "theta.2": evenly(1.25, 5,
              8),
               "reward_rate.1": evenly(1.1, 3, 6), "reward_rate.2": evenly(1.5, 8, 10), "T_min.1": [10, 20,
               40]},
              {"theta": {"1": 1}, "probability": [0.5, 0.5], "T_min": {"2": 60}, **_LEVEL},
              ["resources", "type_utility"], origin="audit contract, study two_types"),
        TWO, "T_total", label="reconstruction", points=100_000,
    ),
    Study(
        "relaxed",
        Sweep("contract",
              {"constraints": list(CONSTRAINTS), "T_total": evenly(180, 900, 6),
               "unit_cost": evenly(0.1, 0.9, 5),
               "theta.2": evenly(1.25, 3, 4), "theta.3": evenly(2, 6, 4), "reward_rate.2": evenly(2.25, 6, 5),
               "reward_rate.3": evenly(2.5, 10, 6)},
              {"theta": {"1": 1}, "reward_rate": {"1": 2}, "T_min": [20, 60, 100], **_LEVEL},
              ["resources", "ic_slack"], origin="audit contract, study relaxed"),
        RELAXED, "T_total", label="reconstruction", points=30_000,
    ),
    SUBTYPES,
)  # fmt: skip
