"""How a cube appears in a bucket: never as a mixture, neither of two creators nor with what was deleted."""

import secrets
import threading
import time

import pytest
from equisweep.engine.store.storage import appear
from equisweep.engine.store.storage.objects import Objects
from equisweep.engine.store.storage.place import place
from equisweep.engine.store.storage.reached import objects_at
from equisweep.engine.store.storage.schemes import REQUEST, TRIES
from equisweep.engine.store.verify import verify
from equisweep.sweeps import CubeError, Sweep, open_cube
from equisweep.sweeps.run import run_report

AXES = {"alpha": [0.1, 0.2, 0.3, 0.4], "beta": [0.1, 0.2]}


def sweep(alpha=None, **fixed):
    return Sweep(
        "external", AXES | ({} if alpha is None else {"alpha": alpha}), outputs=["investment"], fixed=fixed
    )


def new():
    return f"memory://{secrets.token_hex(4)}/cube.zarr"


def complete(url, which, **options):
    return run_report(which, url, tile_points=4, progress=False, **options)


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(appear, "LASTS", 0.3)
    monkeypatch.setattr(appear, "_PAUSE", 0.02)


@pytest.mark.parametrize("gone", [".tiles", "status/c/", "investment/c/", "cube-00000001.json", "alpha/"])
def test_what_is_left_of_a_deleted_cube_is_never_that_of_the_next(soon, gone):
    url = new()
    complete(url, sweep(L=400))
    bucket = objects_at(url)
    bucket.delete(f"{url}/zarr.json")
    for name in bucket.files(url):
        if gone in name:
            bucket.delete(f"{url}/{name}")
    left = sorted(bucket.files(url))
    for other in (sweep(L=800), sweep(L=400)):
        with pytest.raises(CubeError, match=r"deleted here in part; delete the rest") as raised:
            complete(url, other)
        assert "repair" not in "".join(str(part) for part in raised.value.args)
    assert sorted(bucket.files(url)) == left
    bucket.delete_below(url)
    assert complete(url, sweep(L=800)).computed == 2


def test_no_seal_is_taken_over_where_tiles_came_to_lie_meanwhile(soon, monkeypatch):
    url = new()
    bucket = objects_at(url)
    bucket.put(f"{url}/{appear.SEAL_FILE}", [b"of another cube"])
    monkeypatch.setattr(appear, "is_begun", lambda root: False)
    bucket.put(f"{url}/status/c/0/0", [b"a mark"])
    built = []
    monkeypatch.setattr(appear.DISK, "files", lambda folder: built or [appear.SEAL_FILE], raising=False)
    monkeypatch.setattr(appear.DISK, "read", lambda *path: b"mine", raising=False)
    with pytest.raises(CubeError, match="deleted here in part"):
        appear.appear_in_bucket(place("built"), place(url))
    assert bucket.read(f"{url}/{appear.SEAL_FILE}") == b"of another cube"


def at_once(url, *todo):
    """Run these in threads, each once one has put its seal; returns what they did or raised."""
    outcomes = {}

    def do(number, what):
        try:
            outcomes[number] = what()
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=do, args=one) for one in enumerate(todo)]
    for thread in threads:
        thread.start()
        until = time.monotonic() + 30
        while not objects_at(url).holds(url) and time.monotonic() < until:
            time.sleep(0.01)
    for thread in threads:
        thread.join(60)
    return outcomes


def test_a_slow_creator_is_waited_for_as_long_as_it_puts_anything(soon, monkeypatch):
    put_new = Objects.put_new
    slow = sweep(alpha=[0.1, 0.2, 0.3])

    def slowly(self, path, raw, **options):
        if threading.current_thread().name.startswith("equisweep-objects"):
            with taking_turns:
                time.sleep(0.15)
        return put_new(self, path, raw, **options)

    taking_turns = threading.Lock()
    monkeypatch.setattr(Objects, "put_new", slowly)
    url = new()
    outcomes = at_once(url, lambda: complete(url, slow), lambda: complete(url, sweep()))
    assert outcomes[0].computed == outcomes[0].tiles, outcomes
    assert isinstance(outcomes[1], CubeError), outcomes
    assert open_cube(url).alpha.values.tolist() == [0.1, 0.2, 0.3]
    assert verify(place(url)).sound


@pytest.mark.parametrize("late", ["alpha/c/0", "investment/zarr.json", "cube.zarr/zarr.json"])
def test_a_request_that_was_on_its_way_for_long_does_no_harm_to_the_cube_of_another(soon, monkeypatch, late):
    put_new, stalled, over = Objects.put_new, [], threading.Event()

    def stalls(self, path, raw, **options):
        if str(path).endswith(late) and not stalled:
            stalled.append(path)
            over.wait(60)
        return put_new(self, path, raw, **options)

    monkeypatch.setattr(Objects, "put_new", stalls)
    url, first, second = new(), sweep(alpha=[0.1, 0.2, 0.3], L=1), sweep(alpha=[0.5, 0.6], L=2)

    def of_the_second():
        try:
            return complete(url, second)
        finally:
            over.set()

    outcomes = at_once(url, lambda: complete(url, first), of_the_second)
    assert isinstance(outcomes[0], CubeError), outcomes
    assert outcomes[1].computed == outcomes[1].tiles, outcomes
    assert open_cube(url).alpha.values.tolist() == [0.5, 0.6]
    assert verify(place(url)).sound


def test_others_wait_longer_than_a_request_is_tried():
    assert appear.LASTS > REQUEST + TRIES


def test_an_object_is_replaced_only_as_it_was_seen():
    url = new()
    bucket, path = objects_at(url), f"{url}/a"
    with pytest.raises(FileNotFoundError):
        bucket.replace(path, b"mine", lambda: True)
    bucket.put(path, [b"theirs"])
    with pytest.raises(FileNotFoundError):
        bucket.replace(path, b"mine", lambda: False)
    with pytest.raises(FileNotFoundError):
        bucket.replace(path, b"mine", lambda: bucket.put(path, [b"newer"]) is None)
    assert bucket.read(path) == b"newer"
    bucket.replace(path, b"mine", lambda: True)
    assert bucket.read(path) == b"mine"
