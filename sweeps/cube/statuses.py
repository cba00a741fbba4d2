"""Statuses of points by name and number: which there are, which count, which leave no result."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...engine.errors import Argument, SweepError
from ...kernels.status import ANSWERS, MEANING, WITHOUT_RESULT, Status
from ..text import nearest

if TYPE_CHECKING:
    import xarray as xr

# Statuses of points whose outputs mean nothing.
BLANK = frozenset({*WITHOUT_RESULT, Status.not_computed, Status.not_finite})

# The number of a point at which a condition fails: `lazy.where` makes its status NaN.
OUTSIDE = -1

# What ended an orbit, or sets it apart, and leaves a value as good as under ok, by what the value needs. A
# path is NaN past the last time that was reached; a value that is not finite itself is none.
_STOPPED = frozenset({Status.max_steps, Status.step_too_small, Status.sliding})
_UNTOUCHED: dict[str, frozenset[Status]] = {
    "static": _STOPPED | {Status.not_steady, Status.boundary_start, Status.not_finite},
    "path": _STOPPED | {Status.not_steady, Status.boundary_start, Status.not_finite},
    "final": frozenset({Status.not_steady, Status.boundary_start}),
    "attractor": frozenset(),
}
# The attribute of a variable that says what it needs, a key of the table above.
_NEEDS = "needs"
_ATTRACTOR_NAMES = ("attractor", "period", "settle_time")


def counted(array: "xr.DataArray", keep: Iterable[str] | None, usual: Iterable[str] = ("ok",)) -> list[int]:
    """Numbers of the statuses under which a variable's values count as results.

    `keep` are the names that a user states: these count, and no others. Without them `usual` do, and those
    that leave what the variable needs untouched: a path is one whatever the orbit reaches later.
    """
    return counted_for(needs_of(array), keep, usual)


def counted_for(needs: str, keep: Iterable[str] | None, usual: Iterable[str] = ("ok",)) -> list[int]:
    """The same of a variable that needs this (as of `needs_of`)."""
    if keep is not None:
        return [int(Status[name]) for name in keep]
    return sorted({*(int(Status[name]) for name in usual), *map(int, _UNTOUCHED.get(needs, ()))})


def touched(array: "xr.DataArray") -> frozenset[Status]:
    """Statuses under which a variable's values mean nothing, or are not what they are called."""
    return (BLANK | (_STOPPED if needs_of(array) == "final" else frozenset())) - untouched(array)


def untouched(array: "xr.DataArray") -> frozenset[Status]:
    """Statuses that do not speak of a variable: it needs nothing of what went wrong."""
    return _UNTOUCHED.get(needs_of(array), frozenset())


def needs_of(array: "xr.DataArray") -> str:
    """What a variable needs; by its name in cubes of version 0.1.0, and empty where that says nothing."""
    if _NEEDS in array.attrs:
        return str(array.attrs[_NEEDS])
    name = str(array.attrs.get("derivative_of", array.name))
    if "time" in array.dims and name.endswith("_path"):
        return "path"
    if name.endswith("_final") or name == "steps":
        return "final"
    return "attractor" if name.endswith("_amplitude") or name in _ATTRACTOR_NAMES else ""


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
    known = {int(status): status.name for status in Status} | {OUTSIDE: "outside the condition"}
    return [known.get(int(code), f"status {int(code)}") for code in codes]


def advice(codes: Iterable[int]) -> list[str]:
    """A line for each of these statuses that is no answer: what it means, and what to change."""
    known = {int(status): status for status in Status}
    wrong = [known[code] for code in sorted(set(codes)) if code in known and known[code] not in ANSWERS]
    return [f"{status.name}: {MEANING[status]}" for status in wrong]


def counts_text(counts: Mapping[int, int]) -> str:
    """How many points have which status, in a line, and below it `advice`."""
    total = ", ".join(f"{n:,} {name}" for name, n in zip(status_names(counts), counts.values(), strict=True))
    return "\n".join([f"status: {total}", *advice(counts)])


def require_status(dataset: "xr.Dataset", for_what: Argument) -> "xr.DataArray":
    """The status; SweepError where a Dataset has lost it, for results would not be told from failures."""
    if "status" not in dataset.data_vars:
        raise SweepError(for_what, ": the Dataset has no variable 'status'; select it too")
    return dataset["status"]
