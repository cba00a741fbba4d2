"""A cube in a repository of Icechunk, as a `Storage`.

Shards and metadata are the chunks and the metadata of its arrays, so that xarray reads every snapshot without
equisweep. What a cube holds beside them (its seal, records, journals) lies in a group of its own as chunks of
one array, each of which begins with the name of a file: a snapshot has all of it as it was then. Who writes
just now is said to nobody: what a process writes is its own until it is committed.
"""

import errno
import json
import threading
import time
from asyncio import gather
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from typing import Any

from ...gate.files import MEGABYTE, Unfit
from ..storage.failures import AlreadyThere, Changed, as_of_icechunk
from ..storage.interface import FileStamp, Place
from ..storage.objects import Objects
from ..storage.stat import Got, ObjectStat, number_of
from .calls import (
    ARRAY_OF_FILES,
    FILES,
    GROUP,
    GROUP_OF_FILES,
    NOWHERE,
    buffer,
    buffers,
    is_array,
    listed,
    part_of,
    somewhere,
    sync,
)
from .repository import Repository

_WRITERS = "status/writers/"
_MARK = "status/c/"
_NAME = 256  # bytes within which a file's name ends


class Iced(Objects):
    """The cube in one version of a repository. Threads may share it."""

    def __init__(self, base: str, repository: Repository) -> None:
        super().__init__(base, None)
        self.repository = repository
        # Commit as often as so many tiles were written; at the end of a run if None.
        self.commit_every: int | None = None
        self._writers: dict[str, tuple[bytes, float]] = {}
        self._files: tuple[Any, dict[str, str]] = (None, {})
        self._named: dict[str, str] = {}
        self._tiles, self._lock = 0, threading.RLock()

    # What is read.

    def names(self, folder: Place) -> list[str]:
        """Names of all that lies directly in a folder."""
        key = self._key(folder)
        if not key:
            keys = listed(self._session().store.list_dir(""))
            return [name for name in dict.fromkeys(name.split("/")[0] for name in keys) if name != GROUP]
        return list(dict.fromkeys(path.partition("/")[0] for path in self.files(folder)))

    def files(self, folder: Place) -> list[str]:
        """Paths of all files below a folder."""
        key = self._key(folder)
        start = f"{key}/" if key else ""
        paths = [*self._writers, *self._index()]
        if is_array(key):
            paths += self._chunks_and_metadata(key.partition("/")[0])
        return [name[len(start) :] for name in paths if name.startswith(start)]

    def holds(self, folder: Place) -> bool:
        """Whether there is any."""
        return bool(self.files(folder))

    def below(self, folder: Place) -> Iterator[tuple[str, ObjectStat]]:
        """All files below a folder, by their paths from there."""
        paths = self.files(folder)
        for start in range(0, len(paths), 1000):
            some = paths[start : start + 1000]
            yield from zip(some, self._stats([f"{self._key(folder)}/{path}".lstrip("/") for path in some]),
                           strict=True)  # fmt: skip

    def changed(self, folder: Place, files: Iterable[tuple[str, FileStamp]]) -> list[bool]:
        """Which files are not what is known of them: a shard stays what it is until others commit."""
        there, mine = set(self.files(folder)), self._known(0)[1:]
        return [path not in there or known[1:] != mine for path, known in files]

    def get(self, path: Place, most: int, start: int = 0, stop: int | None = None) -> Got:
        """The bytes of a file, or a part of them, with what is known of it."""
        key = self._key(path)
        if key in self._writers or not is_array(key):
            raw = self._writers[key][0] if key in self._writers else self._file(path)
            part = raw[start:stop]
            return Got(part, len(raw) + start if start < 0 else start, self.stat(path))
        stat = self.stat(path)
        first = max(stat.st_size + start, 0) if start < 0 else min(start, stat.st_size)
        last = stat.st_size if stop is None else min(stop, stat.st_size)
        if last - first > most:
            larger = f"has {(last - first) / MEGABYTE:,.0f} MB; at most {most / MEGABYTE:,.0f} MB are read"
            raise Unfit(errno.EFBIG, larger, str(path))
        whole = not start and stop is None
        return Got(self._read(key, path, None if whole else (first, last)), first, stat)

    def ranges(self, path: Place, starts: list[int], stops: list[int]) -> list[bytes]:
        """Several parts of a shard, asked for at once."""
        key, store = self._key(path), self._session().store

        async def all_of() -> list[Any]:
            return await gather(*(part_of(store, key, *ends) for ends in zip(starts, stops, strict=True)))

        parts = self._done(all_of(), path)
        if None in parts:
            raise FileNotFoundError(errno.ENOENT, "No such object", str(path))
        return [part.to_bytes() for part in parts]

    def stat(self, path: Place) -> ObjectStat:
        """What is known of a file."""
        key = self._key(path)
        if key in self._writers:
            raw, when = self._writers[key]
            return ObjectStat(len(raw), number_of(str(when)), when, 0)
        (stat,) = self._stats([key])
        if stat is None:
            raise FileNotFoundError(errno.ENOENT, "No such object", str(path))
        return stat

    # What is written.

    def _write(self, path: Place, raw: bytes, mode: Any) -> str | None:
        key = self._key(path)
        if key.startswith(_WRITERS):
            self._writers[key] = raw, time.time()
            return None
        with self.repository.writing() as session, self._lock if mode == "create" else nullcontext():
            if mode == "create" and self.exists(path):
                raise AlreadyThere(errno.EEXIST, "is there already", str(path))
            if is_array(key):
                sync(session.store.set(key, buffer(raw)))
            else:
                self._put_file(session, key, raw)
        self._put[str(path)] = self._known(len(raw))
        if key.startswith(_MARK):
            self._count()
        return None

    def touch(self, path: Place) -> None:
        """Renew the time of a writer's file."""
        key = self._key(path)
        if key not in self._writers:
            raise Changed(errno.ESTALE, "is not there", str(path))
        self._writers[key] = self._writers[key][0], time.time()

    def replace(self, path: Place, raw: bytes, may: Callable[[], bool]) -> None:
        """Write a file in the place of the one that is there: what is written here, nobody else writes."""
        if not may():
            raise Changed(errno.ESTALE, "is another one by now", str(path))
        self._write(path, raw, "overwrite")

    def delete(self, path: Place) -> None:
        """Delete a file, if it is there."""
        key = self._key(path)
        if self._writers.pop(key, None) is not None or not self.exists(path):
            return
        with self.repository.writing() as session:
            sync(session.store.delete(key if is_array(key) else f"{FILES}/c/{self._index().pop(key)}"))

    def delete_below(self, folder: Place, first: Iterable[str] = ()) -> None:
        """Delete all below a folder; of the whole cube in one step."""
        if self._key(folder):
            super().delete_below(folder, first)
            return
        with self.repository.writing() as session:
            sync(session.store.clear())
        self._files = None, {}

    def put_cube(self, files: Mapping[str, bytes]) -> None:
        """Write an empty cube, in the place of one that is there; metadata before what belongs to them."""
        root = self._base.rstrip("/")
        if self.holds(root):
            self.delete_below(root)
        for name in sorted(files, key=lambda name: (not name.endswith("zarr.json"), name.count("/"), name)):
            self._write(f"{root}/{name}", files[name], "overwrite")

    def commit(self, what: str) -> None:
        """Let others see what was written. Raises Overtaken."""
        with self._lock:
            tiles, self._tiles = self._tiles, 0
        self.repository.commit(f"{what}: {tiles:,} tiles" if tiles else what, tiles)

    def _count(self) -> None:
        with self._lock:
            self._tiles += 1
            due = self.commit_every is not None and self._tiles >= self.commit_every
        if due:
            self.commit("run")

    # Chunks, and files that are none.

    def _session(self) -> Any:
        return self.repository.session()

    def _done(self, work: Any, path: Place) -> Any:
        with as_of_icechunk(str(path)):
            return sync(work)

    def _chunks_and_metadata(self, array: str) -> list[str]:
        try:
            store = self._session().store
            if not array:
                return [key for key in listed(store.list_prefix("")) if not key.startswith(f"{GROUP}/")]
            return listed(store.list_prefix(array)) if sync(store.exists(f"{array}/zarr.json")) else []
        except FileNotFoundError:
            return []

    def _stats(self, keys: list[str]) -> list[Any]:
        """What is known of these; None of those that are not there."""
        try:
            store = self._session().store
        except FileNotFoundError:
            return [None] * len(keys)
        index = self._index()

        async def size(key: str) -> int | None:
            at = key if is_array(key) else f"{FILES}/c/{index.get(key, NOWHERE)}"
            if not key or not await store.exists(at):  # the root is no file
                return None
            return await store.getsize(at) - (0 if at == key else len(key.encode()) + 1)

        async def all_of() -> list[int | None]:
            return await gather(*(size(key) for key in keys))

        writers = self._writers
        sizes = self._done(all_of(), self._base)
        return [
            ObjectStat(len(writers[key][0]), 0, writers[key][1], 0) if key in writers
            else None if one is None else ObjectStat(one, self._known(0)[1], 0.0, 0)
            for key, one in zip(keys, sizes, strict=True)
        ]  # fmt: skip

    def _known(self, size: int) -> FileStamp:
        # A record of before others have committed anything vouches for nothing: digests are compared then.
        return size, number_of(f"others {self.repository.others}"), 0, 0

    def _read(self, key: str, path: Place, ends: tuple[int, int] | None) -> bytes:
        if ends is not None and ends[0] == ends[1]:
            return b""
        store = self._session().store
        raw = self._done(part_of(store, key, *ends) if ends else store.get(key, buffers()), path)
        if raw is None:
            raise FileNotFoundError(errno.ENOENT, "No such object", str(path))
        return raw.to_bytes()

    def _file(self, path: Place) -> bytes:
        key = self._key(path)
        at = self._index().get(key)
        if at is None:
            raise FileNotFoundError(errno.ENOENT, "No such object", str(path))
        return self._read(f"{FILES}/c/{at}", path, None)[len(key.encode()) + 1 :]

    def _put_file(self, session: Any, key: str, raw: bytes) -> None:
        with self._lock:
            if not sync(session.store.exists(f"{FILES}/zarr.json")):
                for name, document in ((GROUP, GROUP_OF_FILES), (FILES, ARRAY_OF_FILES)):
                    sync(session.store.set(f"{name}/zarr.json", buffer(json.dumps(document).encode())))
            index = self._index()
            at = index.setdefault(key, somewhere())
        sync(session.store.set(f"{FILES}/c/{at}", buffer(key.encode() + b"\n" + raw)))

    def _index(self) -> dict[str, str]:
        """Where files lie, by name, in what is read now."""
        with self._lock:
            with suppress(FileNotFoundError):
                session = self._session()
                if self._files[0] is not session:
                    self._files = session, self._paths_by_name(session.store)
                return self._files[1]
            return {}

    def _paths_by_name(self, store: Any) -> dict[str, str]:
        """Where files lie, by name. What lies in a place is called as it always was: names are read once."""
        if not sync(store.exists(f"{FILES}/zarr.json")):
            return {}
        start = f"{FILES}/c/"
        paths = [key[len(start) :] for key in listed(store.list_prefix(FILES)) if key.startswith(start)]
        new = [at for at in paths if at not in self._named]

        async def all_of() -> list[Any]:
            return await gather(*(part_of(store, f"{start}{at}", 0, _NAME) for at in new))

        for at, part in zip(new, self._done(all_of(), self._base), strict=True):
            self._named[at] = part.to_bytes().partition(b"\n")[0].decode()
        return {self._named[at]: at for at in paths}
