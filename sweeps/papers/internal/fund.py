"""What the internal paper says a factor's numbers do to the money it should get, said of the whole fund.

The paper splits a given fund. Where it says that more resources should go to a factor (5.1 to 5.3) it means
its share; how large the fund should be it does not ask. The fund at which the whole loss is least is ours.
"""

import numpy as np
import xarray as xr

from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly


def _slope(sign: int, parameter: str) -> Margin:
    """The slope of the best fund in a number of data."""
    return lambda d: sign * d[f"d_best_fund_d_{parameter}_data"]


def _invests(d: xr.Dataset) -> xr.DataArray:
    """Whether data are worth their first unit, and so part of the best fund."""
    first = -0.5 * d["L.data"] * d["E.data"] * d["v.data"] * np.log(d["v.data"])
    return first > 1 + 1e-9


_WORTH = {"premise": _invests, "condition": "data are worth their first unit"}
_REASON = (
    "Money at a factor changes little where v is near 1 (breached anyway) or 0 (safe anyway), and where it "
    "works very well a little is enough."
)

CONCLUSIONS = (
    Conclusion("own (more fund)", "more fund lowers the whole loss", lambda d: -d["loss_slope_in_fund"],
               unit="1", tolerance=1e-12, remark="The slope is 1 - μ: it does only below the best fund."),
    Conclusion("5.1 (1) best fund", "the best fund rises with the v of data", _slope(1, "v"), **_WORTH,
               unit="100 million CNY", tolerance=1e-12, remark=_REASON),
    Conclusion("5.2 (1) best fund", "the best fund rises with the L of data", _slope(1, "L"), **_WORTH,
               unit="1", tolerance=1e-15),
    Conclusion("5.3 (1) best fund", "the best fund falls with the E of data", _slope(-1, "E"), **_WORTH,
               unit="100 million CNY²", tolerance=1e-12, remark=_REASON),
)  # fmt: skip

FUND = Study(
    "fund",
    Sweep("internal",
          {"v.data": evenly(0.05, 0.95, 19), "L.data": evenly(50, 1000, 20), "E.data": evenly(0.01, 0.2, 20),
           "M": [25, 50, 100, 200]},
          {}, ["loss_slope_in_fund", "best_fund"], {"best_fund": ["v.data", "L.data", "E.data"]},
          origin="audit internal, study fund"),
    CONCLUSIONS, "v.data", label="reconstruction", points=12_000,
)  # fmt: skip
