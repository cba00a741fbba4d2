"""How a sampled parameter is distributed, and drawn by its quantiles.

A new kind of distribution is one entry in `KINDS`, or in `laws.LAWS` where it has a distribution function.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, log, pi
from typing import Any

import numpy as np

from .laws import LAWS, Law, Numbers

CUTS, CHOICE = ("low", "high"), "choice"
_INSIDE = 2.0**-53  # how far shares stay from 0 and 1
_STEP = 1e-4  # of a share, by which a density is taken about the median


@dataclass(frozen=True)
class Distribution:
    """One parameter's distribution: its kind, the numbers of that kind, and where it begins and ends.

    A normal distribution's `numbers` are its mean and standard deviation before it is truncated, a lognormal
    one's those of its logarithm; its ends are infinite (or 0) where nothing truncates it. Of a discrete one
    they are its values, which rise and have `weights`; `counts` says whether the parameter is an integer. Of
    a choice they are the numbers of its `options`.
    """

    kind: str
    numbers: Numbers
    low: float
    high: float
    weights: Numbers = ()
    counts: bool = False
    options: tuple[str, ...] = ()

    def quantiles(self, u: np.ndarray) -> np.ndarray:
        """Values below which shares `u` (in [0, 1]) of the distribution lie; any shape, the same out."""
        return self.within(-inf, inf)(u)

    def of_normal(self, z: np.ndarray) -> np.ndarray:
        """Values that normal numbers become: quantiles of their shares, exact far out where it has no end."""
        from scipy import special

        law = LAWS.get(self.kind)
        if law is None or (isfinite(self.low) and isfinite(self.high)):
            return self.quantiles(np.clip(special.ndtr(z), _INSIDE, 1 - _INSIDE))
        values, upper = self.quantiles(special.ndtr(np.minimum(z, 0))), z > 0
        values[upper] = law.quantiles_above(self.numbers, self.low, self.high, special.ndtr(-z[upper]))
        return np.clip(values, self.low, self.high)

    def within(self, low: float, high: float, on_levels: bool = False) -> Callable[[np.ndarray], np.ndarray]:
        """The same, kept between two numbers: those that a domain and a dtype leave.

        `on_levels`: shares are levels from end to end, and integers are those nearest to them.
        """
        kind = KINDS[self.kind]
        function = _nearest if on_levels and kind.integer else kind.quantiles

        return Quantiles(self, function, max(self.low, low), min(self.high, high))

    def shares(self, x: np.ndarray) -> np.ndarray:
        """The share of the distribution below each value, inside (0, 1); half of its own, if it has one."""
        return np.clip(KINDS[self.kind].shares(self, np.asarray(x, float)), _INSIDE, 1 - _INSIDE)

    @property
    def whole(self) -> bool:
        """Whether it is one of integers."""
        return KINDS[self.kind].integer or self.counts

    @property
    def continuous(self) -> bool:
        """Whether there are derivatives in it."""
        return not KINDS[self.kind].integer and not self.weights

    def atoms(self, most: int) -> tuple[np.ndarray, np.ndarray] | None:
        """The values that it has, and the probability of each; None of a continuous one, and of more whole
        numbers than `most`.
        """
        if self.weights:
            values, weights = np.array(self.numbers, float), np.array(self.weights, float)
        elif KINDS[self.kind].integer and self.high - self.low < most:
            values = np.arange(self.low, self.high + 1)
            weights = np.ones(len(values))
        else:
            return None
        return values, weights / weights.sum()

    def steepness(self, x: np.ndarray) -> np.ndarray:
        """dx/dz at x of the variable z to which `poincare` belongs: ln x where it is logarithmic, else x."""
        return x if KINDS[self.kind].logarithmic else np.ones_like(x)

    @property
    def poincare(self) -> float:
        """A constant C with variance(f) <= C E[(df/dz)²] for every f of this variable alone; infinite where
        none is known.

        Where the density is log-concave, (b - a)²/π² on an interval (Payne and Weinberger 1960) and 1/p² of
        its density p at the median (Bobkov 1999); σ² under a normal density (of ln x where lognormal),
        truncated or not (Bakry and Émery 1985).
        """
        kind, law = KINDS[self.kind], LAWS.get(self.kind)
        if law is not None and not law.log_concave(self.numbers):
            return inf
        width = _log(self.high) - _log(self.low) if kind.logarithmic else self.high - self.low
        bounds = [(width / pi) ** 2]
        if kind.variance:
            bounds.append(kind.variance(self))
        elif law is not None:
            below, above = self.quantiles(np.array([0.5 - _STEP, 0.5 + _STEP]))
            bounds.append(((above - below) / (2 * _STEP)) ** 2)
        return float(min(bounds))

    def plain(self) -> dict[str, Any]:
        """As a sweep file states it, ends that were cut to a domain included; None stands for infinite."""
        numbers = (*self.numbers, self.low, self.high) if KINDS[self.kind].truncated else self.numbers
        stated: dict[str, Any] = {self.kind: [number if isfinite(number) else None for number in numbers]}
        if self.options:
            return {self.kind: list(self.options), "weights": list(self.weights)}
        return stated | ({"weights": list(self.weights), "counts": self.counts} if self.weights else {})

    @classmethod
    def of_options(cls, options: Sequence[str], weights: Sequence[float]) -> "Distribution":
        """The distribution of a choice."""
        numbers = tuple(float(number) for number in range(len(options)))
        return cls(CHOICE, numbers, 0.0, numbers[-1], tuple(weights), True, tuple(options))

    @classmethod
    def from_plain(cls, stated: Mapping[str, Any]) -> "Distribution":
        """The distribution that `plain` wrote."""
        kind, numbers = next(iter(stated.items()))
        if kind == CHOICE:
            return cls.of_options(numbers, stated["weights"])
        low = -inf if numbers[-2:][0] is None else numbers[-2:][0]
        high = inf if numbers[-1] is None else numbers[-1]
        if KINDS[kind].truncated:
            return cls(kind, tuple(numbers[:-2]), low, high)
        weights = tuple(stated.get("weights", ()))
        return cls(kind, tuple(numbers), numbers[0], high, weights, bool(stated.get("counts")))


@dataclass(frozen=True)
class Quantiles:
    """Values below which shares of a distribution lie, `function` of it and kept between two ends."""

    distribution: Distribution
    function: Callable[[Distribution, np.ndarray], np.ndarray]
    low: float
    high: float

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """Of shares of any shape, the same out."""
        return np.clip(self.function(self.distribution, u), self.low, self.high)

    @property
    def line(self) -> tuple[float, float, float, float] | None:
        """Where shares become values along a line: low, width and the two ends; None where they do not."""
        one = self.distribution
        return (one.low, one.high - one.low, self.low, self.high) if self.function is _uniform else None


def _uniform(d: Distribution, u: np.ndarray) -> np.ndarray:
    return d.low + u * (d.high - d.low)


def _loguniform(d: Distribution, u: np.ndarray) -> np.ndarray:
    return np.exp(log(d.low) + u * (log(d.high) - log(d.low)))


def _triangular(d: Distribution, u: np.ndarray) -> np.ndarray:
    width, peak = d.high - d.low, (d.numbers[1] - d.low) / (d.high - d.low)
    rising = d.low + width * np.sqrt(u * peak)
    return np.where(u < peak, rising, d.high - width * np.sqrt((1 - u) * (1 - peak)))


def _integers(d: Distribution, u: np.ndarray) -> np.ndarray:
    return d.low + np.floor(u * (d.high - d.low + 1))


def _nearest(d: Distribution, u: np.ndarray) -> np.ndarray:
    """The integers nearest to levels from end to end: they lie alike about both ends."""
    return d.low + np.rint(u * (d.high - d.low))


def _chosen(d: Distribution, u: np.ndarray) -> np.ndarray:
    shares = np.cumsum(d.weights) / sum(d.weights)
    return np.array(d.numbers)[np.minimum(np.searchsorted(shares, u, side="right"), len(shares) - 1)]


def _by_law(d: Distribution, u: np.ndarray) -> np.ndarray:
    return LAWS[d.kind].quantiles(d.numbers, d.low, d.high, u)


def _shares_uniform(d: Distribution, x: np.ndarray) -> np.ndarray:
    return (x - d.low) / (d.high - d.low)


def _shares_loguniform(d: Distribution, x: np.ndarray) -> np.ndarray:
    return (np.log(x) - log(d.low)) / (log(d.high) - log(d.low))


def _shares_triangular(d: Distribution, x: np.ndarray) -> np.ndarray:
    width, peak = d.high - d.low, (d.numbers[1] - d.low) / (d.high - d.low)
    z = (x - d.low) / width
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(z < peak, z**2 / peak, 1 - (1 - z) ** 2 / (1 - peak))


def _shares_integers(d: Distribution, x: np.ndarray) -> np.ndarray:
    return (x - d.low + 0.5) / (d.high - d.low + 1)


def _shares_chosen(d: Distribution, x: np.ndarray) -> np.ndarray:
    weights = np.array(d.weights) / sum(d.weights)
    middles = np.cumsum(weights) - weights / 2
    return middles[np.minimum(np.searchsorted(np.array(d.numbers), x), len(middles) - 1)]


def _shares_by_law(d: Distribution, x: np.ndarray) -> np.ndarray:
    return LAWS[d.kind].shares(d.numbers, d.low, d.high, x)


def _log(number: float) -> float:
    """The logarithm of an end, which may be 0 or infinite."""
    return log(number) if number > 0 else -inf


@dataclass(frozen=True)
class Kind:
    """What there is to say about one kind of distribution.

    Attributes
    ----------
    numbers, lengths
        What its numbers mean, as an error says it, and how many there may be; none: any number.
    quantiles, shares
        Of a distribution of this kind: see `Distribution.quantiles`, and `Distribution.shares`.
    integer
        It is one of integers.
    logarithmic
        Its logarithm, and not itself, is what varies evenly.
    truncated
        Its ends are not among the numbers that it is made of.
    variance
        A bound on its Poincaré constant besides that of its interval, if there is one.
    beside
        Keys that may stand beside it.
    """

    numbers: str
    quantiles: Callable[[Distribution, np.ndarray], np.ndarray]
    shares: Callable[[Distribution, np.ndarray], np.ndarray]
    lengths: tuple[int, ...] = (2,)
    integer: bool = False
    logarithmic: bool = False
    truncated: bool = False
    variance: Callable[[Distribution], float] | None = None
    beside: tuple[str, ...] = ()


def _of_law(name: str, law: Law) -> Kind:
    normal = name in ("normal", "lognormal")
    return Kind(
        law.numbers,
        _by_law,
        _shares_by_law,
        (*law.lengths, 4) if normal else law.lengths,
        logarithmic=name == "lognormal",
        truncated=True,
        variance=(lambda d: d.numbers[1] ** 2) if normal else None,
        beside=CUTS,
    )


KINDS = {
    "uniform": Kind("[low, high]", _uniform, _shares_uniform),
    "loguniform": Kind("[low, high], both above 0", _loguniform, _shares_loguniform, logarithmic=True),
    "triangular": Kind("[low, most likely, high]", _triangular, _shares_triangular, lengths=(3,)),
    **{name: _of_law(name, law) for name, law in LAWS.items()},
    "discrete": Kind(
        "a list of values, with weights = [...] beside it", _chosen, _shares_chosen, (), beside=("weights",)
    ),
    # Of a static choice, whose options are numbered.
    CHOICE: Kind("a list of options, with weights = [...] beside it", _chosen, _shares_chosen, ()),
    # Of points that somebody else drew only the ends are known; no sweep file states it.
    "given": Kind("[low, high]", _uniform, _shares_uniform),
    "integers": Kind("[low, high], whole numbers, both included", _integers, _shares_integers, integer=True),
}
