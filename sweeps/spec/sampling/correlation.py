"""How sampled parameters depend on each other: correlations of theirs, and of normal variables behind them.

Parameters are functions of normal variables. Their correlation is a power series in that of these, whose
coefficients are products of those of the functions in Hermite's polynomials: Mehler's formula, as in Liu and
Der Kiureghian, Probabilistic Engineering Mechanics 1 (1986) 105-112.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite, sqrt
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ...text import nearest
from ..distributions.distribution import Distribution

KINDS = ("rank", "linear")
_TERMS, _NODES, _FARTHEST = 200, 2**14, 37.0  # beyond, shares of a normal variable are below the least float
_BEND = 6.0  # how much closer nodes lie in the middle, where steps of discrete parameters are
_LOST = 1e-4  # the share of a variance that terms may leave out
_LEAST = 1e-10  # of an eigenvalue


@dataclass(frozen=True)
class Pair:
    """Two parameters, and how they are correlated."""

    one: str
    other: str
    kind: str
    number: float


def read_pairs(where: str, stated: Any, names: Sequence[str]) -> tuple[Pair, ...]:
    """What ``[design.correlation]`` states: ``rank`` or ``linear``, lists of ``["alpha", "beta", 0.5]``.

    Raises SweepError, beginning with `where`, for anything else, and for a pair that stands there twice.
    """
    if not isinstance(stated, Mapping) or not stated:
        raise SweepError(
            f'{where}: {shown(stated)} should be a table, such as rank = [["alpha", "beta", 0.5]]'
        )
    result: list[Pair] = []
    for kind, listed in stated.items():
        if kind not in KINDS:
            raise SweepError(f"{where}.{kind}: is no kind of correlation{nearest(str(kind), list(KINDS))}")
        if not isinstance(listed, Sequence) or isinstance(listed, str):
            raise SweepError(
                f'{where}.{kind}: {shown(listed)} should be a list, such as [["alpha", "beta", 0.5]]'
            )
        if not listed:
            raise SweepError(
                f'{where}.{kind}: is empty; it should list pairs, such as [["alpha", "beta", 0.5]]'
            )
        for given in listed:
            if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 3:
                raise SweepError(f"{where}.{kind}: {shown(given)} should be two names and a number")
            one, other, number = given
            for name in (one, other):
                if name not in names:
                    raise SweepError(
                        f"{where}.{kind}: {shown(name)} is not sampled{nearest(str(name), list(names))}"
                    )
            if one == other or any({one, other} == {pair.one, pair.other} for pair in result):
                raise SweepError(f"{where}.{kind}: {one} and {other} should be two, and stand there once")
            if (
                isinstance(number, bool)
                or not isinstance(number, int | float)
                or not isfinite(number)
                or not -1 < number < 1
            ):
                raise SweepError(
                    f"{where}.{kind}: {shown(number)} of {one} and {other} should lie between -1 and 1"
                )
            result.append(Pair(one, other, str(kind), float(number)))
    return tuple(result)


def normal_factor(where: str, pairs: Sequence[Pair], drawn: Mapping[str, Distribution]) -> np.ndarray:
    """The Cholesky factor of the correlations of the normal variables behind the parameters.

    Raises SweepError, beginning with `where`, where distributions cannot be so correlated, two alone or all.
    """
    names = list(drawn)
    matrix = np.eye(len(names))
    for pair in pairs:
        i, j = names.index(pair.one), names.index(pair.other)
        matrix[i, j] = matrix[j, i] = _behind(where, pair, drawn[pair.one], drawn[pair.other])
    if np.linalg.eigvalsh(matrix).min() < _LEAST:
        raise SweepError(f"{where}: no parameters have these correlations together; make some of them weaker")
    return np.linalg.cholesky(matrix)


def _behind(where: str, pair: Pair, one: Distribution, other: Distribution) -> float:
    """The correlation of two normal variables that gives their parameters theirs."""
    if pair.kind == "rank" and one.continuous and other.continuous:
        return 2 * np.sin(np.pi * pair.number / 6)
    here, there = (_standardized(where, pair, law) for law in (one, other))
    series = _coefficients(here) * _coefficients(there)
    powers = np.arange(1, _TERMS + 1)

    def correlation(behind: float) -> float:
        return float(np.sum(series * behind**powers))

    # Both rise with one normal variable, or one falls as the other rises: no two depend on each other more.
    least, most = max(float(here @ there[::-1]), -1.0), min(float(here @ there), 1.0)
    if not least <= pair.number <= most:
        raise SweepError(
            f"{where}.{pair.kind}: the correlation of {pair.one} and {pair.other} lies between {least:.4f} "
            f"and {most:.4f} by their distributions; {pair.number:g} does not"
        )
    low, high = -1 + 1e-6, 1 - 1e-6
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if correlation(middle) < pair.number else (low, middle)
    return (low + high) / 2


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Normal numbers from end to end, close together in the middle, and roots of their weights, of sum 1."""
    t = (np.arange(_NODES) + 0.5) / _NODES * 2 - 1
    z = _FARTHEST * np.sinh(_BEND * t) / np.sinh(_BEND)
    weights = np.exp(-(z**2) / 2) * np.cosh(_BEND * t)
    return z, np.sqrt(weights / weights.sum())


def _standardized(where: str, pair: Pair, law: Distribution) -> np.ndarray:
    """A parameter, or its rank, at the nodes, of mean 0 and variance 1, times the roots of their weights.

    Raises SweepError, beginning with `where`, where most of its variance comes from where floats end.
    """
    z, roots = _nodes()
    with np.errstate(over="ignore"):
        values = law.of_normal(z)
    if pair.kind == "rank":
        values = law.shares(values)
    if not np.isfinite(values).all():
        raise _too_heavy(where, pair)
    weighted = values * roots
    weighted /= np.abs(weighted).max()
    weighted -= np.sum(weighted * roots) * roots
    weighted /= sqrt(np.sum(weighted**2))
    unbounded = not (isfinite(law.low) and isfinite(law.high))
    if pair.kind == "linear" and unbounded and 1 - np.sum(_coefficients(weighted) ** 2) > _LOST:
        raise _too_heavy(where, pair)
    return weighted


def _too_heavy(where: str, pair: Pair) -> SweepError:
    return SweepError(
        f"{where}.{pair.kind}: the tails of {pair.one} or {pair.other} are too heavy for a linear "
        "correlation to say anything of them; state a rank correlation"
    )


def _coefficients(standardized: np.ndarray) -> np.ndarray:
    """What `_standardized` says in the orthonormal polynomials of its normal variable, of length 1 in all."""
    z, roots = _nodes()
    before, here, result = roots, z * roots, []
    for k in range(1, _TERMS + 1):
        result.append(standardized @ here)
        before, here = here, (z * here - sqrt(k) * before) / sqrt(k + 1)
    return np.array(result)
