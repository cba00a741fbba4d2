"""More samples are added to a cube: old tiles stay as they are, and a kill on the way loses none."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from equisweep.engine.store import cube as cubes
from equisweep.engine.store import grow
from equisweep.engine.store.commit import is_committed, revoke
from equisweep.engine.store.cube import Cube, open_cube_for_reading
from equisweep.engine.store.identity import damaged_coordinate, identity
from equisweep.engine.store.journal import logged_runs
from equisweep.engine.store.metadata import finish_growth
from equisweep.engine.store.storage.held import HeldDisk
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, SweepError, open_cube, run
from equisweep.sweeps.cube.source import space_of
from helpers.old_cubes import made_old
from helpers.products import costs_seconds, covering, some
from helpers.runs_to_kill import shards as whole_files
from helpers.runs_to_kill import start_run, wait_until
from helpers.sampled_models import ishigami_sweep

AXES = {"a": [5.0, 7.0]}


def stated(folder: Path, samples: int, **design) -> Sweep:
    return ishigami_sweep(folder, {"kind": "sobol", "samples": samples, "seed": 1} | design, axes=AXES)


def shards(cube: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and time of writing of every shard of every variable."""
    files = whole_files(cube, *Cube(cube).names)
    return {str(path.relative_to(cube)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A cube of 16 base samples, in tiles of at most 20 points; and one of 64, made at once."""
    folder = tmp_path_factory.mktemp("growth")
    run(stated(folder, 16), folder / "small.zarr", tile_points=20)
    run(stated(folder, 64), folder / "large.zarr", tile_points=20)
    return folder


@pytest.fixture
def cube(small, tmp_path):
    shutil.copytree(small / "small.zarr", tmp_path / "cube.zarr")
    return tmp_path / "cube.zarr"


def same_numbers(cube: Path, other: Path) -> None:
    for one in (xr.open_zarr(cube), xr.open_zarr(cube, consolidated=False)):
        xr.testing.assert_identical(one.load().drop_attrs(), xr.open_zarr(other).load().drop_attrs())


@costs_seconds
def test_old_tiles_keep_their_bytes_and_are_not_written_again(small, cube):
    before = shards(cube)
    run(stated(small, 64), cube)
    after = shards(cube)
    assert {name: after[name] for name in before} == before
    assert len(after) == 4 * len(before)
    same_numbers(cube, small / "large.zarr")
    assert verify(cube).sound
    attributes = open_cube(cube).attrs
    assert json.loads(attributes["sweep"])["design"]["samples"] == 64
    assert [entry["tiles"] for entry in logged_runs(cube)] == [8, 24]


def test_samples_are_added_to_a_cube_that_was_not_complete(small, cube):
    opened = Cube(cube)
    revoke(opened, next(iter(opened.layout)))
    made_old(cube)
    zarr.open_group(str(cube), use_consolidated=False).attrs["versions"] = '{"jax": "of long ago"}'
    with pytest.raises(CubeError, match="was changed by another program and lacks consolidated metadata"):
        run(stated(small, 64), cube)
    with warnings.catch_warnings(action="ignore"):
        zarr.consolidate_metadata(str(cube))
    run(stated(small, 64), cube)
    same_numbers(cube, small / "large.zarr")
    attributes = open_cube(cube).attrs
    assert attributes["versions_before"] == '{"jax": "of long ago"}'
    assert "of long ago" not in attributes["versions"]


def test_what_is_no_mere_addition_is_refused(small, cube):
    before = shards(cube)
    refused = {
        r"design.samples: holds 16 and the sweep says 8; a design grows": stated(small, 8),
        r"holds another sweep \(.*design.seed: 1 in the cube, 2 now": stated(small, 64, seed=2),
        r"design.parameters.x3: .* in the cube, absent now": stated(
            small, 64, parameters={"x1": {"uniform": [-1, 1]}, "x2": {"uniform": [-1, 1]}}
        ),
        r"fixed.b: 0.1 in the cube, 0.2 now": Sweep(**{**vars(stated(small, 64)), "fixed": {"b": 0.2}}),
    }
    for message, sweep in refused.items():
        with pytest.raises(CubeError, match=message):
            run(sweep, cube)
    assert shards(cube) == before


def test_a_sampler_that_draws_other_points_is_noticed(small, cube, monkeypatch):
    from equisweep.sweeps.spec.sampling import sobol

    real = sobol.scrambled
    monkeypatch.setattr(sobol, "scrambled", lambda dims, seed: real(dims, seed + 1))
    with pytest.raises(CubeError, match="the 64 samples do not begin with the 16 it holds"):
        run(stated(small, 64), cube)


def test_a_latin_hypercube_grows_by_others_of_its_size(tmp_path):
    path = tmp_path / "cube.zarr"
    first = run(stated(tmp_path, 10, kind="lhs"), path).load()
    grown = run(stated(tmp_path, 30, kind="lhs"), path).load()
    xr.testing.assert_identical(grown.isel(sample=slice(10)).drop_attrs(), first.drop_attrs())
    u = (grown["x1"].values + np.pi) / (2 * np.pi)
    strata = np.sort(np.floor(u.reshape(3, 10) * 10), axis=1)
    np.testing.assert_array_equal(strata, np.tile(np.arange(10), (3, 1)))
    # The file that was run, and one that states the batch, go on with it; and its model can be asked.
    for samples, more in ((30, {}), (40, {"batch": 10}), (50, {})):
        run(stated(tmp_path, samples, kind="lhs", **more), path)
    cube = open_cube(path)
    assert cube.sizes["sample"] == 50
    assert space_of(cube, model=f"{tmp_path}/sampled.py:ishigami").design["batch"] == "10"


@pytest.mark.parametrize(
    ("samples", "more", "message"),
    [
        (15, {}, "design.samples: 15: the cube is made of hypercubes of 10 points each.* give 10 or 20"),
        (5, {}, r"design.samples: 10 in the cube, 5 now.* overwrite=True$"),
        (20, {"batch": 20}, r"design.batch: 10 in the cube, 20 now.*batch = 10 in \[design\] adds"),
        (20, {"seed": 2}, "design.seed: 1 in the cube, 2 now"),
        (20.5, {}, "design.samples: 20.5"),
    ],
)
def test_what_a_latin_hypercube_does_not_grow_into_is_refused(latin, samples, more, message):
    with pytest.raises((CubeError, SweepError), match=message):
        run(stated(latin.parent, samples, kind="lhs", **more), latin)


@pytest.fixture(scope="module")
def latin(tmp_path_factory):
    path = tmp_path_factory.mktemp("latin") / "cube.zarr"
    run(stated(path.parent, 10, kind="lhs"), path)
    return path


class Killed(BaseException):
    """Stands for a kill: nothing may catch it and tidy up."""


# The seal, three new chunks of each of x1, x2, x3; metadata of these and of y, terms, constant, status.
CHUNKS, ARRAYS = 1 + 9, 7


@pytest.mark.parametrize(
    "step", some([0, 4, CHUNKS, CHUNKS + 1, CHUNKS + 3, CHUNKS + ARRAYS], [CHUNKS, CHUNKS + 3])
)
def test_killed_at_any_step_of_growing_it_loses_nothing(small, cube, step, monkeypatch):
    """Every rename that grows the cube is, in turn, the one that does not happen any more."""
    before, space, steps, rename = shards(cube), stated(small, 64).space(), [], os.replace

    def until_killed(path, target, **how):
        if Path(target).is_relative_to(cube):
            steps.append(target)
            if len(steps) > step:
                raise Killed
        return rename(path, target, **how)

    def grow_it():
        opened = Cube(cube)
        axes = grow.grown_axes(opened, space, identity(space))
        grow.grow(opened, axes, {"identity": json.dumps(identity(space))})

    monkeypatch.setattr(os, "replace", until_killed)
    with pytest.raises(Killed):
        grow_it()
    monkeypatch.undo()
    # Readers see the old cube or the new one, with every old number in it; and no shard was touched.
    seen = xr.open_zarr(cube).load()
    assert seen.sizes["sample"] == (80 if step <= CHUNKS else 320)
    old = xr.open_zarr(small / "small.zarr").load()
    xr.testing.assert_identical(seen.isel(sample=slice(80)).drop_attrs(), old.drop_attrs())
    assert shards(cube) == before
    if step <= CHUNKS:
        assert open_cube_for_reading(cube).layout.grid == (2, 80)
        grow_it()
    else:
        with pytest.raises(CubeError, match="was being extended when a run was killed; run the same sweep"):
            open_cube(cube)
        monkeypatch.setattr(cubes, "half_grown", lambda _root: {})  # the growth began after that look
        with pytest.raises(CubeError, match="is being extended by a run; open it again"):
            open_cube(cube)
        monkeypatch.undo()
        finish_growth(cube)
    opened = open_cube_for_reading(cube)
    assert opened.layout.grid == (2, 320)
    assert damaged_coordinate(opened) == ""
    assert [tile.start[1] < 80 for tile in opened.layout if is_committed(opened, tile)] == [True] * 8


@pytest.mark.parametrize(
    ("step", "samples"), covering([(2, 16), (CHUNKS + 3, 64)], lambda _, samples: samples == 16, columns=0)
)
def test_after_a_kill_the_old_and_the_new_sweep_go_on(small, cube, step, samples, monkeypatch):
    rename, steps = os.replace, []

    def until_killed(path, target, **how):
        steps.append(Path(target))
        if len([one for one in steps if one.is_relative_to(cube)]) > step:
            raise Killed
        return rename(path, target, **how)

    monkeypatch.setattr(os, "replace", until_killed)
    with pytest.raises(Killed):
        run(stated(small, 64), cube)
    monkeypatch.undo()
    (cube.parent / f"cube.zarr.partial-{_gone()}").mkdir()  # what a real kill leaves of its scratch
    run(stated(small, samples), cube)
    same_numbers(cube, small / ("large.zarr" if samples == 64 else "small.zarr"))
    assert [path.name for path in cube.parent.iterdir()] == ["cube.zarr"]
    assert not list(cube.rglob("*.partial"))


def _gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_killed_while_filling_up_a_tile_its_old_points_stay(tmp_path, monkeypatch):
    path = tmp_path / "cube.zarr"
    design = {"kind": "lhs", "batch": 5}
    run(stated(tmp_path, 10, **design), path)
    run(stated(tmp_path, 15, **design), path)  # the second tile holds five of ten points
    old = xr.open_zarr(path).load()
    written, real = [], HeldDisk.sync_below

    def until_killed(disk, shard, root):
        written.append(shard)
        if len(written) == 2:
            raise OSError(5, "killed here")
        real(disk, shard, root)

    monkeypatch.setattr(HeldDisk, "sync_below", until_killed)
    with pytest.raises(CubeError, match="killed here"):
        run(stated(tmp_path, 20, **design), path)
    seen = xr.open_zarr(path).load()
    xr.testing.assert_identical(seen.isel(sample=slice(15)).drop_attrs(), old.drop_attrs())
    assert (seen["status"].isel(sample=slice(15, None)) == 0).any()
    monkeypatch.undo()
    run(stated(tmp_path, 20, **design), path)
    run(stated(tmp_path, 20, **design), tmp_path / "whole.zarr")
    same_numbers(path, tmp_path / "whole.zarr")


@costs_seconds
def test_sigkill_while_samples_are_added_takes_no_tile_back(small, tmp_path):
    (tmp_path / "sampled.py").write_bytes((small / "sampled.py").read_bytes())
    cube, file = tmp_path / "cube.zarr", tmp_path / "s.toml"
    text = (
        'model = "sampled.py:ishigami"\noutputs = ["y"]\n'
        '[axes]\na = [5, 7]\n[design]\nkind = "sobol"\nsamples = SAMPLES\n'
        "[design.parameters]\nx1 = { uniform = [-1, 1] }\nx2 = { uniform = [-1, 1] }\n"
    )
    file.write_text(text.replace("SAMPLES", "16"))
    run(Sweep.from_file(file), cube, tile_points=16)
    file.write_text(text.replace("SAMPLES", "2048"))
    before, process = shards(cube), start_run(file, cube, "-q")
    marks = len(whole_files(cube, "status"))
    wait_until(lambda: len(whole_files(cube, "status")) >= marks + 20, process)
    time.sleep(random.Random(3).uniform(0, 0.1))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    after = shards(cube)
    assert {name: after[name] for name in before} == before
    assert len(before) < len(after) < 1024 * len(Cube(cube).names)
    opened = Cube(cube)
    marked = [opened.layout.at(tuple(map(int, Path(p).parts[2:]))) for p in after if p.startswith("status")]
    assert all(is_committed(opened, tile) for tile in marked)
    values = xr.open_zarr(cube)["status"].values
    assert np.count_nonzero(values) >= 16 * len(marked) * 0.9
