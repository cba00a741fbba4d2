"""Signs of life: the files of those who write to a cube, what they say, and when one of them counts no more.

That a writer elsewhere is gone is seen by the time of its file, which is the storage's. Some storage has no
clock, and each host writes the time of its own (Lustre; what is mounted through a program). So whoever seems
gone is watched for longer than a writer takes from one sign to the next, before anybody takes its place.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...gate.documents import parse_json
from ..storage.files import objects_of, storage_of
from .owner import Owner, awake, this_process

FOLDER = "status/writers"  # inside an array's folder, where listing a zarr group does not look
LASTS = 60.0
END = ".writer"
HELD: set[str] = set()  # names of files of this process: those that are not there it has given back
_MOST = 10_000  # bytes of a file
_ASIDE = ".gone"
_DAY = 86_400.0  # No clock is wrong by more: a file as old as that is not watched.
_WATCHED = 1.5  # so many times as long as from one sign to the next
_LOOK = 0.25
_UNKNOWN = Owner("a host that cannot be told", "", 0, 0)


def between() -> float:
    """Seconds from one sign of a writer to its next."""
    return LASTS / 6


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
            return self.path.name not in HELD
        return gone

    def __str__(self) -> str:
        who = called(self.part) if self.part else "another run"
        return f"{who} is writing to it (process {self.owner.process} on {self.owner.host})"


def is_part(called: str) -> bool:
    """Whether one who writes is called like a part, as 3/64 is, and not like a worker of a cluster."""
    return called[:1].isdigit()


def called(part: str) -> str:
    """A part such as 3/64, or a worker, in words."""
    return f"part {part}" if is_part(part) else part


def names(root: Path) -> list[str]:
    """Names of all files that writers have, or were about to have, in the cube at `root`."""
    try:
        return storage_of(root).names(root / FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        return []


def writers(root: Path) -> list[Writer]:
    """All who have a file in the cube at `root`, in no order, those that are gone as well."""
    signs = (read(root / FOLDER / name) for name in names(root) if name.endswith(END))
    return [writer for writer in signs if writer is not None]


def read(path: Path) -> Writer | None:
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


def stirs(silent: Sequence[Writer], now: float) -> Writer | None:
    """One of those who seem gone that lives all the same, as it is by now; None where none does.

    Each is looked at again, for the storage may have stalled whoever asks; and over and over, where nobody
    but a clock says that it is gone and that may be another host's.
    """
    doubtful = any(
        writer.owner.gone is None and abs(now - writer.signed) < _DAY and not objects_of(writer.path)
        for writer in silent
    )
    until = awake() + (_WATCHED * between() if doubtful else 0.0)
    while True:
        for writer in silent:
            again = read(writer.path)
            if again is not None and again.signed != writer.signed:
                return again
        if awake() >= until:
            return None
        time.sleep(min(_LOOK, between() / 8))


def take_away(writer: Writer) -> bool:
    """Take away the file of one who is gone; False where it gave a sign of life at the last moment.

    Its file is moved aside first, and looked at there: a sign that came before shows, and one that comes
    after finds no file, so that the writer knows. Object storage cannot move: there nothing comes in between
    but what its answer takes.
    """
    storage = storage_of(writer.path)
    if objects_of(writer.path):
        storage.delete(str(writer.path))
        return True
    aside = writer.path.with_name(writer.path.name + _ASIDE)
    with suppress(FileNotFoundError):
        writer.path.rename(aside)
        if aside.lstat().st_mtime != writer.signed and writer.signed != float("-inf"):
            aside.rename(writer.path)
            return False
        storage.delete(str(aside))
    return True


def clear_half_made(root: Path) -> None:
    """Delete what was left by those who were killed while they came, or while they took another's file away.

    To be called by one who is alone: a file that is half-written just now is begun anew by its writer.
    """
    for name in names(root):
        if name.endswith((".partial", _ASIDE)):
            storage_of(root).delete(str(root / FOLDER / name))
