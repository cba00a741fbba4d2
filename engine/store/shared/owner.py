"""Who this process is, to others on this host and to hosts that share its storage.

A number of a process says something on its own host only, and there only while its system runs: a name in a
shared folder therefore says where the process is, too.
"""

import hashlib
import os
import re
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# What another host has left beside a cube and not changed for so long [s] is nobody's any more.
ABANDONED = 3600.0
_SCRATCH = re.compile(r"-(?:(?P<where>[0-9a-f]{8})-[0-9a-f]{8}-)?(?P<process>\d+)$")


@dataclass(frozen=True)
class Owner:
    """A process.

    Attributes
    ----------
    host
        The name of its host, for people.
    where
        What tells its host, since when that runs, and whose numbers of processes are meant.
    process, since
        Its number, and when it began in ticks of its host; 0 where the system does not say.
    """

    host: str
    where: str
    process: int
    since: int

    @property
    def gone(self) -> bool | None:
        """Whether it has ended; None of a process elsewhere, of which only its signs of life tell."""
        if self.where != where():
            return None
        if not is_running(self.process):
            return True
        return bool(self.since) and _since(self.process) not in (0, self.since)


def this_process() -> Owner:
    """The owner that this process is."""
    process = os.getpid()
    return Owner(socket.gethostname(), where(), process, _since(process))


@cache
def where() -> str:
    """Eight hexadecimal digits of this host, as long as it runs, and of whose processes it sees from here."""
    said: list[Any] = [socket.gethostname(), sys.platform]
    for path in ("/proc/sys/kernel/random/boot_id", "/etc/machine-id"):
        try:
            said.append(Path(path).read_text(encoding="ascii").strip())
        except (OSError, ValueError):
            continue
    with suppress(OSError):
        said.append(Path("/proc/self/ns/pid").stat().st_ino)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:8]


def scratch_name() -> str:
    """The end of a name that no other process, thread or call uses, and that says whose it is."""
    return f"{where()}-{secrets.token_hex(4)}-{os.getpid()}"


def abandoned(path: Path) -> bool:
    """Whether nobody works any more with a file or folder whose name ends in a `scratch_name`.

    That of a process of another host is, once nothing has happened to it for a long time by the clock of the
    storage, which may differ from this host's.
    """
    said = _SCRATCH.search(path.name)
    if said is None:
        return False
    if said["where"] in (None, where()):  # of before hosts were named, too
        return not is_running(int(said["process"]))
    try:
        now, there = _storage_now(path.parent), path.lstat()
    except OSError:
        return False
    return now - max(there.st_mtime, there.st_ctime) > ABANDONED


def _storage_now(folder: Path) -> float:
    """What the clock of a folder's storage shows: when a file that is made there now was made."""
    path = folder / f".equisweep-{scratch_name()}.partial"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        return os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
        path.unlink()


@contextmanager
def worked_with(path: Path) -> Iterator[None]:
    """Show other hosts that a scratch folder is worked with, however long that takes."""
    over = threading.Event()

    def touch() -> None:
        while not over.wait(ABANDONED / 60):
            with suppress(OSError):
                os.utime(path)

    thread = threading.Thread(target=touch, name="equisweep-scratch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def is_running(process: int) -> bool:
    """Whether there is a process of this number here that has not ended.

    One that ended stays as long as its parent does not ask how; in a container that may be for ever.
    """
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return _state_of(process)[:1] not in (["Z"], ["X"])


def _since(process: int) -> int:
    """When a process began, which tells it from a later one of the same number."""
    try:
        return int(_state_of(process)[19])
    except (ValueError, IndexError):
        return 0


def _state_of(process: int) -> list[str]:
    """What Linux tells of a process, from its state on; empty elsewhere, and where there is none."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def awake() -> float:
    """Seconds of a clock that goes on while the host sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)
