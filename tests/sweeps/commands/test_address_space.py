"""Libraries are not loaded where the address space has no room: some would wait for it without end."""

import sys

import pytest
from equisweep.sweeps.commands import address_space


@pytest.fixture
def guarded(monkeypatch):
    """What is imported while so many bytes are left."""

    def with_left(left):
        monkeypatch.setattr(address_space, "address_space", lambda: left)
        monkeypatch.setattr(address_space, "_in_use", lambda: 0)
        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
        address_space.guard_address_space()
        return sys.meta_path[0]

    return with_left


def test_what_has_no_room_is_not_loaded(guarded):
    guard = guarded(address_space.takes("scipy") - 1)
    guard.find_spec("scipy.linalg", None)  # its package is there already
    with pytest.raises(MemoryError, match="scipy"):
        guard.find_spec("scipy", None)


def test_what_has_room_is_loaded(guarded):
    guard = guarded(address_space.takes("scipy"))
    assert guard.find_spec("scipy", None) is None


def test_nothing_is_looked_at_where_nothing_is_limited(guarded):
    before = sys.meta_path[0]
    assert guarded(None) is before


@pytest.fixture
def of_four(monkeypatch):
    """A machine of four cores, of which this process may use two, and no variable says how many."""
    for name in (*VARIABLES, "NPROC", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(address_space.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(address_space.os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    return monkeypatch.setenv


def threads(name):
    return (address_space.takes(name) // 2**20 - address_space._TAKES[name]) // 40


VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(("stated", "most"), [("1", 1), ("3", 2), ("9" * 30, 2), ("x", 2), ("", 2), ("0", 2)])
def test_what_openblas_reads_concerns_what_brings_it_along_alone(of_four, variable, stated, most):
    of_four(variable, stated)
    assert [threads(name) for name in ("numpy", "scipy", "jaxlib", "duckdb")] == [most, most, 2, 4]


@pytest.mark.parametrize(("stated", "number"), [("1", 1), ("7", 7), ("5000", 64), ("9" * 30, 64), ("x", 0)])
def test_others_have_variables_of_their_own(of_four, stated, number):
    of_four("NPROC", stated)
    assert [threads(name) for name in ("numpy", "jaxlib", "duckdb")] == [2, number or 2, 4]
    of_four("SLURM_CPUS_ON_NODE", stated)
    assert [threads(name) for name in ("numpy", "jaxlib", "duckdb")] == [2, number or 2, number or 4]


def test_the_first_that_openblas_reads_counts(of_four):
    of_four("OMP_NUM_THREADS", "2")
    of_four("OPENBLAS_NUM_THREADS", "1")
    assert threads("numpy") == 1
