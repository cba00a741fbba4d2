"""Statuses of points by name and number: which there are, which count, which leave no result."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...engine.errors import Argument, SweepError
from ...kernels.status import WITHOUT_RESULT, Status
from ..text import nearest

if TYPE_CHECKING:
    import xarray as xr

# Statuses of points whose outputs mean nothing.
BLANK = frozenset({*WITHOUT_RESULT, Status.not_computed, Status.not_finite})


def status_codes(
    names: Iterable[str], argument: str = "statuses", known: Sequence[Status] = tuple(Status)
) -> list[int]:
    """Numbers of the statuses called `names`, which the function's `argument` holds.

    Raises SweepError with the nearest name where one is none of `known`.
    """
    choices = [status.name for status in known]
    wanted = list(names)
    for name in wanted:
        if name not in choices:
            raise SweepError(Argument(argument, name), f": no such status{nearest(name, choices)}")
    return [int(Status[name]) for name in wanted]


def status_names(codes: Iterable[int]) -> list[str]:
    """Names of status numbers, also of those that a later version may add."""
    known = {int(status): status.name for status in Status}
    return [known.get(int(code), f"status {int(code)}") for code in codes]


def require_status(dataset: "xr.Dataset", for_what: Argument) -> "xr.DataArray":
    """The status; SweepError where a Dataset has lost it, for results would not be told from failures."""
    if "status" not in dataset.data_vars:
        raise SweepError(for_what, ": the Dataset has no variable 'status'; select it too")
    return dataset["status"]
