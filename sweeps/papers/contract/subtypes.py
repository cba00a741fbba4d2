"""What the contract paper says of criticality and of rates, held against contracts for sub-types.

The paper ranks sub-types by theta_i phi_j and says what criticality does to an allocation (section II), but
designs contracts for types alone. Model `menu` designs them for sub-types: at the paper's rates, which depend
on the type alone, and with rewards that are chosen freely.
"""

import xarray as xr

from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Study, evenly

FREE = ("power", "log")
_LEAST = 20.0


def _rises_with_level(d: xr.Dataset) -> xr.DataArray:
    return d["resources"].diff("level").min(["type", "level"], skipna=False)


def _not_above_the_next_type(d: xr.Dataset) -> xr.DataArray:
    most, least = d["resources"].isel(level=-1, drop=True), d["resources"].isel(level=0, drop=True)
    up = least.shift(type=-1) - most
    return up.isel(type=slice(0, -1)).min("type", skipna=False)


def _rate_rises_with_type(d: xr.Dataset) -> xr.DataArray:
    return d["paid_rate"].diff("type").min(["type", "level"], skipna=False)


def _lowest_at_minimum(d: xr.Dataset) -> xr.DataArray:
    return -abs(d["resources"].isel(type=0, level=0, drop=True) - _LEAST) / d["T_total"]


def _ranked(d: xr.Dataset) -> xr.DataArray:
    return d["ranking"] == 1


_OF = {"unit": "resources", "tolerance": 1e-7}

CONCLUSIONS = (
    Conclusion("II (criticality)", "of two alike in vulnerability the more critical gets more resources",
               _rises_with_level, **_OF,
               remark="At rates by type alone, the paper's, levels cannot be told apart."),
    Conclusion("II (vulnerability first)", "but no more than any of the next more vulnerable type",
               _not_above_the_next_type, _ranked, "θ_i φ_M < θ_(i+1) φ_1", weak=True, **_OF,
               remark="It cannot but hold of what is computed with IC imposed."),
    Conclusion("II (rates)", "a more vulnerable type pays a higher reward per resource",
               _rate_rises_with_type, only=FREE, unit="reward/resource",
               remark="Imposed in the paper; here rewards are free."),
    Conclusion("II (all given)", "the centre gives out all its resources",
               lambda d: -d["kept_resources"] / d["T_total"], only=FREE, weak=True, unit="of T",
               remark="Imposed in the paper, where every resource given brings more than one of reward."),
    Conclusion("III-B (lowest sub-type)", "the lowest sub-type gets just what it needs", _lowest_at_minimum,
               weak=True, unit="of T", tolerance=1e-7),
    Conclusion("II (types)", "one contract for each type does as well as contracts for sub-types",
               lambda d: -d["gain_over_types"], only=FREE, weak=True, unit="utility", tolerance=1e-6,
               remark="The paper's design. One contract for each type is one of the menus over sub-types."),
)  # fmt: skip

STUDY = Study(
    "subtypes",
    Sweep("menu",
          {"terms": ["rates", *FREE], "T_total": evenly(185, 985, 9), "unit_cost": evenly(0.1, 0.9, 5),
           "theta.2": evenly(1.27, 3.01, 5), "theta.3": evenly(3.33, 6.1, 4), "phi.2": evenly(1.05, 2.17, 8)},
          {"theta": {"1": 1}, "reward_rate": [2, 4, 6], "T_min": [_LEAST, 60, 100], "phi": {"1": 1},
           "criticality_probability": [0.5, 0.5], "level_rate": 1, "value_rate": 2, "kappa": 0.8,
           "value_scale": 100},
          ["resources", "paid_rate", "gain_over_types", "kept_resources", "ranking"],
          origin="audit contract, study subtypes"),
    CONCLUSIONS, "T_total", split="terms", points=7_200,
)  # fmt: skip
