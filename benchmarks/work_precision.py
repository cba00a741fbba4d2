"""Work and precision of replicator trajectories: lanes per second at the error that was achieved.

Supervision game, dynamic reward and punishment, random r in 0.5-12, f in 5-25, c1 in 2-8, t from 0 to 20;
wanted is the final (x, y). Every integrator runs at several tolerances; its error is measured against a
reference. Loops over SciPy run on one core and do the first 200 lanes; the largest error of few lanes is
smaller than that of all, which favours them. PyTorch does the first 20,000, more of them a second than of
1,000 or 5,000. torchode runs without torch.compile, which made it slower here; torch.jit failed.
"""

import sys

from replicator import reference
from tools.harness import OURS, Budget, best, measure, ratios
from tools.replicator_cases import Work
from tools.report import busy_goal, goal, matched, matched_rate, result
from tools.start import options, save

ERRORS = (1e-3, 1e-4, 1e-6, 1e-8, 1e-10)
GOALS = {"diffrax": 6.0, "numba": 4.0, "heyoka": 1.5, "scipy loop": 2000.0}
_NAMES = {"scipy loop": "a loop over SciPy's solve_ivp"}
# By tens around the errors of the goals: the order of Taylor steps rises in whole numbers.
QUICK = Work("even", 10_000, 10, 0, True, (1e-6, 1e-8), (1e-8, 1e-10))
FULL = Work(
    "even", 100_000, 200, 20_000, False,
    in_logits=(1e-4, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12), in_shares=(1e-6, 1e-8, 1e-9, 1e-10, 1e-12, 1e-14),
)  # fmt: skip


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    work = QUICK if asked.quick else FULL
    note = reference(work.kind, work.size)
    rows = measure(work.cases(), Budget(2, 1.5, 60) if asked.quick else Budget(3, 4, 120))
    ours = [(r["error"], r["rate"]) for r in rows if r["who"] == OURS]
    ratios(rows, lambda r: matched_rate(ours, r["error"]) if r["error"] else None)
    both = matched(rows, ERRORS[1:3] if asked.quick else ERRORS) + matched(rows, (1e-6,), "error_999")
    at = {m["who"]: m["ratio"] for m in both if m["error"] == 1e-6 and m["by"] == "error"}
    goals = [
        goal(f"lanes/s at error 1e-6, over {_NAMES.get(who, who)}", at.get(who), least=wanted)
        for who, wanted in GOALS.items()
    ]
    goals.append(busy_goal(rows, best(rows, OURS)))
    return save(
        result(
            "work_precision", __doc__, "lanes", rows, quick=asked.quick, note=note, matched=both, goals=goals
        )
    )


if __name__ == "__main__":
    sys.exit(main())
