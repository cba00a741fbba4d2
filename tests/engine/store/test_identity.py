"""A cube is gone on with by the versions that compute the same numbers, and by no others."""

import json
from dataclasses import replace

import pytest
from equisweep.engine.errors import CubeError
from equisweep.engine.store.identity import identity
from equisweep.sweeps import Sweep, run
from helpers.old_cubes import made_old


def begun_by(cube, version, lacking=()):
    """Let a cube say that this version began it, whose model lacked some keys."""
    made_old(cube)
    path = cube / "zarr.json"
    document = json.loads(path.read_text())
    identity = json.loads(document["attributes"]["identity"]) | {"equisweep": version}
    identity = {key: text for key, text in identity.items() if key not in lacking}
    document["attributes"]["identity"] = json.dumps(identity)
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


def test_equilibria_of_a_model_whose_numbers_alone_have_changed_are_not_mixed_with_those_of_before():
    space = Sweep(
        "external_combined", axes={"alpha": [0.1, 0.2]}, outputs=["pattern_count"], dtype="float32"
    ).space()
    assert identity(space)["equisweep"] == "0.2.0.dev1"
    # A user's own model may have that name.
    assert identity(replace(space, model_digest="5f"))["equisweep"] == "0.1.0"


def test_what_a_model_has_gained_since_is_no_other_sweep_while_it_is_at_its_default(tmp_path):
    """The first version's contracts had neither a number of infrastructures nor a choice of constraints."""
    sweep = Sweep("contract", axes={"T_total": [300.0, 400.0]}, outputs=["resources"])
    run(sweep, tmp_path / "cube.zarr")
    begun_by(tmp_path / "cube.zarr", "0.1.0", ("fixed.infrastructures", "fixed.constraints"))
    run(sweep, tmp_path / "cube.zarr")
    for other in ({"infrastructures": [1, 2, 1]}, {"constraints": "neighbours"}):
        with pytest.raises(CubeError, match=f"fixed.{next(iter(other))}: absent in the cube"):
            run(
                Sweep("contract", axes=sweep.axes, fixed=other, outputs=["resources"]), tmp_path / "cube.zarr"
            )
