"""Points of another cube are taken over, the rest is computed, and every byte is as if all had been."""

from dataclasses import replace

import numpy as np
import pytest
from equisweep.engine.reuse.box import Boxes
from equisweep.engine.reuse.old_points import OldPoints
from equisweep.engine.run import portable
from equisweep.engine.store.commit import commit, revoke
from equisweep.engine.store.cube import Cube
from equisweep.sweeps import Sweep, SweepError, open_cube, provenance, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents

BETA = {"start": 0.1, "stop": 0.9, "num": 9}
FINER = {"start": 0.1, "stop": 0.9, "num": 17}
ALPHA = [0.1, 0.3, 0.5, 0.7]
COARSE = Sweep("external", {"mechanism": ["sharing"], "alpha": ALPHA, "beta": BETA}, outputs=["investment"])


def with_axes(**axes) -> Sweep:
    return replace(COARSE, axes=axes)


def reused(sweep, path, old, **options):
    return run_report(sweep, path, durable=False, tile_points=20, progress=False, reuse=old, **options)


@pytest.fixture(scope="module")
def coarse(tmp_path_factory):
    path = tmp_path_factory.mktemp("coarse") / "coarse.zarr"
    run(COARSE, path, durable=False, tile_points=20)
    return path


@pytest.mark.parametrize(
    ("sweep", "points"),
    [
        (with_axes(mechanism=["sharing"], alpha=ALPHA, beta=FINER), 36),
        (with_axes(mechanism=["sharing"], alpha=[0.0, 0.05, 0.1, 0.2, 0.3, 0.7, 0.9, 1.0], beta=BETA), 27),
        (with_axes(beta=FINER, alpha=[0.7, 0.6, 0.1], mechanism=["noncooperation", "sharing"]), 18),
        (with_axes(mechanism=["sharing"], alpha=[0.5], beta=[0.9, 0.3]), 2),
        (replace(COARSE, axes={**COARSE.axes, "mechanism": "sharing"}, about={"title": "anew"}), 36),
    ],
)
def test_what_the_old_cube_has_is_taken_and_no_byte_differs(coarse, tmp_path, sweep, points):
    before = contents(coarse)
    report = reused(sweep, tmp_path / "new.zarr", coarse)
    run(sweep, tmp_path / "alone.zarr", durable=False, tile_points=20)
    assert contents(tmp_path / "new.zarr") == contents(tmp_path / "alone.zarr")
    assert (report.reused, report.points) == (points, sweep.space().points - points)
    assert contents(coarse) == before


def test_only_the_rest_is_computed(coarse, tmp_path, monkeypatch):
    asked, real = [], Boxes.compute

    def compute(self, tile, positions):
        asked.append([self.space.axes[2].values["beta"][tile.start[2] + i] for i in positions[2]])
        return real(self, tile, positions)

    monkeypatch.setattr(Boxes, "compute", compute)
    reused(with_axes(mechanism=["sharing"], alpha=ALPHA, beta=FINER), tmp_path / "new.zarr", coarse)
    old = COARSE.space().axes[2].values["beta"]
    compared = [values for values in asked if set(values) & set(old)]
    assert compared == [[old[0], old[-1]]] * 2  # the ends, at the first alpha and the last
    assert asked[2:]


def altered(path, chosen):
    """As if an earlier version had computed the tiles chosen otherwise: every investment is 1 % larger."""
    cube = Cube(path)
    for tile in filter(chosen, list(cube.layout)):
        values = {name: cube.read(name, tile) for name in cube.names}
        commit(cube, tile, values | {"investment": values["investment"] * 1.01})
    cube.recorder.end()
    cube.recorder.close()


def test_other_bits_of_one_mechanism_are_found_before_anything_is_taken(tmp_path):
    axes = {"mechanism": ["noncooperation", "sharing"], "alpha": ALPHA, "beta": BETA}
    run(with_axes(**axes), tmp_path / "old.zarr", durable=False, tile_points=20)
    altered(tmp_path / "old.zarr", lambda tile: tile.start[0] == 1)
    with pytest.raises(SweepError, match=r"has other bits .*; verify\('.*old.zarr', recompute='1%'\)"):
        reused(with_axes(**{**axes, "beta": FINER}), tmp_path / "new.zarr", tmp_path / "old.zarr")
    assert not (tmp_path / "new.zarr").exists()


def test_what_other_code_computed_is_compared_in_every_tile(tmp_path, monkeypatch):
    sweep = with_axes(mechanism=["sharing"], alpha=ALPHA, beta=FINER)
    options = {"durable": False, "progress": False, "tile_points": 5}
    run_report(COARSE, tmp_path / "old.zarr", **options)
    altered(tmp_path / "old.zarr", lambda tile: tile.stop[1] - 1 in (1, 2) and tile.start[1] > 0)
    monkeypatch.setattr(provenance, "digest_of_sources", lambda: "other")
    with pytest.raises(SweepError, match=r"has other bits .*: give up the new cube and compute all anew"):
        run_report(sweep, tmp_path / "new.zarr", reuse=tmp_path / "old.zarr", **options)


def test_points_that_are_not_computed_there_are_computed_here(tmp_path):
    old, sweep = tmp_path / "old.zarr", with_axes(mechanism=["sharing"], alpha=ALPHA, beta=FINER)
    run(COARSE, old, durable=False, tile_points=3)
    cube = Cube(old)
    for tile in list(cube.layout)[1:3]:
        revoke(cube, tile)
    cube.recorder.close()
    run(sweep, tmp_path / "alone.zarr", durable=False, tile_points=20)
    report = reused(sweep, tmp_path / "new.zarr", old)
    assert contents(tmp_path / "new.zarr") == contents(tmp_path / "alone.zarr")
    assert report.reused == 36 - 6


def test_parts_that_are_stopped_and_go_on_without_it_end_in_the_same_bytes(coarse, tmp_path):
    sweep, path = with_axes(mechanism=["sharing"], alpha=ALPHA, beta=FINER), tmp_path / "new.zarr"
    run(sweep, tmp_path / "alone.zarr", durable=False, tile_points=20)
    assert reused(sweep, path, coarse, part=(2, 2)).reused == 18
    cube = Cube(path)
    revoke(cube, cube.layout.at((0, 1, 0)))
    cube.recorder.close()
    run_report(sweep, path, durable=False, progress=False)
    assert contents(path) == contents(tmp_path / "alone.zarr")
    assert reused(sweep, path, coarse).computed == 0


def test_zipped_axes_and_fewer_outputs(tmp_path):
    axes = {"n": [3, 4], "alpha": [0.1, 0.1, 0.5], "beta": [0.2, 0.3, 0.3]}
    old = Sweep("external", axes, zip=[["alpha", "beta"]], outputs=["investment", "equilibrium_count"])
    run(old, tmp_path / "old.zarr", durable=False)
    axes = {"beta": [0.3, 0.3, 0.2, 0.2], "alpha": [0.5, 0.2, 0.1, 0.1], "n": [4, 5, 3]}
    new = Sweep("external", axes, zip={"pair": ["beta", "alpha"]}, outputs=["equilibrium_count"])
    report = reused(new, tmp_path / "new.zarr", tmp_path / "old.zarr")
    run(new, tmp_path / "alone.zarr", durable=False, tile_points=20)
    assert contents(tmp_path / "new.zarr") == contents(tmp_path / "alone.zarr")
    assert report.reused == 6
    with pytest.raises(SweepError, match="lacks investment, which the sweep asks for"):
        reused(
            replace(new, outputs=["investment"], axes=old.axes), tmp_path / "x.zarr", tmp_path / "new.zarr"
        )


def test_samples_of_a_smaller_design_and_a_reduced_sweep_take_points(tmp_path):
    drawn = {"alpha": {"uniform": [0.1, 0.9]}, "L": {"uniform": [1, 9]}}
    design, wide = {"kind": "sobol", "samples": 4, "seed": 1, "parameters": drawn}, {"n": [3, 4, 5]}
    old = Sweep("external", {"n": [3, 4]}, outputs=["investment"], design=design)
    run(old, tmp_path / "old.zarr", durable=False, tile_points=20)
    more = replace(old, axes={"n": [4, 5]}, design=design | {"samples": 16})
    reduced = replace(old, axes=wide, outputs=(), reduce={"over": ["n"], "investment": ["mean", "max"]})
    for new, points in ((more, 16), (reduced, 32)):
        report = reused(new, tmp_path / "new.zarr", tmp_path / "old.zarr", overwrite=True)
        run(new, tmp_path / "alone.zarr", durable=False, tile_points=20, overwrite=True)
        assert contents(tmp_path / "new.zarr") == contents(tmp_path / "alone.zarr")
        assert report.reused == points
    with pytest.raises(SweepError, match="holds statistics of its points and not the points"):
        reused(reduced, tmp_path / "x.zarr", tmp_path / "new.zarr")


def test_plan_and_run_say_how_much_is_taken(coarse, tmp_path, capsys):
    (tmp_path / "finer.toml").write_text(
        'model = "external"\noutputs = ["investment"]\n[axes]\nmechanism = ["sharing"]\n'
        "alpha = [0.1, 0.3, 0.5, 0.7]\nbeta = { start = 0.1, stop = 0.9, num = 17 }\n"
    )
    assert main(["plan", f"{tmp_path}/finer.toml", "--from", str(coarse), "--no-trial"]) == 0
    assert "reused     36 of the points are there already, 32 are computed" in capsys.readouterr().out
    assert main(["run", f"{tmp_path}/finer.toml", "-o", f"{tmp_path}/new.zarr", "--from", str(coarse)]) == 0
    out = capsys.readouterr().out
    assert "new.zarr: 32 points in " in out
    assert f"; 36 taken from {coarse}\n" in out
    assert (
        main(["run", f"{tmp_path}/finer.toml", "-o", f"{tmp_path}/x.zarr", "--from", f"{tmp_path}/no"]) == 2
    )
    assert "no: no such cube" in capsys.readouterr().err


FIXED = {"axes": {"alpha": ALPHA, "beta": BETA}, "fixed": {"mechanism": "sharing"}}
OTHER = {"model": "supervision", "axes": {"r": [1.0]}, "outputs": ["interior_class"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fixed": {"L": 500}}, r"coarse.zarr: its points have other numbers .*fixed.L: .* there, 500.0 now"),
        ({"dtype": "float32"}, "dtype: float64 there, float32 now"),
        ({"derivatives": {"investment": ["alpha"]}}, "lacks d_investment_d_alpha"),
        (FIXED, "its axes are mechanism"),
        ({"axes": {**COARSE.axes, "alpha": [0.2, 0.4]}}, "no point in common .* none of its values of alpha"),
        (OTHER, "model: external there"),
    ],
)  # fmt: skip
def test_what_has_other_numbers_is_refused_before_anything_is_made(coarse, tmp_path, changes, message):
    with pytest.raises(SweepError, match=message):
        reused(replace(COARSE, **changes), tmp_path / "new.zarr", coarse)
    assert not list(tmp_path.iterdir())


def test_another_version_or_other_bits_are_refused_and_leave_no_cube(coarse, tmp_path, monkeypatch):
    from equisweep.engine.store import identity

    sweep = with_axes(mechanism=["sharing"], alpha=ALPHA, beta=FINER)
    with monkeypatch.context() as patched:
        patched.setattr(identity, "KERNELS_SINCE", "9.9")
        with pytest.raises(SweepError, match=r"equisweep: 0.1.0 there, 9.9 now"):
            reused(sweep, tmp_path / "new.zarr", coarse)
    real = Boxes.compute

    def other_bits(self, tile, positions):
        return {
            name: np.nextafter(v, 9) if v.dtype.kind == "f" else v
            for name, v in real(self, tile, positions).items()
        }

    monkeypatch.setattr(Boxes, "compute", other_bits)
    with pytest.raises(SweepError, match="investment: has other bits than this machine computes"):
        reused(sweep, tmp_path / "new.zarr", coarse)
    with pytest.raises(SweepError, match="model file: absent there, 5f now"):
        OldPoints(coarse, replace(sweep.space(), model_digest="5f"))
    with pytest.raises(SweepError, match=r"integrator.rtol: absent there, 0.1 now"):
        OldPoints(coarse, replace(sweep.space(), integrator={"rtol": 0.1}))
    OldPoints(coarse, sweep.space()).require_device("cuda:0")  # it is portable
    monkeypatch.setattr(portable, "said_by", lambda cube: None)
    with pytest.raises(SweepError, match="was computed on cpu:0 and the sweep is to be on cuda:0"):
        OldPoints(coarse, sweep.space()).require_device("cuda:0")
    with pytest.raises(SweepError, match="is the cube that the sweep is run into"):
        reused(COARSE, coarse, coarse, overwrite=True)
    assert not (tmp_path / "new.zarr").exists()
    assert open_cube(coarse).equisweep is not None
