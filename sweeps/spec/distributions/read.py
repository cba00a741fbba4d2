"""Read the distribution of a sampled parameter from a sweep file, and check it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ....kernels.model import Choice, Parameter
from ...text import nearest
from . import empirical
from .distribution import CHOICE, CUTS, KINDS, Distribution
from .laws import LAWS, Numbers

# What a sweep file may state: of points that somebody else drew nothing is known but their ends.
_STATED = [*(kind for kind in KINDS if kind not in ("given", CHOICE)), empirical.NAME]


def read_distribution(where: str, stated: Any, parameter: Parameter, folder: Path = Path()) -> Distribution:
    """The distribution that a sweep file in `folder` states, such as ``{uniform = [0.1, 0.9]}``.

    Raises SweepError, beginning with `where`, for anything else and for what leaves the domain; a law without
    an end is truncated to the domain, but its median must lie in it.
    """
    if isinstance(stated, Mapping) and empirical.NAME in stated:
        stated = empirical.as_discrete(where, stated, folder)
    named = [key for key in stated if key not in (*CUTS, "weights")] if isinstance(stated, Mapping) else []
    if len(named) != 1:
        raise SweepError(
            f"{where}: {shown(stated)} should be one distribution, such as {{uniform = [0.1, 0.9]}}"
        )
    name, own = named[0], where
    if name not in _STATED:
        raise SweepError(f"{where}: unknown distribution {shown(name)}{nearest(str(name), _STATED)}")
    where, kind = f"{where}.{name}", KINDS[name]
    for key in stated:
        if key != name and key not in kind.beside:
            raise SweepError(f"{own}.{key}: {name} has none; it has {kind.numbers}")
    if name == "discrete":
        return _discrete(own, stated, parameter)
    numbers = _numbers(where, kind.numbers, stated[name], kind.lengths)
    if parameter.integer != kind.integer:
        reason = "counts something; use integers" if parameter.integer else "is continuous; use uniform"
        raise SweepError(f"{where}: {parameter.name} {reason}")
    if name in LAWS:
        return _cut_law(own, name, numbers, stated, parameter)
    low, high = _ENDS.get(name, _first_and_last)(where, numbers, parameter)
    return Distribution(name, numbers, low, high)


def read_choice(where: str, stated: Any, choice: Choice) -> Distribution:
    """How a static choice is drawn: ``{choice = ["noncooperation", "sharing"], weights = [2, 1]}``.

    Raises SweepError, beginning with `where`, for anything else, and for what is no option of it.
    """
    if not isinstance(stated, Mapping) or CHOICE not in stated or set(stated) - {CHOICE, "weights"}:
        example = ", ".join(f'"{option}"' for option in choice.options[:2])
        raise SweepError(
            f"{where}: {shown(stated)} should be options of a static choice, such as {{choice = [{example}]}}"
        )
    options, own = stated[CHOICE], f"{where}.{CHOICE}"
    if not isinstance(options, Sequence) or isinstance(options, str) or len(options) < 2:
        raise SweepError(f"{own}: {shown(options)} should be a list of two or more options")
    for option in options:
        if option not in choice.options:
            raise SweepError(f"{own}: {shown(option)} is no option{nearest(str(option), choice.options)}")
        if list(options).count(option) > 1:
            raise SweepError(f"{own}: {shown(option)} stands there twice")
    return Distribution.of_options(options, _weights(where, stated, len(options)))


def _weights(own: str, stated: Mapping[str, Any], count: int) -> Numbers:
    """The weights of so many values, all alike if none are stated."""
    weights = _numbers(f"{own}.weights", "a weight of each value", stated.get("weights", [1.0] * count))
    if len(weights) != count:
        raise SweepError(f"{own}.weights: {len(weights)} weights of {count} values; give one of each")
    if min(weights) <= 0:
        raise SweepError(f"{own}.weights: {min(weights):g} is not above 0; leave out what never comes")
    return weights


def _numbers(where: str, meaning: str, given: Any, lengths: Sequence[int] = ()) -> Numbers:
    """A list of finite numbers, as many as one of `lengths`, if there are any."""
    if isinstance(given, np.ndarray):
        given = given.tolist()
    fits = isinstance(given, Sequence) and not isinstance(given, str)
    if not fits or (lengths and len(given) not in lengths):
        raise SweepError(f"{where}: {shown(given)} should be {meaning}")
    for number in given:
        if (
            isinstance(number, bool)
            or not isinstance(number, int | float | np.number)
            or not isfinite(number)
        ):
            raise SweepError(f"{where}: {shown(number)} is not a finite number")
    return tuple(float(number) for number in given)


def _cut_law(
    own: str, name: str, numbers: Numbers, stated: Mapping[str, Any], parameter: Parameter
) -> Distribution:
    """A law between the ends that are stated; else between those of its domain, if it has none there."""
    where, law, domain = f"{own}.{name}", LAWS[name], parameter.domain
    given: dict[str, float] = {}
    if name in ("normal", "lognormal") and len(numbers) == 4:
        given, numbers = dict(zip(CUTS, numbers[2:], strict=True)), numbers[:2]
        check = _positive_ends if name == "lognormal" else _first_and_last
        check(where, (given["low"], given["high"]), parameter)
    wrong = law.wrong(numbers)
    if wrong:
        raise SweepError(f"{where}: {wrong}")
    for key in CUTS:
        if key in stated:
            if key in given:
                raise SweepError(f"{own}.{key}: also stands in {name}; keep one of the two")
            (given[key],) = _numbers(f"{own}.{key}", "a number", [stated[key]], (1,))
            _require_reached(f"{own}.{key}", given[key], parameter)
    first, last = law.support(numbers)
    low, high = given.get("low", first), given.get("high", last)
    for end, free in ((low, first), (high, last)):
        if end == free and isfinite(free) and name in ("beta", "pert"):
            _require_reached(where, end, parameter)
    low, high = max(low, first, domain.low), min(high, last, domain.high)
    if not given:
        _require_reached(where, float(law.quantile(numbers, 0.5)), parameter)
    if not low < high or not law.holds(numbers, low, high):
        raise SweepError(f"{where}: nothing of it lies between {low:g} and {high:g}")
    return Distribution(name, numbers, low, high)


def _discrete(own: str, stated: Mapping[str, Any], parameter: Parameter) -> Distribution:
    """Values and their weights, all alike if none are stated."""
    where = f"{own}.discrete"
    values = _numbers(where, KINDS["discrete"].numbers, stated["discrete"])
    if len(values) < 2 or len(set(values)) < len(values):
        raise SweepError(
            f"{where}: {shown(stated['discrete'])} should be two or more values, each there once"
        )
    weights = _weights(own, stated, len(values))
    for value in values:
        if not parameter.domain.contains(value):
            raise SweepError(f"{where}: {value:g} lies outside {parameter.domain} ({parameter.meaning})")
        if parameter.integer and value != int(value):
            raise SweepError(f"{where}: {value:g} is not a whole number; {parameter.name} counts something")
    pairs = sorted(zip(values, weights, strict=True))
    values, weights = tuple(v for v, _ in pairs), tuple(w for _, w in pairs)
    return Distribution("discrete", values, values[0], values[-1], weights, parameter.integer)


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


def _require_rising(where: str, numbers: Numbers) -> None:
    if list(numbers) != sorted(numbers) or numbers[0] == numbers[-1]:
        shown = ", ".join(f"{number:g}" for number in numbers)
        raise SweepError(f"{where}: [{shown}] should rise; what does not vary belongs to [fixed]")


def _require_reached(where: str, value: float, parameter: Parameter) -> None:
    """Refuse a value outside the domain; an open end may be neared."""
    domain = parameter.domain
    if not domain.low <= value <= domain.high:
        raise SweepError(f"{where}: {value:g} lies outside {domain} ({parameter.meaning})")


# Where a distribution begins and ends that is none of the laws; else at its first and last number.
_ENDS = {"loguniform": _positive_ends, "integers": _integer_ends}
