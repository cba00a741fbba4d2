"""Cubes whose tiles are shards with an index, as version 0.1.0 made all, beside those of plain chunks."""

import json
from pathlib import Path

import numpy as np
import pytest
from equisweep.engine.errors import CubeError
from equisweep.engine.store import create
from equisweep.engine.store.shared.merge import merge
from equisweep.engine.store.verify import verify
from equisweep.sweeps import open_cube, run
from helpers.small_sweeps import small_sweep


def codecs(root: Path) -> set[str]:
    read = [json.loads(path.read_text()) for path in root.glob("*/zarr.json")]
    return {one["codecs"][0]["name"] for one in read if len(one["shape"]) > 1}


@pytest.fixture
def cubes(tmp_path, monkeypatch):
    """Two cubes of one sweep, each of a half of its tiles: of plain chunks and, begun before, of shards."""
    sweep, part = small_sweep(), {"tile_points": 10}
    run(sweep, tmp_path / "plain.zarr", **part, part=(1, 2))
    with monkeypatch.context() as before:
        before.setattr(create, "_shards", lambda tile, chunk: tile)
        run(sweep, tmp_path / "sharded.zarr", **part, part=(2, 2))
    return sweep, tmp_path / "plain.zarr", tmp_path / "sharded.zarr"


def test_a_cube_of_shards_goes_on_as_one(cubes):
    sweep, plain, sharded = cubes
    assert codecs(plain) == {"bytes"}
    assert codecs(sharded) == {"sharding_indexed"}
    for root in (plain, sharded):
        run(sweep, root, tile_points=10)
        assert verify(root).sound
    assert codecs(sharded) == {"sharding_indexed"}
    one, other = (open_cube(root).load() for root in (plain, sharded))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_tiles_in_other_files_are_not_joined(cubes, tmp_path):
    _, plain, sharded = cubes
    with pytest.raises(CubeError, match="has its tiles in other files than"):
        merge(plain, sharded, tmp_path / "both.zarr")
    assert not (tmp_path / "both.zarr").exists()
