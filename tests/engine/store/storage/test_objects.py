"""Cubes in object storage, without a server: in a bucket that this process holds in memory."""

import contextlib
import secrets
import sys

import numpy as np
import pytest
import xarray as xr
import zarr
from equisweep.engine.store.cube import open_cube_for_reading
from equisweep.engine.store.read import Reader
from equisweep.engine.store.shared import merge as merging
from equisweep.engine.store.shared.lease import Busy, only_writer
from equisweep.engine.store.storage import appear, segments
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import objects_at
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, SweepError, open_cube, run
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.run import run_report

AXES = {"alpha": {"start": 0.1, "stop": 0.9, "num": 9}, "beta": {"start": 0.1, "stop": 0.9, "num": 10}}
SWEEP = Sweep("external", AXES, outputs=["investment"])
TILES = 9
OTHER = Sweep("external", AXES, outputs=["investment"], fixed={"L": 500})


def new():
    return f"memory://{secrets.token_hex(4)}/some/cube.zarr"


def complete(url, **options):
    return run_report(SWEEP, url, tile_points=10, progress=False, **options)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    root = tmp_path_factory.mktemp("local") / "cube.zarr"
    run(SWEEP, root, tile_points=10)
    return root


def shards(read, files):
    return {file: read(file) for file in sorted(files) if "/c/" in file}


def bytes_in(url):
    bucket = objects_at(url)
    return shards(lambda file: bucket.read(f"{url}/{file}"), (path for path, _ in bucket.below(url)))


def bytes_of(root):
    files = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return shards(lambda file: (root / file).read_bytes(), files)


def test_a_cube_in_object_storage_is_byte_for_byte_the_one_on_a_disk(local):
    url = new()
    report = complete(url)
    assert report.computed == report.tiles == TILES
    assert bytes_in(url) == bytes_of(local)
    assert complete(url).computed == 0
    assert verify(place(url)).sound
    ours, theirs = open_cube(url), open_cube(local)
    xr.testing.assert_identical(ours.load().drop_attrs(), theirs.load().drop_attrs())
    bucket, _, inside = url.removeprefix("memory://").partition("/")
    store = zarr.storage.ObjectStore(objects_at(f"memory://{bucket}")._store).with_read_only()
    plain = zarr.open_group(store, path=inside, mode="r")
    np.testing.assert_array_equal(plain["investment"][:], theirs["investment"].values)


def test_a_run_goes_on_where_tiles_are_missing_or_another_program_changed_them():
    url = new()
    complete(url)
    bucket, before = objects_at(url), bytes_in(url)
    gone, changed = sorted(file for file in before if file.startswith("status/c"))[:2]
    bucket.delete(f"{url}/{gone}")
    bucket.put(f"{url}/{changed}", [before[changed][:-1]])
    with pytest.raises(CubeError, match="missing although"):
        open_cube(url).load()
    assert len(verify(place(url)).damaged) == 2
    assert complete(url).computed == 2
    assert bytes_in(url) == before
    assert verify(place(url)).sound


def test_what_a_killed_writer_had_not_recorded_is_read_and_kept(monkeypatch):
    url = new()
    complete(url)
    before = bytes_in(url)
    bucket = objects_at(url)
    for name in bucket.names(f"{url}/status/manifest"):
        if name.endswith(".tiles"):
            bucket.delete(f"{url}/status/manifest/{name}")
    assert complete(url).computed == 0
    assert bytes_in(url) == before
    assert len(open_cube_for_reading(place(url)).load_manifest()) == TILES


def test_records_come_in_segments_and_are_one_object_when_the_writer_ends(monkeypatch):
    monkeypatch.setattr(segments, "KEPT_BACK", 0.0)
    url, counts = new(), []
    put = segments.RecorderInSegments._put_segment
    monkeypatch.setattr(
        segments.RecorderInSegments,
        "_put_segment",
        lambda self, some: counts.append(len(some)) or put(self, some),
    )
    complete(url)
    assert counts[0] == 0
    assert counts[-1] == TILES + 1
    assert sum(counts[1:-1]) == TILES
    assert len(open_cube_for_reading(place(url)).load_manifest().files) == 1


def test_parts_complete_one_cube_and_the_same_part_may_run_twice(local):
    url = new()
    for part in ("2/3", "1/3", "2/3", "3/3"):
        complete(url, part=part)
    assert bytes_in(url) == bytes_of(local)
    assert complete(url).computed == 0


def test_another_sweep_is_refused_before_anything_is_computed():
    url = new()
    complete(url)
    before = bytes_in(url)
    with pytest.raises(CubeError, match="another sweep"):
        run(OTHER, url)
    assert bytes_in(url) == before
    fresh = new()
    assert complete(fresh, overwrite=True).computed == TILES  # where nothing is, nothing is replaced


def test_a_cube_that_is_not_there_is_told_so(capsys):
    with pytest.raises(CubeError, match="no such cube"):
        open_cube(new())
    assert main(["info", new()]) == 2
    assert "no such cube" in capsys.readouterr().err


def test_a_place_that_holds_something_else_is_left_alone():
    url = new()
    objects_at(url).put(f"{url}/notes.txt", [b"mine"])
    with pytest.raises(CubeError):
        complete(url)
    assert [path for path, _ in objects_at(url).below(url)] == ["notes.txt"]


def test_a_cube_whose_creator_was_killed_is_created_by_the_next(monkeypatch):
    monkeypatch.setattr(appear, "LASTS", 0.0)
    monkeypatch.setattr(appear, "_PAUSE", 0.01)
    url = new()

    def killed(self, path, raw, **options):
        if str(path).endswith("cube.zarr/zarr.json"):
            raise KeyboardInterrupt
        return put_new(self, path, raw, **options)

    put_new = appear.Objects.put_new
    for sweep in (SWEEP, OTHER):  # of which the second finds the seal of another cube
        with monkeypatch.context() as patch:
            patch.setattr(appear.Objects, "put_new", killed)
            with pytest.raises(KeyboardInterrupt):
                run(sweep, url, tile_points=10)
        with pytest.raises(CubeError):
            open_cube(url)
    assert complete(url).computed == TILES
    assert verify(place(url)).sound


def test_one_writes_alone_and_a_writer_whose_file_was_taken_away_knows_it():
    url = new()
    complete(url)
    with only_writer(place(url)) as lease:
        with pytest.raises(Busy), only_writer(place(url)):
            pass
        assert lease._renew()
        objects_at(url).delete(lease.path)
        assert not lease._renew()
        assert not objects_at(url).exists(lease.path)


def test_a_damaged_cube_is_repaired_and_completed(local):
    url = new()
    complete(url)
    bucket = objects_at(url)
    bucket.put(f"{url}/alpha/zarr.json", [b"{}"])
    shard = next(file for file in bytes_in(url) if file.startswith("investment/c"))
    bucket.put(f"{url}/{shard}", [b"damaged"])
    with pytest.raises(CubeError, match="metadata"):
        open_cube(url)
    assert not verify(place(url)).sound
    verdict = verify(place(url), repair=True)
    assert verdict.repaired == 1
    assert complete(url).computed == 1
    assert bytes_in(url) == bytes_of(local)


def test_a_reader_sees_that_its_cube_was_replaced(monkeypatch):
    url = new()
    complete(url)
    reader = Reader(place(url))
    objects_at(url).delete_below(url)
    run(OTHER, url, tile_points=10)
    with pytest.raises(CubeError, match=r"another shard|not the file|replaced"):
        reader.read("investment", (slice(None), slice(None)))


def test_cubes_in_both_kinds_of_storage_are_merged(local, tmp_path):
    one, other = new(), tmp_path / "other.zarr"
    complete(one, part="1/2")
    complete(other, part="2/2")
    for output in (tmp_path / "both.zarr", place(new())):
        assert merging.merge(place(one), other, output).missing == 0
        xr.testing.assert_identical(
            open_cube(output).load().drop_attrs(), open_cube(local).load().drop_attrs()
        )


def test_a_large_shard_is_read_in_parts_that_are_asked_for_together(monkeypatch):
    from equisweep.engine.store import decode

    url = new()
    complete(url)
    whole = open_cube(url)["investment"].values
    monkeypatch.setattr(decode, "_WHOLE", 64)
    np.testing.assert_array_equal(open_cube(url)["investment"].values, whole)
    assert open_cube(url)["investment"][3, 4].item() == whole[3, 4]


def test_put_if_absent_is_answered_twice():
    url = new()
    bucket = objects_at(url)
    assert bucket.put_new(f"{url}/a", b"mine")
    assert bucket.put_new(f"{url}/a", b"mine")  # whose first answer was lost
    assert not bucket.put_new(f"{url}/a", b"theirs")


def test_points_of_a_cube_in_object_storage_are_taken_over(tmp_path):
    url, grown = new(), tmp_path / "grown.zarr"
    complete(url)
    longer = Sweep(
        "external", AXES | {"alpha": {"start": 0.1, "stop": 1.0, "num": 10}}, outputs=["investment"]
    )
    for output in (grown, new()):
        assert run_report(longer, output, reuse=url, progress=False).reused == 90
    half = new()
    complete(half, part="1/2")
    with pytest.raises(SweepError, match="run into"):
        complete(half + "/", reuse=half)


def test_only_cubes_lie_in_object_storage(tmp_path, capsys):
    url = new()
    complete(url)
    for words in (
        ["query", url, "-o", "s3://bucket/a.csv"],
        ["plot", url, "--var", "investment", "--x", "alpha", "-o", "s3://bucket/a.png"],
        ["run", "s3://bucket/sweep.toml", "-o", str(tmp_path / "cube.zarr")],
        ["info", "ftp://host/cube.zarr"],
        ["info", "s3://bucket"],
        ["info", "s3://bucket/../cube.zarr"],
    ):
        with contextlib.suppress(SystemExit):
            assert main(words) != 0
    said = capsys.readouterr().err
    for part in ("only a cube", "no such kind of storage", "a whole bucket", "no place in object storage"):
        assert part in said
    with pytest.raises(SweepError, match="only a cube"):
        Sweep.from_file("s3://bucket/sweep.toml")


def test_what_is_missing_is_named_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(SweepError, match=r"pip install 'equisweep\[cloud\]'"):
        open_cube(new())
