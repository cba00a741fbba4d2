"""Workers that are killed, and workers whose link is cut: the cube is the one that a run makes alone."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import dask
import pytest
from distributed import Client, LocalCluster
from equisweep.sweeps import Sweep, run
from equisweep.sweeps.cluster.client import local_client
from equisweep.sweeps.run import run_report
from helpers.aside import Aside
from helpers.cube_files import contents

KILLS = 100
SWEEP = Sweep(
    "external",
    {"mechanism": ["sharing", "noncooperation"], "alpha": {"start": 0.0, "stop": 1.0, "num": 41},
     "beta": {"start": 0.01, "stop": 1, "num": 101}},
    outputs=["investment", "expected_loss"],
)  # fmt: skip
SOON = {
    "distributed.scheduler.worker-ttl": "10 s",
    "distributed.comm.timeouts.tcp": "12 s",
    "distributed.comm.timeouts.connect": "12 s",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    path = tmp_path_factory.mktemp("alone") / "cube.zarr"
    run(SWEEP, path, tile_points=101, durable=False)
    return contents(path)


@contextmanager
def set_at_the_end(event):
    try:
        yield
    finally:
        event.set()


def run_there(path, client):
    return run_report(SWEEP, path, tile_points=101, durable=False, progress=False, client=client)


def test_after_100_kills_at_random_moments_every_cube_is_right(alone, tmp_path):
    """Most kills come as workers start, load and ask; each eighth comes as tiles are committed."""
    chance, killed, over, cubes, began = random.Random(0), [], threading.Event(), 0, time.monotonic()

    def committed():
        while True:
            with suppress(FileNotFoundError):  # the cube is just being removed
                return len(list(tmp_path.glob("*.zarr/status/c/*/*/*")))

    def as_tiles_are_committed():
        before, end = committed(), time.monotonic() + 15
        while committed() <= before and time.monotonic() < end and not over.wait(0.02):
            before = min(before, committed())  # another cube
        over.wait(chance.uniform(0, 0.3))

    with local_client(2) as client:

        def kill():
            while len(killed) < KILLS and not over.wait(chance.uniform(0.05, 1.5)):
                if len(killed) % 8 == 0:
                    as_tiles_are_committed()
                # Between two processes of a nanny there is none, and between two nannies none of these.
                with suppress(AttributeError, IndexError, ProcessLookupError, TypeError):
                    nanny = chance.choice(list(client.cluster.workers.values()))
                    os.kill(nanny.process.process.pid, signal.SIGKILL)
                    killed.append(committed())

        with Aside(kill) as killer, set_at_the_end(over):
            while killer.goes_on():
                path = tmp_path / f"{cubes}.zarr"
                run_there(path, client)
                assert contents(path) == alone
                shutil.rmtree(path)
                cubes += 1
                print(
                    f"cube {cubes} at {time.monotonic() - began:.0f} s, after {len(killed)} kills", flush=True
                )
    assert len(killed) == KILLS
    amid = sum(0 < tiles < 82 for tiles in killed)
    print(f"{len(killed)} kills, {amid} of them amid the tiles of a cube, {cubes} cubes")
    assert amid >= 5


@contextmanager
def namespace(number: int):
    """A network of its own, which reaches this one at 10.77.NUMBER.1."""
    name, net = f"equisweep{number}", f"10.77.{number}"
    commands = [
        f"netns add {name}",
        f"link add eqs{number} type veth peer name eth0 netns {name}",
        f"addr add {net}.1/24 dev eqs{number}",
        f"link set eqs{number} up",
        f"-n {name} addr add {net}.2/24 dev eth0",
        f"-n {name} link set eth0 up",
        f"-n {name} link set lo up",
        f"-n {name} route add default via {net}.1",
    ]
    forget(number)  # what one that was killed left
    try:
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)
        yield name
    finally:
        forget(number)


def forget(number: int) -> None:
    for command in (f"link del eqs{number}", f"netns del equisweep{number}"):
        subprocess.run(["ip", *command.split()], capture_output=True, check=False)


def no_namespaces() -> str:
    """Why this host makes no network namespaces; nothing where it does."""
    if not shutil.which("ip"):
        return "there is no ip here (install iproute2)"
    try:
        with namespace(1):
            return ""
    except subprocess.CalledProcessError as error:
        return (
            f"`{' '.join(error.cmd)}` said {error.stderr.decode().strip()!r} (root makes network namespaces)"
        )


def worker(name: str, address: str) -> subprocess.Popen:
    command = ["ip", "netns", "exec", name, sys.executable, "-m", "distributed.cli.dask_worker", address]
    options = ["--no-nanny", "--nthreads", "1", "--no-dashboard"]
    return subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def ended(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


def test_a_worker_whose_link_is_cut_is_replaced_by_others(alone, tmp_path):
    why = no_namespaces()
    if why:
        pytest.skip(f"LEFT OUT: no link was cut, for {why}")
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(SOON))
        names = [stack.enter_context(namespace(number)) for number in (1, 2)]
        cluster = stack.enter_context(
            LocalCluster(n_workers=0, host="0.0.0.0", dashboard_address=None, silence_logs=50)
        )
        port = cluster.scheduler_address.rpartition(":")[2]
        client = stack.enter_context(Client(cluster, set_as_default=False))
        processes = []
        for number, name in enumerate(names, 1):
            processes.append(worker(name, f"tcp://10.77.{number}.1:{port}"))
            stack.callback(ended, processes[-1])
        client.wait_for_workers(2, timeout=60)
        path, cut = tmp_path / "cube.zarr", []

        def cut_the_link():
            while len(list(path.glob("status/c/*/*/*"))) < 5:
                time.sleep(0.01)
            subprocess.run(["ip", "link", "set", "eqs1", "down"], check=True)
            cut.append(time.monotonic())

        with Aside(cut_the_link):
            report = run_there(path, client)
        assert cut
        assert report.points == SWEEP.space().points
        said = contents(path)
        assert {name: said.get(name) for name in alone} == alone
        # Whoever is cut off still counts as a writer; once it has ended, nothing is left of it.
        for process in processes:
            ended(process)
        run(SWEEP, path, durable=False)
        assert contents(path) == alone
