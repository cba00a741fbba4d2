"""Replicator lanes whose step counts differ a hundredfold: what waiting for the slowest lane costs.

The lanes of work_precision with horizons spread evenly on a log scale from 2 to 200, in random order.
"Sorted" is the same work with the lanes sorted by horizon, so that lanes of a block take about as long. Some
of the longest orbits come so near the boundary that steps in shares lose them (error 1): peers that can run
in logits do.
"""

import sys
from dataclasses import replace

from replicator import reference
from tools.harness import OURS, Budget, best, measure, ratios
from tools.replicator_cases import Work
from tools.report import busy_goal, goal, matched, matched_rate, result
from tools.start import options, save

ERRORS = (1e-4, 1e-5)
SORTED = f"{OURS}, sorted"
QUICK = Work("uneven", 3072, 10, 0, True, (1e-8,), (1e-10,))
FULL = Work("uneven", 20_000, 40, 5000, False, (1e-6, 1e-8), (1e-10,))


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    work = QUICK if asked.quick else FULL
    note = reference(work.kind, work.size)
    cases = [*work.cases(), *(replace(c, who=SORTED) for c in work.ours("sorted"))]
    rows = measure(cases, Budget(2, 1.5, 60) if asked.quick else Budget(5, 8, 120))
    ours = [(r["error"], r["rate"]) for r in rows if r["who"] == OURS]
    ratios(rows, lambda r: matched_rate(ours, r["error"]) if r["error"] else None)
    fastest, ordered = best(rows, OURS), best(rows, SORTED)
    waste = ordered["rate"] / fastest["rate"] if fastest and ordered else None
    goals = [
        goal("sorted over random order, ours (1: no time is lost to waiting)", waste, most=1.25),
        busy_goal(rows, fastest),
    ]
    both = matched(rows, ERRORS) if not asked.quick else []
    return save(
        result(
            "uneven_lanes", __doc__, "lanes", rows, quick=asked.quick, note=note, matched=both, goals=goals
        )
    )


if __name__ == "__main__":
    sys.exit(main())
