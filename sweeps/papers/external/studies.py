"""The numbers behind the external paper's Figures 1-8 and the sentences about them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...run import run_in_memory
from ...spec.sweep import Sweep
from .best_compensation import best_compensation

if TYPE_CHECKING:
    import xarray as xr

CASE = {"L": 400, "v": 0.5, "E": 0.1}
FORMULATIONS = ("exact", "published")
_TENTHS = {"start": 0.1, "stop": 0.9, "num": 33}
_FROM_ZERO = {"start": 0.0, "stop": 1.0, "num": 41}


@dataclass(frozen=True)
class Studies:
    """Cubes of the paper's case, each with both formulations."""

    conditions: "xr.Dataset"
    """Non-cooperation and full cooperation over alpha, beta and n = 3, 4."""
    compensation: "xr.Dataset"
    """Over gamma, at alpha = 0.1 with n = 3 and alpha = 0.9 with n = 4, and beta = 0.1."""
    sharing: "xr.Dataset"
    """Over delta, at alpha = beta = 0.1 and n = 3."""
    best_gamma: float
    """The compensation coefficient of least loss at alpha = beta = 0.1 and n = 3."""


def studies() -> Studies:
    """Solve them."""
    both = ["noncooperation", "cooperation"]
    slopes = {"expected_loss": ["alpha", "beta"], "investment": ["alpha", "beta"]}
    conditions = _solve({"mechanism": both, "alpha": _TENTHS, "beta": _TENTHS, "n": [3, 4]}, {}, slopes)
    of_gamma = {"expected_loss": ["gamma"], "investment": ["gamma"]}
    axes = {"alpha": [0.1, 0.9], "n": [3, 4], "gamma": _FROM_ZERO}
    at = {"mechanism": "compensation", "beta": 0.1}
    compensation = _solve(axes, at, of_gamma, zipped={"place": ["alpha", "n"]})
    at = {"mechanism": "sharing", "alpha": 0.1, "beta": 0.1, "n": 3}
    sharing = _solve({"delta": _FROM_ZERO}, at, {"expected_loss": ["delta"], "investment": ["delta"]})
    best = best_compensation({}, {**CASE, "alpha": 0.1, "beta": 0.1, "n": 3})
    return Studies(conditions, compensation, sharing, float(best["gamma"]))


def none_arrives(breach: np.ndarray, alpha: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Psi of formula (12): no breach arrives from the n - 1 others, multiplied out."""
    hops = np.arange(1, int(np.max(n)))
    factors = 1 - np.power.outer(alpha, hops) * breach[..., None] * (hops < np.asarray(n)[..., None])
    return factors.prod(axis=-1)


def _solve(axes: dict, fixed: dict, slopes: dict, zipped: dict | None = None) -> "xr.Dataset":
    sweep = Sweep(
        "external",
        {"formulation": list(FORMULATIONS), **axes},
        {**CASE, **fixed},
        ["investment", "expected_loss", "breach_probability"],
        slopes,
        zip=zipped or {},
        origin="reproduce external",
    )
    return run_in_memory(sweep)
