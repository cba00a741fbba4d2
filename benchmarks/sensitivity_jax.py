"""Sobol' indices of arrays that lie in memory, beside jaxgsa, which needs Python 3.12.

Sobol's g-function of five parameters, with a coefficient of its own in each output, at the points that
jaxgsa draws; second order, 100 bootstrap resamples. jaxgsa takes all outputs in one call, as ours does; the
way from values at its points to indices is timed, with double precision and with its default. Error: the
largest difference of a first-order or total index from ours on the same values. Of a pair's two products
jaxgsa takes the mean, where SALib and ours take the first.
"""

import sys

from tools.harness import OURS, Budget, Case, measure, ratios
from tools.report import goal, result
from tools.start import options, save

# Rounding of sums over the samples.
CLOSE = 1e-9


def cases_of(sizes: tuple[tuple[int, int], ...]) -> list[Case]:
    """Ours and jaxgsa's, for each number of base samples and of outputs."""
    cases = []
    for samples, outputs in sizes:
        how, given = f"{outputs} outputs of {samples * 12:,} points", {"samples": samples, "outputs": outputs}
        for who, variant, maker, more in (
            (OURS, how, "ours", {}),
            ("jaxgsa", f"{how}, float64", "theirs", {"double": True}),
            ("jaxgsa, float32", f"{how}, its default", "theirs", {"double": False}),
        ):
            made = f"peers.sensitivity_jax:{maker}"
            cases.append(Case(who, variant, made, given | more, outputs, ("jaxgsa",)))
    return cases


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    sizes = ((256, 20),) if asked.quick else ((1024, 1), (1024, 200), (16384, 200))
    rows = measure(cases_of(sizes), Budget(3, 1.5, 60) if asked.quick else Budget(5, 90))
    goals = []
    for samples, outputs in sizes:
        given = {"samples": samples, "outputs": outputs}
        some = [r for r in rows if given.items() <= r["options"].items()]
        mine = next(r for r in some if r["who"] == OURS)
        ratios(some, lambda _row, mine=mine: mine["rate"])
        peer = next(r for r in some if r["who"] == "jaxgsa")
        what = f"{outputs} outputs of {samples * 12:,} points"
        goals.append(goal(f"{what}: ours over jaxgsa, float64", peer["ratio"], least=1))
        goals.append(goal(f"{what}: largest difference", peer["error"], most=CLOSE))
    return save(result("sensitivity_jax", __doc__, "outputs", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
