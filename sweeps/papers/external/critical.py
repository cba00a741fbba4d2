"""Two numbers of the external paper, as functions of all other parameters.

`critical_cities`: how many linked cities there may be before nobody invests. `best_compensation`: the
compensation coefficient under which a city loses least.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ....engine.errors import SweepError
from ....kernels.status import Status
from ...cube.pointwise import Pointwise
from ...spec.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

MOST_CITIES = 1024
ENDS = {"fold": 0, "corner": 1, "beyond_1024": 2, "never": 3}
LEAST = {"interior": 0, "onset": 1, "none_needed": 2, "no_effect": 3}

# A kernel loops over the hops of its largest n: most answers are small, so small loops come first.
_STAGES = (32, MOST_CITIES)
_SCAN = 65
_HALVINGS = 60


def critical_cities(axes: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> "xr.Dataset":
    """The largest number of linked cities that still invest without cooperation (exact formulation).

    One more city makes the benefit of investing smaller at every breach probability, so there is one
    such number; it is found by bisection on whole numbers, and is exact.

    Parameters
    ----------
    axes, fixed
        As of a `Sweep` of the model `external`; n, mechanism, formulation and branch are not among them.

    Returns
    -------
    Dataset
        Over the axes: `cities` (0 where not even one invests; NaN where 1,024 still do), `investment` of
        each of so many [money], and `end`: with one more the two equilibria that invest have met
        (``fold``), or investment has sunk to zero (``corner``).

    Raises
    ------
    SweepError
        Unknown names or values outside their domain.
    """
    stages = {most: _ask(axes, fixed, "n", most, "exact", ("investment",)) for most in _STAGES}
    raw = {most: _ask(axes, fixed, "n", most, "published", ("investment",)) for most in _STAGES}
    points, coords = _grid(axes, fixed, "n")
    size = len(next(iter(points.values())))

    def asked(asks: dict[int, Any], rows: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
        return _in_stages(asks, {k: v[rows] for k, v in points.items()}, n)

    def invests(rows: np.ndarray, n: np.ndarray) -> np.ndarray:
        return asked(stages, rows, n)["investment"] > 0

    every = np.arange(size)
    cities, end = np.zeros(size), np.full(size, ENDS["never"])
    low, high = np.ones(size), np.full(size, np.inf)
    alone = invests(every, low)
    for most in _STAGES:
        rows = np.flatnonzero(alone & np.isinf(high))
        on = invests(rows, np.full(len(rows), most)) if len(rows) else np.zeros(0, bool)
        low[rows[on]], high[rows[~on]] = most, most
    cities[alone], end[alone] = np.nan, ENDS["beyond_1024"]
    while len(rows := np.flatnonzero(alone & (high - low > 1) & np.isfinite(high))):
        middle = np.floor((low[rows] + high[rows]) / 2)
        on = invests(rows, middle)
        low[rows[on]], high[rows[~on]] = middle[on], middle[~on]
    rows = np.flatnonzero(alone & np.isfinite(high))
    cities[rows] = low[rows]
    # The published computation keeps roots below zero: with one city more there is such a root, or none.
    none = asked(raw, rows, high[rows])["status"] == Status.no_equilibrium if len(rows) else np.zeros(0, bool)
    end[rows] = np.where(none, ENDS["fold"], ENDS["corner"])
    investment = np.full(size, np.nan)
    investment[rows] = asked(stages, rows, low[rows])["investment"] if len(rows) else 0
    return _dataset(
        coords,
        {
            "cities": (cities, "largest number of cities that invest without cooperation", "1"),
            "investment": (investment, "investment per city at that number", "money"),
            "end": (end, "why one more city ends it", ENDS),
        },
    )


def best_compensation(axes: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> "xr.Dataset":
    """The compensation coefficient gamma at which a city's expected loss is least (exact formulation).

    The derivative of the loss in gamma, by autodiff through the equilibrium, passes zero there. It lies
    in [0, 1]: a transfer of gamma = 1 covers more than what a breach does to the others. The last sign
    change is bracketed by 65 values and halved to neighbouring numbers, and held against gamma = 0.

    Returns
    -------
    Dataset
        Over the axes: `gamma` (NaN where it has no effect), `loss` there and `loss_without` at gamma = 0
        [money], `slope` left of dC/dgamma [money], and `least`: ``interior``, or at the ``onset`` of
        investment, or ``none_needed`` (gamma = 0), or ``no_effect`` (nothing propagates).

    Raises
    ------
    SweepError
        Unknown names or values outside their domain.
    """
    ask = _ask(axes, fixed, "gamma", 1.0, "exact", ("expected_loss", "investment"), "expected_loss")
    points, coords = _grid(axes, fixed, "gamma")
    size = len(next(iter(points.values())))

    def at(gamma: np.ndarray) -> dict[str, np.ndarray]:
        return ask({"mechanism": "compensation"}, points | {"gamma": gamma})

    def rising(found: Mapping[str, np.ndarray]) -> np.ndarray:
        return (found["d_expected_loss_d_gamma"] > 0) & (found["investment"] > 0)

    low, high = np.zeros(size), np.ones(size)
    for value in np.linspace(0, 1, _SCAN):
        falls = ~rising(at(np.full(size, value)))
        low[falls] = value
    high = np.minimum(low + 1 / (_SCAN - 1), 1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        up = rising(at(middle))
        low, high = np.where(up, low, middle), np.where(up, middle, high)
    here, without = at(high), at(np.zeros(size))
    slope = here["d_expected_loss_d_gamma"]
    before = at(low)
    # Investment sets in by a jump where the equilibrium without it ends: no zero of the derivative.
    jump = (before["investment"] == 0) & (here["investment"] > 0)
    least = np.where(jump, LEAST["onset"], LEAST["interior"])
    none = without["expected_loss"] <= here["expected_loss"]
    idle = (points["alpha"] == 0) | (points["n"] == 1)
    least = np.where(idle, LEAST["no_effect"], np.where(none, LEAST["none_needed"], least))
    gamma = np.where(idle, np.nan, np.where(none, 0.0, high))
    loss = np.where(none, without["expected_loss"], here["expected_loss"])
    return _dataset(
        coords,
        {
            "gamma": (gamma, "compensation coefficient of least loss", "1"),
            "loss": (loss, "expected loss of a city there", "money"),
            "loss_without": (without["expected_loss"], "expected loss without compensation", "money"),
            "slope": (np.where(none | idle, np.nan, slope), "derivative of the loss in gamma left", "money"),
            "least": (least, "where the least loss lies", LEAST),
        },
    )


def _in_stages(
    asks: Mapping[int, Any], points: Mapping[str, np.ndarray], n: np.ndarray
) -> dict[str, np.ndarray]:
    """Ask each point of the kernel with the shortest loop that holds its n."""
    found: dict[str, np.ndarray] = {}
    least = 0
    for most, ask in asks.items():
        rows = np.flatnonzero((n > least) & (n <= most))
        least = most
        if not len(rows):
            continue
        told = ask({}, {k: v[rows] for k, v in points.items()} | {"n": n[rows]})
        for name, values in told.items():
            found.setdefault(name, np.full(len(n), np.nan))[rows] = values
    return found


def _ask(
    axes: Mapping[str, Any], fixed: Mapping[str, Any] | None, free: str, most: float, formulation: str,
    outputs: tuple[str, ...], slope_of: str = "",
) -> Callable[..., dict[str, np.ndarray]]:  # fmt: skip
    sweep = _sweep(axes, fixed, free, most, formulation, outputs, slope_of)
    pointwise = Pointwise(sweep.space())
    chosen = dict(pointwise.space.choices)
    return lambda choices, points: pointwise(chosen | choices, points)


def _sweep(
    axes: Mapping[str, Any], fixed: Mapping[str, Any] | None, free: str, most: float,
    formulation: str = "exact",
    outputs: tuple[str, ...] = (), slope_of: str = "",
) -> Sweep:  # fmt: skip
    for name in (free, "mechanism", "formulation", "branch"):
        if name in axes or name in (fixed or {}):
            raise SweepError(f"{name}: is found or given here and cannot be set; leave it out")
    return Sweep(
        model="external",
        axes={**axes, free: [most]},
        fixed={**(fixed or {}), "formulation": formulation},
        outputs=outputs,
        derivatives={slope_of: [free]} if slope_of else {},
        origin="critical",
    )


def _grid(
    axes: Mapping[str, Any], fixed: Mapping[str, Any] | None, free: str
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Every parameter at every point of the grid but `free`, and the axes."""
    space = _sweep(axes, fixed, free, 1).space()
    coords = {name: axis.values[name] for axis in space.axes for name in axis.values if name != free}
    mesh = np.meshgrid(*coords.values(), indexing="ij") if coords else []
    size = int(np.prod([len(values) for values in coords.values()]))
    points = {name: np.full(size, float(v)) for name, v in space.fixed.items() if name != free}
    points |= {name: values.reshape(-1).astype(float) for name, values in zip(coords, mesh, strict=True)}
    return points, coords


def _dataset(
    coords: Mapping[str, np.ndarray], found: Mapping[str, tuple[np.ndarray, str, Any]]
) -> "xr.Dataset":
    import xarray as xr

    shape = tuple(len(values) for values in coords.values())
    variables = {}
    for name, (values, meaning, unit) in found.items():
        attributes: dict[str, Any] = {"long_name": meaning}
        if isinstance(unit, dict):
            attributes |= {"flag_values": list(unit.values()), "flag_meanings": " ".join(unit)}
            values = values.astype(np.int8)
        else:
            attributes["units"] = unit
        variables[name] = (tuple(coords), values.reshape(shape), attributes)
    return xr.Dataset(variables, dict(coords))
