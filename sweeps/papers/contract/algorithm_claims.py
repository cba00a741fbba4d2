"""What the contract paper says of Algorithm 1 (section III-C), checked on groups drawn at random.

Each infrastructure gets what it needs and accepts: whom to protect is what the algorithm decides.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from ..claims import Claim, check
from .design import Infrastructure
from .offers import Allocation, allocate

_GROUPS, _SIZE, _SEED = 500, 6, 0
# The paper's three types and their minima; two levels of criticality.
_TYPES = ((1.0, 2.0, 20.0), (2.0, 4.0, 60.0), (3.0, 6.0, 100.0))
_PHI = np.array([1.0, 1.2])
# Every choice of members, a row each.
_CHOICES = np.array(list(product((False, True), repeat=_SIZE)))

_ORDER = "the algorithm goes by criticality alone: one who needs much is kept before several who need little"


def claims() -> Iterator[Claim]:
    """The sentences about who is discarded."""
    groups = list(_drawn())
    ended = [
        allocate(group, total, lambda who, _: np.array([i.least for i in who])) for group, total in groups
    ]
    text = "Algorithm 1: nobody dropped is surer to be critical than one who signs"
    order = [_in_order(group, end) for (group, _), end in zip(groups, ended, strict=True)]
    yield check("III-C", text, order, "difference of probabilities", imposed="the order of dropping is")
    text = "Algorithm 1: no other group that fits has a higher criticality in expectation"
    short = [_kept(*drawn, end) for drawn, end in zip(groups, ended, strict=True)]
    yield check("III-C", text, short, "surplus of criticality", 1e-12, expected=False, reason=_ORDER)
    text = "Algorithm 1: what a refusal frees protects those excluded whom it fits"
    lacking = [_lacking(*drawn, end) for drawn, end in zip(groups, ended, strict=True)]
    yield check("III-C", text, lacking, "resources lacking")


def _drawn() -> Iterator[tuple[list[Infrastructure], float]]:
    """Groups and what the centre has, which is more than one of them needs and less than all do."""
    rng = np.random.default_rng(_SEED)
    for _ in range(_GROUPS):
        group = []
        for k, kind in enumerate(rng.integers(len(_TYPES), size=_SIZE)):
            low = float(rng.uniform())
            theta, rate, least = _TYPES[kind]
            group.append(Infrastructure(f"{k + 1}", theta, rate, least, (low, 1 - low)))
        least = [i.least for i in group]
        yield group, float(rng.uniform(max(least), sum(least)))


def _in_order(group: Sequence[Infrastructure], end: Allocation) -> float:
    dropped = [i.level_probability[0] for i in group if i.name not in end.resources]
    signed = [i.level_probability[0] for i in group if i.name in end.resources]
    return min(dropped) - max(signed)


def _kept(group: Sequence[Infrastructure], total: float, end: Allocation) -> float:
    """Criticality of those who sign over that of the best group that fits, less 1."""
    worth = np.array([np.dot(i.level_probability, _PHI) for i in group])
    fits = _CHOICES @ np.array([i.least for i in group]) <= total
    best = (_CHOICES @ worth)[fits].max()
    return float(sum(w for w, i in zip(worth, group, strict=True) if i.name in end.resources) / best - 1)


def _lacking(group: Sequence[Infrastructure], total: float, end: Allocation) -> float:
    """What the one excluded that needs least lacks after one who would sign has refused; of none, 1."""
    refusing = next(iter(end.resources))
    again = allocate(group, total, _minima, lambda one, _: one.name != refusing)
    free = total - sum(i.least for i in group if i.name in again.resources)
    return min((i.least for i in group if i.name in again.dropped), default=free + 1) - free


def _minima(who: Sequence[Infrastructure], _: float) -> np.ndarray:
    return np.array([i.least for i in who])
