"""Room for libraries where the address space is limited (``ulimit -v``).

OpenBLAS, which NumPy and SciPy bring along, takes memory and starts threads while it is loaded. Where it gets
none it tries again without end, or sends its own process a SIGINT; what XLA and DuckDB are loaded by aborts.
What has no room is not loaded.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# Megabytes that each takes to be loaded, and besides for each thread. On two cores NumPy took 131 and SciPy
# 206; DuckDB aborted with 400 left, and XLA, which compiles afterwards, found no room for LLVM with 1,100.
_TAKES = {"numpy": 120, "scipy": 220, "duckdb": 400, "jaxlib": 1000}
_A_THREAD, _MOST_THREADS = 40, 64
_OF_OPENBLAS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


def guard_address_space() -> None:
    """From now on, if the address space is limited, MemoryError for a library that would have no room."""
    limit = address_space()
    if limit is not None:
        sys.meta_path.insert(0, _Guard(lambda: limit - _in_use()))


def address_space() -> int | None:
    """The most bytes of address space that this process may have; None where nothing limits it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit in (resource.RLIM_INFINITY, -1) else limit


def _in_use() -> int:
    with suppress(OSError, ValueError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0  # no Linux


class _Guard:
    """Looks at what is imported, and finds nothing itself."""

    def __init__(self, left: Callable[[], int]) -> None:
        self._left = left

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> None:
        """As of importlib; MemoryError where there is no room for `name`."""
        del path, target
        if name in _TAKES and self._left() < takes(name):
            raise MemoryError(f"{name} is not loaded: the address space has no room for it")


def takes(name: str) -> int:
    """Bytes that a library takes while it is loaded, by as many threads as its own rule starts."""
    return (_TAKES[name] + _A_THREAD * min(_THREADS[name](), _MOST_THREADS)) * 2**20


def _of_openblas() -> int:
    """Threads of OpenBLAS: as many as are asked for, and no more than there are cores for this process."""
    asked = (_number(os.environ.get(name, "")) for name in _OF_OPENBLAS)
    return min(next((number for number in asked if number), _MOST_THREADS), _cores())


def _of_xla() -> int:
    """Threads of XLA, which knows no other variable, and takes what that says whatever cores there are."""
    return _number(os.environ.get("NPROC", "")) or _cores()


def _of_duckdb() -> int:
    """Threads of DuckDB, which looks at all cores, whichever this process may use, and at what Slurm says."""
    return _number(os.environ.get("SLURM_CPUS_ON_NODE", "")) or os.cpu_count() or 1


_THREADS = {"numpy": _of_openblas, "scipy": _of_openblas, "duckdb": _of_duckdb, "jaxlib": _of_xla}


def _number(stated: str) -> int:
    """A number of threads as a variable states it; 0 where it states none."""
    return min(int(stated[:6]), 10**5) if stated.isdecimal() else 0


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
