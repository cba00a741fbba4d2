"""The paper's sentences on dynamic mechanisms, where reward and fine are powers or steps of the shares.

Nothing of these games is the paper's: a sentence that fails here is not refuted, it does not carry over. The
reward never falls, and the fine never rises, as more enterprises manage, as in its dynamic mechanisms.
"""

import numpy as np
import xarray as xr

from .....kernels.flow import Attractor
from .....kernels.games.supervision_shapes.ends import BoundaryCycle
from .....kernels.games.supervision_shapes.rest import CLASSES
from .....kernels.numerics.stability import RestClass
from ....spec.sweep import Sweep
from ...conclusions import Conclusion, Margin, Study, evenly

_STABLE = (CLASSES["stable_node"], CLASSES["stable_focus"], CLASSES["sliding_node"])
Shapes = tuple[str, str]
_REWARD_ALONE: Shapes = ("power", "constant")
_FINE_ALONE: Shapes = ("constant", "power")
_STEP_ALONE: Shapes = ("constant", "step")
_POWERS: Shapes = ("power", "power")


def of(shapes: Shapes, name: str) -> Margin:
    """A variable under one pair of shapes (reward, fine)."""
    return lambda d: d[name].sel(reward=shapes[0], punishment=shapes[1], drop=True)


def inside(shapes: Shapes) -> Margin:
    """Whether there is a rest point inside."""
    return lambda d: of(shapes, "interior_class")(d) > RestClass.absent


def _encircled(shapes: Shapes) -> Margin:
    """Whether there is one about which orbits turn: no saddle."""
    none = [CLASSES[name] for name in ("absent", "saddle", "sliding_saddle")]
    return lambda d: ~of(shapes, "interior_class")(d).isin(none)


def attracts(shapes: Shapes) -> Margin:
    """+1 where the point inside attracts, -1 where it does not."""
    return lambda d: xr.where(of(shapes, "interior_class")(d).isin(_STABLE), 1.0, -1.0)


def _none_stable(shapes: Shapes) -> Margin:
    return lambda d: -of(shapes, "stable_count")(d)


def _is(shapes: Shapes, attractor: Attractor) -> Margin:
    def margin(d: xr.Dataset) -> xr.DataArray:
        seen = of(shapes, "attractor")(d)
        return xr.where(seen == attractor, 1.0, -1.0).where(seen.notnull())

    return margin


def _turns(shapes: Shapes, larger: str) -> Margin:
    """An interior point, the four sides a cycle, and one cap above the other."""
    other = "f" if larger == "r" else "r"

    def holds(d: xr.Dataset) -> xr.DataArray:
        cycle = of(shapes, "boundary_cycle")(d) != BoundaryCycle.absent
        return inside(shapes)(d) & cycle & (d[larger] > d[other])

    return holds


def _safer(d: xr.Dataset) -> xr.DataArray:
    """How much lower the worst incident of both powers is than of the paper's: a constant reward with it."""
    return (of(_FINE_ALONE, "worst_incident")(d) - of(_POWERS, "worst_incident")(d)).fillna(0)


def _both_attract(d: xr.Dataset) -> xr.DataArray:
    return np.isfinite(of(_FINE_ALONE, "worst_incident")(d)) & np.isfinite(of(_POWERS, "worst_incident")(d))


_NO_SADDLE = "an interior point exists, and is no saddle"
_WHERE = "an interior point exists"
_CYCLE = "an interior point exists, the four sides are a cycle"

CONCLUSIONS = (
    Conclusion("3.1 (none stable, powers)", "a reward that rises alone, r y^a: no rest point is stable",
               _none_stable(_REWARD_ALONE), inside(_REWARD_ALONE), _WHERE, weak=True, unit="stable points",
               remark="There is one point inside at most, and it repels, whatever the shape."),
    Conclusion("3.2 (stable, powers)", "a fine that falls alone, f (1-y)^b: the interior point attracts",
               attracts(_FINE_ALONE), _encircled(_FINE_ALONE), _NO_SADDLE, unit=""),
    Conclusion("3.2 (stable, steps)", "a fine that ends at a threshold: the interior point attracts",
               attracts(_STEP_ALONE), _encircled(_STEP_ALONE), _NO_SADDLE, unit="",
               remark="On the threshold it attracts by sliding; elsewhere it is a centre."),
    Conclusion("3.3 (stable, powers)", "both powers, r < f: the interior point attracts",
               attracts(_POWERS), _turns(_POWERS, "f"), f"{_CYCLE}, and r < f", unit="",
               remark="What counts is the slope at the point, r a y^(a-1) < f b (1-y)^(b-1)."),
    Conclusion("3.3 (orbits, powers)", "both powers, r < f: orbits end at rest",
               _is(_POWERS, Attractor.rest_point), _turns(_POWERS, "f"), f"{_CYCLE}, and r < f", unit=""),
    Conclusion("Fig. 10 (oscillation, powers)", "both powers, r > f: orbits swing out to the boundary",
               _is(_POWERS, Attractor.boundary_cycle), _turns(_POWERS, "r"), f"{_CYCLE}, and r > f", unit="",
               remark="The cycle along the boundary attracts where r > f, whatever the exponents; the point "
                      "inside may attract beside it."),
    Conclusion("4.2.2 (best, powers)",
               "a reward that rises is safer beside a fine that falls than a constant one",
               _safer, _both_attract, "both have a rest point that attracts", unit="probability"),
)  # fmt: skip

SHAPES = Study(
    "shapes",
    Sweep(
        "supervision_shapes",
        {
            "reward": ["constant", "power"],
            "punishment": ["constant", "power", "step"],
            "c1": evenly(1, 8, 3),
            "r": evenly(1, 20, 6),
            "f": evenly(1.5, 20.5, 6),
            "reward_exponent": {"start": 0.25, "stop": 4, "num": 5, "scale": "log"},
            "fine_exponent": {"start": 0.25, "stop": 4, "num": 5, "scale": "log"},
        },
        {"c2": 5.5, "p1": 0.09, "horizon": 400},
        ["interior_class", "boundary_cycle", "stable_count", "worst_incident", "attractor"],
        integrator={"solver": "tsit5", "rtol": 1e-7, "atol": 1e-7, "settle": 1e-4},
        origin="audit supervision, study shapes",
    ),
    CONCLUSIONS,
    "c1",
    label="equations",
    points=2_700,
)
