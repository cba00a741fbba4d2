"""How a sampled parameter is distributed: read from a sweep file, checked, and drawn by its quantiles.

A new kind of distribution is one entry in `KINDS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, pi
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.model import Parameter
from ..text import nearest

Numbers = tuple[float, ...]
_LARGEST = log(np.finfo(float).max)


@dataclass(frozen=True)
class Distribution:
    """One parameter's distribution: its kind, the numbers of that kind, and where it begins and ends.

    A normal distribution's `numbers` are its mean and standard deviation before it is truncated, a lognormal
    one's those of its logarithm; its ends are infinite (or 0) where nothing truncates it.
    """

    kind: str
    numbers: Numbers
    low: float
    high: float

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Values below which shares `u` (in [0, 1]) of the distribution lie; any shape, the same out."""
        return np.clip(KINDS[self.kind].quantiles(self, u), self.low, self.high)

    def within(self, low: float, high: float) -> Callable[[np.ndarray], np.ndarray]:
        """The same, kept between two numbers: those that a domain and a dtype leave."""

        def quantiles(u: np.ndarray) -> np.ndarray:
            return np.clip(KINDS[self.kind].quantiles(self, u), max(self.low, low), min(self.high, high))

        return quantiles

    @property
    def whole(self) -> bool:
        """Whether it is one of whole numbers."""
        return KINDS[self.kind].integer

    def steepness(self, x: np.ndarray) -> np.ndarray:
        """dx/dz at x of the variable z to which `poincare` belongs: ln x where it is logarithmic, else x."""
        return x if KINDS[self.kind].logarithmic else np.ones_like(x)

    @property
    def poincare(self) -> float:
        """A constant C with variance(f) <= C E[(df/dz)²] for every f of this variable alone.

        (b - a)²/π² on an interval with a log-concave density (Payne and Weinberger 1960), which all of
        these have; σ² under a normal density (of ln x where lognormal), truncated or not (Bakry and Émery
        1985).
        """
        kind = KINDS[self.kind]
        width = _log(self.high) - _log(self.low) if kind.logarithmic else self.high - self.low
        on_interval = (width / pi) ** 2
        return min(on_interval, kind.variance(self)) if kind.variance else on_interval

    def plain(self) -> dict[str, list[float | None]]:
        """As a sweep file states it, ends that were cut to a domain included; None stands for infinite."""
        numbers = (*self.numbers, self.low, self.high) if KINDS[self.kind].truncated else self.numbers
        return {self.kind: [number if isfinite(number) else None for number in numbers]}

    @classmethod
    def from_plain(cls, stated: Mapping[str, Sequence[float | None]]) -> "Distribution":
        """The distribution that `plain` wrote."""
        ((kind, numbers),) = stated.items()
        low = -inf if numbers[-2] is None else numbers[-2]
        high = inf if numbers[-1] is None else numbers[-1]
        own = tuple(number for number in numbers if number is not None)
        if KINDS[kind].truncated:
            return cls(kind, own[:2], low, high)
        return cls(kind, own, own[0], high)


def read_distribution(where: str, stated: Any, parameter: Parameter) -> Distribution:
    """The distribution that a sweep file states, such as ``{uniform = [0.1, 0.9]}``.

    Raises SweepError, beginning with `where`, for anything else and for what leaves the domain; a normal
    distribution is truncated to the domain, but its mean must lie in it.
    """
    if not isinstance(stated, Mapping) or len(stated) != 1:
        raise SweepError(
            f"{where}: {shown(stated)} should be one distribution, such as {{uniform = [0.1, 0.9]}}"
        )
    ((name, given),) = stated.items()
    if name not in KINDS:
        raise SweepError(f"{where}: unknown distribution {shown(name)}{nearest(str(name), list(KINDS))}")
    where, kind = f"{where}.{name}", KINDS[name]
    numbers = _numbers(where, kind, given)
    if parameter.integer != kind.integer:
        reason = "counts something; use integers" if parameter.integer else "is continuous; use uniform"
        raise SweepError(f"{where}: {parameter.name} {reason}")
    low, high = kind.ends(where, numbers, parameter)
    return Distribution(name, numbers[:2] if kind.truncated else numbers, low, high)


def _numbers(where: str, kind: "Kind", given: Any) -> Numbers:
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) not in kind.lengths:
        raise SweepError(f"{where}: {shown(given)} should be {kind.numbers}")
    for number in given:
        if (
            isinstance(number, bool)
            or not isinstance(number, int | float | np.number)
            or not isfinite(number)
        ):
            raise SweepError(f"{where}: {shown(number)} is not a finite number")
    return tuple(float(number) for number in given)


def _first_and_last(where: str, numbers: Numbers, parameter: Parameter) -> tuple[float, float]:
    """The ends of a distribution whose numbers rise from one to the other."""
    _require_rising(where, numbers)
    for end in (numbers[0], numbers[-1]):
        _require_reached(where, end, parameter)
    return numbers[0], numbers[-1]


def _positive_ends(where: str, numbers: Numbers, parameter: Parameter) -> tuple[float, float]:
    _require_rising(where, numbers)
    if numbers[0] <= 0:
        raise SweepError(f"{where}: {numbers[0]:g} is not above 0, which a logarithm needs")
    return _first_and_last(where, numbers, parameter)


def _integer_ends(where: str, numbers: Numbers, parameter: Parameter) -> tuple[float, float]:
    _require_rising(where, numbers)
    if any(number != int(number) for number in numbers):
        raise SweepError(f"{where}: {list(numbers)} are not whole numbers; {parameter.name} counts something")
    return _first_and_last(where, numbers, parameter)


def _truncated_ends(where: str, numbers: Numbers, parameter: Parameter) -> tuple[float, float]:
    """Where a normal distribution is truncated: at the limits that are given, or else at its domain."""
    mean, deviation, *limits = numbers
    if deviation <= 0:
        raise SweepError(f"{where}: a standard deviation of {deviation:g} is not above 0")
    if not limits:
        _require_reached(where, mean, parameter)
        return parameter.domain.low, parameter.domain.high
    low, high = _first_and_last(where, tuple(limits), parameter)
    if high < mean - 8 * deviation or low > mean + 8 * deviation:
        raise SweepError(f"{where}: nothing of it lies between {low:g} and {high:g}")
    return low, high


def _lognormal_ends(where: str, numbers: Numbers, parameter: Parameter) -> tuple[float, float]:
    """Where a lognormal distribution is truncated: at the limits that are given, or at 0 and its domain."""
    middle, deviation, *limits = numbers
    if deviation <= 0:
        raise SweepError(f"{where}: a standard deviation of {deviation:g} is not above 0")
    if not limits:
        if not middle < _LARGEST:
            raise SweepError(f"{where}: {middle:g} is the mean of the logarithm, and exp of it is infinite")
        _require_reached(where, exp(middle), parameter)
        return max(parameter.domain.low, 0.0), parameter.domain.high
    low, high = _positive_ends(where, tuple(limits), parameter)
    if log(high) < middle - 8 * deviation or log(low) > middle + 8 * deviation:
        raise SweepError(f"{where}: nothing of it lies between {low:g} and {high:g}")
    return low, high


def _require_rising(where: str, numbers: Numbers) -> None:
    if list(numbers) != sorted(numbers) or numbers[0] == numbers[-1]:
        shown = ", ".join(f"{number:g}" for number in numbers)
        raise SweepError(f"{where}: [{shown}] should rise; what does not vary belongs to [fixed]")


def _require_reached(where: str, value: float, parameter: Parameter) -> None:
    """Refuse a value outside the domain; an open end may be neared."""
    domain = parameter.domain
    if not domain.low <= value <= domain.high:
        raise SweepError(f"{where}: {value:g} lies outside {domain} ({parameter.meaning})")


def _uniform(d: Distribution, u: np.ndarray) -> np.ndarray:
    return d.low + u * (d.high - d.low)


def _loguniform(d: Distribution, u: np.ndarray) -> np.ndarray:
    return np.exp(log(d.low) + u * (log(d.high) - log(d.low)))


def _triangular(d: Distribution, u: np.ndarray) -> np.ndarray:
    from scipy import stats

    return stats.triang.ppf(u, (d.numbers[1] - d.low) / (d.high - d.low), d.low, d.high - d.low)


def _normal(d: Distribution, u: np.ndarray) -> np.ndarray:
    from scipy import stats

    mean, deviation = d.numbers
    cut = ((d.low - mean) / deviation, (d.high - mean) / deviation)
    return stats.truncnorm.ppf(u, *cut, loc=mean, scale=deviation)


def _lognormal(d: Distribution, u: np.ndarray) -> np.ndarray:
    from scipy import stats

    mean, deviation = d.numbers
    cut = ((_log(d.low) - mean) / deviation, (_log(d.high) - mean) / deviation)
    return np.exp(stats.truncnorm.ppf(u, *cut, loc=mean, scale=deviation))


def _log(number: float) -> float:
    """The logarithm of an end, which may be 0 or infinite."""
    return log(number) if number > 0 else -inf


def _integers(d: Distribution, u: np.ndarray) -> np.ndarray:
    return d.low + np.floor(u * (d.high - d.low + 1))


@dataclass(frozen=True)
class Kind:
    """What there is to say about one kind of distribution.

    Attributes
    ----------
    numbers, lengths
        What its numbers mean, as an error says it, and how many there may be.
    quantiles
        Of a distribution of this kind: see `Distribution.quantiles`.
    ends
        ``ends(where, numbers, parameter)``: where it begins and ends; SweepError for wrong numbers.
    integer
        It is one of whole numbers.
    logarithmic
        Its logarithm, and not itself, is what varies evenly.
    truncated
        Its ends are not among the two numbers that it is made of.
    variance
        A bound on its Poincaré constant besides that of its interval, if there is one.
    """

    numbers: str
    quantiles: Callable[[Distribution, np.ndarray], np.ndarray]
    lengths: tuple[int, ...] = (2,)
    ends: Callable[[str, Numbers, Parameter], tuple[float, float]] = _first_and_last
    integer: bool = False
    logarithmic: bool = False
    truncated: bool = False
    variance: Callable[[Distribution], float] | None = None


KINDS = {
    "uniform": Kind("[low, high]", _uniform),
    "loguniform": Kind("[low, high], both above 0", _loguniform, ends=_positive_ends, logarithmic=True),
    "triangular": Kind("[low, most likely, high]", _triangular, lengths=(3,)),
    "normal": Kind(
        "[mean, standard deviation] or [mean, standard deviation, low, high]",
        _normal,
        lengths=(2, 4),
        ends=_truncated_ends,
        truncated=True,
        variance=lambda d: d.numbers[1] ** 2,
    ),
    "lognormal": Kind(
        "[mean of the logarithm, its standard deviation] or [mean, standard deviation, low, high]",
        _lognormal,
        lengths=(2, 4),
        ends=_lognormal_ends,
        logarithmic=True,
        truncated=True,
        variance=lambda d: d.numbers[1] ** 2,
    ),
    "integers": Kind(
        "[low, high], whole numbers, both included", _integers, ends=_integer_ends, integer=True
    ),
}
