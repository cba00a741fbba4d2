"""Commands that meet hostile inputs, each in a process of its own that is watched.

A process that has imported everything and computed nothing is forked: it has no threads, and a fork takes a
hundredth of a second where an interpreter takes two.
"""

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .case import WALL_SECONDS, Outcome

_MOST_BYTES = 3 * 2**30  # of address space beyond what the process has: the machine is not to suffer
_STDERR = "stderr.txt"


def warm_up() -> None:
    """Import what commands import, so that no child has to."""
    import duckdb  # noqa: F401
    import equisweep.engine.run.execute
    import equisweep.engine.store.verify
    import equisweep.sweeps.accessor
    import equisweep.sweeps.commands.main
    import equisweep.sweeps.cube.described.describe
    import equisweep.sweeps.cube.query
    import equisweep.sweeps.cube.sql
    import equisweep.sweeps.plan
    import equisweep.sweeps.plots.plot
    import equisweep.sweeps.sensitivity.analysis  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    from equisweep.engine.cores import xla_has_begun

    if xla_has_begun():
        raise RuntimeError("threads of XLA would be lost in a fork")


def outcome_of(what: list[str] | Callable[[], object], folder: Path) -> Outcome:
    """Run a command, or call a function, in `folder`; what came of it."""
    begun, before = time.monotonic(), _resident()
    child = os.fork()
    if child == 0:
        _child(what, folder)
    code, usage = _waited(child, begun + WALL_SECONDS + 1)
    wall = time.monotonic() - begun
    out, err = ((folder / name).read_text(errors="replace") for name in ("stdout.txt", _STDERR))
    megabytes = max(usage.ru_maxrss / 1024 - before, 0)
    return Outcome(code, usage.ru_utime + usage.ru_stime, wall, megabytes, out, err)


def done_in_child(work: Callable[[], object]) -> None:
    """Do something in a process of its own, so that this one stays without threads."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise RuntimeError("what hostile inputs are made of could not be made")


def _child(what: list[str] | Callable[[], object], folder: Path) -> None:
    code: Any = 99
    try:
        os.chdir(folder)
        for number, name in ((1, "stdout.txt"), (2, _STDERR)):
            descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(descriptor, number)
            os.close(descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        space = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (space + _MOST_BYTES, space + _MOST_BYTES))
        sys.argv = ["equisweep"]
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        code = _run(what)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(ValueError):  # closed
                stream.flush()
        os._exit(code if isinstance(code, int) else 98)


def _run(what: list[str] | Callable[[], object]) -> int:
    from equisweep.sweeps import CubeError, SweepError
    from equisweep.sweeps.commands.main import main
    from equisweep.sweeps.commands.streams import quiet_libraries

    quiet_libraries()
    if not callable(what):
        return main(what)
    try:
        code = what()
    except (SweepError, CubeError) as error:
        print(f"equisweep: {error}", file=sys.stderr)
        return 2
    return code if isinstance(code, int) else 0


def _waited(child: int, deadline: float) -> tuple[int, Any]:
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status), usage
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            _, status, usage = os.wait4(child, 0)
            return -signal.SIGKILL, usage
        time.sleep(0.002)


def _resident() -> float:
    """Megabytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
