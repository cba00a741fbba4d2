"""Cubes that several tests of the explorer look at."""

from pathlib import Path

import pytest
from equisweep.sweeps import run
from helpers.small_sweeps import small_sweep


@pytest.fixture(scope="session")
def small_cube(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("explored") / "small.zarr"
    run(small_sweep(derivatives={}), path)
    return path
