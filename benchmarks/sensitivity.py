"""Sobol' indices of one output and of 200, from 12,288 points each: five parameters, second order.

The external model (information sharing) is swept over a Sobol' design, beside a grid over delta; every value
of delta is an output. Ours opens the cube, reads it from the disk and analyses all outputs at once; SALib has
the same values in memory and takes one output after the other. Both draw 100 bootstrap resamples. Error: the
largest difference of an index from SALib's.
"""

import sys

from tools.harness import OURS, Budget, Case, measure, ratios
from tools.report import goal, result
from tools.start import options, save

RESAMPLES = 100
# Rounding of sums over the samples.
CLOSE = 1e-9


def _counted(outputs: int) -> str:
    return "1 output" if outputs == 1 else f"{outputs} outputs"


def cases_of(samples: int, outputs: tuple[int, ...]) -> list[Case]:
    """Ours and SALib's, for so many outputs."""
    cases = []
    for count in outputs:
        given = {"samples": samples, "outputs": count, "resamples": RESAMPLES}
        how = f"{_counted(count)} of {samples * (2 * 5 + 2):,} points"
        cases.append(Case(OURS, f"{how}, from the disk", "peers.sensitivity:ours", given, count, ("SALib",)))
        cases.append(Case("SALib", f"{how}, in memory", "peers.sensitivity:salib", given, count, ("SALib",)))
    return cases


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    samples, outputs = (128, (1, 20)) if asked.quick else (1024, (1, 200))
    rows = measure(cases_of(samples, outputs), Budget(3, 1.5, 60) if asked.quick else Budget(5, 60))
    goals = []
    for count in outputs:
        some = [r for r in rows if r["size"] == count and r["options"].get("outputs") == count]
        mine = next(r for r in some if r["who"] == OURS)
        ratios(some, lambda _row, mine=mine: mine["rate"])
        peer = next(r for r in some if r["who"] == "SALib")
        least = 20 if count > 1 else 1
        goals.append(goal(f"{_counted(count)}: ours over SALib, whole way", peer["ratio"], least=least))
        goals.append(goal(f"{_counted(count)}: largest difference from SALib", mine["error"], most=CLOSE))
    return save(result("sensitivity", __doc__, "outputs", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
