"""What a worker of Dask frees and wants again, tile by tile, it does not ask the system for each time."""

import os
import subprocess
import sys

import pytest

TILES, PAGES = 200, 256  # of 4 kB
TAKES_AND_FREES = f"""
import ctypes, resource, sys
from equisweep.sweeps.cluster.memory import keep_freed

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]


def new_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({TILES}):
        there = libc.malloc({4096 * PAGES})
        ctypes.memset(there, 1, {4096 * PAGES})
        libc.free(there)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


before = new_pages()
keep_freed(True)
kept = new_pages()
keep_freed(False)
print(before, kept, new_pages())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="LEFT OUT: glibc's malloc alone is told so")
def test_freed_memory_is_kept_while_a_worker_computes_and_given_back_then():
    ended = subprocess.run(
        [sys.executable, "-c", TAKES_AND_FREES],
        env={**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"},
        capture_output=True,
        text=True,
        check=True,
    )
    before, kept, after = map(int, ended.stdout.split())
    assert kept < 3 * PAGES < TILES * PAGES // 2 < min(before, after)


def test_nothing_is_told_where_nobody_told_anything(monkeypatch):
    from equisweep.sweeps.cluster import memory

    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: pytest.fail("asked"))
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    memory.keep_freed(True)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "much")
    memory.keep_freed(True)
