"""What the supervision paper concludes, each as a margin at a point, and the cubes to hold it against.

The paper does not number its conclusions; they are called by section and figure. Where they are about
stability, rest points and eigenvalues decide; where they are about orbits, trajectories on a smaller grid.
"""

from itertools import pairwise

import numpy as np
import xarray as xr

from ....kernels.flow import Attractor
from ....kernels.games.supervision.game import BEST
from ....kernels.numerics.stability import RestClass
from ...spec.sweep import Sweep
from ..conclusions import Conclusion, Margin, Study, evenly
from .beyond.noise import NOISE
from .beyond.regulator import REGULATED_ORBITS, REGULATOR
from .beyond.shapes import SHAPES
from .beyond.shares import SHARES, STEPS
from .cases import BOTH, CASE, NEITHER, PUNISHMENT_ONLY, REWARD_ONLY, Mechanism
from .margins import attracts, corner, difference, exists, one_of, signed, under

_P1, _P2 = CASE["p1"], CASE["p2"]
# Money within which two sides of a condition are a tie, where nothing is strict.
_TIE = 1e-9


def _supervising_pays(d: xr.Dataset) -> xr.DataArray:
    """A(0), what a government gains by supervising where nobody manages."""
    return d["f"] + (_P2 - _P1) * CASE["Lg"] + _P2 * CASE["S"] - d["c1"]


def _managing_pays(d: xr.Dataset) -> xr.DataArray:
    """B(0), what an enterprise gains by managing where nobody supervises."""
    return _P2 * d["Le"] - d["c2"]


def _managing_pays_supervised(d: xr.Dataset) -> xr.DataArray:
    """The same where everybody supervises, with the reward and the fine: B(1)."""
    return d["r"] + d["f"] + _P1 * d["Le"] - d["c2"]


def _effective(d: xr.Dataset) -> xr.DataArray:
    """Whether reward and fine decide: managing pays under supervision alone, which pays if nobody manages."""
    alone, supervised = _managing_pays(d), _managing_pays_supervised(d)
    return (_supervising_pays(d) > _TIE) & (alone < -_TIE) & (supervised > _TIE)


def _saddles_as_effective(d: xr.Dataset) -> xr.DataArray:
    """+1 where all corners are saddles exactly if reward and fine decide, static/static."""
    kinds = d["rest_class"].sel(reward="static", punishment="static", drop=True)
    saddles = (kinds.isel(rest_point=slice(0, 4)) == RestClass.saddle).all("rest_point")
    return xr.where(saddles == _effective(d), 1.0, -1.0)


def _further(which: str, cap: str) -> Margin:
    """How much more a share (``x`` or ``y``) moves with a cap than the other."""
    other = "y" if which == "x" else "x"
    return lambda d: (np.abs(_slope(which, cap)(d)) - np.abs(_slope(other, cap)(d))).fillna(0)


def _x(mechanism: Mechanism) -> Margin:
    return under(mechanism, "rest_x")


def _y(mechanism: Mechanism) -> Margin:
    return under(mechanism, "rest_y")


def _slope(share: str, cap: str) -> Margin:
    return lambda d: d[f"d_rest_{share}_d_{cap}"].sel(rest_point="interior", drop=True)


def _order_of_managing(d: xr.Dataset) -> xr.DataArray:
    y = [_y(m)(d) for m in (BOTH, PUNISHMENT_ONLY, REWARD_ONLY, NEITHER)]
    gaps = [a - b for a, b in pairwise(y)]
    return np.minimum(np.minimum(gaps[0], gaps[1]), gaps[2]).fillna(0)


def _all_exist(d: xr.Dataset) -> xr.DataArray:
    one, two, three, four = (exists(m)(d) for m in (BOTH, PUNISHMENT_ONLY, REWARD_ONLY, NEITHER))
    return one & two & three & four


def _inside(mechanism: Mechanism, words: str = "an interior point exists") -> dict:
    return {"premise": exists(mechanism), "condition": words}


_STEADY = {"premise": attracts(PUNISHMENT_ONLY, BOTH), "condition": "both interior points attract"}
_CAP = {"premise": attracts(BOTH), "condition": "the interior point attracts"}
_DERIVED = "The text lost the condition; this one is derived from the payoffs."
_ORDER = "The paper calls (0,1) {Supervise, Nonmanaged}, against its own order of the shares."
_SLOW = "Orbits too slow to be decided by the horizon have no result."
_PRECONDITION = (
    "The text lost the formula, but keeps that all four determinants are negative under it: that is so just "
    "here, as 2.3 (precondition) has it."
)
_DECIDE = {"premise": _effective, "condition": "precondition (1) [derived]: A(0) > 0 and B(0) < 0 < B(1)"}

STABILITY = (
    Conclusion("2.3 (precondition)",
               "static/static: all corners have a negative determinant just under the derived precondition",
               _saddles_as_effective, unit="",
               remark="A(0) > 0, B(0) < 0 < B(1): a fine makes supervising pay where nobody manages, and "
                      "managing pays under supervision alone."),
    Conclusion("2.3 (centre)", "static/static: the interior point is a centre",
               one_of(under(NEITHER, "interior_class"), RestClass.centre), **_DECIDE, unit="",
               remark=_PRECONDITION),
    Conclusion("2.3 (none stable)", "static/static: no rest point is stable",
               lambda d: -under(NEITHER, "stable_count")(d), **_DECIDE, weak=True,
               unit="stable points", remark=_PRECONDITION),
    Conclusion("2.3 (a)", "static/static: (0,0) is the only ESS", corner("(0,0)"),
               lambda d: (_supervising_pays(d) < -_TIE) & (_managing_pays(d) < -_TIE),
               "c1 > f + (p2-p1) Lg + p2 S, c2 > p2 Le",
               unit="", remark=_DERIVED),
    Conclusion("2.3 (b)", "static/static: (0,1), unsupervised and managed, is the only ESS", corner("(0,1)"),
               lambda d: (_managing_pays(d) > _TIE)
               & ((_managing_pays_supervised(d) > _TIE) | (_supervising_pays(d) < -_TIE)),
               "c2 < p2 Le, and c2 < r + f + p1 Le or c1 > f + (p2-p1) Lg + p2 S", unit="",
               remark=f"{_DERIVED} {_ORDER}"),
    Conclusion("2.3 (b), as named", "static/static: (1,0), {Supervise, Nonmanaged}, is the only ESS",
               corner("(1,0)"),
               lambda d: (_supervising_pays(d) > _TIE) & (_managing_pays_supervised(d) < -_TIE)
               & (_managing_pays(d) < -_TIE),
               "c2 > r + f + p1 Le, c2 > p2 Le, c1 < f + (p2-p1) Lg + p2 S", unit="",
               remark=f"{_DERIVED} {_ORDER}"),
    Conclusion("3.1 (closed)", "dynamic reward alone: the trace at the interior point is zero",
               lambda d: -np.abs(under(REWARD_ONLY, "trace")(d)).fillna(0), **_inside(REWARD_ONLY), weak=True,
               unit="1/time", tolerance=1e-12,
               remark="The paper calls the orbits closed. The trace is x y (1-y) r > 0: they spiral out."),
    Conclusion("3.1 (none stable)", "dynamic reward alone: no rest point is stable",
               lambda d: -under(REWARD_ONLY, "stable_count")(d), **_inside(REWARD_ONLY), weak=True,
               unit="stable points"),
    Conclusion("3.2 (stable)", "dynamic punishment alone: the interior point attracts",
               signed(-1, under(PUNISHMENT_ONLY, "eigenvalue_1_real")), **_inside(PUNISHMENT_ONLY),
               unit="1/time"),
    Conclusion("3.2 (focus)", "dynamic punishment alone: the interior point is a focus",
               one_of(under(PUNISHMENT_ONLY, "interior_class"), RestClass.stable_focus,
                      RestClass.unstable_focus), **_inside(PUNISHMENT_ONLY), unit=""),
    Conclusion("3.3 (stable)", "dynamic reward and punishment: the interior point attracts",
               signed(-1, under(BOTH, "eigenvalue_1_real")), **_inside(BOTH), unit="1/time", tolerance=1e-12,
               remark="The trace is x y (1-y)(r - f): it attracts only where the reward cap r is below the "
                      "punishment cap f."),
    Conclusion("3.3 (focus)", "dynamic reward and punishment: the interior point is a focus",
               one_of(under(BOTH, "interior_class"), RestClass.stable_focus, RestClass.centre,
                      RestClass.unstable_focus), **_inside(BOTH), unit=""),
    Conclusion("4.2.2 (x)",
               "more governments supervise under dynamic/dynamic than under dynamic punishment alone",
               difference(_x(BOTH), _x(PUNISHMENT_ONLY)), **_STEADY, unit="1"),
    Conclusion("4.2.2 (y)",
               "more enterprises manage under dynamic/dynamic than under dynamic punishment alone",
               difference(_y(BOTH), _y(PUNISHMENT_ONLY)), **_STEADY, unit="1"),
    Conclusion("4.2.2 (best)",
               "dynamic/dynamic is the best mechanism: its stable point has the fewest incidents",
               one_of(under(BOTH, "best_mechanism"), BEST["dynamic_dynamic"]), **_inside(BOTH), unit="",
               remark="Best by the probability of an incident, which decides wherever both shares are "
                      "higher."),
    Conclusion("4.2.2 (order)",
               "the mechanisms rank dynamic/dynamic, dynamic punishment, dynamic reward, static",
               _order_of_managing, _all_exist, "all four interior points exist", unit="1",
               remark="Ambiguous: two of the four have no stable point. Read as the share y that manages "
                      "at the "
                      "interior point, which closed orbits have on average."),
)  # fmt: skip

CAPS = (
    Conclusion("Fig. 8 (x)", "supervision falls with its cost c1", signed(-1, _slope("x", "c1")), **_CAP,
               unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 8 (y)", "management falls with the cost of supervision c1",
               signed(-1, _slope("y", "c1")), **_CAP, unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 8 (more sensitive)", "c1 moves the enterprises more than the governments",
               _further("y", "c1"), **_CAP, unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 9 (x)", "supervision rises with the cost of management c2", signed(1, _slope("x", "c2")),
               **_CAP, unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 9 (y)", "management falls with its cost c2", signed(-1, _slope("y", "c2")), **_CAP,
               unit="1/money", tolerance=1e-12,
               remark="At an interior point y solves A(y) = 0, in which c2 does not occur."),
    Conclusion("Fig. 9 (more sensitive)", "c2 moves the governments more than the enterprises",
               _further("x", "c2"), **_CAP, unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 10 (x)", "supervision falls with the reward cap r", signed(-1, _slope("x", "r")), **_CAP,
               unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 10 (y)", "management falls with the reward cap r", signed(-1, _slope("y", "r")), **_CAP,
               unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 10 (more sensitive)", "r moves the governments more than the enterprises",
               _further("x", "r"), **_CAP, unit="1/money", tolerance=1e-12,
               remark="Said of r = 2 to 6 in the paper's case."),
    Conclusion("Fig. 11 (x)", "supervision falls with the punishment cap f", signed(-1, _slope("x", "f")),
               **_CAP, unit="1/money", tolerance=1e-12),
    Conclusion("Fig. 11 (y)", "management rises with the punishment cap f", signed(1, _slope("y", "f")),
               **_CAP, unit="1/money", tolerance=1e-12),
    Conclusion("5 (punishment)", "more punishment makes both sides more active",
               lambda d: np.minimum(_slope("x", "f")(d), _slope("y", "f")(d)).fillna(0), **_CAP,
               unit="1/money", tolerance=1e-12,
               remark="Section 5 says so of both sides; Figure 11 and section 4.3 say that supervision "
                      "falls."),
)  # fmt: skip

ORBITS = (
    Conclusion("2.3 (orbits)", "static/static: orbits are closed",
               one_of(under(NEITHER, "attractor"), Attractor.closed_orbit), **_inside(NEITHER), unit=""),
    Conclusion("3.1 (orbits)", "dynamic reward alone: orbits are closed",
               one_of(under(REWARD_ONLY, "attractor"), Attractor.closed_orbit), **_inside(REWARD_ONLY),
               unit=""),
    Conclusion("3.2 (orbits)", "dynamic punishment alone: orbits end at rest",
               one_of(under(PUNISHMENT_ONLY, "attractor"), Attractor.rest_point), **_inside(PUNISHMENT_ONLY),
               unit="", remark=_SLOW),
    Conclusion("3.3 (orbits)", "dynamic reward and punishment: orbits end at rest",
               one_of(under(BOTH, "attractor"), Attractor.rest_point), **_inside(BOTH), unit="",
               remark=_SLOW),
    Conclusion("Fig. 10 (oscillation)",
               "dynamic reward and punishment with r > f: orbits swing ever wider, to the boundary",
               one_of(under(BOTH, "attractor"), Attractor.boundary_cycle),
               lambda d: exists(BOTH)(d) & (d["r"] > d["f"]), "an interior point exists, and r > f", unit=""),
    Conclusion("4.2.1 (period, x0)",
               "static/static: the period is longer the more governments supervise at first",
               lambda d: under(NEITHER, "period")(d).diff("x0", label="lower"), unit="time", tolerance=1e-6),
    Conclusion("4.2.1 (period, y0)",
               "static/static: the period is shorter the more enterprises manage at first",
               lambda d: -under(NEITHER, "period")(d).diff("y0", label="lower"), unit="time", tolerance=1e-6,
               remark="The period grows with the distance from the centre: it falls on one side, and rises "
                      "beyond."),
)  # fmt: skip


_CHOICES = {"reward": ["static", "dynamic"], "punishment": ["static", "dynamic"]}
_GRID = {
    "c1": evenly(0.5, 20, 12), "c2": evenly(1, 20, 10), "r": evenly(0.5, 20, 14), "f": evenly(1, 25, 14),
    "Le": evenly(10, 100, 10),
}  # fmt: skip
_FINE = {"solver": "dopri8", "rtol": 1e-9, "atol": 1e-9, "settle": 1e-6}

STUDIES = (
    Study(
        "stability",
        Sweep("supervision", {**_CHOICES, **_GRID},
              outputs=["interior_class", "stable_count", "best_mechanism", "rest_x", "rest_y", "trace",
                       "eigenvalue_1_real", "rest_class"], origin="audit supervision, study stability"),
        STABILITY, "c1", label="equations", points=250_000,
    ),
    Study(
        "caps",
        Sweep("supervision", _GRID, {"reward": "dynamic", "punishment": "dynamic"},
              ["interior_class"], {"rest_x": ["c1", "c2", "r", "f"], "rest_y": ["c1", "c2", "r", "f"]},
              origin="audit supervision, study caps"),
        CAPS, "c1", label="equations", points=250_000,
    ),
    Study(
        "orbits",
        Sweep("supervision", {**_CHOICES, "c1": evenly(2, 8, 3), "r": evenly(1, 16, 6), "f": evenly(2, 22, 6),
                              "x0": evenly(0.2, 0.8, 4), "y0": evenly(0.15, 0.85, 4)},
              {"horizon": 200}, ["interior_class", "attractor", "period"], integrator=_FINE,
              origin="audit supervision, study orbits"),
        ORBITS, "c1", label="equations", points=1_500,
    ),
    SHAPES,
    SHARES,
    STEPS,
    REGULATOR,
    REGULATED_ORBITS,
    NOISE,
)  # fmt: skip
