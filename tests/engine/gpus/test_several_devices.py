"""Tiles of one sweep on several devices of XLA, each in the place of a GPU, in a process that has them."""

import os
import subprocess
import sys

from helpers.products import costs_seconds
from helpers.project import ROOT

SHARED = """
from collections import Counter
from pathlib import Path
import jax, pytest
from equisweep.sweeps import Sweep
from equisweep.sweeps.run import run_report
from helpers.codegen.simulated import simulate
from helpers.cube_files import contents

given = {"durable": False, "progress": False, "tile_points": 4}
sweep = Sweep("external", {"alpha": [0.2, 0.4, 0.6], "beta": [0.1, 0.3, 0.5, 0.7]}, outputs=["investment"])
run_report(sweep, "cpu.zarr", device="cpu", **given)
gpus, sent = simulate(pytest.MonkeyPatch(), 2)
assert [gpu.host for gpu in gpus] == jax.devices() and len(jax.devices()) == 2
assert run_report(sweep, "gpus.zarr", device="all", **given).device == "cuda:0, cuda:1"
assert sorted(Counter(gpu.id for gpu in sent).values()) == [1, 2]
one, other = ({n: c for n, c in contents(Path(cube)).items() if "c/" in n and "/runs" not in n}
              for cube in ("cpu.zarr", "gpus.zarr"))
assert one == other != {}
"""


@costs_seconds
def test_devices_that_xla_has_share_tiles_with_the_bytes_of_one(tmp_path):
    flags = "--xla_force_host_platform_device_count=2"
    path = os.pathsep.join([str(ROOT / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", SHARED], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"XLA_FLAGS": flags, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
