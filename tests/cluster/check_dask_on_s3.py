"""Workers of Dask that commit their tiles to a bucket: the shards are those that a run makes alone."""

import os
import signal
import time

import pytest
from cluster.s3_server import make_bucket, s3_server, settings
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import _bucket, objects_at
from equisweep.engine.store.verify import verify
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.cluster.client import local_client
from equisweep.sweeps.run import run_report
from helpers.aside import Aside
from helpers.cube_files import contents

SWEEP = Sweep(
    "external",
    {"alpha": {"start": 0.0, "stop": 1.0, "num": 40}, "beta": {"start": 0.01, "stop": 1, "num": 50}},
    outputs=["investment", "expected_loss"],
)
URL = "s3://bucket/spread/cube.zarr"
WITHIN = 60.0  # [s]


@pytest.fixture
def bucket(monkeypatch):
    with s3_server() as address:
        make_bucket(address, "bucket")
        for name, value in settings(address).items():
            monkeypatch.setenv(name, value)
        _bucket.cache_clear()
        yield objects_at(URL)
    _bucket.cache_clear()


def run_there(client, **options):
    return run_report(SWEEP, URL, tile_points=50, progress=False, client=client, **options)


def test_workers_commit_to_a_bucket_and_one_that_is_killed_costs_nothing(bucket, tmp_path):
    run(SWEEP, tmp_path / "alone.zarr", tile_points=50, durable=False)
    expected = {name: raw for name, raw in contents(tmp_path / "alone.zarr").items() if "/c/" in name}
    killed = []

    with local_client(2) as client:

        def kill():
            end = time.monotonic() + WITHIN
            while not bucket.holds(f"{URL}/status/c") and time.monotonic() < end:
                time.sleep(0.05)
            process = next(iter(client.cluster.workers.values())).process.process.pid
            os.kill(process, signal.SIGKILL)
            killed.append(len(bucket.files(f"{URL}/status/c")))

        with Aside(kill):
            report = run_there(client)
        assert report.points == 2000
        assert killed[0] < 40
        assert run_there(client).computed == 0
    there = {path: bucket.read(f"{URL}/{path}") for path in bucket.files(URL) if "/c/" in path}
    assert there == expected
    assert verify(place(URL)).sound
    # Of the worker that was killed nothing is in anybody's way, and nothing of it stays.
    run(SWEEP, URL)
    assert not bucket.files(f"{URL}/status/writers")
