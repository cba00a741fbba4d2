"""SLURM on this host: the printed script is submitted, requeued, stopped; and workers that are its jobs."""

import re
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from cluster.slurm import CPUS, programs, slurm
from distributed import Client
from equisweep.engine.store.verify import verify
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.run import run_report
from helpers.aside import Aside
from helpers.cube_files import contents

TEXT = """
model = "external"
outputs = ["investment", "expected_loss"]
[axes]
alpha = { start = 0.0, stop = 1.0, num = 60 }
beta = { start = 0.01, stop = 1, num = 100 }
"""
TILES = 60 * 50
WITHIN = 120.0  # [s]


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    result = programs()
    if isinstance(result, str):
        pytest.skip(f"LEFT OUT: nothing was submitted to SLURM, for {result}")
    with ExitStack() as running:
        try:
            environment = running.enter_context(slurm(result, tmp_path_factory.mktemp("slurm")))
        except OSError as error:  # no fault of what is tried here
            pytest.skip(f"LEFT OUT: nothing was submitted to SLURM, which did not begin: {error}")
        yield environment


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    file = tmp_path_factory.mktemp("sweep") / "wide.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture(scope="module")
def alone(sweep):
    root = sweep.parent / "alone.zarr"
    run(Sweep.from_file(sweep), root, tile_points=2, durable=False)
    return contents(root)


def said(environment, *words):
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def submitted(environment, sweep, cube, parts):
    """The number of the array, as it is begun."""
    words = [sys.executable, "-m", "equisweep.sweeps.commands.main", "slurm", str(sweep), "-o", str(cube)]
    words += ["--parts", str(parts), "--cpus", "1", "--tile-points", "2", "--no-trial"]
    script = cube.with_suffix(".sh")
    script.write_text(said(None, *words))
    script.chmod(0o644)
    answer = said(environment, "sbatch", "--parsable", f"--chdir={cube.parent}", str(script))
    return int(answer.partition(";")[0])


def state_of(environment, job):
    """What SLURM says of a job, by name."""
    return dict(re.findall(r"(\w+)=(\S+)", said(environment, "scontrol", "show", "job", job)))


def wait_for(what, result):
    end = time.monotonic() + WITHIN
    while not result():
        assert time.monotonic() < end, f"no {what} within {WITHIN} s"
        time.sleep(0.1)


def committed(cube):
    return sum(1 for _ in cube.glob("status/c/*/*"))


def ended(environment, *jobs):
    return lambda: all(
        state_of(environment, job)["JobState"] in ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT")
        for job in jobs
    )


def test_the_script_is_submitted_as_it_is_and_a_part_that_is_requeued_goes_on(there, sweep, alone, tmp_path):
    cube = tmp_path / "cube.zarr"
    number = submitted(there, sweep, cube, 2)
    jobs = [f"{number}_1", f"{number}_2"]
    wait_for("tile", lambda: committed(cube) > TILES // 20)
    said(there, "scontrol", "requeue", jobs[0])
    wait_for("end", ended(there, *jobs))
    states = [state_of(there, job) for job in jobs]
    logs = [path.read_text() for path in tmp_path.glob("equisweep-wide-*.log")]
    assert [one["JobState"] for one in states] == ["COMPLETED"] * 2, logs
    assert [one["Restarts"] for one in states] == ["1", "0"]
    assert (states[0]["NumCPUs"], states[0]["Requeue"]) == ("1", "1")
    run(Sweep.from_file(sweep), cube)
    assert contents(cube) == alone


def test_a_job_that_is_told_to_stop_keeps_its_tiles_and_submitted_again_it_computes_the_rest(
    there, sweep, alone, tmp_path
):
    cube = tmp_path / "cube.zarr"
    job = f"{submitted(there, sweep, cube, 1)}_1"
    wait_for("tile", lambda: committed(cube) > TILES // 20)
    said(there, "scancel", "--batch", "--signal=TERM", job)  # as SLURM does two minutes before its time ends
    wait_for("end", ended(there, job))
    assert state_of(there, job)["ExitCode"] == "130:0"
    kept = committed(cube)
    assert TILES // 20 < kept < TILES
    assert not verify(cube).damaged
    again = f"{submitted(there, sweep, cube, 1)}_1"
    wait_for("end", ended(there, again))
    assert state_of(there, again)["ExitCode"] == "0:0"
    assert contents(cube) == alone


def test_workers_that_are_jobs_of_slurm_and_one_of_them_is_cancelled(
    there, sweep, alone, tmp_path, monkeypatch
):
    jobqueue = pytest.importorskip("dask_jobqueue")
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    cube = tmp_path / "cube.zarr"
    with (
        jobqueue.SLURMCluster(
            cores=1, memory="1GB", walltime="00:10:00", interface="lo", python=sys.executable,
            log_directory=str(tmp_path), local_directory=str(tmp_path),
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        assert CPUS >= 2
        cluster.adapt(minimum_jobs=2, maximum_jobs=2)
        client.wait_for_workers(2, timeout=WITHIN)

        def cancel():
            wait_for("tile", lambda: committed(cube) > TILES // 20)
            said(there, "scancel", said(there, "squeue", "--noheader", "--format=%A").split()[0])

        with Aside(cancel):
            report = run_report(
                Sweep.from_file(sweep), cube, tile_points=2, durable=False, progress=False, client=client
            )
        assert report.computed == TILES
    run(Sweep.from_file(sweep), Path(cube))
    assert contents(cube) == alone
