"""A cube of many tiles, for each test its own."""

from pathlib import Path

import pytest
from equisweep.sweeps import run
from helpers.small_sweeps import tiled_sweep


@pytest.fixture
def cube(tmp_path) -> Path:
    run(tiled_sweep(), tmp_path / "cube.zarr", tile_points=2000)
    return tmp_path / "cube.zarr"
