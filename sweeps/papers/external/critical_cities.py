"""How many linked cities there may be before nobody invests, as a function of all other parameters."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ....kernels.status import Status
from .scenarios import Scenarios

if TYPE_CHECKING:
    import xarray as xr

MOST_CITIES = 1024
ENDS = {"fold": 0, "corner": 1, "beyond_1024": 2, "never": 3}

# A kernel loops over the hops of its largest n: most answers are small, so small loops come first.
_STAGES = (32, MOST_CITIES)

# invests(rows, n): at which of these points, with so many cities each, there is investment.
_Invests = Callable[[np.ndarray, np.ndarray], np.ndarray]


def critical_cities(axes: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> "xr.Dataset":
    """The largest number of linked cities that still invest without cooperation (exact formulation).

    One more city makes the benefit of investing smaller at every breach probability, so there is one
    such number; bisection on integers finds it exactly.

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

    Source: the game is that of Li, Zou, Xiang, Wan, Xing, Tob Regul Sci 7(5), 2021, 1036-1048; the number
    follows from it and is not in the paper.
    """
    grid = Scenarios(axes, fixed, "n")
    exact, published = (_Staged(grid, formulation) for formulation in ("exact", "published"))
    alone, last = _last_that_invest(lambda rows, n: exact(rows, n)["investment"] > 0, grid.size)
    cities = np.where(alone, np.nan, 0.0)
    end = np.where(alone, ENDS["beyond_1024"], ENDS["never"])
    investment = np.full(grid.size, np.nan)
    rows = np.flatnonzero(alone & np.isfinite(last))
    if len(rows):
        cities[rows] = last[rows]
        investment[rows] = exact(rows, last[rows])["investment"]
        # The published computation keeps roots below zero: with one city more there is such a root, or none.
        none = published(rows, last[rows] + 1)["status"] == Status.no_equilibrium
        end[rows] = np.where(none, ENDS["fold"], ENDS["corner"])
    return grid.dataset(
        {
            "cities": (cities, "largest number of cities that invest without cooperation", "1"),
            "investment": (investment, "investment per city at that number", "money"),
            "end": (end, "why one more city ends it", ENDS),
        }
    )


def _last_that_invest(invests: _Invests, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Where one city alone invests, and the largest number that does; infinite where `MOST_CITIES` do."""
    low, high = np.ones(size), np.full(size, np.inf)
    alone = invests(np.arange(size), low)
    for most in _STAGES:
        rows = np.flatnonzero(alone & np.isinf(high))
        if len(rows):
            on = invests(rows, np.full(len(rows), most))
            low[rows[on]], high[rows[~on]] = most, most
    while len(rows := np.flatnonzero(alone & (high - low > 1) & np.isfinite(high))):
        middle = np.floor((low[rows] + high[rows]) / 2)
        on = invests(rows, middle)
        low[rows[on]], high[rows[~on]] = middle[on], middle[~on]
    return alone, np.where(np.isfinite(high), low, np.inf)


class _Staged:
    """One formulation at points of a grid, each with the kernel of the shortest loop that holds its n."""

    def __init__(self, grid: Scenarios, formulation: str) -> None:
        self._points = grid.points
        self._kernels = {most: grid.kernel(most, formulation, ("investment",)) for most in _STAGES}

    def __call__(self, rows: np.ndarray, n: np.ndarray) -> dict[str, np.ndarray]:
        """Every output at these points of the grid, with so many cities each."""
        result: dict[str, np.ndarray] = {}
        least = 0
        for most, kernel in self._kernels.items():
            part = np.flatnonzero((n > least) & (n <= most))
            least = most
            if not len(part):
                continue
            points = {name: values[rows[part]] for name, values in self._points.items()}
            for name, values in kernel({}, points | {"n": n[part]}).items():
                result.setdefault(name, np.full(len(n), np.nan))[part] = values
        return result
