"""Sobol' indices of the external model over a sampled cube: by equisweep and by SALib."""

import tempfile
from functools import cache
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
KINDS = ("S1", "ST", "S2")
_HELD = tempfile.TemporaryDirectory(prefix="equisweep-sensitivity-")  # as long as the process


@cache
def cube_of(samples: int, outputs: int) -> Path:
    """Where the sampled cube lies, with `outputs` values of delta."""
    from equisweep.sweeps import Sweep, run

    parameters = {name: {"uniform": ends} for name, ends in PARAMETERS.items()}
    sweep = Sweep(
        "external",
        axes={"delta": np.linspace(0, 1, outputs).tolist() if outputs > 1 else [0.5]},
        fixed={"mechanism": "sharing", "n": 4},
        outputs=["investment"],
        design={"kind": "sobol", "samples": samples, "second_order": True, "parameters": parameters},
    )
    root = Path(_HELD.name) / f"{samples}_{outputs}.zarr"
    cube = run(sweep, root, durable=False, progress=False)
    assert int(cube["status"].max()) <= 3, "every point has an answer"
    return root


def values_of(samples: int, outputs: int) -> np.ndarray:
    """Values of every output at all points of the design, in memory, shape (outputs, points)."""
    from equisweep.sweeps import open_cube

    return open_cube(cube_of(samples, outputs))["investment"].values.reshape(outputs, -1)


def salib_indices(values: np.ndarray, resamples: int) -> dict[str, np.ndarray]:
    """All indices by SALib, one output after the other; parameters first, outputs last."""
    from SALib.analyze import sobol

    problem = {"num_vars": len(PARAMETERS), "names": list(PARAMETERS), "bounds": list(PARAMETERS.values())}
    each = [sobol.analyze(problem, one, num_resamples=resamples, seed=1) for one in values]
    return {kind: np.stack([one[kind] for one in each], axis=-1) for kind in KINDS}


def apart(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """The largest difference of an index; SALib has those of pairs once."""
    pairs = np.triu_indices(len(PARAMETERS), 1)
    some = {"S1": ..., "ST": ..., "S2": pairs}
    return max(float(np.abs(one[kind][some[kind]] - other[kind][some[kind]]).max()) for kind in KINDS)


def ours(samples: int, outputs: int, resamples: int) -> tuple[Any, Any]:
    """The whole way: the cube opened and read from the disk, all outputs analysed at once."""
    from equisweep.sweeps import open_cube
    from equisweep.sweeps.sensitivity import sensitivity

    root = cube_of(samples, outputs)

    def run() -> dict[str, np.ndarray]:
        indices = sensitivity(open_cube(root), "sobol", resamples=resamples)
        return {kind: indices[f"investment_{kind}"].values for kind in KINDS}

    return run, lambda indices: {"error": apart(indices, salib_indices(values_of(samples, outputs), 2))}


def salib(samples: int, outputs: int, resamples: int) -> tuple[Any, Any]:
    """Arrays that lie in memory already, one output after the other."""
    values = values_of(samples, outputs)
    return lambda: salib_indices(values, resamples), lambda _indices: {}
