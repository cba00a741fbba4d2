"""The paper's sentences on orbits, where payoffs are noisy: means and shares of paths over twenty seeds.

Nothing of this game is the paper's: a sentence that fails here is not refuted, it does not carry over.
"""

import xarray as xr

from ....spec.sweep import Sweep
from ...conclusions import Conclusion, Margin, Study, evenly
from ..cases import BOTH, NEITHER, PUNISHMENT_ONLY, REWARD_ONLY, Mechanism

SEEDS = 20
# Of the mean over twenty seeds: differences below are the paths' own.
_NOISE = 0.02
_BY_CORNER = "share of paths"


def of(mechanism: Mechanism, name: str) -> Margin:
    """A statistic under one mechanism."""
    return lambda d: d[name].sel(reward=mechanism[0], punishment=mechanism[1], drop=True)


def by_corners(mechanism: Mechanism) -> Margin:
    """The share of paths that end by any corner."""
    return lambda d: of(mechanism, "at_corner_mean")(d).sum("corner", skipna=False)


def stays(mechanism: Mechanism) -> Margin:
    """Minus that share."""
    return lambda d: -by_corners(mechanism)(d)


def higher(name: str) -> Margin:
    """How much higher a share is, on average, under both dynamic than under dynamic punishment alone."""
    return lambda d: of(BOTH, f"{name}_mean_mean")(d) - of(PUNISHMENT_ONLY, f"{name}_mean_mean")(d)


def less_swing(d: xr.Dataset) -> xr.DataArray:
    """How much less y swings under dynamic punishment than under static mechanisms."""
    return of(NEITHER, "y_spread_mean")(d) - of(PUNISHMENT_ONLY, "y_spread_mean")(d)


def _attracting(d: xr.Dataset) -> xr.DataArray:
    return d["r"] < d["f"]


CONCLUSIONS = (
    Conclusion("2.3 (orbits, noise)", "static/static: no path ends by a corner", stays(NEITHER), weak=True,
               unit=_BY_CORNER, remark="Nothing draws a path back to its orbit: it drifts outwards."),
    Conclusion("3.1 (orbits, noise)", "dynamic reward alone: no path ends by a corner", stays(REWARD_ONLY),
               weak=True, unit=_BY_CORNER),
    Conclusion("3.2 (orbits, noise)", "dynamic punishment alone: no path ends by a corner",
               stays(PUNISHMENT_ONLY), weak=True, unit=_BY_CORNER),
    Conclusion("3.3 (orbits, noise)", "both dynamic, r < f: no path ends by a corner", stays(BOTH),
               _attracting, "r < f", weak=True, unit=_BY_CORNER),
    Conclusion("3.2 (swings, noise)", "y swings less under dynamic punishment than under static mechanisms",
               less_swing, unit="1", tolerance=_NOISE),
    Conclusion("4.2.2 (x, noise)",
               "more governments supervise, on average, under dynamic/dynamic than dynamic punishment alone",
               higher("x"), _attracting, "r < f", unit="1", tolerance=_NOISE),
    Conclusion("4.2.2 (y, noise)",
               "more enterprises manage, on average, under dynamic/dynamic than dynamic punishment alone",
               higher("y"), _attracting, "r < f", unit="1", tolerance=_NOISE),
)  # fmt: skip

NOISE = Study(
    "noise",
    Sweep(
        "supervision_noise",
        {
            "reward": ["static", "dynamic"],
            "punishment": ["static", "dynamic"],
            "noise_supervise": evenly(0.1, 1.3, 3),
            "noise_manage": evenly(0.1, 1.3, 3),
            "r": evenly(2, 14, 4),
            "f": evenly(8, 20, 3),
            "seed": list(range(1, SEEDS + 1)),
        },
        {"horizon": 200, "step": 0.025},
        ["x_mean", "y_mean", "y_spread", "at_corner"],
        reduce={
            "over": ["seed"],
            "x_mean": ["mean"],
            "y_mean": ["mean"],
            "y_spread": ["mean"],
            "at_corner": ["mean"],
        },
        origin="audit supervision, study noise",
    ),
    CONCLUSIONS,
    "noise_manage",
    label="equations",
    points=108 * SEEDS,
)
