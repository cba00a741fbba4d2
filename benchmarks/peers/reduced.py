"""Points that are reduced as they are computed, and the same points computed and dropped."""

import resource
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

# Tiles that are computed beside the one that is fetched.
AHEAD = 3
DESIGN = """
model = "external"
outputs = ["expected_loss"]

[fixed]
n = 4

[design]
kind = "sobol"
samples = {samples}
store = false
seed = 1

[design.parameters]
alpha = {{ uniform = [0.1, 0.9] }}
beta = {{ uniform = [0.2, 1.0] }}
L = {{ uniform = [200, 600] }}
v = {{ uniform = [0.3, 0.7] }}
E = {{ uniform = [0.05, 0.2] }}
"""
GRID = """
model = "external"
outputs = ["expected_loss"]

[axes]
alpha = {{ start = 0.01, stop = 0.99, num = {side} }}
beta = {{ start = 0.01, stop = 1.0, num = {side} }}

[reduce]
over = ["alpha", "beta"]
expected_loss = ["mean"]
"""


def ours(kind: str, size: int) -> tuple[Any, Any]:
    """Case: the whole run into a cube that holds nothing but the results."""
    from equisweep.sweeps import run as run_sweep

    sweep, folder = _sweep(kind, size), tempfile.mkdtemp()
    cube = Path(folder) / "reduced.zarr"

    def run() -> None:
        shutil.rmtree(cube, ignore_errors=True)
        run_sweep(sweep, cube)

    def check(_: None) -> dict[str, int]:
        shutil.rmtree(folder)
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"MB resident": round(resident / 2**20)}

    return run, check


def alone(kind: str, size: int) -> tuple[Any, Any]:
    """Case: the same tiles computed, one after the other, and dropped."""
    from equisweep.engine.device import pick_device
    from equisweep.engine.reduce.reduction import plan_layouts
    from equisweep.engine.run.ready import evaluator_of
    from equisweep.sweeps.reduced.reduced import resolved

    resolved_sweep, device = resolved(_sweep(kind, size)), pick_device("cpu")
    space, stored = resolved_sweep.grid()
    layout = plan_layouts(space, stored, device).grid
    evaluator = evaluator_of(space, layout, device)

    def run() -> None:
        before = []
        for tile in layout:
            before.append((tile, evaluator.start(tile)))
            if len(before) > AHEAD:
                finished = before.pop(0)
                evaluator.finish(*finished)
                evaluator.batches.give_back(finished[1])
        for finished in before:
            evaluator.finish(*finished)
            evaluator.batches.give_back(finished[1])

    return run, lambda _: {}


def _sweep(kind: str, size: int) -> Any:
    from equisweep.sweeps import Sweep

    text = DESIGN.format(samples=size) if kind == "design" else GRID.format(side=size)
    return Sweep.from_table(tomllib.loads(text), origin="benchmark")
