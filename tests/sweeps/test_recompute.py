"""Tiles computed anew are compared bit for bit with what a cube holds."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.engine import recompute as engine
from equisweep.engine.errors import CubeError, SweepError
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.recompute import recompute, recompute_text
from helpers.project import ROOT

SWEEP = Sweep(
    "external",
    axes={"mechanism": ["noncooperation", "sharing"], "alpha": [0.2, 0.4, 0.6, 0.8], "beta": [0.1, 0.2, 0.3]},
    outputs=["investment", "equilibrium_count"],
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    where = tmp_path_factory.mktemp("recompute") / "a.zarr"
    run(SWEEP, where, tile_points=4)
    return where


def files(path):
    return {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_what_is_computed_again_has_the_same_bits_and_nothing_is_written(path, capsys):
    before = files(path)
    recomputed = recompute(path, 1.0)
    assert (recomputed.tried, recomputed.points, recomputed.differences) == (recomputed.tiles, 24, {})
    assert recompute(path, 1e-9).tried == 1
    assert main(["verify", str(path), "--recompute", "50%"]) == 0
    assert "every bit is the same" in capsys.readouterr().out
    assert files(path) == before


def test_what_differs_is_counted_measured_and_placed(monkeypatch, path, capsys):
    computed = engine.computed_tiles

    def changed(*args, **more):
        for tile, started, values in computed(*args, **more):
            values = {name: array.copy() for name, array in values.items()}
            if tile.start[0] == 1:
                at = values["investment"][values["investment"] > 0]
                values["investment"] = np.nextafter(values["investment"], np.inf)
                values["equilibrium_count"] = values["equilibrium_count"] + 1
                assert at.size
            yield tile, started, values

    monkeypatch.setattr(engine, "computed_tiles", changed)
    recomputed = recompute(path, 1.0)
    assert set(recomputed.differences) == {"investment", "equilibrium_count"}
    real = recomputed.differences["investment"]
    assert real.points == 12
    assert 0 < real.relative <= np.finfo(float).eps
    assert real.first == {"mechanism": "sharing", "alpha": 0.2, "beta": 0.1}
    assert np.isnan(recomputed.differences["equilibrium_count"].largest)
    text = recompute_text(recomputed)
    assert "investment: 12 points differ by up to" in text
    assert "the first at mechanism = sharing, alpha = 0.2, beta = 0.1" in text
    assert main(["verify", str(path), "--recompute", "100%"]) == 1
    assert "equilibrium_count: 12 points differ in class" in capsys.readouterr().out


def test_columns_of_samples_are_compared_as_well(tmp_path):
    parameters = {"alpha": {"uniform": [0.1, 0.9]}, "beta": {"uniform": [0.1, 0.9]}}
    design = {"kind": "sobol", "samples": 4, "parameters": parameters}
    run(Sweep("external", outputs=["investment"], design=design), tmp_path / "s.zarr")
    assert recompute(tmp_path / "s.zarr", 1.0).differences == {}


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(path, share):
    with pytest.raises(SweepError, match="is no share of the tiles"):
        recompute(path, share)


@pytest.mark.parametrize("text", ["0", "200%", "x", "nan"])
def test_the_command_refuses_what_is_no_share(path, text, capsys):
    with pytest.raises(SystemExit):
        main(["verify", str(path), "--recompute", text])
    assert "should be a share such as 1%" in capsys.readouterr().err


def test_what_is_missing_is_asked_for_before_a_cube_is_read_back(tmp_path, monkeypatch, capsys):
    text = (ROOT / "examples" / "gordon_loeb.py").read_text()
    (tmp_path / "gordon_loeb.py").write_text(text)
    sweep = Sweep(f"{tmp_path}/gordon_loeb.py:gordon_loeb", {"L": [1.0, 2.0]})
    run(sweep, tmp_path / "own.zarr")
    with monkeypatch.context() as unread:
        unread.setattr("equisweep.engine.store.verify.verify", lambda *_, **__: pytest.fail("was read back"))
        assert main(["verify", str(tmp_path / "own.zarr"), "--recompute", "1%"]) == 2
    assert "name its sweep file: --sweep" in capsys.readouterr().err
    (tmp_path / "own.zarr" / "zarr.json").write_text("{")
    assert main(["verify", str(tmp_path / "own.zarr"), "--recompute", "1%"]) == 1  # and says what is damaged
    assert "zarr.json" in capsys.readouterr().out


def test_without_tiles_or_points_there_is_nothing_to_compare(tmp_path):
    with pytest.raises(CubeError, match="no such cube"):
        recompute(tmp_path / "none.zarr", 1.0)
    kept = {"over": ["beta"], "investment": ["mean"], "equilibrium_count": ["max"]}
    run(replace(SWEEP, reduce=kept), tmp_path / "reduced.zarr")
    parameters = {"alpha": {"uniform": [0.1, 0.9]}}
    design = {"kind": "sobol", "samples": 16, "store": False, "parameters": parameters}
    run(Sweep("external", outputs=["investment"], design=design), tmp_path / "indices.zarr")
    for name in ("reduced.zarr", "indices.zarr"):
        with pytest.raises(CubeError, match="holds no points but what they were reduced to"):
            recompute(tmp_path / name, 1.0)
