"""A cube is gone on with by the versions that compute the same numbers, and by no others."""

import json

import pytest
from equisweep.engine.errors import CubeError
from equisweep.engine.store.identity import identity
from equisweep.sweeps import Sweep, run
from helpers.old_cubes import made_old


def begun_by(cube, version):
    """Let a cube say that this version began it."""
    made_old(cube)
    path = cube / "zarr.json"
    document = json.loads(path.read_text())
    told = json.loads(document["attributes"]["identity"]) | {"equisweep": version}
    document["attributes"]["identity"] = json.dumps(told)
    path.write_text(json.dumps(document, indent=2))


STATIC = Sweep("external", axes={"alpha": [0.1, 0.2]}, outputs=["investment"])
ORBITS = Sweep("internal", axes={"M": [50.0, 60.0]}, outputs=["share_final"], fixed={"horizon": 1.0})


def test_a_cube_of_equilibria_that_the_first_version_began_is_gone_on_with(tmp_path):
    assert identity(STATIC.space())["equisweep"] == "0.1.0"
    run(STATIC, tmp_path / "cube.zarr")
    begun_by(tmp_path / "cube.zarr", "0.1.0")
    run(STATIC, tmp_path / "cube.zarr")


def test_orbits_of_the_first_version_are_not_mixed_with_those_of_today(tmp_path):
    run(ORBITS, tmp_path / "cube.zarr")
    begun_by(tmp_path / "cube.zarr", "0.1.0")
    with pytest.raises(CubeError, match=r"its numbers are computed otherwise since version 0\.2\.0"):
        run(ORBITS, tmp_path / "cube.zarr")
