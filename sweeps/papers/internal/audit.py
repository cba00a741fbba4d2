"""What the internal paper concludes from its three studies, each as a margin at a point of one dense cube.

Its loss function and most numbers are lost: the model is a reconstruction, and so is what is tested.
"""

from typing import Any

import numpy as np
import xarray as xr

from ....kernels.status import Status
from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly
from .fund import FUND
from .participants import STUDIES as FURTHER

FACTORS = ("data", "application_systems")

ELSEWHERE = (
    "Section 3, four hierarchies of factors: of one matrix, not of a grid; `equisweep reproduce internal`.",
)


def of_both(sign: int, output: str, parameter: str) -> Margin:
    """The lesser of both factors' slopes, each of an output in the factor's own parameter."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        slopes = []
        for factor in FACTORS:
            slope = d[f"d_{output}_d_{parameter}_{factor}"]
            slopes.append(slope.sel(factor=factor, drop=True) if "factor" in slope.dims else slope)
        return np.minimum(sign * slopes[0], sign * slopes[1])

    return margin


def _share(d: xr.Dataset, factor: str) -> xr.DataArray:
    return d["share"].sel(factor=factor, drop=True)


def _interior(d: xr.Dataset) -> xr.DataArray:
    return xr.where(d["status"] == int(Status.ok), 1.0, -1.0)


def _scale_matters(d: xr.Dataset) -> xr.DataArray:
    """Minus what happens to the share of data as both L grow by one per cent of themselves each per cent."""
    slope = sum(d[f"d_share_d_L_{f}"].sel(factor="data", drop=True) * d[f"L.{f}"] for f in FACTORS)
    return -np.abs(slope)  # pyright: ignore[reportReturnType]


def _same_loss(d: xr.Dataset) -> Any:
    return np.abs(d["L.data"] - d["L.application_systems"]) < 1e-9


def _less_vulnerable(d: xr.Dataset) -> xr.DataArray:
    return d["v.data"] < d["v.application_systems"]


_REASON_V = "Money at a factor changes little where v is near 1 (breached anyway) or 0 (safe anyway)."
_REASON_E = "Money that hardly works is better spent elsewhere: below some E the share rises with E."
_LOSS = {"unit": "loss", "tolerance": 1e-12}
_SHARE = {"unit": "share", "tolerance": 1e-12}

CONCLUSIONS = (
    Conclusion("4.2", "the least loss lies where all factors' marginal benefits are equal", _interior,
               unit="",
               remark="At a corner one factor gets nothing, and its marginal benefit is the lower one."),
    Conclusion("5.1 (1) loss", "the loss rises with either factor's v", of_both(1, "expected_loss", "v"),
               **_LOSS),
    Conclusion("5.1 (1) share", "a factor's share rises with its own v", of_both(1, "share", "v"), **_SHARE,
               remark=_REASON_V),
    Conclusion("5.1 (2)", "where both v are alike, the best shares differ by 0.2 at most",
               lambda d: 0.2 - np.abs(_share(d, FACTORS[0]) - _share(d, FACTORS[1])),
               lambda d: np.abs(d["v.data"] - d["v.application_systems"]) < 1e-9, "both v are equal",
               unit="share",
               remark="The paper says similar, and low, without a measure; 0.2 is chosen here."),
    Conclusion("5.2 (1) loss", "the loss rises with either factor's L", of_both(1, "expected_loss", "L"),
               unit="loss/loss", tolerance=1e-15),
    Conclusion("5.2 (1) share", "a factor's share rises with its own L", of_both(1, "share", "L"),
               unit="share/loss", tolerance=1e-15),
    Conclusion("5.2 (2) size", "where both L are alike, the split does not depend on how large they are",
               _scale_matters, _same_loss, "both L are equal", weak=True, unit="share"),
    Conclusion("5.2 (2) same", "where both L are alike, both factors get the same",
               lambda d: -np.abs(_share(d, FACTORS[0]) - _share(d, FACTORS[1])), _same_loss,
               "both L are equal",
               weak=True, unit="share", remark="The other reading of the same sentence."),
    Conclusion("5.3 (1) loss", "the loss falls with either factor's E", of_both(-1, "expected_loss", "E"),
               **_LOSS),
    Conclusion("5.3 (1) share", "a factor's share falls with its own E", of_both(-1, "share", "E"), **_SHARE,
               remark=_REASON_E),
    Conclusion("5.3 (2)", "data get less than application systems, whatever E is",
               lambda d: _share(d, FACTORS[1]) - _share(d, FACTORS[0]), _less_vulnerable,
               "v of data < v of application systems", unit="share",
               remark="The condition's symbols are lost. Where both E are alike data get "
                      "ln v2 / (ln v1 + ln v2) of a large fund, less than half just where this holds."),
)  # fmt: skip


_AXES = (
    {f"v.{factor}": evenly(0.05, 0.95, 8) for factor in FACTORS}
    | {f"L.{factor}": evenly(50, 1000, 7) for factor in FACTORS}
    | {f"E.{factor}": evenly(0.01, 0.2, 7) for factor in FACTORS}
    | {"M": [25, 50, 100, 200, 400, 800]}
)
_SLOPES = [f"{parameter}.{factor}" for parameter in ("v", "L", "E") for factor in FACTORS]

STUDIES = (
    Study(
        "split",
        Sweep("internal", _AXES, {}, ["share"], {"expected_loss": _SLOPES, "share": _SLOPES},
              origin="audit internal, study split"),
        CONCLUSIONS, "v.data", label="reconstruction",
    ),
    FUND,
    *FURTHER,
)  # fmt: skip
