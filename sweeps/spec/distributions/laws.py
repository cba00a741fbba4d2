"""Laws of continuous numbers by their distribution functions, and what is left of one between two ends.

Distribution functions and quantiles are SciPy's special functions. A new law is one entry in `LAWS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np

Numbers = tuple[float, ...]
_LARGEST = log(np.finfo(float).max)
_LEAST_MASS = 1e-15  # what a law must have between its ends: less is rounding of its distribution function


@dataclass(frozen=True)
class Law:
    """A continuous law; its functions take its numbers first and arrays of any shape then.

    Attributes
    ----------
    numbers, lengths
        What its numbers mean, as an error says it, and how many there may be.
    wrong
        ``wrong(numbers)``: what is wrong with them, as the end of a sentence; empty where nothing is.
    support
        Where it begins and ends.
    below, above
        The share of it below x, and the one above.
    quantile, from_above
        x below which, and above which, a share of it lies.
    log_concave
        Whether its density is: a bound of the total Sobol' index by derivatives rests on it.
    """

    numbers: str
    lengths: tuple[int, ...]
    wrong: Callable[[Numbers], str]
    support: Callable[[Numbers], tuple[float, float]]
    below: Callable[..., Any]
    above: Callable[..., Any]
    quantile: Callable[..., Any]
    from_above: Callable[..., Any]
    log_concave: Callable[[Numbers], bool] = lambda _: True

    def mass(self, numbers: Numbers, low: float, high: float) -> float:
        """The share of it between two ends, from the side on which it is exact."""
        if float(self.above(numbers, low)) < 0.5:
            return float(self.above(numbers, low) - self.above(numbers, high))
        return float(self.below(numbers, high) - self.below(numbers, low))

    def quantiles(self, numbers: Numbers, low: float, high: float, u: np.ndarray) -> np.ndarray:
        """Values below which shares `u` of what lies between `low` and `high` lie."""
        first, last = self.support(numbers)
        if low <= first and high >= last:
            return self.quantile(numbers, u)
        if (
            float(self.above(numbers, low)) < 0.5
        ):  # all in the upper half, where shares from below are rounded
            least = self.above(numbers, high)
            return self.from_above(numbers, least + (1 - u) * (self.above(numbers, low) - least))
        least = self.below(numbers, low)
        return self.quantile(numbers, least + u * (self.below(numbers, high) - least))

    def quantiles_above(self, numbers: Numbers, low: float, high: float, q: np.ndarray) -> np.ndarray:
        """Values above which shares `q` of what lies between `low` and `high` lie: exact far out above."""
        least = self.above(numbers, high)
        return self.from_above(numbers, least + q * (self.above(numbers, low) - least))

    def shares(self, numbers: Numbers, low: float, high: float, x: np.ndarray) -> np.ndarray:
        """The share of what lies between `low` and `high` that lies below each x."""
        if float(self.above(numbers, low)) < 0.5:
            least, most = self.above(numbers, high), self.above(numbers, low)
            return (most - self.above(numbers, x)) / (most - least)
        least, most = self.below(numbers, low), self.below(numbers, high)
        return (self.below(numbers, x) - least) / (most - least)

    def holds(self, numbers: Numbers, low: float, high: float) -> bool:
        """Whether anything of it lies between two ends."""
        return self.mass(numbers, low, high) > _LEAST_MASS


def _special() -> Any:
    from scipy import special  # which takes a while to load

    return special


def _positive(*names: str) -> Callable[[Numbers], str]:
    """Numbers that must all be above 0."""

    def wrong(numbers: Numbers) -> str:
        return next(
            (f"a {n} of {x:g} is not above 0" for n, x in zip(names, numbers, strict=False) if x <= 0), ""
        )

    return wrong


def _normal_wrong(numbers: Numbers) -> str:
    return "" if numbers[1] > 0 else f"a standard deviation of {numbers[1]:g} is not above 0"


def _lognormal_wrong(numbers: Numbers) -> str:
    if not numbers[0] < _LARGEST:
        return f"{numbers[0]:g} is the mean of the logarithm, and exp of it is infinite"
    return _normal_wrong(numbers)


def _log(x: Any) -> Any:
    """Logarithms of numbers that may be 0 or infinite."""
    with np.errstate(divide="ignore"):
        return np.log(np.maximum(x, 0.0))


def _support(numbers: Numbers) -> tuple[float, float]:
    """Where a beta law begins and ends."""
    return (numbers[2], numbers[3]) if len(numbers) == 4 else (0.0, 1.0)


def _beta_wrong(numbers: Numbers) -> str:
    low, high = _support(numbers)
    return _positive("first shape", "second shape")(numbers) or (
        "" if low < high else f"{low:g} and {high:g} should rise from one to the other"
    )


def _inside(numbers: Numbers, x: Any) -> Any:
    low, high = _support(numbers)
    return np.clip((x - low) / (high - low), 0, 1)


def _outside(numbers: Numbers, share: Any) -> Any:
    low, high = _support(numbers)
    return low + share * (high - low)


def _as_beta(numbers: Numbers) -> Numbers:
    """A PERT law as the beta law that it is: the most likely value weighs four times as much as an end."""
    low, likely, high = numbers
    return (1 + 4 * (likely - low) / (high - low), 1 + 4 * (high - likely) / (high - low), low, high)


def _pert_wrong(numbers: Numbers) -> str:
    low, likely, high = numbers
    return "" if low <= likely <= high and low < high else f"{list(numbers)} should rise from one to the next"


_BETA = Law(
    "[first shape, second shape] or [first shape, second shape, low, high], the last two where it ends",
    (2, 4),
    _beta_wrong,
    _support,
    lambda n, x: _special().betainc(n[0], n[1], _inside(n, x)),
    lambda n, x: _special().betainc(n[1], n[0], 1 - _inside(n, x)),
    lambda n, u: _outside(n, _special().betaincinv(n[0], n[1], u)),
    lambda n, q: _outside(n, 1 - _special().betaincinv(n[1], n[0], q)),
    lambda n: n[0] >= 1 and n[1] >= 1,
)

LAWS = {
    "normal": Law(
        "[mean, standard deviation] or [mean, standard deviation, low, high]",
        (2,),
        _normal_wrong,
        lambda _: (-inf, inf),
        lambda n, x: _special().ndtr((x - n[0]) / n[1]),
        lambda n, x: _special().ndtr((n[0] - x) / n[1]),
        lambda n, u: n[0] + n[1] * _special().ndtri(u),
        lambda n, q: n[0] - n[1] * _special().ndtri(q),
    ),
    "lognormal": Law(
        "[mean of the logarithm, its standard deviation] or [mean, standard deviation, low, high]",
        (2,),
        _lognormal_wrong,
        lambda _: (0.0, inf),
        lambda n, x: _special().ndtr((_log(x) - n[0]) / n[1]),
        lambda n, x: _special().ndtr((n[0] - _log(x)) / n[1]),
        lambda n, u: np.exp(n[0] + n[1] * _special().ndtri(u)),
        lambda n, q: np.exp(n[0] - n[1] * _special().ndtri(q)),
    ),
    "gamma": Law(
        "[shape, scale]",
        (2,),
        _positive("shape", "scale"),
        lambda _: (0.0, inf),
        lambda n, x: _special().gammainc(n[0], np.maximum(x, 0) / n[1]),
        lambda n, x: _special().gammaincc(n[0], np.maximum(x, 0) / n[1]),
        lambda n, u: n[1] * _special().gammaincinv(n[0], u),
        lambda n, q: n[1] * _special().gammainccinv(n[0], q),
        lambda n: n[0] >= 1,
    ),
    "exponential": Law(
        "[mean]",
        (1,),
        _positive("mean"),
        lambda _: (0.0, inf),
        lambda n, x: -np.expm1(-np.maximum(x, 0) / n[0]),
        lambda n, x: np.exp(-np.maximum(x, 0) / n[0]),
        lambda n, u: -n[0] * np.log1p(-u),
        lambda n, q: -n[0] * np.log(q),
    ),
    "weibull": Law(
        "[shape, scale]",
        (2,),
        _positive("shape", "scale"),
        lambda _: (0.0, inf),
        lambda n, x: -np.expm1(-((np.maximum(x, 0) / n[1]) ** n[0])),
        lambda n, x: np.exp(-((np.maximum(x, 0) / n[1]) ** n[0])),
        lambda n, u: n[1] * (-np.log1p(-u)) ** (1 / n[0]),
        lambda n, q: n[1] * (-np.log(q)) ** (1 / n[0]),
        lambda n: n[0] >= 1,
    ),
    "beta": _BETA,
    "pert": Law(
        "[low, most likely, high]",
        (3,),
        _pert_wrong,
        lambda n: (n[0], n[2]),
        lambda n, x: _BETA.below(_as_beta(n), x),
        lambda n, x: _BETA.above(_as_beta(n), x),
        lambda n, u: _BETA.quantile(_as_beta(n), u),
        lambda n, q: _BETA.from_above(_as_beta(n), q),
    ),
}
