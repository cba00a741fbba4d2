"""Lorenz trajectories, as in GPUODEBenchmarks: t from 0 to 1, rho spread over 0 to 21, start (1, 0, 0).

Fixed: 1,000 steps of 0.001. Adaptive: relative and absolute tolerance 1e-8, ours at others too; ratios are at
the peer's error. Ours is a user's own model, declared with flow_model. Reference: SciPy's DOP853 at 3e-14 on
50 of the trajectories.
"""

import sys
from typing import Any

from tools.harness import OURS, Budget, Case, Row, best, measure, ratios
from tools.replicator_cases import SLOW_TO_START
from tools.report import goal, matched_rate, result
from tools.start import options, save

FIXED, ADAPTIVE = "fixed", "adaptive"
# Solvers of `Method`; add new ones here, the fastest first.
FIXED_METHODS = ("tsit5",)
ADAPTIVE_METHODS = ("taylor", "tsit5", "dopri8")
TOLERANCES = (1e-6, 1e-8, 1e-10)


def cases_of(size: int, quick: bool) -> list[Case]:
    """Ours and every peer, with fixed and with adaptive steps."""
    cases = []

    def add(
        who: str, how: str, maker: str, needs: tuple[str, ...] = (), lanes: int = size, **more: Any
    ) -> None:
        note = "" if lanes == size else f"{lanes:,} of the lanes"
        cases.append(Case(who, how, maker, {"size": lanes, **more}, lanes, needs, note))

    for solver in FIXED_METHODS:
        add(OURS, f"fixed, {solver}", "peers.lorenz:ours", solver=solver, fixed=True)
    add(
        "diffrax",
        "fixed, Tsit5, blocks of 1024 in threads",
        "peers.lorenz:diffrax_vmap",
        ("diffrax",),
        fixed=True,
    )
    add("numba", "fixed, Tsit5 by hand, prange", "peers.lorenz_compiled:numba_tsit5", ("numba",), fixed=True)
    add("numba", "fixed, RK4 by hand, prange", "peers.lorenz_compiled:numba_rk4", ("numba",))
    add("jax by hand", "fixed, RK4 in a fori_loop, all at once", "peers.lorenz:jax_rk4")
    few = size // 8
    add("torchdiffeq", "fixed, rk4", "peers.lorenz:torchdiffeq", ("torch", "torchdiffeq"), few, fixed=True)
    for solver in ADAPTIVE_METHODS[: 1 if quick else None]:
        for tol in TOLERANCES:
            how = f"adaptive, {solver}, tol {tol:.0e}"
            add(OURS, how, "peers.lorenz:ours", solver=solver, fixed=False, tol=tol)
    add(
        "diffrax",
        "adaptive, Tsit5, blocks of 1024 in threads",
        "peers.lorenz:diffrax_vmap",
        ("diffrax",),
        fixed=False,
    )
    add(
        "numba",
        "adaptive, Tsit5 by hand, prange",
        "peers.lorenz_compiled:numba_tsit5",
        ("numba",),
        fixed=False,
    )
    add("heyoka", "adaptive, batch 8", "peers.lorenz_compiled:heyoka_batch", ("heyoka",))
    add(
        "torchdiffeq",
        "adaptive, dopri8, one step for all",
        "peers.lorenz:torchdiffeq",
        ("torch", "torchdiffeq"),
        few,
        fixed=False,
    )
    add("scipy loop", "adaptive, DOP853", "peers.lorenz:scipy_loop", ("scipy",), 50)
    return cases


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    cases = cases_of(8192 if asked.quick else 65_536, asked.quick)
    if asked.quick:
        cases = [c for c in cases if not c.who.startswith(SLOW_TO_START)]
    rows = measure(cases, Budget(2, 1.5, 60) if asked.quick else Budget())
    goals = []
    for kind in (FIXED, ADAPTIVE):
        some = [r for r in rows if r["variant"].startswith(kind)]
        ours = [(r["error"], r["rate"]) for r in some if r["who"] == OURS]
        ratios(some, lambda r, ours=ours: matched_rate(ours, r["error"]) if r["error"] else None)
        goals += goals_of(kind, some)
    for r in rows:
        if r["steps"] and r["median"]:
            r["note"] = "; ".join(
                filter(None, [r["note"], f"{r['steps'] / r['median'] / 1e6:.3g} million steps/s"])
            )
    return save(result("lorenz", __doc__, "trajectories", rows, quick=asked.quick, goals=goals))


def goals_of(kind: str, rows: list[Row]) -> list[dict]:
    """At least as fast, at its error, as the fastest way of every peer that steps by Tsit5."""
    goals = []
    for who, least in (("diffrax", 6.0), ("numba", 1.0)):
        other = best([r for r in rows if "Tsit5" in r["variant"]], who)
        goals.append(
            goal(
                f"{kind} steps: ours over {who}'s Tsit5, at its error", other and other["ratio"], least=least
            )
        )
    return goals


if __name__ == "__main__":
    sys.exit(main())
