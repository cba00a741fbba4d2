"""A loss sweep from grid to store: cost per point, memory, and how much of the time is writing.

Runs 10^6 and 10^8 points of two float64 outputs, and writes the same bytes through the same store
with no compute, each in a process of its own, in turn. Prints a table and writes JSON.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

# Goals this benchmark checks: resident memory, flat cost per point, time against writing alone.
MOST_MEMORY, MOST_GROWTH, MOST_RATIO = 1.5 * 2**30, 1.3, 1.25


def space_of(points: int) -> Any:
    """A square grid over alpha and beta of about `points` points, two float64 outputs."""
    from equisweep.sweeps import Sweep

    side = round(points**0.5)
    axes = {
        "alpha": {"start": 0.01, "stop": 0.99, "num": side},
        "beta": {"start": 0.01, "stop": 1.0, "num": side},
    }
    return Sweep("external", axes=axes, outputs=["investment", "expected_loss"]).space()


def sweep(points: int, root: Path, overlap: bool) -> dict[str, float]:
    """Seconds of a whole sweep, compilation included."""
    from equisweep.engine.execute import execute

    space = space_of(points)
    began = time.perf_counter()
    execute(space, root, device="cpu", overlap=overlap, progress=False)
    return {"points": space.points, "seconds": time.perf_counter() - began}


def write_only(points: int, root: Path) -> dict[str, float]:
    """Seconds of writing the same amount through the same store: eight computed tiles, over and over."""
    from equisweep.engine.device import pick_device
    from equisweep.engine.evaluate import Evaluator
    from equisweep.engine.execute import WRITERS, TileWriter, plan_space
    from equisweep.engine.progress import Silence
    from equisweep.engine.store import Cube
    from equisweep.engine.template import create_cube

    space, device = space_of(points), pick_device("cpu")
    layout = plan_space(space, device)
    evaluator = Evaluator(space, layout, device)
    tiles = list(layout)
    some = tiles[: -1 : max(len(tiles) // 8, 1)]  # the last tile may be a smaller one
    values = cycle([evaluator.finish(tile, evaluator.start(tile)) for tile in some])
    began = time.perf_counter()
    create_cube(root, space, layout, {"identity": "{}"})
    writer = TileWriter(Cube(root), durable=True, progress=Silence(space.points), ahead=WRITERS + 1)
    for tile in tiles:
        writer.submit(tile, {name: v[tuple(map(slice, tile.shape))] for name, v in next(values).items()})
    writer.finish()
    return {"points": space.points, "seconds": time.perf_counter() - began}


def in_process(case: str, points: int, folder: Path) -> dict[str, float]:
    """One case in a fresh process; adds its largest resident size."""
    root = folder / "cube.zarr"
    command = [sys.executable, __file__, "--case", case, "--points", str(points), "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    result["bytes_on_disk"] = sum(f.stat().st_size for f in root.rglob("*") if f.is_file())
    shutil.rmtree(root)
    return result


def main() -> int:
    """Run every case in turn, `--repeats` times, and report medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--points", type=float, default=1e8, help="size of the large sweep")
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument(
        "--folder", type=Path, help="where the cubes lie while measuring (a temporary folder)"
    )
    parser.add_argument("--case", choices=("sweep", "sequential", "write"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    points = int(options.points)
    if options.case:
        root = options.folder / "cube.zarr"
        run = (
            write_only(points, root)
            if options.case == "write"
            else sweep(points, root, options.case == "sweep")
        )
        run["resident"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps(run))
        return 0
    cases = [("sweep", 10**6), ("sweep", points), ("write", points), ("sequential", points)]
    runs: dict[tuple[str, int], list[dict[str, float]]] = {case: [] for case in cases}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for _ in range(options.repeats):
            for case in cases:
                runs[case].append(in_process(*case, Path(folder)))
    return report(runs, points, options.json)


def report(runs: dict[tuple[str, int], list[dict[str, float]]], points: int, file: Path | None) -> int:
    """Print medians and ratios; 1 where a goal is missed."""
    median = {case: statistics.median(r["seconds"] for r in found) for case, found in runs.items()}
    print("| case | points | seconds (all runs) | ns/point | MB/s | resident MB | on disk MB |")
    print("|---|---|---|---|---|---|---|")
    for (case, wanted), found in runs.items():
        n, seconds = found[0]["points"], median[case, wanted]
        every = ", ".join(f"{r['seconds']:.2f}" for r in found)
        resident = max(r["resident"] for r in found)
        print(
            f"| {case} | {n:,} | {every} | {seconds / n * 1e9:.1f} | {17 * n / seconds / 1e6:.0f} "
            f"| {resident / 2**20:.0f} | {found[0]['bytes_on_disk'] / 1e6:.0f} |"
        )
    small = median["sweep", 10**6] / runs["sweep", 10**6][0]["points"]
    large = median["sweep", points] / runs["sweep", points][0]["points"]
    checks = {
        "resident memory of the large sweep, GiB": (
            max(r["resident"] for r in runs["sweep", points]) / 2**30, MOST_MEMORY / 2**30,
        ),
        "cost per point, large over small": (large / small, MOST_GROWTH),
        "sweep over writing alone": (median["sweep", points] / median["write", points], MOST_RATIO),
    }  # fmt: skip
    print()
    for name, (value, goal) in checks.items():
        print(f"{name}: {value:.2f} (goal: at most {goal:.2f}) {'ok' if value <= goal else 'MISSED'}")
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("equisweep", "jax", "numpy", "zarr")},
    }
    print(json.dumps(machine))
    if file:
        rows = [{"case": case, "size": size, "runs": found} for (case, size), found in runs.items()]
        file.write_text(json.dumps({"machine": machine, "rows": rows, "checks": checks}, indent=1))
    return int(any(value > goal for value, goal in checks.values()))


if __name__ == "__main__":
    sys.exit(main())
