"""Cubes in repositories of Icechunk: the bytes of one on a disk, one commit a run, parts, growth."""

import json
import subprocess
import sys
from dataclasses import replace

import icechunk
import numpy as np
import pytest
import xarray as xr
from equisweep.engine.store.iced.at import iced_at
from equisweep.engine.store.iced.repository import Repository
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, SweepError, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.file_paths import cube_path
from equisweep.sweeps.run import run_report
from helpers.products import costs_seconds

SWEEP = Sweep(
    "external",
    {"alpha": {"start": 0.1, "stop": 0.9, "num": 9}, "beta": {"start": 0.1, "stop": 0.9, "num": 10}},
    outputs=["investment"],
)
LONGER = replace(SWEEP, axes={**SWEEP.axes, "alpha": {"start": 0.1, "stop": 1.0, "num": 10}})
OTHER = replace(SWEEP, fixed={"L": 500})


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    root = tmp_path_factory.mktemp("local") / "cube.zarr"
    run(SWEEP, root, tile_points=10, durable=False)
    return root


def go(repo, sweep=SWEEP, **options):
    return run_report(sweep, repo, tile_points=10, progress=False, **options)


def shards(repo):
    root = cube_path(repo)
    bucket = iced_at(str(root))
    return {file: bucket.read(f"{root}/{file}") for file in bucket.files(root) if "/c/" in file}


def on_disk(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "/c/" in path.as_posix()
    }


def commits(repo):
    result = icechunk.Repository.open(icechunk.local_filesystem_storage(str(repo)))
    return result, [one.message for one in result.ancestry(branch="main")][-2::-1]


def test_a_run_is_one_commit_with_the_bytes_of_a_cube_on_the_disk(local, tmp_path, capsys):
    repo = tmp_path / "repo.icechunk"
    assert go(repo).points == 90
    assert shards(repo) == on_disk(local)
    assert commits(repo)[1] == ["run: 9 tiles"]
    assert verify(cube_path(repo)).sound
    xr.testing.assert_identical(open_cube(repo).load().drop_attrs(), open_cube(local).load().drop_attrs())
    assert go(repo).computed == 0
    assert len(commits(repo)[1]) == 1
    # Whoever has no equisweep reads it with xarray, and sees nothing but the cube.
    store = commits(repo)[0].readonly_session("main").store
    plain = xr.open_zarr(store, consolidated=False)
    assert set(plain.variables) == {"alpha", "beta", "investment", "status"}
    np.testing.assert_array_equal(plain.investment, open_cube(local).investment)
    assert main(["info", str(repo), "--history"]) == 0
    output = capsys.readouterr().out
    assert "branches  main" in output
    assert "run: 9 tiles" in output
    assert main(["diff", str(local), str(repo)]) == 0
    assert main(["info", str(local), "--history"]) != 0
    assert "is no repository of Icechunk" in capsys.readouterr().err


def test_parts_commit_each_for_itself_and_what_is_committed_stays(local, tmp_path):
    repo = tmp_path / "repo.icechunk"
    for part in ("2/3", "1/3", "2/3", "3/3"):
        go(repo, part=part)
    assert shards(repo) == on_disk(local)
    assert [one for one in commits(repo)[1] if one.startswith("part")] == [
        "part 2/3: 3 tiles", "part 1/3: 3 tiles", "part 3/3: 3 tiles"
    ]  # fmt: skip


def test_a_repository_and_a_branch_that_another_process_has_just_begun_are_opened(tmp_path, monkeypatch):
    """Whoever looked before the other was done finds that it cannot create them any more."""
    where = str(tmp_path / "repo.icechunk")
    first = Repository(where, "trial")
    first.begins = True
    first.session(write=True)
    exists, answers = icechunk.Repository.exists, iter([False, False])
    monkeypatch.setattr(
        icechunk.Repository, "exists", lambda storage: next(answers, True) and exists(storage)
    )
    branches, before = icechunk.Repository.list_branches, iter([{"main"}])
    monkeypatch.setattr(
        icechunk.Repository, "list_branches", lambda repository: next(before, None) or branches(repository)
    )
    second = Repository(where, "trial")
    second.begins = True
    assert second.session(write=True).snapshot_id == first.session(write=True).snapshot_id
    assert not [*answers, *before]


PART = """
import json, sys
from equisweep.sweeps import Sweep
from equisweep.sweeps.run import run_report
sweep = Sweep("external", json.loads(sys.argv[2]), outputs=["investment"])
run_report(sweep, sys.argv[1], tile_points=10, progress=False, part=sys.argv[3])
"""


@costs_seconds
def test_parts_of_processes_that_commit_at_once_lose_nothing(local, tmp_path):
    repo = tmp_path / "repo.icechunk"
    words = [sys.executable, "-c", PART, str(repo), json.dumps(SWEEP.axes)]
    started = [subprocess.Popen([*words, f"{k}/2"], stderr=subprocess.PIPE) for k in (1, 2)]
    for process in started:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said.decode()
    assert go(repo).computed == 0
    assert shards(repo) == on_disk(local)


def test_what_a_run_that_dies_has_not_committed_is_computed_again(local, tmp_path, monkeypatch):
    repo = tmp_path / "repo.icechunk"
    url = str(cube_path(repo))
    put, marks = type(iced_at(url))._write, []

    def dies(self, path, raw, mode):
        marks.append("/status/c/" in str(path))
        if sum(marks) > 5:
            raise MemoryError
        return put(self, path, raw, mode)

    def dead(self, what):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(type(iced_at(url)), "_write", dies)
        patch.setattr(type(iced_at(url)), "commit", dead)
        with pytest.raises(MemoryError):
            go(repo)
    iced_at(url).repository.discard()  # as the process that died does
    with pytest.raises(CubeError, match="no such cube"):
        open_cube(repo)
    with monkeypatch.context() as patch:
        patch.setattr(type(iced_at(url)), "_write", dies)
        marks.clear()
        with pytest.raises((MemoryError, CubeError)):
            go(repo, commit_every=2)
    iced_at(url).repository.discard()
    assert 4 <= int((open_cube(repo).status != 0).any("beta").sum()) <= 5
    assert go(repo, commit_every=2).computed <= 5
    assert shards(repo) == on_disk(local)
    assert verify(cube_path(repo)).sound


def test_a_cube_grows_and_is_overwritten_and_its_history_keeps_what_it_was(tmp_path):
    repo = tmp_path / "repo.icechunk"
    go(repo)
    first = commits(repo)[0].lookup_branch("main")
    assert go(repo, LONGER).grown
    for sweep in (SWEEP, LONGER):
        run(sweep, tmp_path / "longer.zarr", tile_points=10, durable=False)
    assert shards(repo) == on_disk(tmp_path / "longer.zarr")
    assert go(repo, OTHER, overwrite=True).points == 90
    run(OTHER, tmp_path / "other.zarr", tile_points=10, durable=False)
    assert shards(repo) == on_disk(tmp_path / "other.zarr")
    assert open_cube(f"{repo}@{first}").sizes == {"alpha": 9, "beta": 10}
    with pytest.raises(CubeError, match="is no branch"):
        go(f"{repo}@{first}", OTHER, overwrite=True)


def test_a_branch_begins_as_the_main_one_and_goes_its_way(tmp_path):
    repo = tmp_path / "repo.icechunk"
    go(repo)
    assert go(f"{repo}@longer", LONGER).points == 10
    assert open_cube(repo).sizes["alpha"] == 9
    assert open_cube(f"{repo}@longer").sizes["alpha"] == 10
    result, _ = commits(repo)
    assert result.list_branches() == {"main", "longer"}
    result.create_tag("paper", result.lookup_branch("main"))
    assert open_cube(f"{repo}@paper").load().identical(open_cube(repo).load())


def test_a_version_that_is_not_there_is_never_read_as_another(tmp_path, capsys):
    repo = tmp_path / "repo.icechunk"
    go(repo)
    no_commit = "0" * 20
    for version in ("trail", no_commit):
        with pytest.raises(CubeError, match=f"@{version}: no such branch, tag or snapshot .there are main"):
            open_cube(f"{repo}@{version}")
        for command in (["query"], ["verify"], ["info"], ["info", "--history"], ["diff", str(repo)]):
            assert main([*command, f"{repo}@{version}"]) == 2
            assert "no such branch, tag or snapshot" in capsys.readouterr().err
        with pytest.raises(CubeError, match="no such branch, tag or snapshot"):
            run(LONGER, tmp_path / "longer.zarr", reuse=f"{repo}@{version}")
    with pytest.raises(CubeError, match=f"@{no_commit}: no such branch, tag or snapshot"):
        go(f"{repo}@{no_commit}", LONGER)  # a run begins branches, and this is no name of one
    with pytest.raises(SweepError, match="'trial@x' is no name of a branch, a tag or a snapshot"):
        go(f"{repo}@trial@x", LONGER)
    with pytest.raises(SweepError, match="no parameter 'alfa'"):
        go(f"{repo}@trial", replace(LONGER, axes={"alfa": [0.1]}))  # which fails before it writes anything
    with pytest.raises(CubeError, match="@trial: no such branch"):
        open_cube(f"{repo}@trial")
    assert commits(repo)[0].list_branches() == {"main"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["repo.icechunk"]


def test_a_shard_that_another_program_has_written_over_is_told(tmp_path):
    repo = tmp_path / "repo.icechunk"
    go(repo)
    before = shards(repo)
    session = commits(repo)[0].writable_session("main")
    array = xr.open_zarr(session.store, consolidated=False)
    import zarr

    zarr.open_array(session.store, path="investment", mode="r+")[:1] = array.investment[1:2].values
    session.commit("by hand")
    with pytest.raises(CubeError, match="another shard than was written"):
        open_cube(repo).load()
    assert not verify(cube_path(repo)).sound
    assert go(repo).computed == 1
    assert shards(repo) == before


def test_what_has_no_commits_or_no_repository_is_refused(tmp_path):
    with pytest.raises(SweepError, match="nothing to commit"):
        run(SWEEP, tmp_path / "cube.zarr", commit_every=2)
    with pytest.raises(SweepError, match="no number of tiles"):
        run(SWEEP, tmp_path / "repo.icechunk", commit_every=0)
    with pytest.raises(CubeError, match="no such"):
        open_cube(tmp_path / "nothing.icechunk")
    assert not (tmp_path / "nothing.icechunk").exists()
    assert main(["info", str(tmp_path / "nothing.icechunk"), "--history"]) != 0
    with pytest.raises(SweepError, match="lies in a folder, or at s3"):
        go("memory://bucket/repo.icechunk")
    assert place(str(cube_path("s3://bucket/repo.icechunk@a"))).name == "repo.icechunk@a"
