"""One sweep on two workers of Dask: the cube is the one that a run makes alone; what differs is refused."""

import asyncio
import os
import signal
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from distributed.scheduler import KilledWorker, WorkerStatusPlugin
from equisweep.engine.cores import usable_cores
from equisweep.engine.crew.member import Done
from equisweep.engine.store.iced.at import iced_at
from equisweep.engine.store.iced.repository import Repository
from equisweep.engine.store.verify import verify
from equisweep.sweeps import Sweep, SweepError, open_cube, run
from equisweep.sweeps.cluster import client as clients
from equisweep.sweeps.cluster import crew as dask_crew
from equisweep.sweeps.cluster import on_worker
from equisweep.sweeps.cluster import order as orders
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.file_paths import cube_path
from equisweep.sweeps.run import run_report
from helpers.aside import Aside
from helpers.cube_files import contents
from helpers.products import costs_seconds
from helpers.sampled_models import ishigami_sweep

SWEEP = Sweep(
    "external",
    {"alpha": {"start": 0.0, "stop": 0.5, "num": 6}, "beta": {"start": 0.01, "stop": 1, "num": 21}},
    outputs=["investment"],
)


@pytest.fixture(scope="module")
def client():
    before = dict(os.environ)
    with clients.local_client(2) as one:
        yield one
    assert dict(os.environ) == {**before, "PYTEST_CURRENT_TEST": os.environ["PYTEST_CURRENT_TEST"]}


def alone(sweep, folder):
    run(sweep, folder / "alone.zarr", durable=False, tile_points=20, overwrite=True)
    return contents(folder / "alone.zarr")


def run_there(sweep, path, client, **options):
    return run_report(sweep, path, durable=False, tile_points=20, progress=False, client=client, **options)


def test_workers_make_the_cube_that_one_run_makes_and_it_grows_and_is_reduced(client, tmp_path, capsys):
    path, wide = tmp_path / "cube.zarr", replace(SWEEP, axes={**SWEEP.axes, "alpha": [0.0, 0.25, 0.1]})
    report = run_report(SWEEP, path, durable=False, tile_points=20, client=client)
    assert contents(path) == alone(SWEEP, tmp_path)
    assert (report.computed, report.points, report.missing) == (12, 126, 0)
    assert "of 126 points" in capsys.readouterr().err
    assert not list((path / "status").glob("writers/*"))
    assert run_there(SWEEP, path, client).computed == 0
    assert run_there(wide, tmp_path / "wide.zarr", client, reuse=path).reused == 42
    assert contents(tmp_path / "wide.zarr") == alone(wide, tmp_path)
    with pytest.raises(SweepError, match="is the cube that the sweep is run into"):
        run_there(SWEEP, path, client, reuse=path, overwrite=True)
    longer = {"start": 0.0, "stop": 0.6, "num": 7}
    assert run_there(replace(SWEEP, axes={**SWEEP.axes, "alpha": longer}), path, client).grown
    cells = replace(SWEEP, outputs=(), reduce={"over": ["beta"], "investment": ["mean", "max"]})
    assert run_there(cells, tmp_path / "cells.zarr", client).points == 126
    assert contents(tmp_path / "cells.zarr") == alone(cells, tmp_path)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="LEFT OUT: this system binds no process")
def test_workers_of_this_host_run_on_cores_of_their_own_with_as_many_threads_of_xla(client, tmp_path):
    run_there(SWEEP, tmp_path / "cube.zarr", client)  # XLA has begun
    bound, threads = zip(*client.run(cores_and_threads).values(), strict=True)
    usable = sorted(os.sched_getaffinity(0))
    each = len(usable) // 2
    if not each:
        pytest.skip("LEFT OUT: one core cannot be shared out")
    assert sorted(bound) == [[usable[:each]], [usable[each : 2 * each]]]
    assert threads == (each, each)


def cores_and_threads():
    """Which cores the threads of this process are bound to, each set once; how many threads are XLA's."""
    tasks = [(int(task.name), (task / "comm").read_text()) for task in Path("/proc/self/task").iterdir()]
    bound = {tuple(sorted(os.sched_getaffinity(task))) for task, _ in tasks}
    return [list(one) for one in bound], sum("XLAEigen" in name for _, name in tasks)


def test_a_model_of_ones_own_travels_by_content(client, tmp_path):
    sweep = ishigami_sweep(tmp_path, {"kind": "lhs", "samples": 10}, axes={"a": [5.0, 7.0]})
    expected = alone(sweep, tmp_path)
    order = orders.order(sweep, tmp_path / "cube.zarr", "cpu", False, None)
    assert list(order.files) == ["sampled.py"]
    assert order.unpacked().folder.parent != tmp_path
    run_there(sweep, tmp_path / "cube.zarr", client)
    assert contents(tmp_path / "cube.zarr") == expected
    outside = replace(sweep, model="../sampled.py:ishigami", folder=tmp_path / "below")
    (tmp_path / "below").mkdir()
    with pytest.raises(SweepError, match=r"sampled.py: lies outside of .*below, whose files travel"):
        run_there(outside, tmp_path / "x.zarr", client)


def test_a_worker_that_is_not_as_the_lead_computes_nothing(client, tmp_path, monkeypatch):
    real = orders.facts
    monkeypatch.setattr(orders, "facts", lambda: real() | {"jaxlib": "9.9", "x64": "False"})
    with pytest.raises(
        SweepError, match=r"worker tcp://127.*: is not as .*jaxlib: 9.9 there, .* here; x64: False"
    ):
        run_there(SWEEP, tmp_path / "cube.zarr", client)
    assert not list(tmp_path.iterdir())


def test_a_worker_that_is_killed_costs_its_running_tiles_only(client, tmp_path):
    path, sweep = tmp_path / "cube.zarr", replace(SWEEP, axes={**SWEEP.axes, "n": list(range(3, 23))})

    def kill():
        while len(list(path.glob("status/c/*/*/*"))) < 6:
            time.sleep(0.01)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    with Aside(kill):
        assert run_there(sweep, path, client).computed == 126
    assert contents(path) == alone(sweep, tmp_path)


@costs_seconds
@pytest.mark.parametrize("killed", [False, True])
def test_workers_commit_to_a_repository_of_icechunk_and_one_that_is_killed_costs_what_it_did_not(
    client, tmp_path, killed
):
    repo, sweep = tmp_path / "repo.icechunk", replace(SWEEP, axes={**SWEEP.axes, "n": list(range(3, 23))})
    there = cube_path(repo)

    def kill():
        while not [one for one in seen(there) if one.startswith("worker")]:
            time.sleep(0.05)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)

    with Aside(kill) if killed else nullcontext():
        assert run_there(sweep, repo, client, commit_every=4).computed == 126
    expected = {name: raw for name, raw in alone(sweep, tmp_path).items() if "/c/" in name}
    bucket = iced_at(str(there))
    assert {name: bucket.read(f"{there}/{name}") for name in bucket.files(there) if "/c/" in name} == expected
    assert verify(there).sound
    assert run_there(sweep, repo, client).computed == 0
    commits = bucket.repository.history()
    assert max(one.tiles for one in commits if one.tiles is not None) <= 4
    assert sum(one.tiles or 0 for one in commits) >= 126  # those of the one that was killed, perhaps twice
    grown = replace(sweep, axes={**sweep.axes, "alpha": {"start": 0.0, "stop": 0.6, "num": 7}})
    assert run_there(grown, repo, client).grown
    assert run_there(SWEEP, repo, client, overwrite=True).computed == 12
    assert open_cube(repo).load().drop_attrs().identical(run(SWEEP, tmp_path / "s.zarr").load().drop_attrs())


def seen(there):
    """What the commits say that everybody sees by now."""
    try:
        return [one.message for one in Repository(str(there).removeprefix("icechunk://")).history()]
    except OSError:
        return []


def test_a_worker_of_this_host_that_is_lost_for_good_is_replaced(client):
    """Also where another died as it registered, of which Dask tells that it is gone, and nothing before."""
    cluster = client.cluster
    watches = [p for p in cluster.scheduler.plugins.values() if isinstance(p, WorkerStatusPlugin)]
    cluster.loop.add_callback(watches[0].bcomm.send, ["remove", "tcp://127.0.0.1:1"])
    before, nanny = set(cluster.scheduler_info["workers"]), next(iter(cluster.workers.values()))
    client.sync(nanny.close)
    wait_until(lambda: nanny not in cluster.workers.values() and len(cluster.workers) == 2, 60)
    client.wait_for_workers(2, timeout=60)
    wait_until(lambda: len(cluster.scheduler_info["workers"]) == 2)
    assert set(cluster.scheduler_info["workers"]) != before
    assert not cluster._watch_worker_status_task.done()


class Pending:
    """What never ends."""

    def add_done_callback(self, call):
        pass

    def done(self):
        return False


class NoWorkers:
    """A client of a scheduler whose workers have gone, or which has gone itself."""

    scheduler, gone = SimpleNamespace(address="tcp://there:1"), False

    def scheduler_info(self, n_workers):
        if self.gone:
            raise OSError("closed")
        return {"workers": {}}

    def submit(self, *_, **__):
        return Pending()

    def cancel(self, futures, force):
        self.cancelled = len(futures)


def test_a_run_whose_workers_or_scheduler_have_gone_ends(monkeypatch):
    monkeypatch.setattr(dask_crew, "_WAIT_FOR_WORKERS", 0.1)
    monkeypatch.setattr(dask_crew, "_LOOK_SECONDS", 0.05)
    for gone, said in ((False, "no worker for 0.1 s"), (True, "its scheduler has gone")):
        client = NoWorkers()
        client.gone = gone
        crew = dask_crew.DaskCrew(client, SimpleNamespace(token="t"), None)
        with pytest.raises(SweepError, match=f"the cluster tcp://there:1: {said}.* what is committed stays"):
            crew.compute(range(10), lambda _: None)
        assert client.cancelled == (0 if gone else 3)
        with pytest.raises(SweepError, match=said):
            crew.why_not_portable(SimpleNamespace(tile=(1,)))


def test_tiles_whose_outcome_is_lost_with_a_worker_are_dealt_again_but_not_for_ever():
    crew = dask_crew.DaskCrew(NoWorkers(), SimpleNamespace(token="t"), None)

    def away(timeout):
        raise TimeoutError

    def done_once_more_by_four_who_died(timeout):
        raise KilledWorker("tiles", SimpleNamespace(address="tcp://there:2"), 3)

    for status, result in (
        *((status, away) for status in ("finished", "error", "lost", "cancelled")),
        ("finished", done_once_more_by_four_who_died),
    ):
        future = SimpleNamespace(status=status, result=result, exception=away)
        assert crew._result(future, "tiles 3 to 4", 0) is None
        with pytest.raises(SweepError, match="again and again at tiles 3 to 4"):
            crew._result(future, "tiles 3 to 4", 8)


def test_what_is_wrong_is_said_in_a_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "s.toml").write_text('model = "external"\n[axes]\nalpha = [0.1]\n')
    words = ["run", f"{tmp_path}/s.toml", "-o", f"{tmp_path}/c.zarr"]
    with pytest.raises(SweepError, match="a cluster computes the whole sweep"):
        run_report(SWEEP, tmp_path / "c.zarr", part="1/2", client=object())
    monkeypatch.setattr(clients, "_ANSWERS", "0.2s")
    for address in ("tcp://127.0.0.1:1", "nowhere"):
        assert main([*words, "--dask", address]) == 2
        assert f"dask: no scheduler answers at '{address}'" in capsys.readouterr().err
    for wrong, said in (
        (["1000000"], f"1,000,000 are too many for the {usable_cores()} cores"),
        (["2", "--part", "1/2"], "a cluster computes the whole sweep; leave out --part"),
    ):
        assert main([*words, "--workers", *wrong]) == 2
        assert said in capsys.readouterr().err
    monkeypatch.setattr("distributed.LocalCluster.__init__", not_started)
    assert main([*words, "--workers", "2"]) == 2
    assert "workers of this host do not start (Nanny failed to start); a script" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([*words, "--workers", "2"]) == 2
    assert "pip install 'equisweep[dask]'" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["s.toml"]


def not_started(*_, **__):
    raise RuntimeError("Nanny failed to start")


@costs_seconds
def test_a_worker_without_a_task_gives_its_lease_back_and_takes_the_next_task_anew(monkeypatch):
    said = []

    def member(*_):
        number = sum(word == "made" for word in said)
        said.append("made")
        return SimpleNamespace(
            compute=lambda places: Done(*places), close=lambda: said.append(f"closed {number}")
        )

    monkeypatch.setattr(on_worker, "_member", member)
    monkeypatch.setattr(on_worker, "IDLE", 0.2)
    on_worker.take(SimpleNamespace(token="idle"), 1)  # pyright: ignore
    try:
        for number in range(2):
            assert on_worker.compute("idle", [1, 2]) == {"done": (1, 2, 0, 0)}
            wait_until(lambda: said[-1].startswith("closed"))
            assert said[-2:] == ["made", f"closed {number}"]
    finally:
        asyncio.run(on_worker.close("idle"))
    assert len(said) == 4


def wait_until(true, patience=30):
    last = time.monotonic() + patience
    while not true():
        assert time.monotonic() < last
        time.sleep(0.01)
