"""The kinds of designs: how many points a sample has, where they lie, and what a sweep file may say of them.

Points and order are those SALib analyses; more samples only add points at the end. A new kind of design is
one entry in `SAMPLERS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ..checks import count
from .given import KIND, GivenPoints
from .latin import LatinPoints
from .morris import MorrisPoints
from .points import Points
from .sobol import BITS, SobolPoints


def _second_order(where: str, stated: Mapping[str, Any], samples: int) -> int:
    second = stated.get("second_order", False)
    if not isinstance(second, bool):
        raise SweepError(f"{where}.second_order: {shown(second)} should be true or false")
    if samples & (samples - 1):
        near = 2 ** (samples.bit_length() - 1)
        raise SweepError(
            f"{where}.samples: {samples:,} is no power of two, and Sobol' points are even only in such "
            f"numbers; give {near:,} or {2 * near:,}"
        )
    return int(second)


def _batch(where: str, stated: Mapping[str, Any], samples: int) -> int:
    batch = count(f"{where}.batch", stated.get("batch", samples), 2)
    if samples % batch:
        raise SweepError(f"{where}.samples: {samples:,} is no multiple of the batch of {batch:,}")
    return batch


_MOST_LEVELS = 2**32


def _levels(where: str, stated: Mapping[str, Any], _samples: int) -> int:
    levels = count(f"{where}.levels", stated.get("levels", 4), 2)
    if levels % 2:
        raise SweepError(f"{where}.levels: {shown(levels)} is odd; give an even number, such as 4")
    if levels > _MOST_LEVELS:  # drawn of 32 random bits
        raise SweepError(
            f"{where}.levels: {shown(levels)} are more than {_MOST_LEVELS:,}; give some, such as 4"
        )
    return levels


@dataclass(frozen=True)
class Sampler:
    """One kind of design.

    Attributes
    ----------
    option
        The key that this kind alone has; its value is an integer.
    counted
        What `samples` counts.
    points
        ``points(dims, seed, option, owners)``: where its points lie in the unit cube; dimensions with the
        same owner, numbers from 0 on, move together.
    read_option
        ``read_option(where, stated, samples)``: the option that a sweep file states, or its default;
        SweepError where it is wrong or does not suit so many samples.
    most
        The most samples of such a design.
    reaches_ends
        Whether points lie on the ends of the unit cube.
    """

    option: str
    counted: str
    points: Callable[[int, int, int, Sequence[int]], Points]
    read_option: Callable[[str, Mapping[str, Any], int], int]
    most: int = 2**32 - 1  # their numbers are hashed as 32 bits
    reaches_ends: bool = False


SAMPLERS = {
    "sobol": Sampler(
        "second_order",
        "base samples",
        lambda dims, seed, second, owners: SobolPoints(dims, seed, bool(second), owners),
        _second_order,
        most=2**BITS,
    ),
    "lhs": Sampler("batch", "points", lambda _dims, seed, batch, _owners: LatinPoints(seed, batch), _batch),
    KIND: Sampler("rows", "points", lambda *_: GivenPoints(), lambda _where, _stated, samples: samples),
    "morris": Sampler("levels", "trajectories", MorrisPoints, _levels, reaches_ends=True),
}
