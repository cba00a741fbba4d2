"""An order of a program's scalars in which few numbers wait for their use at the same time.

List scheduling from the end: of the scalars whose users all stand already, that one comes next, before them,
which leaves the fewest numbers alive.
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from .ir import Scalar


def ordered(scalars: Sequence[Scalar], ends: Sequence[Scalar], size: Callable[[Scalar], int]) -> list[Scalar]:
    """The same scalars, each after what it needs. `ends` are wanted at the end; `size` is of a register."""
    return _Ordering(scalars, ends, size).run()


class _Ordering:
    """Scalars by their numbers, from the last to the first. `alive`: needed by some that stand already.

    `left` counts users that do not stand yet; `ready` is of those without any by how much each lets what is
    alive grow.
    """

    def __init__(
        self, scalars: Sequence[Scalar], ends: Sequence[Scalar], size: Callable[[Scalar], int]
    ) -> None:
        self.scalars, self.size = scalars, list(map(size, scalars))
        number = {s: k for k, s in enumerate(scalars)}
        self.args = [[number[a] for a in dict.fromkeys(s.args) if a in number] for s in scalars]
        self.users: list[list[int]] = [[] for _ in scalars]
        for k, args in enumerate(self.args):
            for a in args:
                self.users[a].append(k)
        self.left = list(map(len, self.users))
        self.alive = {number[e] for e in ends if e in number}
        self.waiting: list[tuple[int, int]] = []
        self.ready: dict[int, int] = {}

    def run(self) -> list[Scalar]:
        for k, left in enumerate(self.left):
            if not left:
                self.offer(k)
        result: list[Scalar] = []
        while self.waiting:
            grows, number = heappop(self.waiting)
            if self.ready.get(-number) == grows:  # else it was offered again, for less
                del self.ready[-number]
                result.append(self.scalars[-number])
                self.put(-number)
        return result[::-1]

    def put(self, k: int) -> None:
        """It stands: what it needs is alive, and may be ready."""
        for a in self.args[k]:
            if a not in self.alive:
                self.alive.add(a)
                for user in self.users[a]:
                    if user in self.ready:
                        self.offer(user)
            self.left[a] -= 1
            if not self.left[a]:
                self.offer(a)

    def offer(self, k: int) -> None:
        """By how much more is alive before it than after it; of equals the one that was last in the order."""
        grows = -self.size[k]
        for a in self.args[k]:
            if a not in self.alive:
                grows += self.size[a]
        self.ready[k] = grows
        heappush(self.waiting, (grows, -k))
