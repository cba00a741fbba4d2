"""Partial results joined as a binary tree over their numbers, of which few are held."""

from collections.abc import Sequence

from .measure import Measure, State

# Partial results of all measures, one each.
States = list[State]


class Tree:
    """Adds partial results in order, as one is added to a binary number: two of one size become one.

    Attributes
    ----------
    count
        How many were added.
    held
        For each binary digit of `count` that is 1 the partial results of so many, the most significant first.
    """

    def __init__(self, measures: Sequence[Measure], count: int = 0, held: Sequence[States] = ()) -> None:
        self.measures, self.count, self.held = measures, count, list(held)

    def add(self, states: States) -> None:
        """Add the next one."""
        carry = self.count
        while carry & 1:
            states = self._joined(self.held.pop(), states)
            carry >>= 1
        self.held.append(states)
        self.count += 1

    def result(self) -> States:
        """The result of all."""
        states = self.held[-1]
        for earlier in reversed(self.held[:-1]):
            states = self._joined(earlier, states)
        return states

    def _joined(self, one: States, two: States) -> States:
        return [measure.join(a, b) for measure, a, b in zip(self.measures, one, two, strict=True)]
