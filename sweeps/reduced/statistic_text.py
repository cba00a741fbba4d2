"""A statistic as a sweep file writes it: "mean", or "quantiles(0.05, 0.95)"."""

import re
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ..text import nearest

# Each statistic to what it takes in parentheses.
_TAKES = {
    **dict.fromkeys(("mean", "std", "min", "max", "sum", "count", "argmin", "argmax", "counts"), ""),
    "histogram": "histogram(low, high, bins)",
    "quantiles": "quantiles(0.05, 0.5, 0.95)",
}
_INSTEAD = {
    "median": "give quantiles(0.5)",
    "quantile": "is called quantiles",
    "average": "is called mean",
    "var": "is not there; std is its root",
    "variance": "is not there; std is its root",
}
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?\s*\Z")
_MOST_BINS, _MOST_PROBABILITIES = 100_000, 1000


@dataclass(frozen=True)
class Statistic:
    """What is kept of an output: a `name`, and the `numbers` in its parentheses."""

    name: str
    numbers: tuple[float, ...] = ()

    def __str__(self) -> str:
        inside = ", ".join(f"{number:.17g}" for number in self.numbers)
        return f"{self.name}({inside})" if inside else self.name


def read_statistic(where: str, given: Any) -> Statistic:
    """The statistic that a text says; SweepError, beginning with `where`, where it says none."""
    call = _CALL.match(given) if isinstance(given, str) else None
    if call is None:
        raise SweepError(f'{where}: {shown(given)} is no statistic; give one such as "mean"')
    name, inside = call.group(1), call.group(2)
    if name not in _TAKES:
        hint = f": {_INSTEAD[name]}" if name in _INSTEAD else f" is no statistic{nearest(name, list(_TAKES))}"
        raise SweepError(f"{where}: {shown(name)}{hint}")
    if (inside is not None) != bool(_TAKES[name]):
        raise SweepError(f"{where}: {shown(given)}: write {_TAKES[name] or name}")
    numbers = _numbers(where, given, inside or "")
    if name == "histogram":
        _require_bins(where, given, numbers)
    if name == "quantiles":
        if not numbers or len(numbers) > _MOST_PROBABILITIES or not all(0 <= one <= 1 for one in numbers):
            raise SweepError(f"{where}: {shown(given)}: give probabilities between 0 and 1")
        if len(set(numbers)) < len(numbers):
            raise SweepError(f"{where}: {shown(given)}: a probability stands there twice")
    return Statistic(name, numbers)


def _numbers(where: str, given: str, inside: str) -> tuple[float, ...]:
    if not inside.strip():
        return ()
    try:
        numbers = tuple(float(part) for part in inside.split(","))
    except ValueError:
        raise SweepError(f"{where}: {shown(given)}: numbers stand in its parentheses") from None
    if not all(map(isfinite, numbers)):
        raise SweepError(f"{where}: {shown(given)}: its numbers should be finite")
    return numbers


def _require_bins(where: str, given: str, numbers: tuple[float, ...]) -> None:
    if len(numbers) != 3:
        raise SweepError(f"{where}: {shown(given)}: write histogram(low, high, bins)")
    low, high, bins = numbers
    if not low < high or not isfinite(high - low):
        raise SweepError(f"{where}: {shown(given)}: its low should lie below its high")
    if bins != int(bins) or not 1 <= bins <= _MOST_BINS:
        raise SweepError(f"{where}: {shown(given)}: bins is a whole number from 1 to {_MOST_BINS:,}")
    if low + (high - low) / bins <= low or high - (high - low) / bins >= high:
        raise SweepError(f"{where}: {shown(given)}: its bins are too narrow to be told apart")
