"""What the contract paper proves and observes, each as a margin at a point, and the cubes to hold it against.

Source: Eldosouky, Saad, Kamhoua, Kwiat, arXiv 1702.06436. The weights of the centre's utility, its rates and
probabilities are lost: the model is reconstructed there.
"""

from typing import Any

import numpy as np
import xarray as xr

from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly

UNTESTED = (
    "Theorem 1 (neighbours' constraints are enough) and Figure 3 (every type does best under its own "
    "contract): "
    "the program here imposes every pair, so its solutions cannot contradict them; Theorem 1 follows by "
    "adding up.",
    "Algorithm 1: a procedure, not a claim about a domain; see `equisweep.sweeps.offers`.",
    "Figure 1 with more infrastructures than types: `equisweep reproduce contract` checks it.",
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


def _equal_split(d: xr.Dataset, label: str) -> xr.DataArray:
    """Utility of a type under its own contract with an equal share of the resources (three types)."""
    theta = {"1": 1.0, "2": d["theta.2"], "3": d["theta.3"]}[label]
    rate = {"1": 2.0, "2": d["reward_rate.2"], "3": d["reward_rate.3"]}[label]
    return (2 * theta - d["unit_cost"] * rate) * d["T_total"] / 3


COMMON = (
    Conclusion("Lemma 1", "a more vulnerable type gets more resources", rises_with_type("resources"),
               unit="resources"),
    Conclusion("Lemma 2", "a more vulnerable type has a higher utility", rises_with_type("type_utility"),
               unit="utility"),
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
    Conclusion("Fig. 2 (highest)", "the highest type does better than under an equal split",
               lambda d: _type(d, "type_utility", "3") - _equal_split(d, "3"), unit="utility"),
    Conclusion("Fig. 2 (lowest)", "the lowest type does worse than under an equal split",
               lambda d: _equal_split(d, "1") - _type(d, "type_utility", "1"), unit="utility"),
)  # fmt: skip

TWO = (
    *(Conclusion(f"{c.number} (two types)", c.claim, c.margin, unit=c.unit) for c in COMMON),
    Conclusion("III-B (two types)", "of two types the lower gets what it needs, and the higher all the rest",
               lambda d: np.minimum(_lowest_at_minimum(d), _rest_to_highest(d)), weak=True, unit="of T",
               tolerance=1e-7, remark="The condition under which the paper says so is lost."),
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
              ["resources", "type_utility", "gain_over_equal_split"], {"centre_utility": ["T_total"]},
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
)  # fmt: skip
