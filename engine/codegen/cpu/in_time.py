"""An order of a program's scalars in which a processor waits little for results, and for room in registers.

A processor begins what is ready of the next few hundred instructions. Where all of these belong to a sum of
which each term waits for the one before, that is next to nothing. So by a simple clock that comes next which
can begin now and has the longest way before it; as soon as registers are full, what takes no more of them,
though the clock has to wait for it. The order changes no bits.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from heapq import heappop, heappush

from ..ir import Scalar

# Cycles until a result is there (Fog, "Instruction tables", of AMD's and Intel's since 2015), and until the
# next operation can begin, where each is on two registers and two units are there.
_CYCLES = {
    "fma": 4, "mul": 4, "mul_rounded": 4, "add": 3, "sub": 3, "div": 15, "sqrt": 20, "roundeven": 4, "max": 7,
    "min": 7, "neg": 1, "abs": 1, "and": 1, "or": 1, "not": 1, "bitcast": 0, "constant": 0, "input": 0,
}  # fmt: skip
_OTHERS = 2
_MULTIPLIES = frozenset({"fma", "mul", "mul_rounded", "div", "sqrt"})
# Users of what is wanted at the end: they do not come to an end.
_NEVER = 2
# A mask that is made of more numbers has a place of its own.
_FEW = 32


def in_time(
    scalars: Sequence[Scalar], ends: Sequence[Scalar], size: Callable[[Scalar], int], capacity: int
) -> list[Scalar]:
    """The same scalars, each after what it needs; those alive are to be of no more than `capacity` by `size`.

    `ends` are wanted at the end, so they stay alive. Masks have few registers of their own, so each comes
    right before who needs it first.
    """
    late = _late(scalars)
    timed = [s for s in scalars if s not in late]
    plain = late.keys().isdisjoint  # most scalars need no mask: those are asked nothing else
    needs = {
        s: dict.fromkeys(s.args if plain(s.args) else (n for a in s.args for n in late.get(a, (a,))))
        for s in timed
    }
    order: dict[Scalar, None] = {}
    for s in _Clock(timed, needs, set(ends), size, capacity).run():
        if not plain(s.args):
            for mask in _before(s, late, order):
                order[mask] = None
        order[s] = None
    return list(order)


def _late(scalars: Sequence[Scalar]) -> dict[Scalar, tuple[Scalar, ...]]:
    """The masks that others need, and the other scalars that each is made of."""
    here, needed = set(scalars), {a for s in scalars for a in s.args}
    late: dict[Scalar, tuple[Scalar, ...]] = {}
    for s in scalars:
        if s.dtype == "i1" and s in needed and s.args and s.op not in ("loop", "result"):
            made_of = dict.fromkeys(n for a in s.args if a in here for n in late.get(a, (a,)))
            if len(made_of) <= _FEW:
                late[s] = tuple(made_of)
    return late


def _before(s: Scalar, late: Container[Scalar], standing: Container[Scalar]) -> Iterable[Scalar]:
    """The masks that have to be computed before it, each after what it needs."""
    result, waiting = dict[Scalar, None](), [a for a in s.args if a in late]
    while waiting:
        mask = waiting[-1]
        missing = [a for a in mask.args if a in late and a not in standing and a not in result]
        if missing and mask not in standing:
            waiting += missing
            continue
        waiting.pop()
        if mask not in standing:
            result[mask] = None
    return result


class _Clock:
    """Scalars by their numbers. `way`: cycles from the begin of each to the end of all that waits for it.

    What is `ready` can be computed now, what stands in `later` from a time on. `grows`: how much more is
    alive after each than before it, if it comes next.
    """

    def __init__(
        self,
        scalars: Sequence[Scalar],
        needs: Mapping[Scalar, Iterable[Scalar]],
        ends: Container[Scalar],
        size: Callable[[Scalar], int],
        capacity: int,
    ) -> None:
        self.scalars, self.capacity, self.size = scalars, capacity, list(map(size, scalars))
        number = {s: k for k, s in enumerate(scalars)}
        self.args = [[number[a] for a in needs[s] if a in number] for s in scalars]
        self.users: list[list[int]] = [[] for _ in scalars]
        for k, args in enumerate(self.args):
            for a in args:
                self.users[a].append(k)
        self.cycles = [_CYCLES.get(s.op, _OTHERS) for s in scalars]
        self.way = list(self.cycles)
        behind = [0] * len(scalars)
        for k in reversed(range(len(scalars))):
            self.way[k] += behind[k]
            for a in self.args[k]:
                behind[a] = max(behind[a], self.way[k])
        self.missing = list(map(len, self.args))
        self.wanted = [
            len(users) + _NEVER * (s in ends) for users, s in zip(self.users, scalars, strict=True)
        ]
        self.begins, self.grows = [0.0] * len(scalars), list(self.size)
        self.standing, self.ready = [False] * len(scalars), [False] * len(scalars)
        self.by_way: list[tuple[int, int]] = []
        self.by_growth: list[tuple[int, int, int]] = []
        self.later = [(0.0, k) for k, missing in enumerate(self.missing) if not missing]

    def run(self) -> list[Scalar]:
        clock, alive, order = 0.0, 0, list[Scalar]()
        while len(order) < len(self.scalars):
            while self.later and self.later[0][0] <= clock:
                self.offer(heappop(self.later)[1])
            k = self.smallest() if alive >= self.capacity else self.longest()
            if k is None:
                clock = self.later[0][0]
                continue
            order.append(self.scalars[k])
            alive += self.grows[k] - (0 if self.wanted[k] else self.size[k])
            self.put(k, clock)
            if self.cycles[k]:
                clock += 1.0 if self.scalars[k].op in _MULTIPLIES else 0.5
        return order

    def longest(self) -> int | None:
        """Of what is ready, the one with the longest way before it."""
        while self.by_way:
            _, k = heappop(self.by_way)
            if self.ready[k]:
                return k
        return None

    def smallest(self) -> int | None:
        """Of what is ready, the one of fewest registers; none where others may come that need none."""
        while self.by_growth:
            grows, _, k = self.by_growth[0]
            current = self.ready[k] and grows == self.growth(k)
            if current and grows > 0 and self.later:
                return None
            heappop(self.by_growth)
            if current:
                return k
        return None

    def growth(self, k: int) -> int:
        """By how much more is alive after it; what lets go of some is not sought, as it comes anyway."""
        return max(self.grows[k], 0)

    def offer(self, k: int) -> None:
        self.ready[k] = True
        heappush(self.by_way, (-self.way[k], k))
        heappush(self.by_growth, (self.growth(k), -self.way[k], k))

    def put(self, k: int, clock: float) -> None:
        """It stands: who waited for it alone is ready later, and some become the last to need something."""
        self.standing[k], self.ready[k] = True, False
        wanted = self.wanted
        for a in self.args[k]:
            wanted[a] -= 1
        for a in (*self.args[k], k):
            if wanted[a] == 1:
                last = next(u for u in self.users[a] if not self.standing[u])
                self.grows[last] -= self.size[a]
                if self.ready[last]:
                    heappush(self.by_growth, (self.growth(last), -self.way[last], last))
        begins, missing, there = self.begins, self.missing, clock + self.cycles[k]
        for u in self.users[k]:
            if begins[u] < there:
                begins[u] = there
            missing[u] -= 1
            if not missing[u]:
                heappush(self.later, (begins[u], u))
