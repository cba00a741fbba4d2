"""A repository of Icechunk: where it lies, what is read of one of its branches, and what a commit adds to it.

What is written is seen by this process alone until it is committed; then by everybody, all at once. Whoever
reads sees one snapshot. What others have committed meanwhile stays: other tiles beside these, and of a tile
that both have computed the bytes are the same.
"""

import fcntl
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import CubeError, SweepError
from ...gate.text import shown
from ..storage.failures import Overtaken, as_of_icechunk
from ..storage.schemes import icechunk_storage

MAIN = "main"
_LOCK = "equisweep.lock"
_NAMED = 12  # branches and tags that an error names
_OWN, _BASE, _OTHERS, _TILES = "equisweep", "base", "others", "tiles"
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SNAPSHOT = re.compile(r"[0-9A-HJKMNP-TV-Z]{20}")


@dataclass(frozen=True)
class Snapshot:
    """A commit, as the repository tells of it; of one that equisweep has not made, `tiles` is None."""

    name: str
    time: datetime
    message: str
    tiles: int | None


class Repository:
    """A branch of a repository; or a tag, or a snapshot of it, which are only read. Threads may share it.

    `begins`: a branch that is not there may begin here, as the main one is.
    """

    begins = False

    def __init__(self, place: str, version: str = MAIN) -> None:
        """`place` is an absolute path, or a URL such as s3://bucket/repo.icechunk."""
        if not _BRANCH.fullmatch(version):
            raise SweepError(f"{place}: {shown(version)} is no name of a branch, a tag or a snapshot")
        self.place, self.version = place, version
        self._handle: Any = None
        self._session: Any = None
        self._others = ""
        self._lock, self._gate = threading.RLock(), _Gate()

    def session(self, write: bool = False) -> Any:
        """What is read from, and written to if it is to `write`: then the latest snapshot of the branch.

        Raises FileNotFoundError where there is no repository and none is to be made, CubeError where it has
        no such branch, tag or snapshot, or one that is not written to.
        """
        with self._lock, as_of_icechunk(self.place):
            if self._session is None or (write and self._session.read_only):
                repository = self._repository(write)
                self._session = self._opened(repository, write)
                self._others = self._last_of_others(repository, self._session.snapshot_id)
            return self._session

    @property
    def others(self) -> str:
        """The last snapshot that another program has made: shards may have been written over there."""
        self.session()
        return self._others

    def again(self) -> bool:
        """Read what has been committed meanwhile, unless something was written here; whether all is new."""
        with self._lock:
            if self._session is None or not self._session.read_only:
                return False
            self._session = None
            return True

    def begin_no_more(self) -> None:
        """From now on a branch that is not there is none, and not read as the main one."""
        with self._lock:
            self.begins = False
            self.again()

    def discard(self) -> None:
        """Forget what was written and not committed."""
        with self._lock:
            self._session = None

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The session to write to, which is not committed meanwhile; many may write at once."""
        with self._gate.many(), as_of_icechunk(self.place):
            yield self.session(write=True)

    def commit(self, message: str, tiles: int) -> bool:
        """Let everybody see what was written; whether there was anything.

        Raises Overtaken, a CubeError, where somebody has changed meanwhile what the cube is, so that what was
        written here does not belong to it; it is forgotten then.
        """
        import icechunk

        with self._gate.alone(), self._one_at_a_time(), self._lock, as_of_icechunk(self.place):
            session = self._session
            if session is None or session.read_only or not session.has_uncommitted_changes:
                return False
            said = {_OWN: 1, _TILES: tiles, "host": socket.gethostname(), "process": os.getpid()}
            said |= {_BASE: session.snapshot_id, _OTHERS: self._others}
            self._session = None
            try:
                session.commit(message, metadata=said, rebase_with=icechunk.BasicConflictSolver())
            except (icechunk.ConflictError, icechunk.RebaseFailedError):
                raise Overtaken(
                    f"{self.place}: another run has changed meanwhile what the cube is; what was written "
                    "since the last commit is lost: run the same sweep again"
                ) from None
            return True

    def history(self) -> list[Snapshot]:
        """All snapshots that lead to this version, the latest first."""
        with as_of_icechunk(self.place):
            repository = self._repository(False)
            snapshot = self._opened(repository, False).snapshot_id
            return [
                Snapshot(one.id, one.written_at, one.message, _tiles(one.metadata))
                for one in repository.ancestry(snapshot_id=snapshot)
                if one.parent_id is not None
            ]

    def names(self) -> tuple[list[str], list[str]]:
        """Branches and tags."""
        with as_of_icechunk(self.place):
            repository = self._repository(False)
            return sorted(repository.list_branches()), sorted(repository.list_tags())

    def _repository(self, write: bool) -> Any:
        if self._handle is None:
            import icechunk

            storage = icechunk_storage(self.place)
            if not write and "://" not in self.place and not Path(self.place).is_dir():
                raise FileNotFoundError(2, "no such repository", self.place)  # to look would make the folder
            if icechunk.Repository.exists(storage):
                self._handle = icechunk.Repository.open(storage)
            elif write:
                self._handle = self._created(storage)
            else:
                raise FileNotFoundError(2, "no such repository", self.place)
        return self._handle

    def _created(self, storage: Any) -> Any:
        """A new repository; of several that begin at once the others open what the first one created."""
        import icechunk

        with nullcontext() if "://" in self.place else _locked(Path(self.place).parent, _FOLDER):
            if icechunk.Repository.exists(storage):
                return icechunk.Repository.open(storage)
            try:
                return icechunk.Repository.create(storage)
            except icechunk.IcechunkError:
                if not icechunk.Repository.exists(storage):
                    raise
                return icechunk.Repository.open(storage)

    def _opened(self, repository: Any, write: bool) -> Any:
        branches, tags = repository.list_branches(), repository.list_tags()
        if self.version in branches:
            open_at = repository.writable_session if write else repository.readonly_session
            return open_at(self.version)
        if self.version in tags:
            session = repository.readonly_session(tag=self.version)
        else:
            session = self._of_snapshot(repository)
        if session is not None:
            if not write:
                return session
            raise CubeError(
                f"{self.place}@{self.version}: is no branch: a tag and a snapshot stay as they are"
            )
        if not (write or self.begins) or _SNAPSHOT.fullmatch(self.version):
            there = ", ".join(sorted([*branches, *tags])[:_NAMED])
            raise CubeError(
                f"{self.place}@{self.version}: no such branch, tag or snapshot (there are {there})"
            )
        if not write:
            return repository.readonly_session(MAIN)
        self._begin_branch(repository)
        return repository.writable_session(self.version)

    def _begin_branch(self, repository: Any) -> None:
        import icechunk

        try:
            repository.create_branch(self.version, repository.lookup_branch(MAIN))
        except icechunk.IcechunkError:
            if self.version not in repository.list_branches():  # another process has just begun it
                raise

    def _of_snapshot(self, repository: Any) -> Any:
        """The snapshot of this name; None where there is none: it is a branch that begins as the main one."""
        import icechunk

        with suppress(icechunk.IcechunkError, ValueError):
            return repository.readonly_session(snapshot_id=self.version)
        return None

    def _last_of_others(self, repository: Any, snapshot: str) -> str:
        """Look back for it: each commit of equisweep says what it was before, unless others came between."""
        for one in repository.ancestry(snapshot_id=snapshot):
            said = one.metadata
            if one.parent_id is None:
                break
            if _OWN not in said:
                return one.id
            if said.get(_BASE) == one.parent_id:
                return str(said.get(_OTHERS, ""))
        return ""

    def _one_at_a_time(self) -> Any:
        """On a disk Icechunk does not see to it that of two commits at once each follows the other."""
        return nullcontext() if "://" in self.place else _locked(Path(self.place) / _LOCK, _FILE)


class _Gate:
    """Many may be within it, or one alone."""

    def __init__(self) -> None:
        self._changed, self._within, self._closed = threading.Condition(), 0, False

    @contextmanager
    def many(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._within += 1
        try:
            yield
        finally:
            with self._changed:
                self._within -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: not self._within)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()


# How a lock is opened: a file that is made if need be, or a folder, in which nothing is left.
_FILE, _FOLDER = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, os.O_RDONLY | os.O_DIRECTORY


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """Alone among the processes of this host; nothing where the folder is not there."""
    try:
        descriptor = os.open(path, how | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _tiles(metadata: Any) -> int | None:
    tiles = metadata.get(_TILES) if _OWN in metadata else None
    return tiles if isinstance(tiles, int) else None
