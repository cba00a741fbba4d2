"""Sobol' indices against SALib: the same samples, the same estimators, one output and many.

Sweeps the external model (information sharing) over a Sobol' design of five parameters, with second order,
beside a grid over delta; every value of delta is an output. Then `sensitivity` reads the cube from the disk
and analyses all outputs at once, and SALib analyses arrays that lie in memory, one after the other. Both draw
100 bootstrap resamples. Prints a table and writes JSON.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

PARAMETERS = {
    "alpha": [0.1, 0.9],
    "beta": [0.1, 0.9],
    "v": [0.3, 0.7],
    "L": [200.0, 600.0],
    "E": [0.05, 0.2],
}
# Largest difference of an index that counts as the same; rounding of sums over the samples.
CLOSE = 1e-9


def cube_of(samples: int, outputs: int, root: Path) -> Any:
    """The sampled cube, with `outputs` values of delta."""
    from equisweep.sweeps import Sweep, run

    parameters = {name: {"uniform": ends} for name, ends in PARAMETERS.items()}
    sweep = Sweep(
        "external",
        axes={"delta": np.linspace(0, 1, outputs).tolist() if outputs > 1 else [0.5]},
        fixed={"mechanism": "sharing", "n": 4},
        outputs=["investment"],
        design={"kind": "sobol", "samples": samples, "second_order": True, "parameters": parameters},
    )
    return run(sweep, root, durable=False)


def ours(root: Path, resamples: int) -> dict[str, np.ndarray]:
    """All indices, read from the cube; parameters first."""
    from equisweep.sweeps import open_cube
    from equisweep.sweeps.sensitivity.analysis import sensitivity

    found = sensitivity(open_cube(root), "sobol", resamples=resamples)
    return {kind: found[f"investment_{kind}"].values for kind in ("S1", "ST", "S2")}


def salibs(values: np.ndarray, resamples: int) -> dict[str, np.ndarray]:
    """The same by SALib; `values` has shape (outputs, samples)."""
    from SALib.analyze import sobol

    problem = {"num_vars": len(PARAMETERS), "names": list(PARAMETERS), "bounds": list(PARAMETERS.values())}
    told = [sobol.analyze(problem, one, num_resamples=resamples, seed=1) for one in values]
    return {kind: np.stack([one[kind] for one in told], axis=-1) for kind in ("S1", "ST", "S2")}


def compare(samples: int, outputs: int, repeats: int, resamples: int, folder: Path) -> dict[str, Any]:
    """Seconds of both, in turn, and how far their indices lie apart."""
    root = folder / f"{samples}_{outputs}.zarr"
    cube = cube_of(samples, outputs, root)
    values = cube["investment"].values.reshape(outputs, -1)
    assert int(cube["status"].max()) <= 3, "every point has an answer"
    seconds: dict[str, list[float]] = {"ours": [], "SALib": []}
    found: dict[str, dict[str, np.ndarray]] = {}
    for _ in range(repeats):
        for name in seconds:
            began = time.perf_counter()
            found[name] = ours(root, resamples) if name == "ours" else salibs(values, resamples)
            seconds[name].append(time.perf_counter() - began)
    upper = np.triu_indices(len(PARAMETERS), 1)
    apart = 0.0
    for kind in ("S1", "ST", "S2"):
        mine, other = found["ours"][kind], found["SALib"][kind]
        mine, other = (mine[upper], other[upper]) if kind == "S2" else (mine, other)
        apart = max(apart, float(np.abs(mine - other).max()))
    points = values.shape[1]
    return {"samples": samples, "points": points, "outputs": outputs, "seconds": seconds, "apart": apart}


def main() -> int:
    """Compare at every size and report medians; 1 where the two do not agree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--samples", type=int, default=1024, help="base samples, a power of two")
    parser.add_argument("--outputs", type=int, nargs="+", default=[1, 10, 200])
    parser.add_argument("--resamples", type=int, default=100)
    parser.add_argument("--json", type=Path, help="also write the results here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(16, 1, 1, 2, Path(folder))  # imports and compilations are nobody's time
        rows = [
            compare(options.samples, outputs, options.repeats, options.resamples, Path(folder))
            for outputs in options.outputs
        ]
    print(
        "| outputs | base samples | points each | ours, s (all runs) | SALib, s (all runs) | ratio | apart |"
    )
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        told = {name: ", ".join(f"{one:.3f}" for one in runs) for name, runs in row["seconds"].items()}
        median = {name: statistics.median(runs) for name, runs in row["seconds"].items()}
        print(
            f"| {row['outputs']} | {row['samples']:,} | {row['points']:,} | {told['ours']} | {told['SALib']} "
            f"| {median['SALib'] / median['ours']:.1f} | {row['apart']:.1e} |"
        )
    machine = {
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("equisweep", "numpy", "scipy", "SALib")},
    }
    print(json.dumps(machine))
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1))
    return int(any(row["apart"] > CLOSE for row in rows))


if __name__ == "__main__":
    sys.exit(main())
