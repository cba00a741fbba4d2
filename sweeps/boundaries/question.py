"""What is asked of a cube: which classes stand on both sides of a boundary, as numbers and by name."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.status import Status
from ..cube.classes import classes_of
from ..cube.statuses import BLANK, touched

if TYPE_CHECKING:
    import xarray as xr

# Codes beside those of the classes themselves.
NO_RESULT, NO_CROSSING = -100, -127
_SIDES = {"below": 0, "above": 1}


@dataclass(frozen=True)
class Question:
    """Where the class of `variable` changes along the axis `along`, or on which side of `level` it is.

    Parameters
    ----------
    variable : a class, a count, the status, or with `level` a real variable.
    along : an axis of numbers.
    level : in the unit of the variable; None where it has classes of its own.
    no_result : statuses under which the variable holds nothing.
    """

    variable: str
    along: str
    level: float | None = None
    no_result: frozenset[Status] = BLANK

    def of(self, array: "xr.DataArray") -> "Question":
        """The same of a variable of a cube: a number under a status that touches it is no result."""
        return self if self.level is None else replace(self, no_result=touched(array))

    def codes(self, values: np.ndarray, status: np.ndarray) -> np.ndarray:
        """Classes as int64, of the shape of both; NO_RESULT where there is nothing to classify."""
        if self.variable == "status":
            return values.astype(np.int64)
        blank = np.isin(status, sorted(self.no_result))
        if self.level is None:
            return np.where(blank, NO_RESULT, values).astype(np.int64)
        side = np.where(values > self.level, _SIDES["above"], _SIDES["below"])
        return np.where(blank | np.isnan(values), NO_RESULT, side).astype(np.int64)

    def attributes(self, dataset: "xr.Dataset") -> dict[str, Any]:
        """Attributes of a variable that holds such codes: what they mean, by name where they have names."""
        classes = {name: number for number, name in classes_of(dataset[self.variable]).items()}
        if self.level is not None:
            classes = _SIDES
        if not classes:  # a count: its numbers speak for themselves
            return {"comment": f"{NO_RESULT}: no result; {NO_CROSSING}: no crossing"}
        classes = {**classes, "no_result": NO_RESULT, "-": NO_CROSSING}
        return {"flag_values": list(classes.values()), "flag_meanings": " ".join(classes)}
