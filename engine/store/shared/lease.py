"""Who writes to a cube just now: a file for each writer, which it renews, and which says whose it is.

There is no lock of the system's, which reaches one host and not every file system. Who comes adds a file
of its own, then lists those of others: of two who come at once at least one sees the other. Many may write
tiles side by side, for a tile has the same bytes whoever computes it. Who rewrites what is there (grows,
overwrites, repairs, or runs the whole sweep) has to be `alone`.

A file counts until its writer has ended, which its own host knows at once, or, for other hosts, until it was
not renewed for `LASTS` seconds by the clock of the storage. A writer that was cut off for longer, or asleep,
looks whether its file is still there before it writes on.
"""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import CubeError
from ...gate.documents import parse_json
from ..storage.files import storage_of
from ..storage.zipped import require_writable
from .owner import Owner, this_process

FOLDER = "status/writers"  # inside an array's folder, where listing a zarr group does not look
LASTS = 60.0
_LOOKS = 1.0  # Seconds within which a writer does not look again whether its file is there.
_END = ".writer"
_MOST = 10_000  # bytes of a file
_FRESH = 2.0  # Seconds in which two who came at once may both have seen the other.
_TRIES = 8
_PAUSE = 0.2
# What is soon done, so that others wait for it.
BRIEF = frozenset({"preparing", "ending"})

_UNKNOWN = Owner("a host that cannot be told", "", 0, 0)
_HELD: set[str] = set()  # names of files of this process: those that are not there it has given back


class Busy(CubeError):
    """Another process writes to the cube."""


@dataclass(frozen=True)
class Writer:
    """One who writes, as its file says.

    Attributes
    ----------
    path
        The file.
    owner
        The process.
    alone
        Whether nobody may write beside it.
    what
        What it does: "run", "repair", "preparing", "ending", or "part".
    part
        Which part of a sweep, such as "3/64"; empty for the whole.
    signed
        When it last gave a sign of life, by the clock of the storage [s].
    """

    path: Path
    owner: Owner
    alone: bool
    what: str
    part: str
    signed: float

    def gone(self, now: float) -> bool:
        """Whether it has ended, at a time by the clock of the storage."""
        gone = self.owner.gone
        if gone is None:
            return abs(now - self.signed) > LASTS  # nor does anybody sign a minute ahead of the storage
        if not gone and self.owner == this_process():
            return self.path.name not in _HELD
        return gone

    def __str__(self) -> str:
        who = f"part {self.part}" if self.part else "another run"
        return f"{who} is writing to it (process {self.owner.process} on {self.owner.host})"


class Lease:
    """The file of this process while it writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._signed, self._lost = _awake(), False
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._renew_on, name="equisweep-lease", daemon=True)

    def begin(self) -> None:
        """Renew it from now on, in a thread."""
        self._renewing.start()

    def end(self) -> None:
        """Give it back."""
        self._over.set()
        _HELD.discard(self.path.name)
        with suppress(OSError):
            storage_of(self.path).delete(str(self.path))
            self.path.parent.rmdir()

    def require(self) -> None:
        """See to it that nobody else has taken the cube for one that nobody writes to; else CubeError.

        To be asked before every tile: the storage is asked about it once a second at most.
        """
        if self._lost or (_awake() - self._signed > _LOOKS and not self._renew()):
            raise CubeError(
                f"{self.path.parents[2]}: this run gave no sign of life for {LASTS:g} s (its host slept, or "
                "was cut off from the storage), and another goes on in its place; run the same sweep again"
            )

    def now(self) -> float:
        """The time by the clock of the storage; FileNotFoundError where the file was taken away."""
        storage_of(self.path).touch(self.path)
        return self.path.stat().st_mtime

    def _renew(self) -> bool:
        """Whether the file is there still; it then says so to others."""
        try:
            storage_of(self.path).touch(self.path)
        except FileNotFoundError:
            self._lost = True
            return False
        except OSError:  # the storage is away for a moment: what is written next will say so, too
            return True
        self._signed = _awake()
        return True

    def _renew_on(self) -> None:
        while not self._over.wait(LASTS / 6):
            self._renew()


@contextmanager
def only_writer(root: Path, what: str = "run", wait: bool = True) -> Iterator[Lease]:
    """Write alone to the cube at `root`; `Busy`, a CubeError, where others write to it.

    Parameters
    ----------
    root
        The cube.
    what
        Of a `Writer`.
    wait
        Wait for those that are soon done.

    Raises
    ------
    Busy
        Another one writes.
    OSError
        The disk refuses.
    """
    with _writer(root, True, what, "", wait) as lease:
        yield lease


@contextmanager
def beside_others(root: Path, part: str) -> Iterator[Lease]:
    """Write tiles of a part of the sweep to the cube at `root`, beside others; raises as `only_writer`."""
    with _writer(root, False, "part", part, True) as lease:
        yield lease


@contextmanager
def _writer(root: Path, alone: bool, what: str, part: str, wait: bool) -> Iterator[Lease]:
    if not (root / "status").is_dir():  # of no cube: whoever opens it says what it is
        root.stat()
        yield Lease(root / FOLDER / "none")
        return
    lease = _enter(root, alone, what, part, wait)
    lease.begin()
    try:
        yield lease
    finally:
        lease.end()


def _enter(root: Path, alone: bool, what: str, part: str, wait: bool) -> Lease:
    tries, waited = 0, _awake()
    while True:
        lease = _add(root, alone, what, part)
        try:
            other = _in_the_way(root, lease, alone)
        except FileNotFoundError:  # with the cube that lay here, in whose place is another one now
            lease.end()
            if not (root / "status").is_dir():
                raise
            continue
        except BaseException:
            lease.end()
            raise
        if other is None:
            return lease
        lease.end()
        writer, age = other
        tries += 1
        came_at_once = alone and writer.alone and age < _FRESH and tries < _TRIES
        if not wait or not (writer.what in BRIEF or came_at_once):
            raise Busy(f"{root}: {writer}; {_until(writer, age, waited)}")
        time.sleep(_PAUSE * (0.25 + secrets.randbelow(1000) / 1000))


def _until(writer: Writer, age: float, waited: float) -> str:
    if writer.owner.gone is None and age + _awake() - waited > LASTS / 4:
        return f"if it was killed, it is gone in {max(LASTS - age, 1):.0f} s"
    return "wait for that one to end"


def _add(root: Path, alone: bool, what: str, part: str) -> Lease:
    """Add a file for this process."""
    require_writable(root)
    name = secrets.token_hex(8) + _END
    said = {"owner": asdict(this_process()), "alone": alone, "what": what, "part": part}
    _HELD.add(name)
    path = root / FOLDER / name
    while True:
        storage_of(root).make_folder(root, FOLDER)
        try:
            storage_of(root).put(path, [json.dumps(said).encode()])
            return Lease(path)
        except FileNotFoundError:  # the last one to leave has taken the folder away
            if not (root / "status").is_dir():
                _HELD.discard(name)
                raise
        except BaseException:
            _HELD.discard(name)
            raise


def _in_the_way(root: Path, lease: Lease, alone: bool) -> tuple[Writer, float] | None:
    """Another writer that this one cannot write beside, and how long ago it gave a sign; None where none is.

    Who is alone clears away files of those that are gone. To list and to read may take minutes: the clock
    is read after that, and whoever signed meanwhile is not gone.
    """
    seen = [writer for writer in writers(root) if writer.path != lease.path]
    now = lease.now()
    gone = [writer for writer in seen if writer.gone(now)]
    for writer in seen:
        again = _read(writer.path) if writer in gone else writer
        if again is None or (again is not writer and again.signed == writer.signed):
            continue
        if alone or again.alone:
            return again, max(now - again.signed, 0.0)
    if alone:  # a file that is half-written just now is begun anew by its writer
        half = [root / FOLDER / name for name in names(root) if name.endswith(".partial")]
        for path in (*half, *(writer.path for writer in gone)):
            storage_of(path).delete(str(path))
    return None


def names(root: Path) -> list[str]:
    """Names of all files that writers have, or were about to have, in the cube at `root`."""
    try:
        return storage_of(root).names(root / FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        return []


def writers(root: Path) -> list[Writer]:
    """All who have a file in the cube at `root`, in no order, those that are gone as well."""
    found = (_read(root / FOLDER / name) for name in names(root) if name.endswith(_END))
    return [writer for writer in found if writer is not None]


def _read(path: Path) -> Writer | None:
    """What a file says; None where it has gone. One that cannot be read is of somebody elsewhere."""
    signed = time.time()
    try:
        signed = path.lstat().st_mtime
        raw = storage_of(path).read(path, _MOST, follow=False)
    except FileNotFoundError:
        return None
    except OSError:
        return Writer(path, _UNKNOWN, True, "run", "", signed)
    try:
        said: Any = parse_json(raw)
        of = said["owner"]
        owner = Owner(str(of["host"]), str(of["where"]), int(of["process"]), int(of["since"]))
        return Writer(path, owner, bool(said["alone"]), str(said["what"]), str(said["part"]), signed)
    except (ValueError, KeyError, TypeError, OverflowError):
        # names come whole: a power cut has left it, of nobody
        return Writer(path, _UNKNOWN, True, "run", "", float("-inf"))


def _awake() -> float:
    """Seconds of a clock that goes on while the host sleeps."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)
