"""Who writes to a cube just now: a file for each writer, which it renews, and which says whose it is.

There is no lock of the system's, which reaches one host and not every file system. Who comes adds a file
of its own, then lists those of others: of two who come at once at least one sees the other. Many may write
tiles side by side, for a tile has the same bytes whoever computes it. Who rewrites what is there (grows,
overwrites, repairs, or runs the whole sweep) has to be `alone`.

A file counts until its writer has ended, which its own host knows at once, or, for other hosts, until it was
not renewed for `LASTS` seconds by the clock of the storage. A writer that was cut off for longer, or asleep,
looks whether its file is still there before it writes on.
"""

import errno
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from ...errors import CubeError
from ..storage.files import storage_of
from ..storage.zipped import require_writable
from . import signs
from .owner import awake, this_process
from .signs import END, FOLDER, HELD, Writer, called

_LOOKS = 1.0  # Seconds within which a writer does not look again whether its file is there.
_FRESH = 2.0  # Seconds in which two who came at once may both have seen the other.
_TRIES = 8
_PAUSE = 0.2
# What is soon done, so that others wait for it.
BRIEF = frozenset({"preparing", "ending"})


class Busy(CubeError):
    """Another process writes to the cube."""


class Lease:
    """The file of this process while it writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._signed, self._lost = awake(), False
        self._over = threading.Event()
        self._renewing = threading.Thread(target=self._renew_on, name="equisweep-lease", daemon=True)

    def begin(self) -> None:
        """Renew it from now on, in a thread of its own."""
        self._renewing.start()

    def end(self) -> None:
        """Give it back."""
        self._over.set()
        HELD.discard(self.path.name)
        with suppress(OSError):
            storage_of(self.path).delete(str(self.path))
            self.path.parent.rmdir()

    def require(self, anew: bool = False) -> None:
        """See to it that nobody else has taken the cube for one that nobody writes to; else CubeError.

        To be asked before every tile: the storage is asked about it once a second at most, but for `anew`.
        """
        if self._lost or ((anew or awake() - self._signed > _LOOKS) and not self._renew()):
            raise CubeError(
                f"{self.path.parents[2]}: this run gave no sign of life for {signs.LASTS:g} s (its host "
                "slept, or was cut off from the storage), and another goes on in its place; run the same "
                "sweep again"
            )

    def now(self) -> float:
        """The time by the clock of the storage; FileNotFoundError where the file was taken away."""
        storage_of(self.path).touch(self.path)
        return self.path.stat().st_mtime

    def _renew(self) -> bool:
        """Whether the file is there still; it then says so to others."""
        try:
            storage_of(self.path).touch(self.path)
        except OSError as error:
            # Of a file that another host has deleted some storage says that its handle is stale. Anything
            # else: the storage is away for a moment, and what is written next will say so, too.
            self._lost = self._lost or error.errno in (errno.ENOENT, errno.ESTALE)
            return not self._lost
        self._signed = awake()
        return True

    def _renew_on(self) -> None:
        while not self._over.wait(signs.between()):
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
    try:
        yield lease
    finally:
        try:
            storage_of(root).commit(called(part) if part else what)
        finally:
            lease.end()


def _enter(root: Path, alone: bool, what: str, part: str, wait: bool) -> Lease:
    tries, waited = 0, awake()
    while True:
        lease = _add(root, alone, what, part)
        try:
            lease.begin()  # to look at the others may take longer than it would be waited for
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
    if writer.owner.gone is None and age + awake() - waited > signs.LASTS / 4:
        return f"if it was killed, it is gone in {max(signs.LASTS - age, 1):.0f} s"
    return "wait for that one to end"


def _add(root: Path, alone: bool, what: str, part: str) -> Lease:
    """Add a file for this process."""
    require_writable(root)
    name = secrets.token_hex(8) + END
    said = {"owner": asdict(this_process()), "alone": alone, "what": what, "part": part}
    HELD.add(name)
    path = root / FOLDER / name
    while True:
        storage_of(root).make_folder(root, FOLDER)
        try:
            storage_of(root).put(path, [json.dumps(said).encode()])
            return Lease(path)
        except FileNotFoundError:  # the last one to leave has taken the folder away
            if not (root / "status").is_dir():
                HELD.discard(name)
                raise
        except BaseException:
            HELD.discard(name)
            raise


def _in_the_way(root: Path, lease: Lease, alone: bool) -> tuple[Writer, float] | None:
    """Another writer that this one cannot write beside, and how long ago it gave a sign; None where none is.

    Who is alone clears away files of those that are gone. To list and to read may take minutes: the clock
    is read after that, and whoever signed meanwhile is not gone.
    """
    seen = [writer for writer in signs.writers(root) if writer.path != lease.path]
    now = lease.now()
    gone = [writer for writer in seen if writer.gone(now)]
    for writer in seen:
        if writer not in gone and (alone or writer.alone):
            return writer, max(now - writer.signed, 0.0)
    lives = signs.stirs([writer for writer in gone if alone or writer.alone], now)
    if lives is not None:
        return lives, 0.0
    for writer in gone if alone else ():
        if not signs.take_away(writer):
            return writer, 0.0
    if alone:
        signs.clear_half_made(root)
    return None
