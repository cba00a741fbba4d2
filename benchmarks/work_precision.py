"""Work and precision of replicator trajectories: lanes per second at the error that was achieved.

Supervision game, dynamic reward and punishment, random r in 0.5-12, f in 5-25, c1 in 2-8, t from 0 to 20;
wanted is the final (x, y). Every integrator runs at several tolerances; its error is measured against a
reference. Slow peers do the first lanes only; the largest error of few lanes is smaller than that of all,
which favours them. torchode runs without torch.compile, which made it slower here; torch.jit failed.
"""

import sys
from typing import Any

from harness import OURS, Budget, Case, best, measure, ratios
from replicator import reference
from report import busy_goal, goal, matched, matched_rate, result
from start import options, save

# Each: a name, what `Method` is told besides the tolerance, whether swings are followed. Add new ones here,
# the fastest first: a quick run takes only that one. Peers return final states alone.
METHODS = (
    ("taylor", {"solver": "taylor"}, False),
    ("dopri8", {"solver": "dopri8"}, False),
    ("tsit5", {"solver": "tsit5"}, False),
    ("dopri8, period and attractor too", {"solver": "dopri8"}, True),
    ("dopri8 through XLA", {"solver": "dopri8", "native": False}, False),
)
ERRORS = (1e-4, 1e-6, 1e-8)
GOALS = {"diffrax": 6.0, "numba": 4.0, "heyoka": 1.5, "scipy loop": 2000.0}
NEEDS = {
    "diffrax": ("diffrax",),
    "numba": ("numba",),
    "heyoka": ("heyoka",),
    "numbalsoda": ("numba", "numbalsoda"),
    "scipy loop": ("scipy",),
    "torchode": ("torch", "torchode"),
    "torchdiffeq": ("torch", "torchdiffeq"),
}
# Left out of quick runs: they take longer to import and compile than all others together.
SLOW_TO_START = ("torch", "numbalsoda")
# Lanes settle this near to a rest point, in logits: an error of at most a quarter of it in x, y.
SETTLE_PER_TOLERANCE = 10.0


def our_cases(kind: str, size: int, tolerances: list[float], methods: tuple = METHODS) -> list[Case]:
    """Our integrator with every method that may pay, through what a user calls."""
    found = []
    for name, method, swings in methods:
        for tol in tolerances if method.get("native", True) else tolerances[1:3]:
            settle = min(1e-3, SETTLE_PER_TOLERANCE * tol)
            told = {**method, "rtol": tol, "atol": tol, "settle": settle, "max_steps": 1_000_000}
            how = {"kind": kind, "size": size, "method": told, "swings": swings}
            found.append(Case(OURS, f"{name}, tol {tol:.0e}", "replicator:ours", how, size))
    return found


def peer_cases(
    kind: str, size: int, in_logits: list[float], in_shares: list[float], few: int, quick: bool
) -> list[Case]:
    """Every peer in the ways its documentation recommends, at the tolerances for its coordinates."""
    cases = []

    def add(who: str, how: str, maker: str, tol: float, **more: Any) -> None:
        lanes = more.get("lanes", size)
        note = "" if lanes == size else f"the first {lanes:,} lanes"
        given = {"kind": kind, "size": size, "tol": tol, **more}
        cases.append(Case(who, f"{how}, tol {tol:.0e}", maker, given, lanes, NEEDS[who], note))

    diffrax = [("Tsit5", "shares", 1024), ("Dopri8", "logits", 1024)]
    if not quick:
        diffrax += [("Tsit5", "logits", 1024), ("Dopri8", "shares", 1024)]
        diffrax += [("Tsit5", "logits", None), ("Tsit5", "shares", None)]
    for solver, coordinates, block in diffrax:
        how = f"{solver}, {coordinates}" + (f", blocks of {block} in threads" if block else "")
        tolerances = in_logits if coordinates == "logits" else in_shares
        for tol in tolerances if block else tolerances[-3:-1]:  # all at once is slower
            more = {"solver": solver, "coordinates": coordinates, "block": block}
            add("diffrax", how, "peers_replicator:diffrax_vmap", tol, **more)
    # Orbits of a long horizon come so near the boundary that steps in shares lose them.
    both = ("shares", "logits")
    for coordinates in ({"even": both[:1], "uneven": both[1:]}[kind]) if quick else both:
        for tol in in_logits if coordinates == "logits" else in_shares:
            how = f"Tsit5 by hand, prange, {coordinates}"
            add("numba", how, "peers_compiled:numba_tsit5", tol, coordinates=coordinates)
    for tol in in_logits if kind == "uneven" else ():
        more = {"batch": 8, "coordinates": "logits"}
        add("heyoka", "batch 8, logits", "peers_compiled:heyoka_batch", tol, **more)
        for solver in ("DOP853", "LSODA"):
            more = {"solver": solver, "coordinates": "logits", "lanes": few}
            add("scipy loop", f"{solver}, logits", "peers_replicator:scipy_loop", tol, **more)
    for tol in in_shares:
        for batch in (8,) if quick else (8, 16):
            add("heyoka", f"batch {batch}, shares", "peers_compiled:heyoka_batch", tol, batch=batch)
        if kind == "even" and not quick:
            add(
                "heyoka",
                "batch 8, shares, ensemble",
                "peers_compiled:heyoka_batch",
                tol,
                batch=8,
                ensemble=True,
            )
        for solver in ("dop853",) if quick else ("lsoda", "dop853"):
            add("numbalsoda", f"{solver}, prange", "peers_compiled:numbalsoda_prange", tol, solver=solver)
        for solver in ("DOP853",) if quick else ("RK45", "DOP853", "LSODA") if kind == "even" else ():
            lanes = few // 50 if quick else few // 5
            if solver != "RK45" or tol >= 1e-8:  # beyond, the order of the others tells
                add("scipy loop", solver, "peers_replicator:scipy_loop", tol, solver=solver, lanes=lanes)
        add("torchode", "Tsit5", "peers_torch:torchode", tol, solver="Tsit5", lanes=few)
        how = "dopri8, one step for all"
        add("torchdiffeq", how, "peers_torch:torchdiffeq", tol, solver="dopri8", lanes=few)
    return cases


def main() -> int:
    """Measure, print where the results went."""
    told = options(__doc__)
    size, few = (10_000, 500) if told.quick else (100_000, 1000)
    in_logits = [1e-6, 1e-8] if told.quick else [1e-4, 1e-6, 1e-8, 1e-10]
    in_shares = [1e-8, 1e-10] if told.quick else [1e-6, 1e-8, 1e-10, 1e-12]
    note = reference("even", size)
    cases = our_cases("even", size, in_logits, METHODS[:1] if told.quick else METHODS)
    peers = peer_cases("even", size, in_logits, in_shares, few, told.quick)
    cases += [c for c in peers if not (told.quick and c.who.startswith(SLOW_TO_START))]
    rows = measure(cases, Budget(3, 2, 60) if told.quick else Budget(3, 4, 120))
    ours = [(r["error"], r["rate"]) for r in rows if r["who"] == OURS]
    ratios(rows, lambda r: matched_rate(ours, r["error"]) if r["error"] else None)
    both = matched(rows, ERRORS[:2] if told.quick else ERRORS) + matched(rows, (1e-6,), "error_999")
    at = {m["who"]: m["ratio"] for m in both if m["error"] == 1e-6 and m["by"] == "error"}
    goals = [
        goal(f"lanes/s at error 1e-6, over {who}", at.get(who), least=wanted) for who, wanted in GOALS.items()
    ]
    fastest = best(rows, OURS)
    goals.append(busy_goal(rows, fastest))
    return save(
        result(
            "work_precision", __doc__, "lanes", rows, quick=told.quick, note=note, matched=both, goals=goals
        )
    )


if __name__ == "__main__":
    sys.exit(main())
