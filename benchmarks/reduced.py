"""Points that are reduced as they are computed, beside the same points computed and dropped.

A Sobol' design of five parameters of the external model: first-order and total indices of the expected
loss, with intervals from 100 resamples. And the grid over alpha and beta of the benchmark `loss_sweep`, of
which the mean loss is kept. Ours is the whole run into a new cube, syncs to the disk included. "Computing
alone" evaluates the same tiles, of the design with its points drawn one after another as those that are
stored, and drops the values, while the whole run computes them matrix by matrix; "in memory" is how
`loss_sweep` computes the grid, the investment of every point besides.
"""

import sys

from tools.harness import OURS, Budget, Case, best, measure, ratios
from tools.report import goal, result
from tools.start import options, save


def cases_of(samples: int, side: int) -> list[Case]:
    """Both ways of a design of so many base samples, and of a grid of side x side points."""
    cases = []
    for kind, size, points in (("design", samples, samples * 7), ("grid", side, side * side)):
        given = {"kind": kind, "size": size}
        cases.append(Case(OURS, f"{kind}, the whole run", "peers.reduced:ours", given, points))
        cases.append(Case("computing alone", f"{kind}, dropped", "peers.reduced:alone", given, points))
    cases.append(
        Case("in memory", "grid, as loss_sweep", "peers.loss_sweep:ours", {"side": side}, side * side)
    )
    return cases


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    cases = cases_of(2**18, 4000) if asked.quick else cases_of(2**24, 32_000)
    rows = measure(cases, Budget(3, 5, 60) if asked.quick else Budget(5, 60))
    times = {}
    for kind, who in (("design", "computing alone"), ("grid", "in memory")):
        some = [r for r in rows if r["variant"].startswith(kind)]
        mine, other = (next(r for r in some if r["who"] == one) for one in (OURS, who))
        ratios(some, lambda _row, mine=mine: mine["rate"])
        times[kind] = mine["median"] / other["median"] if mine["rate"] and other["rate"] else None
    mine = best([r for r in rows if r["options"].get("kind") == "design"], OURS)
    memory = mine and next(
        (int(part.split()[-1]) for part in mine["note"].split(";") if "resident" in part), None
    )
    goals = [
        goal("indices of a design: time of the whole run over computing alone", times["design"], most=1.15),
        goal("mean of a grid: time of the whole run over that in memory", times["grid"], most=1 / 0.9),
        goal("largest resident memory, GiB", memory and memory / 1024, most=1),
    ]
    return save(result("reduced", __doc__, "points", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
