"""What is asked of a bucket: by which requests, how many, and what a refusal does not lead to."""

import collections
import errno
import secrets

import numpy as np
import obstore
import pytest
from cluster.gcs_server import gcs_server
from equisweep.engine.gate.files import says_nothing_of_the_file
from equisweep.engine.store.shared.lease import only_writer
from equisweep.engine.store.storage import failures
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import _bucket, objects_at
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube
from equisweep.sweeps.run import run_report
from obstore import exceptions

AXES = {"alpha": {"start": 0.1, "stop": 0.9, "num": 9}, "beta": {"start": 0.1, "stop": 0.9, "num": 10}}
SWEEP = Sweep("external", AXES, outputs=["investment"])
TILES = 45


def new():
    return f"memory://{secrets.token_hex(4)}/cube.zarr"


def complete(url, **options):
    return run_report(SWEEP, url, tile_points=2, progress=False, **options)


@pytest.fixture
def as_azure(monkeypatch):
    """A storage that gives no last bytes of an object, which obstore says of Azure without asking it."""
    get, refused = obstore.get, []

    def refuses(store, path, *, options=None):
        if isinstance((options or {}).get("range"), dict) and "suffix" in options["range"]:
            refused.append(path)
            raise exceptions.NotSupportedError("Azure does not support suffix range requests")
        return get(store, path, options=options)

    monkeypatch.setattr(obstore, "get", refuses)
    return refused


def test_a_storage_that_gives_no_last_bytes_holds_cubes_all_the_same(as_azure):
    url = new()
    assert complete(url).computed == TILES
    bucket = objects_at(url)
    for name in bucket.names(f"{url}/status/manifest"):
        if name.endswith(".tiles"):
            bucket.delete(f"{url}/status/manifest/{name}")
    assert complete(url).computed == 0  # every shard read back
    assert as_azure
    verdict = verify(place(url), repair=True)
    assert verdict.sound
    assert verdict.repaired == 0
    there = new()
    complete(there)
    np.testing.assert_array_equal(open_cube(url).investment.values, open_cube(there).investment.values)


def test_last_bytes_are_the_same_however_they_are_asked_for(as_azure):
    url = new()
    bucket, raw = objects_at(url), bytes(range(200))
    bucket.put(f"{url}/a", [raw])
    bucket.put(f"{url}/empty", [b""])
    for count in (1, 16, 199, 200, 201, 5000):
        got = bucket.get(f"{url}/a", 5000, -count)
        assert (got.raw, got.start) == (raw[-count:], max(200 - count, 0))
        assert got.stat == bucket.stat(f"{url}/a")
        assert bucket.read(f"{url}/empty", 5000, -count) == b""
        with pytest.raises(FileNotFoundError):
            bucket.read(f"{url}/none", 5000, -count)


@pytest.mark.parametrize("kind", ["NotSupportedError", "PermissionDeniedError", "GenericError"])
def test_what_a_storage_refuses_takes_no_tile_back(monkeypatch, kind):
    url = new()
    complete(url)
    bucket = objects_at(url)
    before, get = sorted(bucket.files(url)), obstore.get

    def refuses(store, path, **options):
        if "/c/" in path and "alpha" not in path and "beta" not in path:
            raise getattr(exceptions, kind)("not now")
        return get(store, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(obstore, "get", refuses)
        with pytest.raises((CubeError, OSError)):
            verify(place(url), repair=True)
    assert sorted(file for file in bucket.files(url) if "/writers/" not in file) == before
    assert verify(place(url)).sound


def test_every_refusal_says_nothing_of_what_is_stored():
    kinds = [kind for kind in vars(exceptions).values() if isinstance(kind, type)]
    refusals = [kind for kind in kinds if issubclass(kind, exceptions.BaseError)]
    said = []
    for kind in refusals:
        with pytest.raises(OSError, match="s3://b/c") as raised, failures.as_of_a_disk("s3://b/c"):
            raise kind("no")
        if isinstance(raised.value, failures.StorageError):  # else of one object that is, or is not, there
            said.append(says_nothing_of_the_file(raised.value))
    assert len(said) > 5
    assert all(said)
    assert not says_nothing_of_the_file(OSError(errno.EIO, "bad block"))


@pytest.fixture
def asked(monkeypatch):
    """How often each request is made, and for which objects."""
    counts = collections.Counter()

    def counted(name, do):
        def ask(store, path="", *more, **options):
            path = "" if path is None else str(path)
            kind = next((one for one in ("status/c", "investment/c") if one in path), "")
            counts[name, kind] += 1
            return do(store, path, *more, **options)

        return ask

    for name in ("head", "get", "list"):
        monkeypatch.setattr(obstore, name, counted(name, getattr(obstore, name)))
    return counts


def test_missing_tiles_are_found_by_listing_and_none_is_read_back(asked):
    url = new()
    complete(url, part="1/3")
    asked.clear()
    assert len(verify(place(url)).uncommitted) == TILES - TILES // 3
    assert asked["head", "status/c"] == 0
    asked.clear()
    complete(url)
    left = TILES - TILES // 3
    assert asked["head", "status/c"] <= left  # at most one where each is committed, and none before
    assert asked["list", "status/c"] <= 4
    assert asked["get", "status/c"] == asked["get", "investment/c"] == 0
    assert len(open_cube(url).status.values) == 9
    bucket = objects_at(url)
    gone = next(file for file in sorted(bucket.files(url)) if file.startswith("status/c"))
    bucket.delete(f"{url}/{gone}")
    assert complete(url).computed == 1
    assert verify(place(url)).sound


def test_what_another_part_wrote_and_did_not_record_is_found_by_listing():
    url = new()
    complete(url, part="1/3")
    bucket = objects_at(url)
    for name in bucket.names(f"{url}/status/manifest"):
        if name.endswith(".tiles"):
            bucket.delete(f"{url}/status/manifest/{name}")
    assert complete(url).computed == TILES - TILES // 3


def test_a_server_that_asks_for_generations_and_for_no_tags_takes_runs(monkeypatch):
    with gcs_server() as address:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        _bucket.cache_clear()
        url = "gs://bucket/cube.zarr"
        assert complete(url).computed == TILES
        with only_writer(place(url)) as lease:
            lease.require(anew=True)
            path = place(url) / "status" / "zarr.json"
            objects_at(url).replace(path, b"{}", lambda: True)
            assert objects_at(url).read(path) == b"{}"
            with pytest.raises(FileNotFoundError):
                objects_at(url)._write_over(path, b"[]", {"version": "1"})
    _bucket.cache_clear()
