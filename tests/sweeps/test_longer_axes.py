"""Values are added at the ends of axes: the cube grows in place, and a kill on the way loses nothing."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from equisweep.engine.store.cube import open_cube_for_reading
from equisweep.engine.store.journal import logged_runs
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.run import run_report
from helpers.old_cubes import made_old
from helpers.products import some
from helpers.runs_to_kill import shards

ALPHA, BETA = [0.1, 0.3, 0.5], {"start": 0.1, "stop": 0.5, "num": 5}
SHORT = Sweep(
    "external", {"mechanism": ["sharing"], "alpha": ALPHA, "beta": BETA, "n": [3, 4]}, outputs=["investment"]
)
LONG = {
    "mechanism": ["sharing", "noncooperation"],
    "alpha": [*ALPHA, 0.2],
    "beta": {"start": 0.1, "stop": 0.9, "num": 9},
    "n": [3, 4, 5, 6],
}


def longer(*names: str) -> Sweep:
    return replace(
        SHORT, axes={name: LONG[name] if name in names else old for name, old in SHORT.axes.items()}
    )


def grown(sweep: Sweep, path: Path, **options):
    return run_report(sweep, path, durable=False, tile_points=8, progress=False, **options)


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """Every number of the longest of these sweeps."""
    return run(longer(*LONG), tmp_path_factory.mktemp("right") / "cube.zarr", durable=False).load()


def same(path: Path, right: xr.Dataset) -> None:
    """The cube at `path` holds the right numbers at its points, to the last bit, for any reader of Zarr."""
    for cube in (open_cube(path).load(), xr.open_zarr(path, chunks=None).load()):
        there = right.sel({name: cube[name] for name in cube.dims})
        for name in ("investment", "status"):
            np.testing.assert_array_equal(cube[name], there[name])
        assert (cube["status"] != 0).all()
    assert verify(path).sound


GROWN = [("mechanism",), ("alpha",), ("n",), ("beta", "n"), tuple(LONG)]


@pytest.mark.parametrize("names", some(GROWN, [("alpha",), tuple(LONG)]))
def test_a_longer_axis_keeps_full_tiles_and_computes_the_rest(right, tmp_path, names):
    path = tmp_path / "cube.zarr"
    grown(SHORT, path)
    before = {
        file: (file.read_bytes(), file.stat().st_mtime_ns) for file in shards(path, "investment", "status")
    }
    report = grown(longer(*names), path)
    same(path, right)
    assert report.grown
    after = {
        file: (file.read_bytes(), file.stat().st_mtime_ns) for file in shards(path, "investment", "status")
    }
    kept = [file for file, was in before.items() if after[file] == was]
    full = report.tiles - report.computed
    assert len(kept) == 2 * full > 0
    assert grown(longer(*names), path).computed == 0


def test_it_grows_again_and_again_as_parts_and_from_half(right, tmp_path):
    path = tmp_path / "cube.zarr"
    grown(SHORT, path, part="1/2")
    assert grown(longer("alpha"), path, part=(2, 2)).grown
    grown(longer("alpha", "n"), path, part=(1, 2))
    grown(longer("alpha", "n", "mechanism"), path)
    same(path, right)
    assert [entry.get("part") for entry in logged_runs(path)][:3] == ["1/2", "2/2", "1/2"]


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"alpha": [0.1, 0.3]}, "axes.alpha: 0.1, 0.3, 0.5 in the cube, 0.1, 0.3 now"),
        ({"alpha": [0.0, *ALPHA]}, "takes over common points with reuse="),
        (
            {"beta": {"start": 0.1, "stop": 0.5, "num": 9}},
            "axes.beta: .* or overwrite it with overwrite=True",
        ),
        ({"n": [3, 4, 5], "alpha": [0.1, 0.4, 0.5, 0.6]}, "axes.n: 3, 4 in the cube, 3, 4, 5 now"),
    ],
)
def test_what_is_no_addition_at_an_end_is_refused(tmp_path_factory, axes, message):
    path = tmp_path_factory.getbasetemp() / "short.zarr"
    grown(SHORT, path)
    with pytest.raises(CubeError, match=message):
        grown(replace(SHORT, axes={**SHORT.axes, **axes}), path)


class Killed(BaseException):
    """Stands for a kill: nothing may catch it and tidy up."""


@pytest.mark.parametrize("every", some([1, 3], [3]))
def test_killed_at_any_step_of_growing_it_goes_on(right, tmp_path, monkeypatch, every):
    """Every rename that grows the cube, or every third, is in turn the one that happens no more."""
    short, sweep = (
        replace(one, axes={**one.axes, "alpha": ALPHA[:1]}) for one in (SHORT, longer("mechanism", "beta"))
    )
    rename, step = os.replace, 0
    while True:
        path, steps = tmp_path / str(step) / "cube.zarr", []
        path.parent.mkdir()
        grown(short, path)
        if step % 2:
            made_old(path)
        old = open_cube(path).load()

        def until_killed(source, target, path=path, steps=steps, most=step, **how):
            if path.joinpath(target).is_relative_to(path):  # a shard's begins at the open folder of the cube
                steps.append(target)
                if len(steps) > most:
                    raise Killed
            return rename(source, target, **how)

        monkeypatch.setattr(os, "replace", until_killed)
        try:
            grown(sweep, path)
            break
        except Killed:
            pass
        finally:
            monkeypatch.undo()
        seen = xr.open_zarr(path, chunks=None).load()
        whole = seen.sizes["beta"] == 9
        assert seen.sizes["mechanism"] == (2 if whole else 1)
        for name in ("investment", "status"):
            np.testing.assert_array_equal(seen[name][:1, :, :5], old[name])
        if step % 3 == 0 and not whole:
            grown(short, path)
            np.testing.assert_array_equal(open_cube(path)["investment"], old["investment"])
        grown(sweep, path)
        same(path, right)
        assert open_cube_for_reading(path).layout.grid == (2, 1, 9, 2)
        step += every
    assert step > 8


def test_cells_of_a_reduced_sweep_grow_along_the_axes_that_remain(tmp_path):
    asked = {"over": ["beta"], "investment": ["mean", "max"]}
    short, path = replace(SHORT, outputs=(), reduce=asked), tmp_path / "cube.zarr"
    grown(short, path)
    assert grown(replace(longer("alpha", "n"), outputs=(), reduce=asked), path).grown
    whole = run(
        replace(longer("alpha", "n"), outputs=(), reduce=asked), tmp_path / "whole.zarr", durable=False
    )
    for name in ("investment_mean", "investment_max", "status"):
        np.testing.assert_allclose(open_cube(path)[name], whole[name], rtol=1e-15)
    with pytest.raises(CubeError, match=r"reduced.beta: .* in the cube, .* now"):
        grown(replace(longer("beta"), outputs=(), reduce=asked), path)


def test_run_says_that_it_grew_and_a_small_cube_grows_into_no_large_one(tmp_path, capsys):
    text = (
        'model = "external"\noutputs = ["investment"]\n[axes]\nalpha = [0.1, 0.3]\n'
        "L = {{ start = 1, stop = {}, step = 1 }}\n"
    )
    file, cube = tmp_path / "s.toml", f"{tmp_path}/c.zarr"
    for last, said in ((2, ""), (3, "c.zarr: has grown by what the sweep adds to it\n")):
        file.write_text(text.format(last))
        assert main(["run", str(file), "-o", cube]) == 0
        assert said in capsys.readouterr().out
    file.write_text(text.format(300_000))
    assert main(["run", str(file), "-o", cube]) == 2
    err = capsys.readouterr().err
    assert "was begun small, in tiles of 4 points: 150,000 of them would be needed, and" in err
    assert f"takes over what is there with --from {cube}" in err
