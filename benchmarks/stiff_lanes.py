"""Robertson's three reactions, 10,000 at once: t from 0 to 10,000, the first rate spread from 0.02 to 0.08.

Ours is a user's own model, declared with flow_model. Relative tolerances are in the rows; absolute ones are
1e-4 of them. Error: the largest one of the three amounts, relative to each, against SciPy's Radau at 1e-12 on
20 of the lanes. Ratios are at the peer's error.
"""

import sys

from tools.harness import OURS, Budget, Case, best, measure, ratios
from tools.report import goal, matched_rate, result
from tools.start import options, save

METHODS = ("rodas5p", "kvaerno5")
TOLERANCES = (1e-4, 1e-6, 1e-8)
PEER_TOLERANCES = (1e-6, 1e-8)


def cases_of(size: int, quick: bool) -> list[Case]:
    """Ours and diffrax's, at several tolerances."""
    cases = [
        Case(
            OURS,
            f"{solver}, tol {tol:.0e}",
            "peers.stiff_lanes:ours",
            {"size": size, "solver": solver, "tol": tol},
            size,
        )
        for solver in METHODS[: 1 if quick else None]
        for tol in TOLERANCES
    ]
    few = size // 10 if quick else size
    for tol in PEER_TOLERANCES[: 1 if quick else None]:
        for block in (None,) if quick else (None, 1024):
            how = "all at once" if block is None else f"blocks of {block} in threads"
            given = {"size": few, "tol": tol, "block": block}
            note = "" if few == size else f"{few:,} of the lanes"
            variant = f"Kvaerno5 under vmap, {how}, tol {tol:.0e}"
            cases.append(
                Case("diffrax", variant, "peers.stiff_lanes:diffrax_vmap", given, few, ("diffrax",), note)
            )
    return cases


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    cases = cases_of(10_000, asked.quick)
    rows = measure(cases, Budget(2, 1.5, 150) if asked.quick else Budget())
    ours = [(r["error"], r["rate"]) for r in rows if r["who"] == OURS]
    ratios(rows, lambda r: matched_rate(ours, r["error"]) if r["error"] else None)
    peer = best(rows, "diffrax")
    name = "10,000 stiff lanes: ours over diffrax's Kvaerno5 under vmap, at its error"
    goals = [goal(name, peer and peer["ratio"], least=20)]
    return save(result("stiff_lanes", __doc__, "lanes", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
