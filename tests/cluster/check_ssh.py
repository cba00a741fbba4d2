"""Workers that Dask starts through SSH: the cube is the one that a run makes alone."""

import sys
from contextlib import ExitStack

import pytest
from cluster.sshd import programs, sshd
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.run import run_report
from helpers.cube_files import contents

SWEEP = Sweep(
    "external",
    {"alpha": {"start": 0.0, "stop": 1.0, "num": 40}, "beta": {"start": 0.01, "stop": 1, "num": 50}},
    outputs=["investment", "expected_loss"],
)


def test_workers_started_through_ssh_make_the_cube_that_one_run_makes(tmp_path):
    pytest.importorskip("asyncssh")
    from distributed import Client, SSHCluster

    there = programs()
    if isinstance(there, str):
        pytest.skip(f"LEFT OUT: no worker was started through SSH, for {there}")
    run(SWEEP, tmp_path / "alone.zarr", tile_points=50, durable=False)
    folder, path = tmp_path / "ssh", tmp_path / "cube.zarr"
    folder.mkdir()
    with ExitStack() as running:
        try:
            server = running.enter_context(sshd(there, folder))
        except OSError as error:  # no fault of what is tried here
            pytest.skip(f"LEFT OUT: no worker was started through SSH, whose server did not begin: {error}")
        reached = {"port": server.port, "client_keys": [str(server.key)], "known_hosts": None}
        with (
            SSHCluster(
                ["127.0.0.1"] * 3,  # the first is the scheduler's
                connect_options=reached,
                scheduler_options={"host": "127.0.0.1", "port": 0, "dashboard": False},
                worker_options={"nthreads": 1, "host": "127.0.0.1"},
                remote_python=sys.executable,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            client.wait_for_workers(2, timeout=60)
            report = run_report(SWEEP, path, tile_points=50, durable=False, progress=False, client=client)
            assert (report.computed, report.points) == (40, 2000)
    assert contents(path) == contents(tmp_path / "alone.zarr")
