"""An order of a program's scalars in which few numbers wait for their use at the same time.

List scheduling from the end: of the scalars whose users all stand already, that one comes next, before them,
which leaves the fewest numbers alive.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from .ir import Scalar


def ordered(scalars: Sequence[Scalar], ends: Sequence[Scalar], size: Callable[[Scalar], int]) -> list[Scalar]:
    """The same scalars, each after what it needs. `ends` are wanted at the end; `size` is of a register."""
    return _Ordering(scalars, ends, size).run()


class _Ordering:
    """Scalars from the last to the first. `alive`: needed by some that stand already."""

    def __init__(
        self, scalars: Sequence[Scalar], ends: Sequence[Scalar], size: Callable[[Scalar], int]
    ) -> None:
        self.size, self.scalars = size, scalars
        self.place = {s: k for k, s in enumerate(scalars)}
        self.args = {s: [a for a in dict.fromkeys(s.args) if a in self.place] for s in scalars}
        self.users: dict[Scalar, list[Scalar]] = {s: [] for s in scalars}
        for s, args in self.args.items():
            for a in args:
                self.users[a].append(s)
        self.left = Counter({s: len(users) for s, users in self.users.items()})
        self.alive = {e for e in ends if e in self.place}
        self.waiting: list[tuple[int, int, int]] = []
        self.ready: dict[Scalar, int] = {}

    def run(self) -> list[Scalar]:
        for s in self.scalars:
            if not self.left[s]:
                self.offer(s)
        result: list[Scalar] = []
        while self.waiting:
            grows, _, number = heappop(self.waiting)
            s = self.scalars[number]
            if self.ready.get(s) == grows:  # else it was offered again, for less
                del self.ready[s]
                result.append(s)
                self.put(s)
        return result[::-1]

    def put(self, s: Scalar) -> None:
        """It stands: what it needs is alive, and may be ready."""
        for a in self.args[s]:
            if a not in self.alive:
                self.alive.add(a)
                for user in self.users[a]:
                    if user in self.ready:
                        self.offer(user)
            self.left[a] -= 1
            if not self.left[a]:
                self.offer(a)

    def offer(self, s: Scalar) -> None:
        """By how much more is alive before it than after it; of equals the one that was last in the order."""
        grows = sum(self.size(a) for a in self.args[s] if a not in self.alive) - self.size(s)
        self.ready[s] = grows
        heappush(self.waiting, (grows, -self.place[s], self.place[s]))
