"""What the field uses: replicator trajectories by Nashpy and egttools, a grid by xyzpy and by a plain loop.

Trajectories: bimatrix games (the supervision game with static reward and punishment; t from 0 to 2, for
Nashpy's shares lose all digits near the boundary later on) and rock-paper-scissors with random gains (t from
0 to 10), final shares. Grid: the external model's investment and loss over alpha and beta, each point solved
by SciPy's brentq in the peers. Ours is compared at the error of the row.
"""

import sys
from typing import Any

from tools.harness import OURS, Budget, Case, measure, ratios
from tools.report import goal, matched_rate, result
from tools.start import options, save

BIMATRIX, SYMMETRIC, GRID = "bimatrix", "rock-paper-scissors", "grid"


def cases_of(lanes: int, few: int, side: int, quick: bool) -> list[Case]:
    """Ours and every peer for each kind of work."""
    cases = []

    def add(who: str, how: str, maker: str, count: int, needs: tuple[str, ...] = (), **more: Any) -> None:
        cases.append(Case(who, how, f"peers.field_baselines:{maker}", more, count, needs))

    for game in (BIMATRIX, SYMMETRIC):
        for tol in (1e-9,) if quick else (1e-6, 1e-7, 1e-8, 1e-9, 1e-10):
            for solver in ("tsit5",) if quick else ("tsit5", "dopri8"):
                how = f"{game}, {solver}, tol {tol:.0e}"
                add(OURS, how, "ours", lanes, game=game, size=lanes, solver=solver, tol=tol)
        add("nashpy", f"{game}, its own odeint", "nashpy_loop", few, ("nashpy",), game=game, size=few)
    how = f"{SYMMETRIC}, replicator_equation in odeint"
    add("egttools", how, "egttools_loop", few, ("egttools",), size=few)
    add(OURS, f"{GRID}, Evaluator", "our_grid", (side * 32) ** 2, side=side * 32)
    add("xyzpy", f"{GRID}, Runner.run_combos", "xyzpy_grid", side * side, ("xyzpy",), side=side)
    add("plain loop", f"{GRID}, a loop over an xarray", "plain_grid", side * side, side=side)
    return cases


def _matched(work: str) -> str:
    """Of the grid all errors are below 1e-12, and not matched."""
    return "" if work == GRID else ", at its error"


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    lanes, few, side = (5000, 20, 16) if asked.quick else (50_000, 200, 40)
    rows = measure(cases_of(lanes, few, side, asked.quick), Budget(3, 1.5, 60) if asked.quick else Budget())
    goals = []
    for work in (BIMATRIX, SYMMETRIC, GRID):
        some = [r for r in rows if r["variant"].startswith(work)]
        ours = [(r["error"], r["rate"]) for r in some if r["who"] == OURS]
        ratios(
            some,
            lambda r, ours=ours: (
                matched_rate(ours, max(r["error"], 1e-12)) if r["error"] is not None else None
            ),
        )
        goals += [
            goal(f"{work}: ours over {r['who']}{_matched(work)}", r["ratio"], least=100.0)
            for r in some
            if r["who"] != OURS
        ]
    return save(result("field_baselines", __doc__, "pieces of work", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
