"""The paper's sentences on orbits and stability, where a regulator above the governments inspects.

Nothing of this game is the paper's: a sentence that fails here is not refuted, it does not carry over.
"""

import numpy as np
import xarray as xr

from .....kernels.flow import Attractor
from .....kernels.numerics.stability import RestClass
from ....spec.sweep import Sweep
from ...conclusions import Conclusion, Margin, Study, evenly
from ..cases import BOTH, NEITHER, PUNISHMENT_ONLY, REWARD_ONLY, Mechanism

_INSIDE = ["interior 1", "interior 2"]
_STABLE = (RestClass.stable_node, RestClass.stable_focus)


def of(mechanism: Mechanism, name: str) -> Margin:
    """A variable under one mechanism."""
    return lambda d: d[name].sel(reward=mechanism[0], punishment=mechanism[1], drop=True)


def inside(mechanism: Mechanism) -> Margin:
    """Whether there is a rest point inside."""
    return lambda d: of(mechanism, "interior_count")(d) > 0


def attracts(mechanism: Mechanism) -> Margin:
    """+1 where a point inside attracts, -1 where none does."""

    def margin(d: xr.Dataset) -> xr.DataArray:
        kinds = of(mechanism, "rest_class")(d).sel(rest_point=_INSIDE)
        return xr.where(kinds.isin(_STABLE).any("rest_point"), 1.0, -1.0)

    return margin


def _not(margin: Margin) -> Margin:
    return lambda d: -margin(d)


def _rests(mechanism: Mechanism) -> Margin:
    def margin(d: xr.Dataset) -> xr.DataArray:
        seen = of(mechanism, "attractor")(d)
        return xr.where(seen == Attractor.rest_point, 1.0, -1.0).where(seen.notnull())

    return margin


def _share(name: str, d: xr.Dataset) -> xr.DataArray:
    """Of the first point inside that attracts, less that of the paper's game, on the face z = 0."""
    values, kinds = of(BOTH, f"rest_{name}")(d), of(BOTH, "rest_class")(d)
    own = values.sel(rest_point=_INSIDE).where(kinds.sel(rest_point=_INSIDE).isin(_STABLE))
    return (own.max("rest_point") - values.sel(rest_point="face z=0", drop=True)).fillna(0)


def _both_there(d: xr.Dataset) -> xr.DataArray:
    unseen = of(BOTH, "rest_x")(d).sel(rest_point="face z=0", drop=True)
    return (attracts(BOTH)(d) > 0) & np.isfinite(unseen)


_WHERE = "a point inside exists"
_BESIDE = "a point inside attracts, and the paper's game has an interior point"

CONCLUSIONS = (
    Conclusion("2.3 (none stable, regulator)", "static/static: no point inside attracts",
               _not(attracts(NEITHER)), inside(NEITHER), _WHERE, unit=""),
    Conclusion("3.1 (none stable, regulator)", "dynamic reward alone: no point inside attracts",
               _not(attracts(REWARD_ONLY)), inside(REWARD_ONLY), _WHERE, unit=""),
    Conclusion("3.2 (stable, regulator)", "dynamic punishment alone: a point inside attracts",
               attracts(PUNISHMENT_ONLY), inside(PUNISHMENT_ONLY), _WHERE, unit="",
               remark="Regulators who are blamed look where nobody manages, which may make it unstable."),
    Conclusion("3.3 (stable, regulator)", "both dynamic, r < f: a point inside attracts", attracts(BOTH),
               lambda d: inside(BOTH)(d) & (d["r"] < d["f"]), f"{_WHERE}, and r < f", unit=""),
    Conclusion("3.3 (stable, no blame)", "both dynamic, r < f, D = 0: a point inside attracts",
               attracts(BOTH), lambda d: inside(BOTH)(d) & (d["r"] < d["f"]) & (d["D"] == 0),
               f"{_WHERE}, r < f, and D = 0", unit=""),
    Conclusion("own (x)", "a regulator makes more governments supervise", lambda d: _share("x", d),
               _both_there, _BESIDE, unit="1", remark="Not the paper's: what a regulator is for."),
    Conclusion("own (y)", "a regulator makes more enterprises manage", lambda d: _share("y", d), _both_there,
               _BESIDE, unit="1", remark="Not the paper's: what a regulator is for."),
)  # fmt: skip

ORBITS = (
    Conclusion("3.3 (orbits, regulator)", "both dynamic, r < f: orbits end at rest", _rests(BOTH),
               lambda d: d["r"] < d["f"], "r < f", unit=""),
)  # fmt: skip

_RANGES = {
    "r": evenly(1, 9, 5),
    "f": evenly(6, 14, 5),
    "P": evenly(2, 12, 6),
    "c3": evenly(0.5, 8, 6),
    "D": evenly(0, 100, 5),
}

REGULATOR = Study(
    "regulator",
    Sweep(
        "supervision_regulator",
        {"reward": ["static", "dynamic"], "punishment": ["static", "dynamic"], **_RANGES},
        {},
        ["interior_count", "rest_class", "rest_x", "rest_y"],
        origin="audit supervision, study regulator",
    ),
    CONCLUSIONS,
    "P",
    label="equations",
    points=4_500,
)

REGULATED_ORBITS = Study(
    "regulated_orbits",
    Sweep(
        "supervision_regulator",
        {"reward": ["dynamic"], "punishment": ["dynamic"]}
        | {name: ends | {"num": 3} for name, ends in _RANGES.items()},
        {"horizon": 400},
        ["interior_count", "attractor"],
        integrator={"solver": "tsit5", "rtol": 1e-7, "atol": 1e-7, "settle": 1e-4},
        origin="audit supervision, study regulated_orbits",
    ),
    ORBITS,
    "P",
    label="equations",
    points=243,
)
