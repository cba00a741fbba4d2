"""Cores: those that this process may run on, how many of them compute, and how many threads XLA has."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_MOST, _OF_XLA = [0], [0]
# Read by XLA as it begins; where it is not set, XLA begins a thread for every usable core.
_NAME = "NPROC"


def usable_cores() -> int:
    """How many cores this process may run on: SLURM, or ``taskset``, may have left it some of the host's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cores() -> int:
    """How many batches are computed at a time on a CPU."""
    return _MOST[0] or usable_cores()


def use_cores(most: int) -> None:
    """From now on compute at most so many batches at a time: others have the other cores. 0: all of them."""
    _MOST[0] = most


@contextmanager
def xla_begins_with(threads: int) -> Iterator[None]:
    """Within it XLA begins, if it has not yet, with so many threads, unless the user has said how many.

    A process that is to use one core of several would else hand its work to and fro between them, which took
    a tenth more of the processor for orbits.
    """
    if os.environ.get(_NAME) or xla_has_begun():
        yield
        return
    os.environ[_NAME], _OF_XLA[0] = str(threads), threads
    try:
        yield
    finally:
        del os.environ[_NAME]
        if not xla_has_begun():
            _OF_XLA[0] = 0


def threads_of_xla() -> int:
    """How many threads XLA has, among which it divides what it compiles."""
    stated = os.environ.get(_NAME, "")
    return _OF_XLA[0] or (int(stated) if stated.isdecimal() else 0) or usable_cores()


def xla_has_begun() -> bool:
    """Whether XLA has begun its threads, so far as that is known."""
    from jax._src import xla_bridge

    return bool(getattr(xla_bridge, "backends_are_initialized", lambda: True)())
