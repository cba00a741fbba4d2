"""The compensation coefficient under which a city loses least, as a function of all other parameters."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .scenarios import Scenarios

if TYPE_CHECKING:
    import xarray as xr

LEAST = {"interior": 0, "onset": 1, "none_needed": 2, "no_effect": 3}

_SCAN = 65
_HALVINGS = 60

# at(gamma): the model at every point of the grid, with its own gamma each.
_At = Callable[[np.ndarray], dict[str, np.ndarray]]


def best_compensation(axes: Mapping[str, Any], fixed: Mapping[str, Any] | None = None) -> "xr.Dataset":
    """The compensation coefficient gamma at which a city's expected loss is least (exact formulation).

    The derivative of the loss in gamma, by autodiff through the equilibrium, passes zero there. It lies
    in [0, 1]: a transfer of gamma = 1 covers more than what a breach does to the others. The last sign
    change is bracketed by 65 values and halved to neighbouring numbers, and held against gamma = 0.

    Parameters
    ----------
    axes, fixed
        As of a `Sweep` of the model `external`; gamma, mechanism, formulation and branch are not among them.

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

    Source: the mechanism is that of Li, Zou, Xiang, Wan, Xing, Tob Regul Sci 7(5), 2021, 1036-1048; its
    loss and their derivative are the exact ones of the model `external`.
    """
    grid = Scenarios(axes, fixed, "gamma")
    kernel = grid.kernel(1.0, "exact", ("expected_loss", "investment"), "expected_loss")

    def at(gamma: np.ndarray) -> dict[str, np.ndarray]:
        return kernel({"mechanism": "compensation"}, grid.points | {"gamma": gamma})

    low, high = _last_sign_change(at, grid.size)
    here, before, without = at(high), at(low), at(np.zeros(grid.size))
    # Investment sets in by a jump where the equilibrium without it ends: no zero of the derivative.
    jump = (before["investment"] == 0) & (here["investment"] > 0)
    none = without["expected_loss"] <= here["expected_loss"]
    idle = (grid.points["alpha"] == 0) | (grid.points["n"] == 1)
    least = np.where(jump, LEAST["onset"], LEAST["interior"])
    least = np.where(idle, LEAST["no_effect"], np.where(none, LEAST["none_needed"], least))
    gamma = np.where(idle, np.nan, np.where(none, 0.0, high))
    loss = np.where(none, without["expected_loss"], here["expected_loss"])
    slope = np.where(none | idle, np.nan, here["d_expected_loss_d_gamma"])
    return grid.dataset(
        {
            "gamma": (gamma, "compensation coefficient of least loss", "1"),
            "loss": (loss, "expected loss of a city there", "money"),
            "loss_without": (without["expected_loss"], "expected loss without compensation", "money"),
            "slope": (slope, "derivative of the loss in gamma left", "money"),
            "least": (least, "where the least loss lies", LEAST),
        }
    )


def _last_sign_change(at: _At, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring numbers between which the loss begins to rise in gamma for the last time."""

    def rising(gamma: np.ndarray) -> np.ndarray:
        values = at(gamma)
        return (values["d_expected_loss_d_gamma"] > 0) & (values["investment"] > 0)

    low = np.zeros(size)
    for value in np.linspace(0, 1, _SCAN):
        low[~rising(np.full(size, value))] = value
    high = np.minimum(low + 1 / (_SCAN - 1), 1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        up = rising(middle)
        low, high = np.where(up, low, middle), np.where(up, middle, high)
    return low, high
