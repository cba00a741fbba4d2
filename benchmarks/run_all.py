"""Run every benchmark of `page.ORDER`, one after the other, and write docs/benchmarks/ from all results."""

import subprocess
import sys
import time
from pathlib import Path

import page

HERE = Path(__file__).parent


def main() -> int:
    """Arguments (--quick, --note, --results) go to every benchmark; 1 where one of them failed."""
    if {"-h", "--help"} & set(sys.argv):
        print(f"{__doc__}\n\nusage: run_all.py [--quick] [--note TEXT] [--results FOLDER]")
        return 0
    began, failed = time.monotonic(), []
    for name in page.ORDER:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, str(HERE / f"{name}.py"), *sys.argv[1:]])
        if done.returncode:
            failed.append(name)
    if "--results" not in sys.argv:
        page.main()
    print(f"{time.monotonic() - began:.0f} s" + "".join(f"; {name} FAILED" for name in failed))
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
