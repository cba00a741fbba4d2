"""Whom to protect and what to offer: Algorithm 1 of the contract paper, round by round.

Source: Eldosouky, Saad, Kamhoua, Kwiat, arXiv 1702.06436, section III-C. The text of the algorithm's
box is lost; this follows the section's sentences. Reconstructed: ties are broken by the order of the
infrastructures, and an infrastructure that declined is not asked again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from .design import Infrastructure, optimal_design


@dataclass(frozen=True)
class Round:
    """One step of the algorithm.

    ``drop``: `names` is who was taken out, for want of resources. ``offer``: who was offered which
    contract. ``decline``: who turned it down. ``readmit``: who is considered again. ``sign``: who
    signed, ``nobody``: no one is left; either is the end. `needed` is the least that those
    considered after this step need together.
    """

    action: Literal["drop", "offer", "decline", "readmit", "sign", "nobody"]
    names: tuple[str, ...]
    needed: float
    resources: tuple[float, ...] = ()


@dataclass(frozen=True)
class Allocation:
    """How it ended.

    Attributes
    ----------
    resources
        Of each infrastructure that signed, by its name, in the unit of the centre's total.
    dropped, declined
        Names of those left out for want of resources, and of those who turned an offer down.
    rounds
        Every step, in order.
    """

    resources: dict[str, float]
    dropped: tuple[str, ...]
    declined: tuple[str, ...]
    rounds: tuple[Round, ...]


Designer = Callable[[Sequence[Infrastructure], float], Sequence[float] | np.ndarray | None]
Answer = Callable[[Infrastructure, float], bool]


def allocate(
    infrastructures: Sequence[Infrastructure],
    total: float,
    design: Designer | None = None,
    accepts: Answer = lambda infrastructure, resources: True,
    *,
    value_rate: float = 2.0,
    unit_cost: float = 0.5,
    probability: Mapping[float, float] | None = None,
) -> Allocation:
    """Whom to protect and what to offer each: Algorithm 1 of the contract paper, round by round.

    While the minima do not fit in `total`, or no contract is feasible, the infrastructure most
    likely to be of the lowest criticality level is dropped (of several, the first in order). The
    rest are offered contracts. If some decline, the dropped ones, the most critical first, are
    considered again as far as their minima fit, and new contracts are designed. When all accept,
    they sign. Only a refusal brings dropped ones back, as in the paper: a large infrastructure may
    push out a small one before it is dropped itself.

    Parameters
    ----------
    infrastructures
        Those that ask for protection; names must differ.
    total
        Resources of the centre.
    design
        ``design(those considered, total)`` returns resources for each, or None where no contract is
        feasible. The default is `optimal_design`.
    accepts
        ``accepts(infrastructure, resources)``: its answer to an offer.
    value_rate, unit_cost, probability
        As of `optimal_design`: a, c and the types' p.

    Returns
    -------
    Allocation
        The resources of all who signed, who got none, and every round. Resources are in the unit of `total`.

    Raises
    ------
    ValueError
        A name stands twice, or a number is not what it should be.

    Source: Eldosouky, Saad, Kamhoua, Kwiat, arXiv 1702.06436, section III-C; what of it is
    reconstructed stands in `offers`.
    """
    _check(infrastructures, total, value_rate, unit_cost, probability or {})
    numbers = {"value_rate": value_rate, "unit_cost": unit_cost, "probability": probability}
    design = design or partial(optimal_design, **numbers)  # pyright: ignore[reportArgumentType]
    considered, dropped, declined = list(infrastructures), [], []
    rounds: list[Round] = []

    def note(action, who, resources=()):
        names = tuple(i.name for i in who)
        rounds.append(Round(action, names, sum(i.least for i in considered), tuple(map(float, resources))))

    while considered:
        offers = design(considered, total) if _fits(considered, total) else None
        if offers is None:
            out = max(considered, key=lambda i: i.level_probability[0])
            considered.remove(out)
            dropped.append(out)
            note("drop", [out])
            continue
        note("offer", considered, offers)
        answers = [(i, accepts(i, float(t))) for i, t in zip(considered, offers, strict=True)]
        refused = [i for i, answer in answers if not answer]
        if not refused:
            note("sign", considered, offers)
            signed = {i.name: float(t) for i, t in zip(considered, offers, strict=True)}
            return _ended(signed, dropped, declined, rounds)
        considered = [i for i, answer in answers if answer]
        declined += refused
        note("decline", refused)
        again = _readmitted(considered, dropped, total)
        if again:
            considered = [i for i in infrastructures if i in considered or i in again]
            dropped = [i for i in dropped if i not in again]
            note("readmit", again)
    note("nobody", [])
    return _ended({}, dropped, declined, rounds)


def _fits(considered: Sequence[Infrastructure], total: float) -> bool:
    return sum(i.least for i in considered) <= total


def _readmitted(considered: list, dropped: list, total: float) -> list:
    """Of the dropped, those whose minima fit into what is free, the most critical first."""
    again: list[Infrastructure] = []
    for one in sorted(dropped, key=lambda i: i.level_probability[0]):
        if _fits([*considered, *again, one], total):
            again.append(one)
    return again


def _ended(signed: dict[str, float], dropped: list, declined: list, rounds: list) -> Allocation:
    left_out, refused = (tuple(i.name for i in group) for group in (dropped, declined))
    return Allocation(signed, left_out, refused, tuple(rounds))


def _check(
    infrastructures: Sequence[Infrastructure], total: float, value_rate: float, unit_cost: float,
    probability: Mapping[float, float],
) -> None:  # fmt: skip
    names = [i.name for i in infrastructures]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"infrastructure {sorted(twice)[0]!r} is named twice")
    for name, number in (("total", total), ("value_rate", value_rate)):
        if not (np.isfinite(number) and number > 0):
            raise ValueError(f"{name} must be a positive number, not {number!r}")
    if not 0 < unit_cost < 1:
        raise ValueError(f"unit_cost must lie between 0 and 1, not {unit_cost!r}")
    for theta, number in probability.items():
        if not 0 <= number <= 1:
            raise ValueError(f"probability of the type theta = {theta:g} must lie in 0 to 1, not {number!r}")
    for one in infrastructures:
        if not (np.isfinite(one.theta) and one.theta > 0):
            raise ValueError(f"{one.name}: theta must be a positive number, not {one.theta!r}")
        if not (np.isfinite(one.reward_rate) and one.reward_rate > 1):
            raise ValueError(f"{one.name}: reward_rate must be above 1, not {one.reward_rate!r}")
        if not (np.isfinite(one.least) and one.least >= 0):
            raise ValueError(f"{one.name}: least must be a number >= 0, not {one.least!r}")
        levels = one.level_probability
        if not levels or min(levels) < 0 or not abs(sum(levels) - 1) <= 1e-6:
            raise ValueError(f"{one.name}: level_probability must be numbers >= 0 that sum to 1")
