"""The paper's sentences on static mechanisms, where reward and fine follow the share that supervises instead.

Nothing of these games is the paper's: a sentence that fails here is not refuted, it does not carry over.
"""

import xarray as xr

from .....kernels.games.supervision_shares.rest import CLASSES, FIRST_INSIDE, REST_POINTS
from .....kernels.numerics.stability import RestClass
from ....spec.sweep import Sweep
from ...conclusions import Conclusion, Margin, Study, evenly

Rules = tuple[str, str]
_RISING: Rules = ("constant", "linear")
_FALLING: Rules = ("constant", "linear_falling")
_BOTH: Rules = ("linear", "linear_falling")
_INSIDE = list(REST_POINTS[FIRST_INSIDE:])
_STABLE = [CLASSES[name] for name in ("stable_node", "stable_focus", "sliding_node", "crossing_node")]
_SADDLES = [CLASSES[name] for name in ("saddle", "sliding_saddle", "crossing_saddle")]


def _of(rules: Rules, name: str) -> Margin:
    return lambda d: d[name].sel(reward_in_x=rules[0], punishment_in_x=rules[1], drop=True)


def _inside(rules: Rules) -> Margin:
    return lambda d: _of(rules, "rest_class")(d).sel(rest_point=_INSIDE)


def _encircled(rules: Rules) -> Margin:
    """Whether there is one point inside, about which orbits turn: no saddle."""

    def holds(d: xr.Dataset) -> xr.DataArray:
        saddle = (_inside(rules)(d) == RestClass.saddle).any("rest_point")
        return (_of(rules, "interior_count")(d) == 1) & ~saddle

    return holds


def _attracts(rules: Rules) -> Margin:
    def margin(d: xr.Dataset) -> xr.DataArray:
        return xr.where(_inside(rules)(d).isin(_STABLE).any("rest_point"), 1.0, -1.0)

    return margin


def _none_stable(rules: Rules) -> Margin:
    return lambda d: -_of(rules, "stable_count")(d)


def _nobody_acts(rules: Rules) -> Margin:
    def margin(d: xr.Dataset) -> xr.DataArray:
        corner = _of(rules, "rest_class")(d).sel(rest_point="(0,0)", drop=True)
        return xr.where(corner == RestClass.ess, 1.0, -1.0)

    return margin


def _lower_incidents(d: xr.Dataset) -> xr.DataArray:
    worst = [_of(rules, "worst_incident")(d) for rules in (_RISING, _FALLING)]
    return worst[0] - worst[1]


def _both_attract(d: xr.Dataset) -> xr.DataArray:
    return _of(_RISING, "worst_incident")(d).notnull() & _of(_FALLING, "worst_incident")(d).notnull()


_ONE = "there is one point inside, and it is no saddle"

CONCLUSIONS = (
    Conclusion("2.3 (none stable, f x)", "a fine that rises as more supervise: no rest point is stable",
               _none_stable(_RISING), _encircled(_RISING), _ONE, weak=True, unit="stable points",
               remark="Where a fine alone makes supervision pay, nobody begins: (0, 0) attracts."),
    Conclusion("2.3 (none stable, f (1-x))", "a fine that falls as more supervise: no rest point is stable",
               _none_stable(_FALLING), _encircled(_FALLING), _ONE, weak=True, unit="stable points"),
    Conclusion("3.2 (stable, f x)", "a fine that rises as more supervise: the interior point attracts",
               _attracts(_RISING), _encircled(_RISING), _ONE, unit="",
               remark="The trace is x (1-y) (1-x) f > 0: it repels."),
    Conclusion("3.2 (stable, f (1-x))", "a fine that falls as more supervise: the interior point attracts",
               _attracts(_FALLING), _encircled(_FALLING), _ONE, unit="",
               remark="The trace is -x (1-x) (1-y) f < 0."),
    Conclusion("3.3 (stable, both in x)",
               "a reward that rises and a fine that falls as more supervise: the interior point attracts",
               _attracts(_BOTH), _encircled(_BOTH), _ONE, unit=""),
    Conclusion("own (trap)", "a fine that rises as more supervise: that nobody acts is an ESS",
               _nobody_acts(_RISING), None, "", unit="",
               remark="It is where c1 > (p2-p1) Lg + p2 S and c2 > p2 Le, however large the fine."),
    Conclusion("own (safer)", "a fine that falls as more supervise has fewer incidents than one that rises",
               _lower_incidents, _both_attract, "both have a rest point that attracts", unit="probability"),
)  # fmt: skip

SHARES = Study(
    "shares",
    Sweep(
        "supervision_shares",
        {
            "reward_in_x": ["constant", "linear"],
            "punishment_in_x": ["linear", "linear_falling"],
            "c1": evenly(0.2, 6.2, 6),
            "c2": evenly(5.1, 13.1, 6),
            "r": evenly(1, 21, 6),
            "f": evenly(1.5, 31.5, 6),
        },
        {"reward": "constant", "punishment": "constant"},
        ["rest_class", "interior_count", "stable_count", "worst_incident"],
        origin="audit supervision, study shares",
    ),
    CONCLUSIONS,
    "c1",
    label="equations",
    points=1_296,
)


def _within(d: xr.Dataset) -> xr.DataArray:
    return d["rest_class"].sel(rest_point=_INSIDE)


def _round_one(d: xr.Dataset) -> xr.DataArray:
    """Whether there is one point inside, on thresholds too, and it is no saddle."""
    return (d["interior_count"] == 1) & ~_within(d).isin(_SADDLES).any("rest_point")


def _kept_by_steps(d: xr.Dataset) -> xr.DataArray:
    return xr.where(_within(d).isin(_STABLE).any("rest_point"), 1.0, -1.0)


_BY_STEPS = "a fine that ends at a share y, a reward that begins at a share x"

_OF_STEPS = (
    Conclusion("2.3 (none stable, steps)", f"{_BY_STEPS}: no rest point is stable",
               lambda d: -d["stable_count"], _round_one, _ONE, weak=True, unit="stable points"),
    Conclusion("3.2 (stable, steps of both)", f"{_BY_STEPS}: the interior point attracts",
               _kept_by_steps, _round_one, _ONE, unit="",
               remark="It does on a threshold of y and where thresholds cross; else it is a centre."),
)  # fmt: skip

STEPS = Study(
    "steps",
    Sweep(
        "supervision_shares",
        {
            "reward_x_threshold": evenly(0.2, 0.8, 3),
            "fine_threshold": evenly(0.25, 0.75, 3),
            "c1": evenly(0.2, 6.2, 5),
            "c2": evenly(5.1, 13.1, 5),
            "r": evenly(1, 21, 5),
            "f": evenly(1.5, 31.5, 5),
        },
        {"reward": "constant", "punishment": "step", "reward_in_x": "step", "punishment_in_x": "constant"},
        ["rest_class", "interior_count", "stable_count"],
        origin="audit supervision, study steps",
    ),
    _OF_STEPS,
    "c1",
    label="equations",
    points=5_625,
)
