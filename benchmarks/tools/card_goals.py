"""The goals of one GPU, of what `on_a_gpu` has timed: each is reached, missed or not measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.report import goal

# Names of rows, which goals are asked of.
LORENZ, HOME, FIXED = "Lorenz, adaptive", "Lorenz, adaptive, host to host", "Lorenz, 1,000 steps"
TAYLOR, SWINGS = "replicator, taylor", "replicator, taylor, with swings"
UNEVEN, SORTED = "uneven horizons, tsit5", "the same sorted"
LORENZ_PEER, REPLICATOR_PEER = "Lorenz, adaptive, diffrax", "replicator, diffrax Tsit5"
PRESET, COMMAND = "supervision_regimes.toml, computing", "supervision_regimes.toml, whole command"
LOSSES, LOSSES_CPU = "losses on the GPU", "losses on the processor"
PINNED, COPIED = "a copy into pinned memory", "a copy as a run makes it"
FIRST = "first kernel of a new model"


@dataclass(frozen=True)
class Card:
    """What a card could do at most.

    Attributes
    ----------
    multiprocessors : how many it has.
    products : so many products of doubles each begins in a cycle.
    hertz : cycles a second; None where nobody says.
    """

    multiprocessors: int
    products: int
    hertz: float | None

    @property
    def rate(self) -> float | None:
        """Operations on doubles that it begins in a second."""
        return None if self.hertz is None else self.multiprocessors * self.products * self.hertz


def goals_of(steady: Mapping[str, float], first: Mapping[str, float], card: Card, operations: int) -> list:
    """Every goal, of seconds by the names of rows: an orbit's, or a run's.

    `first` are seconds of first calls; `operations` on doubles are in a step of `FIXED`, which has 1,000.
    """

    def at(name: str) -> float | None:
        return steady.get(name)

    def over(name: str, other: str) -> float | None:
        one, two = at(name), at(other)
        return None if one is None or two is None else one / two

    def nanoseconds(name: str) -> float | None:
        return None if at(name) is None else 1e9 * steady[name]

    fixed, most = at(FIXED), card.rate
    busy = None if fixed is None or most is None else 1000 * operations / fixed / most
    return [
        goal(f"{LORENZ}, ns", nanoseconds(LORENZ), most=1.3),
        goal(f"{LORENZ}, times diffrax under vmap", over(LORENZ_PEER, LORENZ), least=100),
        goal(f"{HOME}, ns", nanoseconds(HOME), most=4),
        goal(f"{FIXED}, ns", nanoseconds(FIXED), most=10.5),
        goal(f"{FIXED}, share of the card's rate of doubles", busy, least=0.7),
        goal(f"{TAYLOR}, ns", nanoseconds(TAYLOR), most=12),
        goal(f"{TAYLOR}, times diffrax under vmap", over(REPLICATOR_PEER, TAYLOR), least=30),
        goal(f"{SWINGS}, ns", nanoseconds(SWINGS), most=21),
        goal("uneven horizons over the same sorted", over(UNEVEN, SORTED), most=1.1),
        goal(f"{PRESET}, s", at(PRESET), most=0.6),
        goal(f"{COMMAND}, s", at(COMMAND), most=6),
        goal("losses, GPU over processor", over(LOSSES, LOSSES_CPU), most=1),
        goal("the bus, share of its rate from pinned memory", over(PINNED, COPIED), least=0.7),
        goal(f"{FIRST}, s", first.get(FIRST), most=2),
    ]


def verdicts(goals: list[dict[str, Any]]) -> list[list[str]]:
    """A line for each: what was wanted, what was measured, whether it is reached."""
    words = {True: "reached", False: "**missed**", None: "not measured"}
    return [
        [
            g["name"],
            f"{g['least']:g} or more" if g["least"] is not None else f"{g['most']:g} or less",
            "" if g["value"] is None else f"{g['value']:.3g}",
            words[g["holds"]],
        ]
        for g in goals
    ]


def operations_of(make: Callable[[], Any]) -> int:
    """Operations on doubles in a step of the longest loop over lanes that `make()`, called, makes."""
    from equisweep.engine.codegen import lane_loop
    from equisweep.engine.codegen.ir import order_of
    from equisweep.engine.kept.entries import nothing_kept

    backends, loops = lane_loop.lane_backends, []

    class Seen:
        """A back end that notes what it is given: loop after loop, as a GPU's."""

        routes = False

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def lanes(self, loop: Any) -> Any:
            loops.append(loop)
            return self.inner.lanes(loop)

    lane_loop.lane_backends = lambda: [Seen(one) for one in backends()]
    try:
        with nothing_kept():  # what an earlier process has traced would not be traced again
            make()()
    finally:
        lane_loop.lane_backends = backends
    counts = [
        sum(s.op in _ON_DOUBLES and s.args[0].dtype == "f64" for s in order_of([loop.cond, *loop.body]))
        for loop in loops
        if not loop.once
    ]
    return max(counts, default=0)


# What a card's units for doubles do; signs and choices are bits.
_ON_DOUBLES = frozenset(
    {"add", "sub", "mul", "mul_rounded", "fma", "max", "min", "lt", "le", "gt", "ge", "eq", "ne"}
)
