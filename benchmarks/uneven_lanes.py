"""Replicator lanes whose step counts differ a hundredfold: what waiting for the slowest lane costs.

The lanes of work_precision with horizons spread evenly on a log scale from 2 to 200, in random order.
"Sorted" is the same work with the lanes sorted by horizon, so that lanes of a block take about as long. Some
of the longest orbits come so near the boundary that steps in shares lose them (error 1): peers run in logits
too.
"""

import sys

from harness import OURS, Budget, best, measure, ratios
from replicator import reference
from report import busy_goal, goal, matched, matched_rate, result
from start import options, save
from work_precision import METHODS, SLOW_TO_START, our_cases, peer_cases


def main() -> int:
    """Measure, print where the results went."""
    told = options(__doc__)
    size, few = (3072, 100) if told.quick else (20_000, 200)
    in_logits = [1e-8] if told.quick else [1e-6, 1e-8]
    in_shares = [1e-10] if told.quick else [1e-10, 1e-12]
    note = reference("uneven", size)
    methods = METHODS[:1] if told.quick else METHODS[:3]
    cases = our_cases("uneven", size, in_logits, methods)
    cases += [
        type(c)(f"{OURS}, sorted", c.variant, c.maker, c.options, c.size)
        for c in our_cases("sorted", size, in_logits, methods)
    ]
    peers = peer_cases("uneven", size, in_logits, in_shares, few, told.quick)
    left_out = (*SLOW_TO_START, "scipy") if told.quick else ()
    cases += [c for c in peers if not c.who.startswith(left_out)]
    rows = measure(cases, Budget(2, 2, 60) if told.quick else Budget(5, 8, 120))
    ours = [(r["error"], r["rate"]) for r in rows if r["who"] == OURS]
    ratios(rows, lambda r: matched_rate(ours, r["error"]) if r["error"] else None)
    fastest, ordered = best(rows, OURS), best(rows, f"{OURS}, sorted")
    waste = ordered["rate"] / fastest["rate"] if fastest and ordered else None
    goals = [
        goal("sorted over random order, ours (1: no time is lost to waiting)", waste, most=1.25),
        busy_goal(rows, fastest),
    ]
    both = matched(rows, (1e-6,)) if not told.quick else []
    return save(
        result("uneven_lanes", __doc__, "lanes", rows, quick=told.quick, note=note, matched=both, goals=goals)
    )


if __name__ == "__main__":
    sys.exit(main())
