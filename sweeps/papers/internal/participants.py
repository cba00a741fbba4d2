"""What the internal paper says of participants and of levels, put where it does not go.

The paper divides the fund into equal parts, each a participant that minimises the city's loss, and calls
the continuum's optimum their Nash equilibrium (4.1, 4.2). It asks for more attention to what stands on level
1 of its structure (3.4), and models nothing but that level.
"""

import numpy as np
import xarray as xr

from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Study, evenly

LEVELS = {"data": 1, "protective_measures": 2, "technicians": 3, "management_system": 4}


def _same_split(d: xr.Dataset) -> xr.DataArray:
    return -abs(d["participant_share"] - d["share"]).max("factor", skipna=False)


def _loses_little(d: xr.Dataset) -> xr.DataArray:
    return 0.01 * d["expected_loss"] - d["participant_loss_gap"]


def _best_though_paid(d: xr.Dataset) -> xr.DataArray:
    return d["participant_loss_gap"] - d["paid_loss_gap"]


def _data_first(d: xr.Dataset) -> xr.DataArray:
    others = d["share"].sel(factor=[name for name in LEVELS if name != "data"])
    return d["share"].sel(factor="data", drop=True) - others.max("factor", skipna=False)


_OF_N = (
    Conclusion("4.2 (participants)", "N participants who bear the city's loss split as the continuum does",
               _same_split, weak=True, unit="share",
               remark="Where both factors get some, whole numbers are hardly ever the continuum's share."),
    Conclusion("4.2 (participants' loss)", "they lose at most a hundredth more than the continuum",
               _loses_little, unit="loss",
               remark="The measure is chosen here. The gap falls as 1 / N^2."),
    Conclusion("4.1 (paid)", "participants paid their factor's marginal benefit come to the best split of N",
               _best_though_paid, weak=True, unit="loss",
               remark="The payoff of the replicator dynamics, in which no participant counts."),
)  # fmt: skip

_MOST = "data, alone on level 1, get more than any other factor"
_OF_LEVELS = (
    Conclusion("3.4 (losses alike)", _MOST, _data_first, lambda d: np.abs(d["level_weight"] - 1) < 1e-9,
               "losses count the same on every level", unit="share",
               remark="The paper gives no rule by which levels weigh; w^(level - 1) is chosen here."),
    Conclusion("3.4 (first counts most)", _MOST, _data_first, lambda d: d["level_weight"] < 1 - 1e-9,
               "a loss counts less on each deeper level", unit="share"),
    Conclusion("3.4 (deepest counts most)", _MOST, _data_first, lambda d: d["level_weight"] > 1 + 1e-9,
               "a loss counts more on each deeper level", unit="share"),
)  # fmt: skip

STUDIES = (
    Study(
        "participants",
        Sweep("internal",
              {"participants": [2, 3, 5, 10, 20, 50, 100, 1000], "M": [25, 50, 100, 200],
               "L.data": evenly(50, 1000, 20), "v.data": evenly(0.05, 0.95, 19)},
              {}, ["share", "expected_loss", "participant_share", "participant_loss_gap", "paid_loss_gap"],
              origin="audit internal, study participants"),
        _OF_N, "L.data", label="reconstruction", points=12_000,
    ),
    Study(
        "levels",
        Sweep("internal",
              {"level_weight": [0.5, 0.75, 1, 1.25, 1.5], "M": [50, 100, 200, 400],
               "L.data": evenly(100, 1000, 19), "v.data": evenly(0.05, 0.95, 19)},
              {"beta": dict.fromkeys(LEVELS, 0.5), "E": dict.fromkeys(LEVELS, 0.05), "level": LEVELS,
               "v": {name: 0.5 for name in LEVELS if name != "data"},
               "L": {name: 400 for name in LEVELS if name != "data"}},
              ["share"], origin="audit internal, study levels"),
        _OF_LEVELS, "L.data", label="reconstruction", points=7_000,
    ),
)  # fmt: skip
