"""Every preset runs from the command line, and holds what its paper's study is about."""

import re
import tomllib

import numpy as np
import pytest
import xarray as xr
from equisweep.kernels.status import Status
from equisweep.sweeps import open_cube
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.spec.presets import PRESETS, preset
from helpers.products import some

MINE = [path.stem for path in sorted(PRESETS.glob("*.toml")) if re.match("internal|contract|menu", path.stem)]


@pytest.fixture(scope="module", params=some(MINE, [name for name in MINE if name != "menu"]))
def done(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("presets") / "cube.zarr"
    assert main(["run", str(PRESETS / f"{request.param}.toml"), "-o", str(path), "-q"]) == 0
    return request.param, open_cube(path).load()


def test_a_preset_says_what_it_is_and_fixes_every_number(done):
    name, _ = done
    text = (PRESETS / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# The ")
    space, stated = preset(name).space(), tomllib.loads(text)
    varied = {target.partition(".")[0] for target in stated["axes"]}
    # The presets of internal hold no trajectories, and of levels and participants only what is about them.
    idle = {"start_share", "horizon", "level", "level_weight", "participants"} | {
        c.name for c in space.model.choices
    }
    assert {p.name for p in space.model.parameters} - idle == (varied | set(stated["fixed"])) - idle


def test_a_preset_holds_its_study(done):
    name, cube = done
    if name.startswith("internal"):
        assert cube["status"].shape >= (61, 61)
        assert set(np.unique(cube["status"])) <= {Status.ok, Status.corner}
        np.testing.assert_allclose(cube["share"].sum("factor"), 1)
        rising = 1 if name != "internal_E" else -1
        for slope in (v for k, v in cube.items() if str(k).startswith("d_expected_loss")):
            assert (rising * slope >= -1e-10 * abs(slope).max()).all()
    elif name == "menu":
        known = cube.where(cube["status"] == Status.ok)
        assert set(np.unique(cube["status"])) == {Status.ok, Status.infeasible}
        assert not (known["least_ic_slack"] < -1e-9).any()
        assert not (known["gain_over_types"] < -1e-9).any()
        assert (known["resources"].diff("level") >= -1e-9).where(known["resources"].notnull()).all()
    elif name == "menu_levels":
        overtakes = cube["phi.2"] > 1.5
        assert (cube["status"] == Status.ok).all()
        assert (cube["ranking"] == xr.where(overtakes, 0, 1)).all()
        assert (cube["gain_over_types"] >= -1e-9).all()
        assert (cube["resources"].diff("type") >= 0).all()
    else:
        types = int(name.split("_")[1])
        assert cube.sizes["type"] == types
        assert set(np.unique(cube["status"])) == {Status.ok, Status.infeasible}
        selected = cube.where(cube["status"] == Status.ok)
        assert not (selected["ic_slack"] < -1e-9).any()
        assert not (selected["gain_over_equal_split"] < -1e-12).any()
        at = {"unit_cost": 0.5, "T_total": 600 if types == 3 else 650}
        assert int(cube["status"].sel(at)) == Status.ok
        if types == 4:
            np.testing.assert_allclose(cube["resources"].sel(at), [20, 105, 210, 315])
