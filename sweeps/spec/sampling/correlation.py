"""How sampled parameters depend on each other: correlations of theirs, and of normal variables behind them.

Parameters are functions of normal variables. Their correlation is a power series in that of these, whose
coefficients are products of those of the functions in Hermite's polynomials: Mehler's formula, as in Liu and
Der Kiureghian, Probabilistic Engineering Mechanics 1 (1986) 105-112.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ...text import nearest
from ..distributions.distribution import Distribution

KINDS = ("rank", "linear")
_TERMS, _NODES = 80, 2**14
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
    series = _coefficients(one, pair.kind) * _coefficients(other, pair.kind)
    powers = np.arange(1, _TERMS + 1)

    def correlation(behind: float) -> float:
        return float(np.sum(series * behind**powers))

    low, high = -1 + 1e-6, 1 - 1e-6
    least, most = correlation(low), correlation(high)
    if not least <= pair.number <= most:
        raise SweepError(
            f"{where}.{pair.kind}: the correlation of {pair.one} and {pair.other} lies between {least:.4f} "
            f"and {most:.4f} by their distributions; {pair.number:g} does not"
        )
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if correlation(middle) < pair.number else (low, middle)
    return (low + high) / 2


def _coefficients(one: Distribution, kind: str) -> np.ndarray:
    """A parameter, or its rank, in the orthonormal polynomials of its normal variable, of length 1 in all."""
    from scipy import special

    u = (np.arange(_NODES) + 0.5) / _NODES
    values, z = one.quantiles(u), special.ndtri(u)
    if kind == "rank":
        values = one.shares(values)
    values = values - values.mean()
    values /= sqrt(np.mean(values**2))
    before, here, result = np.ones_like(z), z, []
    for k in range(1, _TERMS + 1):
        result.append(np.mean(values * here))
        before, here = here, (z * here - sqrt(k) * before) / sqrt(k + 1)
    return np.array(result)
