"""How `work_precision` and `uneven_lanes` integrate the replicator problem: ours, then every peer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .harness import OURS, Case

# Each: a name, what `Method` is told besides the tolerance, whether swings are followed. Add new ones here,
# the fastest first: a quick run takes only that one. Peers return final states alone.
METHODS = (
    ("taylor", {"solver": "taylor"}, False),
    ("dopri8", {"solver": "dopri8"}, False),
    ("tsit5", {"solver": "tsit5"}, False),
    ("dopri8, period and attractor too", {"solver": "dopri8"}, True),
    ("dopri8 through XLA", {"solver": "dopri8", "native": False}, False),
)
# Left out of quick runs: they take longer to import and compile than all others together.
SLOW_TO_START = ("torch", "numbalsoda")
LOGITS, SHARES = "logits", "shares"
# Lanes settle this near to a rest point, in logits: an error of at most a quarter of it in x, y.
_SETTLE_PER_TOLERANCE = 10.0


@dataclass(frozen=True)
class Work:
    """One of the problems of `replicator`, at which tolerances, by which ways.

    `in_logits`, `in_shares`: tolerances of steps in these coordinates, the finest last. `looped`: how many
    lanes a loop in Python does; `in_tensors`: how many PyTorch does, whose calls cost more than lanes do. In
    shares the orbits of uneven lanes are lost near the boundary: only peers that their documentation shows
    so run them there.
    """

    kind: str
    size: int
    looped: int
    in_tensors: int
    quick: bool
    in_logits: Sequence[float]
    in_shares: Sequence[float]

    def cases(self) -> list[Case]:
        """All of them."""
        peers = [c for of in (_diffrax, _numba, _heyoka, _numbalsoda, _scipy, _torch) for c in of(self)]
        if self.quick:
            peers = [c for c in peers if not c.who.startswith(SLOW_TO_START)]
        return [*self.ours(self.kind), *peers]

    def ours(self, kind: str) -> Iterator[Case]:
        """Our integrator with every method that may pay, through what a user calls."""
        for name, method, swings in METHODS[:1] if self.quick else METHODS:
            usual = name in ("taylor", "dopri8")
            for tol in self.tolerances(LOGITS, usual) if method.get("native", True) else self.middle(LOGITS):
                settle = min(1e-3, _SETTLE_PER_TOLERANCE * tol)
                chosen = {**method, "rtol": tol, "atol": tol, "settle": settle, "max_steps": 1_000_000}
                how = {"kind": kind, "size": self.size, "method": chosen, "swings": swings}
                yield Case(OURS, f"{name}, tol {tol:.0e}", "replicator:ours", how, self.size)

    def tolerances(self, coordinates: str, high_order: bool = True) -> Sequence[float]:
        """For a method in these coordinates; the finest of many is for high orders."""
        series = self.in_logits if coordinates == LOGITS else self.in_shares
        return series if high_order or len(series) < 3 else series[:-1]

    def middle(self, coordinates: str) -> Sequence[float]:
        """For ways that another way of the same peer beats at every error."""
        return self.tolerances(coordinates, False)[-3:-1]

    def coordinates(self, better: str) -> Sequence[str]:
        """In which a peer that can use both runs; a quick run takes those that are `better` for it."""
        return (LOGITS,) if self.kind == "uneven" else (better,) if self.quick else (SHARES, LOGITS)

    def case(self, who: str, how: str, maker: str, tol: float, needs: tuple[str, ...], **more: Any) -> Case:
        lanes = more.get("lanes", self.size)
        note = "" if lanes == self.size else f"the first {lanes:,} lanes"
        given = {"kind": self.kind, "size": self.size, "tol": tol, **more}
        return Case(who, f"{how}, tol {tol:.0e}", maker, given, lanes, needs, note)


def _diffrax(work: Work) -> Iterator[Case]:
    def way(solver: str, coordinates: str, tolerances: Sequence[float], block: int | None) -> Iterator[Case]:
        how = f"{solver}, {coordinates}" + (f", blocks of {block} in threads" if block else "")
        more = {"solver": solver, "coordinates": coordinates, "block": block}
        for tol in tolerances:
            yield work.case("diffrax", how, "peers.replicator:diffrax_vmap", tol, ("diffrax",), **more)

    for coordinates in work.coordinates(LOGITS):
        yield from way("Dopri8", coordinates, work.tolerances(coordinates, coordinates == LOGITS), 1024)
        if work.kind == "even" or not work.quick:
            yield from way("Tsit5", coordinates, work.tolerances(coordinates, False), 1024)
        if not work.quick:
            yield from way("Tsit5", coordinates, work.middle(coordinates), None)


def _numba(work: Work) -> Iterator[Case]:
    maker = "peers.replicator_compiled:numba_tsit5"
    for coordinates in work.coordinates(SHARES):
        for tol in work.tolerances(coordinates, False):
            how = f"Tsit5 by hand, prange, {coordinates}"
            yield work.case("numba", how, maker, tol, ("numba",), coordinates=coordinates)


def _heyoka(work: Work) -> Iterator[Case]:
    maker = "peers.replicator_compiled:heyoka_batch"
    for coordinates in work.coordinates(LOGITS):
        for tol in work.tolerances(coordinates):
            for batch in (8,) if work.quick else (8, 16):
                more = {"batch": batch, "coordinates": coordinates}
                yield work.case("heyoka", f"batch {batch}, {coordinates}", maker, tol, ("heyoka",), **more)
    if work.kind == "even" and not work.quick:
        for tol in work.middle(SHARES):
            more = {"batch": 8, "ensemble": True}
            yield work.case("heyoka", "batch 8, shares, ensemble", maker, tol, ("heyoka",), **more)


def _numbalsoda(work: Work) -> Iterator[Case]:
    needs, maker = ("numba", "numbalsoda"), "peers.replicator_compiled:numbalsoda_prange"
    for solver in ("lsoda", "dop853"):
        for tol in work.tolerances(SHARES, solver == "dop853"):
            yield work.case("numbalsoda", f"{solver}, prange", maker, tol, needs, solver=solver)


def _scipy(work: Work) -> Iterator[Case]:
    coordinates, maker = work.coordinates(SHARES)[0], "peers.replicator:scipy_loop"
    ways = [
        ("scipy odeint", "LSODA"),
        ("scipy loop", "DOP853"),
        ("scipy loop", "LSODA"),
        ("scipy loop", "RK45"),
    ]
    for who, solver in ways[:2] if work.quick else ways:
        some = work.tolerances(coordinates, solver == "DOP853")
        for tol in some[:2] if solver == "RK45" else some:  # beyond, the order of the others tells
            more = {"solver": solver, "coordinates": coordinates, "lanes": work.looped}
            more |= {"odeint": True} if who == "scipy odeint" else {}
            yield work.case(who, f"{solver}, {coordinates}", maker, tol, ("scipy",), **more)


def _torch(work: Work) -> Iterator[Case]:
    for tol in work.tolerances(SHARES, False):
        for who, how, solver in (
            ("torchode", "Tsit5", "Tsit5"),
            ("torchdiffeq", "dopri8, one step for all", "dopri8"),
        ):
            more = {"solver": solver, "lanes": work.in_tensors}
            yield work.case(who, how, f"peers.replicator_torch:{who}", tol, ("torch", who), **more)
