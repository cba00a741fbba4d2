"""Cubes at s3://, gs:// and az:// on servers on loopback: parts, kills of requests, growth, another cube."""

import contextlib
import time
from dataclasses import replace

import pytest
from cluster import azurite, gcs_server, s3_server
from cluster.faulty_proxy import Faults, faulty_proxy
from equisweep.engine.store.iced.at import iced_at
from equisweep.engine.store.shared import signs
from equisweep.engine.store.storage import schemes
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import _bucket, objects_at
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube, run
from equisweep.sweeps.file_paths import cube_path

SWEEP = Sweep(
    "external",
    {"alpha": {"start": 0.1, "stop": 0.8, "num": 8}, "beta": {"start": 0.1, "stop": 0.9, "num": 10}},
    outputs=["investment"],
)
LONGER = replace(SWEEP, axes={**SWEEP.axes, "alpha": {"start": 0.1, "stop": 0.9, "num": 9}})
OTHER = replace(SWEEP, fixed={"L": 500})


def reach(monkeypatch, settings):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    _bucket.cache_clear()


@pytest.fixture(params=["s3", "gs", "az"])
def scheme(request, monkeypatch, tmp_path):
    with contextlib.ExitStack() as servers:
        if request.param == "s3":
            address = servers.enter_context(s3_server.s3_server())
            s3_server.make_bucket(address, "bucket")
            reach(monkeypatch, s3_server.settings(address))
        elif request.param == "gs":
            reach(monkeypatch, gcs_server.settings(servers.enter_context(gcs_server.gcs_server())))
        else:
            why = azurite.why_not()
            if why:
                pytest.skip(f"LEFT OUT: az://, for {why}")
            reach(monkeypatch, azurite.settings(servers.enter_context(azurite.azurite(tmp_path / "azure"))))
        yield request.param
    _bucket.cache_clear()


def shards_at(url):
    bucket = objects_at(url)
    return {file: bucket.read(f"{url}/{file}") for file in bucket.files(url) if "/c/" in file}


def shards_of(root):
    files = (path for path in root.rglob("*") if path.is_file())
    named = {path.relative_to(root).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in named.items() if "/c/" in name}


def go(sweep, where, **options):
    return run(sweep, where, tile_points=10, durable=False, **options)


def test_parts_growth_and_another_cube(scheme, tmp_path, monkeypatch):
    monkeypatch.setattr(signs, "LASTS", 3.0)  # so that a lease is renewed while a run goes on
    local, url = tmp_path / "cube.zarr", f"{scheme}://bucket/some/cube.zarr"
    for part in ("2/2", "1/2"):
        go(SWEEP, url, part=part)
    go(SWEEP, local)
    assert shards_at(url) == shards_of(local)
    gone = next(file for file in shards_at(url) if file.startswith("status/c/"))
    objects_at(url).delete(f"{url}/{gone}")
    go(SWEEP, url)
    assert shards_at(url) == shards_of(local)
    before = open_cube(url)
    for where in (local, url):
        go(LONGER, where)
    assert shards_at(url) == shards_of(local)
    assert before.load().sizes["alpha"] == 8
    for where in (local, url):
        go(OTHER, where, overwrite=True)
    assert shards_at(url) == shards_of(local)
    assert verify(place(url)).sound
    assert not objects_at(url).files(f"{url}/status/writers")
    for use in (open_cube, lambda where: go(SWEEP, where)):
        with pytest.raises(CubeError, match="no such bucket"):
            use(f"{scheme}://nobucket/cube.zarr")


def test_growth_and_another_cube_go_on_through_requests_that_fail_or_are_done_twice(tmp_path, monkeypatch):
    local, url = tmp_path / "cube.zarr", "s3://bucket/faulty/cube.zarr"
    monkeypatch.setattr(schemes, "REQUEST", 2.0)
    faults = Faults(0.1, late=2.5)
    with s3_server.s3_server() as server, faulty_proxy(server, faults) as address:
        s3_server.make_bucket(server, "bucket")
        for sweep, options in ((SWEEP, {}), (LONGER, {}), (OTHER, {"overwrite": True})):
            go(sweep, local, **options)
            reach(monkeypatch, s3_server.settings(address))
            for _ in range(5):  # what is not tried again by itself stops a run, and the same command goes on
                with contextlib.suppress(CubeError):
                    go(sweep, url, **options)
                    break
            reach(monkeypatch, s3_server.settings(server))
            time.sleep(faults.late)  # what is on its way arrives
            if not objects_at(url).exists(f"{url}/zarr.json"):  # the former one was deleted once more
                with pytest.raises(CubeError, match="overwritten"):
                    go(sweep, url)
                go(sweep, url, overwrite=True)
            go(sweep, url)
            assert shards_at(url) == shards_of(local)
            assert verify(place(url)).sound
    assert min(faults.counts.values()) > 0
    _bucket.cache_clear()


def test_a_repository_of_icechunk_lies_in_a_bucket(tmp_path, monkeypatch):
    local, stated = tmp_path / "cube.zarr", "s3://bucket/some/repo.icechunk"
    with s3_server.s3_server() as address:
        s3_server.make_bucket(address, "bucket")
        reach(monkeypatch, s3_server.settings(address))
        for part in ("2/2", "1/2"):
            go(SWEEP, stated, part=part)
        for where in (local, stated):
            go(LONGER, where)
        go(SWEEP, tmp_path / "short.zarr")
        root = cube_path(stated)
        there = {file: iced_at(str(root)).read(root / file) for file in iced_at(str(root)).files(root)}
        assert open_cube(stated).load().drop_attrs().identical(open_cube(local).load().drop_attrs())
        assert {name for name in there if name.startswith("investment/c")} == {
            name for name in shards_of(local) if name.startswith("investment/c")
        }
        assert verify(root).sound
        assert [one.tiles for one in iced_at(str(root)).repository.history() if one.tiles] == [1, 4, 4]
    _bucket.cache_clear()
