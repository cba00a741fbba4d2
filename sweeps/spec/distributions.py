"""How a sampled parameter is distributed: read from a sweep file, checked, and drawn by its quantiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log, pi
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...kernels.model import Parameter
from ..text import nearest

# Kind to what its numbers mean, as error messages say it.
KINDS = {
    "uniform": "[low, high]",
    "loguniform": "[low, high], both above 0",
    "triangular": "[low, most likely, high]",
    "normal": "[mean, standard deviation] or [mean, standard deviation, low, high]",
    "integers": "[low, high], whole numbers, both included",
}


@dataclass(frozen=True)
class Distribution:
    """One parameter's distribution: its kind, the numbers of that kind, and where it begins and ends.

    A normal distribution's `numbers` are its mean and standard deviation before it is truncated, and
    its ends infinite where nothing truncates it.
    """

    kind: str
    numbers: tuple[float, ...]
    low: float
    high: float

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Values below which shares `u` (in [0, 1]) of the distribution lie; any shape, the same out."""
        from scipy import stats

        low, high = self.low, self.high
        if self.kind == "uniform":
            values = low + u * (high - low)
        elif self.kind == "loguniform":
            values = np.exp(log(low) + u * (log(high) - log(low)))
        elif self.kind == "triangular":
            values = stats.triang.ppf(u, (self.numbers[1] - low) / (high - low), low, high - low)
        elif self.kind == "integers":
            values = low + np.floor(u * (high - low + 1))
        else:
            mean, deviation = self.numbers
            cut = ((low - mean) / deviation, (high - mean) / deviation)
            values = stats.truncnorm.ppf(u, *cut, loc=mean, scale=deviation)
        return np.clip(values, low, high)

    def steepness(self, x: np.ndarray) -> np.ndarray:
        """dx/dz at x of the variable z to which `poincare` belongs: ln x where loguniform, else x itself."""
        return x if self.kind == "loguniform" else np.ones_like(x)

    @property
    def poincare(self) -> float:
        """A constant C with variance(f) <= C E[(df/dz)²] for every f of this variable alone.

        (b - a)²/π² on an interval with a log-concave density (Payne and Weinberger 1960), which all of
        these have; σ² under a normal density, truncated or not (Bakry and Émery 1985).
        """
        if self.kind == "loguniform":
            return (log(self.high / self.low) / pi) ** 2
        width = ((self.high - self.low) / pi) ** 2
        return min(width, self.numbers[1] ** 2) if self.kind == "normal" else width

    def plain(self) -> dict[str, list[float | None]]:
        """As a sweep file states it, ends that were cut to a domain included; None stands for infinite."""
        numbers = self.numbers if self.kind != "normal" else (*self.numbers, self.low, self.high)
        return {self.kind: [number if isfinite(number) else None for number in numbers]}

    @classmethod
    def from_plain(cls, stated: Mapping[str, Sequence[float | None]]) -> "Distribution":
        """The distribution that `plain` told."""
        ((kind, numbers),) = stated.items()
        low = -inf if numbers[-2] is None else numbers[-2]
        high = inf if numbers[-1] is None else numbers[-1]
        own = tuple(number for number in numbers if number is not None)
        if kind == "normal":
            return cls(kind, own[:2], low, high)
        return cls(kind, own, own[0], high)


def read_distribution(where: str, stated: Any, parameter: Parameter) -> Distribution:
    """The distribution that a sweep file states, such as ``{uniform = [0.1, 0.9]}``.

    Raises SweepError, beginning with `where`, for anything else and for what leaves the domain; a normal
    distribution is truncated to the domain, but its mean must lie in it.
    """
    if not isinstance(stated, Mapping) or len(stated) != 1:
        raise SweepError(f"{where}: {stated!r} should be one distribution, such as {{uniform = [0.1, 0.9]}}")
    ((kind, given),) = stated.items()
    if kind not in KINDS:
        raise SweepError(f"{where}: unknown distribution {kind!r}{nearest(str(kind), list(KINDS))}")
    where = f"{where}.{kind}"
    numbers = _numbers(where, kind, given)
    if parameter.integer != (kind == "integers"):
        why = "counts something; use integers" if parameter.integer else "is continuous; use uniform"
        raise SweepError(f"{where}: {parameter.name} {why}")
    if kind == "normal":
        return _normal(where, numbers, parameter)
    _require_rising(where, numbers)
    if kind == "loguniform" and numbers[0] <= 0:
        raise SweepError(f"{where}: {numbers[0]:g} is not above 0, which a logarithm needs")
    if kind == "integers" and any(number != int(number) for number in numbers):
        raise SweepError(f"{where}: {list(numbers)} are not whole numbers; {parameter.name} counts something")
    for end in (numbers[0], numbers[-1]):
        _require_reached(where, end, parameter)
    return Distribution(kind, numbers, numbers[0], numbers[-1])


def _normal(where: str, numbers: tuple[float, ...], parameter: Parameter) -> Distribution:
    mean, deviation, *limits = numbers
    if deviation <= 0:
        raise SweepError(f"{where}: a standard deviation of {deviation:g} is not above 0")
    if not limits:
        _require_reached(where, mean, parameter)
        return Distribution("normal", (mean, deviation), parameter.domain.low, parameter.domain.high)
    _require_rising(where, tuple(limits))
    for end in limits:
        _require_reached(where, end, parameter)
    if limits[1] < mean - 8 * deviation or limits[0] > mean + 8 * deviation:
        raise SweepError(f"{where}: nothing of it lies between {limits[0]:g} and {limits[1]:g}")
    return Distribution("normal", (mean, deviation), *limits)


def _numbers(where: str, kind: str, given: Any) -> tuple[float, ...]:
    if isinstance(given, np.ndarray):
        given = given.tolist()
    wanted = {"triangular": (3,), "normal": (2, 4)}.get(kind, (2,))
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) not in wanted:
        raise SweepError(f"{where}: {given!r} should be {KINDS[kind]}")
    for number in given:
        if (
            isinstance(number, bool)
            or not isinstance(number, int | float | np.number)
            or not isfinite(number)
        ):
            raise SweepError(f"{where}: {number!r} is not a finite number")
    return tuple(float(number) for number in given)


def _require_rising(where: str, numbers: tuple[float, ...]) -> None:
    told = ", ".join(f"{number:g}" for number in numbers)
    if list(numbers) != sorted(numbers) or numbers[0] == numbers[-1]:
        raise SweepError(f"{where}: [{told}] should rise; what does not vary belongs to [fixed]")


def _require_reached(where: str, value: float, parameter: Parameter) -> None:
    """Refuse a value outside the domain; an open end may be neared."""
    domain = parameter.domain
    if not domain.low <= value <= domain.high:
        raise SweepError(f"{where}: {value:g} lies outside {domain} ({parameter.meaning})")
