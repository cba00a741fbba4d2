"""Points per second of the external model's loss over a dense grid of alpha and beta, in memory.

Investment, expected loss (float64) and status (uint8) of every point, by the tiles that a sweep would write;
nothing is stored. "Copy" moves as many bytes by np.copyto. Where the hand-written peers say "factored", they
do not repeat Newton's method along beta. Error: the largest relative one of investment and loss (relative to
1 where they are smaller), against long double arithmetic on 2,000 of the points.
"""

import sys
from typing import Any

from tools.harness import OURS, Budget, Case, best, measure, ratios
from tools.report import busy_goal, goal, result
from tools.start import options, save


def cases_of(side: int, quick: bool) -> list[Case]:
    """Ours and every peer on a grid of side x side points."""
    points = side * side
    cases = [Case(OURS, "Evaluator, tile after tile", "peers.loss_sweep:ours", {"side": side}, points)]

    def add(
        who: str, how: str, maker: str, needs: tuple[str, ...] = (), side: int = side, **more: Any
    ) -> None:
        note = "" if side * side == points else f"a grid of {side} x {side}"
        cases.append(Case(who, how, maker, {"side": side, **more}, side * side, needs, note))

    add(
        "flattened vmap",
        "the same kernel, one vmap over all points, 2^20 a call",
        "peers.loss_sweep:flattened",
        side=side // 4,
    )
    add("numpy", "Newton on the whole grid", "peers.loss_sweep:numpy_grid", factored=False, side=side // 2)
    add("numpy", "factored", "peers.loss_sweep:numpy_grid", factored=True)
    add(
        "numpy",
        "factored, blocks of rows by one thread per core",
        "peers.loss_sweep:numpy_grid",
        factored=True,
        blocks=64,
    )
    add("numba", "prange, Newton at every point", "peers.loss_sweep:numba_grid", ("numba",), factored=False)
    add("numba", "prange, factored", "peers.loss_sweep:numba_grid", ("numba",), factored=True)
    add("copy", "np.copyto, 1 thread", "peers.loss_sweep:copy", threads=1)
    add("copy", "np.copyto, 2 threads", "peers.loss_sweep:copy", threads=2)
    return cases


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    rows = measure(
        cases_of(1600 if asked.quick else 6400, asked.quick),
        Budget(5, 2, 60) if asked.quick else Budget(7, 20),
    )
    mine = best(rows, OURS)
    ratios(rows, lambda _: mine and mine["rate"])
    ratio = {r["who"]: mine["rate"] / r["rate"] for r in rows if mine and r["rate"]}
    for who in ("numpy", "numba", "copy"):
        other = best(rows, who)
        if other and mine:
            ratio[who] = mine["rate"] / other["rate"]
    slower = 1 / ratio["copy"] if ratio.get("copy") else None
    goals = [
        goal("points/s over the flattened vmap of the same kernel", ratio.get("flattened vmap"), least=20.0),
        goal("time over a memory copy of the same bytes", slower, most=4.0),
        goal("points/s over the best hand-written numpy", ratio.get("numpy"), least=1.0),
        busy_goal(rows, mine),
    ]
    return save(result("loss_sweep", __doc__, "points", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
