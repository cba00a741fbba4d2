"""The results of a program among its scalars: each is handed over as soon as it can be."""

from collections.abc import Sequence
from dataclasses import dataclass

from .ir import Scalar


@dataclass(frozen=True, eq=False)
class End:
    """The number `scalar` is wanted as end number `end`; `instead` of an input, which is lost then."""

    scalar: Scalar
    end: int
    instead: Scalar | None = None


def with_ends(order: Sequence[Scalar], ends: Sequence[End]) -> list[Scalar | End]:
    """Each end after its number, and after all that need the input whose place it takes.

    Where two take each other's place that is not possible: one of them loses its place before it is used.
    """
    positions = _Positions(order, ends)
    after: dict[int, list[tuple[int, int, End]]] = {}
    for number, end in enumerate(ends):
        k, depth = positions.of(end)
        after.setdefault(k, []).append((depth, number, end))
    nodes: list[Scalar | End] = []
    for k in range(-1, len(order) + 1):
        if 0 <= k < len(order):
            nodes.append(order[k])
        nodes += [end for *_, end in sorted(after.get(k, []), key=lambda one: one[:2])]
    return nodes


class _Positions:
    """After which scalar an end may stand, -1 for before all, and after how many ends that stand there."""

    def __init__(self, order: Sequence[Scalar], ends: Sequence[End]) -> None:
        self.behind = len(order)
        self.made = {s: k for k, s in enumerate(order)}
        self.needed = {a: k for k, s in enumerate(order) for a in (*s.args, s)}
        self.readers: dict[Scalar, list[End]] = {}
        for end in ends:
            self.readers.setdefault(end.scalar, []).append(end)
        self.known: dict[End, tuple[int, int]] = {}

    def of(self, end: End, above: tuple[End, ...] = ()) -> tuple[int, int]:
        if end in above:
            return self.behind, 0
        if end not in self.known:
            position = (self.made.get(end.scalar, -1), 0)
            if end.instead is not None:
                position = max(position, (self.needed.get(end.instead, -1), 0))
                for other in self.readers.get(end.instead, ()):
                    if other is not end:
                        k, depth = self.of(other, (*above, end))
                        position = max(position, (k, depth + 1))
            self.known[end] = position
        return self.known[end]
