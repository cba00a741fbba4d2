"""A whole command from its start to a cube on the disk, where nothing was compiled before, and again.

`supervision` under all four mechanisms, each of which has a flow of its own to trace and compile: 5,808
orbits with all outputs and paths of 101 times. Each run is a process; *CPU* here is that of who starts it,
the command's own stands in the notes.
"""

import sys

from tools.harness import OURS, Budget, Case, measure
from tools.report import goal, result
from tools.start import options, save

COLD, WARM = "nothing compiled before", "again"


def main() -> int:
    """Measure, print where the results went."""
    asked = options(__doc__)
    rewards, fines = (4, 5) if asked.quick else (22, 66)
    cases = [
        Case(
            OURS,
            how,
            "peers.first_run:command",
            {"rewards": rewards, "fines": fines, "again": how == WARM},
            4 * rewards * fines,
        )
        for how in (COLD, WARM)
    ]
    rows = measure(cases, Budget(1, 60, 120) if asked.quick else Budget(3, 120))
    cold, warm = (row["median"] for row in rows[:2])
    goals = [
        goal("seconds of the whole command, nothing compiled before", cold, most=12),
        goal("seconds of the whole command, again", warm, most=4),
    ]
    return save(result("first_run", __doc__, "orbits", rows, quick=asked.quick, goals=goals))


if __name__ == "__main__":
    sys.exit(main())
