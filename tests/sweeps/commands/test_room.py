"""Libraries are not loaded where the address space has no room: some would wait for it without end."""

import sys

import pytest
from equisweep.sweeps.commands import room


@pytest.fixture
def guarded(monkeypatch):
    """What is imported while so many bytes are left."""

    def with_left(left):
        monkeypatch.setattr(room, "address_space", lambda: left)
        monkeypatch.setattr(room, "_in_use", lambda: 0)
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
        room.guard_room()
        return sys.meta_path[0]

    return with_left


def test_what_has_no_room_is_not_loaded(guarded):
    guard = guarded(room.takes("scipy") - 1)
    guard.find_spec("scipy.linalg", None)  # its package is there already
    with pytest.raises(MemoryError, match="scipy"):
        guard.find_spec("scipy", None)


def test_what_has_room_is_loaded(guarded):
    guard = guarded(room.takes("scipy"))
    assert guard.find_spec("scipy", None) is None


def test_nothing_is_looked_at_where_nothing_is_limited(guarded):
    before = sys.meta_path[0]
    assert guarded(None) is before


@pytest.mark.parametrize(("stated", "threads"), [("3", 3), ("9" * 30, 2), ("x", 2), ("", 2), ("5000", 64)])
def test_threads_take_room_of_their_own(monkeypatch, stated, threads):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", stated)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(room.os, "cpu_count", lambda: 2)
    assert room.takes("numpy") == (120 + 40 * threads) * 2**20
