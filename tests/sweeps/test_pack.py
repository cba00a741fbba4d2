"""A cube as one file: read by all that reads cubes, written by nothing, the same bytes each time."""

import errno
import hashlib
import json
import os
import pickle
import random
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import xarray as xr
import zarr
from equisweep.engine.store.shared.owner import where
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, SweepError, open_cube, pack, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.explore.answers import Answers
from equisweep.sweeps.explore.source import source_of_path
from equisweep.sweeps.run import run_report
from helpers.small_sweeps import small_sweep

SWEEP = {"derivatives": {}, "outputs": ["investment"]}


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    root = tmp_path_factory.mktemp("packed") / "cube.zarr"
    run(small_sweep(**SWEEP), root, tile_points=12)
    pack(root, root.with_suffix(".zarr.zip"))
    return root


@pytest.fixture
def packed(cube):
    return cube.with_suffix(".zarr.zip")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_command_reads_it(cube, packed, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(packed, "cube.zip")
    answers = {}
    for name in ("cube.zip", str(cube)):
        said = answers[name] = []
        for words in (
            "info", "query --var investment --sel n=3 --sel mechanism=sharing", "verify",
            "plot --var investment --x alpha --y beta --sel n=3 --sel mechanism=sharing -o",
            "sensitivity --var investment --sel mechanism=sharing",
        ):  # fmt: skip
            command, *options = words.split()
            options += [f"{len(answers)}.png", "--data", f"{len(answers)}.csv"] if command == "plot" else []
            code = main([command, name, *options])
            printed = (
                capsys.readouterr().out.replace(f"zip://{tmp_path}/cube.zip", name).replace(name, "CUBE")
            )
            said.append(
                (
                    command,
                    code,
                    printed.replace(f"{len(answers)}.png", "N").replace(f"{len(answers)}.csv", "N"),
                )
            )
        said.append((tmp_path / f"{len(answers)}.csv").read_text())
        assert main(["sql", name, "select sum(investment) from cube where status = 'ok'"]) == 0
        said.append(capsys.readouterr().out)
        assert main(["export", name, f"{len(answers)}.zarr", "--sel", "n=3"]) == 0
        capsys.readouterr()
    first, second = answers.values()
    assert first[1:] == second[1:]
    assert main(["diff", "cube.zip", str(cube)]) == 0
    assert main(["merge", "cube.zip", str(cube), "-o", "merged.zarr"]) == 0
    assert main(["verify", "merged.zarr"]) == 0
    xr.testing.assert_identical(xr.open_zarr("1.zarr"), xr.open_zarr("2.zarr"))


def test_xarray_reads_it_without_this_package(cube, packed):
    with zarr.storage.ZipStore(packed, mode="r") as store:
        theirs = xr.open_zarr(store).load()
    xr.testing.assert_equal(
        theirs[["investment", "status"]], xr.open_zarr(cube)[["investment", "status"]].load()
    )
    ours = open_cube(packed).load()
    xr.testing.assert_identical(ours, open_cube(cube).load())


def test_the_page_and_another_sweep_read_it(cube, packed, tmp_path):
    asked = {"var": ["investment"], "x": ["alpha"], "y": ["beta"], "sel": ["n=3", "mechanism=sharing"]}
    views = [Answers([source_of_path(one)])("view", asked) for one in (cube, packed)]
    assert views[0] == views[1]
    longer = small_sweep(**SWEEP, axes={
        "mechanism": ["noncooperation", "sharing"], "alpha": {"start": 0.1, "stop": 0.9, "num": 9},
        "beta": [0.05, 0.2, 0.25, 0.3], "n": [3, 4],
    })  # fmt: skip
    report = run_report(longer, tmp_path / "longer.zarr", reuse=packed, progress=False)
    assert report.reused == 108


def test_nothing_is_written_to_it(packed, tmp_path, capsys):
    before, sweep = digest(packed), small_sweep(**SWEEP)
    (tmp_path / "s.toml").write_text('model = "external"\n[axes]\nalpha = [0.1]\n')
    for path in (packed, tmp_path / "new.zip", f"zip://{packed}"):
        for options in ({}, {"overwrite": True}):
            with pytest.raises(SweepError, match="a packed cube is not written to"):
                run(sweep, path, **options)
        for words in (
            ["run", str(tmp_path / "s.toml")],
            ["merge", str(packed), str(packed)],
            ["slurm", str(tmp_path / "s.toml"), "--parts", "2"],
        ):
            assert main([*words, "-o", str(path)]) == 2
        assert capsys.readouterr().err.count("a packed cube is not written to") == 3
    with pytest.raises(CubeError, match="a packed cube is not written to"):
        verify(place(f"zip://{packed}"), repair=True)
    with pytest.raises(OSError, match="not written to"):
        (place(f"zip://{packed}") / "zarr.json").unlink()
    assert digest(packed) == before
    assert not (tmp_path / "new.zip").exists()


def test_the_same_cube_makes_the_same_bytes(cube, packed, tmp_path):
    other = tmp_path / "copy.zarr"
    shutil.copytree(cube, other)
    for file in filter(os.path.isfile, other.rglob("*")):
        os.utime(file, (1, 1))
    pack(other, tmp_path / "copy.zip")
    assert digest(tmp_path / "copy.zip") == digest(packed)
    for part in ("2/2", "1/2"):  # another run of the sweep, in another order
        run(small_sweep(**SWEEP), tmp_path / "parts.zarr", tile_points=12, part=part)
    pack(tmp_path / "parts.zarr", tmp_path / "parts.zip")
    assert digest(tmp_path / "parts.zip") == digest(packed)
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        assert not any("journal" in name or "lease" in name for name in archive.namelist())
        archive.extractall(tmp_path / "again.zarr")
    assert run_report(small_sweep(**SWEEP), tmp_path / "again.zarr", progress=False).computed == 0
    pack(tmp_path / "again.zarr", tmp_path / "again.zip")
    assert digest(tmp_path / "again.zip") == digest(packed)
    pack(packed, tmp_path / "packed_again.zip")
    assert digest(tmp_path / "packed_again.zip") == digest(packed)


def test_only_what_is_whole_and_sound_is_packed(cube, tmp_path):
    file = tmp_path / "a.zip"
    file.write_bytes(b"mine")
    with pytest.raises(SweepError, match="is there already"):
        pack(cube, file)
    for name, reason in (("a.tar", "should end in .zip"), ("no/a.zip", "does not exist")):
        with pytest.raises(SweepError, match=reason):
            pack(cube, tmp_path / name)
    broken = tmp_path / "broken.zarr"
    shutil.copytree(cube, broken)
    shard = sorted((broken / "investment").rglob("c/**/*"))[-1]
    raw = bytearray(shard.read_bytes())
    raw[len(raw) // 3] ^= 1
    shard.write_bytes(raw)
    with pytest.raises(CubeError, match="nothing was packed"):
        pack(broken, file, overwrite=True)
    run(small_sweep(**SWEEP), tmp_path / "part.zarr", tile_points=12, part="1/2")
    with pytest.raises(CubeError, match="tiles are not computed"):
        pack(tmp_path / "part.zarr", file, overwrite=True)
    assert file.read_bytes() == b"mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip", "broken.zarr", "part.zarr"]
    pack(cube, file, overwrite=True)
    assert open_cube(file)["investment"].notnull().any()


def test_a_file_system_without_hard_links_takes_it_too(cube, packed, tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / f".a.zip.partial-{where()}-01234567-{_ended()}").write_bytes(b"of a pack that was killed")
    pack(cube, tmp_path / "a.zip")
    assert digest(tmp_path / "a.zip") == digest(packed)
    assert [one.name for one in tmp_path.iterdir()] == ["a.zip"]


def _ended():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_was_pickled_opens_the_cube_that_was_opened_and_no_other(cube, packed, tmp_path):
    file = tmp_path / "a.zip"
    run(small_sweep(**SWEEP, fixed={"L": 401.0, "v": 0.5, "E": 0.1}), tmp_path / "b.zarr", progress=False)
    pack(tmp_path / "b.zarr", file)
    pickled = pickle.dumps(open_cube(file))
    dear = open_cube(file)["investment"].load()
    shutil.copy(packed, tmp_path / "other.zip")
    (tmp_path / "other.zip").replace(file)
    with pytest.raises(CubeError, match="is another cube than was opened"):
        pickle.loads(pickled)  # noqa: S301
    assert open_cube(file)["investment"].max() != dear.max()  # a worker that has opened this one before
    pack(tmp_path / "b.zarr", file, overwrite=True)
    xr.testing.assert_identical(pickle.loads(pickled)["investment"].load(), dear)  # noqa: S301


def test_a_file_that_takes_its_place_is_seen_and_one_that_is_none_is_refused(cube, packed, tmp_path):
    file = tmp_path / "a.zip"
    shutil.copy(packed, file)
    before = open_cube(file)["investment"].values
    file.unlink()
    run(small_sweep(outputs=["expected_loss"], derivatives={}), tmp_path / "b.zarr")
    pack(tmp_path / "b.zarr", file)
    assert list(open_cube(file)) == ["expected_loss", "status"]
    file.write_bytes(b"no zip file")
    with pytest.raises(CubeError, match="is no packed cube: is no zip file"):
        open_cube(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(CubeError, match=r"cannot be opened|no such cube"):
        open_cube(file)
    file.unlink()
    for name in (file, f"zip://{file}"):
        with pytest.raises(CubeError, match="no such"):
            open_cube(name)
    assert np.isfinite(before).any()


@pytest.mark.parametrize("how", ["replaced", "replaced and seen", "written over"])
def test_what_was_opened_never_shows_the_numbers_of_another_file(cube, packed, tmp_path, how):
    file, other = tmp_path / "a.zip", tmp_path / "other.zip"
    shutil.copy(packed, file)
    dear = small_sweep(**SWEEP, fixed={"L": 401.0, "v": 0.5, "E": 0.1})
    run(dear, tmp_path / "b.zarr", tile_points=12, progress=False)
    pack(tmp_path / "b.zarr", other)
    opened = open_cube(file)
    assert opened["status"][0, 0].values.any()
    if how == "written over":
        file.write_bytes(other.read_bytes())
    else:
        other.replace(file)
    if how == "replaced and seen":  # by another reader of this process
        assert open_cube(file)["investment"].max() != open_cube(cube)["investment"].max()
    if how == "replaced":
        xr.testing.assert_equal(opened["investment"].load(), open_cube(cube)["investment"].load())
    else:
        with pytest.raises(CubeError, match=r"was replaced|was changed"):
            opened["investment"].load()


def test_damage_anywhere_is_an_error_or_does_no_harm(cube, packed, tmp_path):
    whole, file, random_ = packed.read_bytes(), tmp_path / "a.zip", random.Random(7)
    wanted = open_cube(cube).load()
    data = whole.index(b"PK\3\4")
    outcomes = {"refused": 0, "same": 0}
    for _ in range(120):
        raw = bytearray(whole)
        at = random_.randrange(data, len(raw))
        raw[at] ^= 1 << random_.randrange(8)
        file.write_bytes(raw if random_.random() < 0.9 else raw[:at])
        try:
            actual = open_cube(file).load()
        except CubeError:
            outcomes["refused"] += 1
            continue
        xr.testing.assert_equal(actual, wanted)
        assert json.loads(actual.attrs["identity"]) == json.loads(wanted.attrs["identity"])
        outcomes["same"] += 1
    assert min(outcomes.values()) > 10
