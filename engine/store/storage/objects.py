"""A bucket of objects as a `Storage`. There are no folders: they are how names begin."""

import errno
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from ...gate.files import DATA, MEGABYTE, METADATA, Unfit
from .failures import AlreadyThere, Changed, StorageError, as_of_a_disk
from .interface import FileStamp, Place
from .stat import Got, ObjectStat, number_of, stat_of, version_of

AT_ONCE = 16
_TRIES = 3


class Objects:
    """The objects of one bucket. Threads may share it."""

    at_once = AT_ONCE
    # Of the file in which all of them lie, where they do: another one may have taken its place.
    identity: tuple[int, ...] = ()

    def __init__(self, base: str, store: Any) -> None:
        """`base` is the URL of the bucket with a slash behind it."""
        self._base, self._store = base, store
        self._put: dict[str, FileStamp] = {}
        self._moment = threading.local()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="equisweep-objects")

    def _key(self, path: Place) -> str:
        return str(path)[len(self._base) :]

    def names(self, folder: Place) -> list[str]:
        """Names of all objects directly in a folder, and of all folders."""
        import obstore

        with as_of_a_disk(str(folder)):
            listing = obstore.list_with_delimiter(self._store, self._key(folder))
        inside = [one["path"] for one in listing["objects"]]
        return [str(path).rstrip("/").rpartition("/")[2] for path in [*inside, *listing["common_prefixes"]]]

    def below(self, folder: Place) -> Iterator[tuple[str, ObjectStat]]:
        """All objects below a folder, by their paths from there."""
        import obstore

        key = self._key(folder)
        skipped = len(key) + 1 if key else 0
        with as_of_a_disk(str(folder)):
            for some in obstore.list(self._store, key, chunk_size=1000):
                for one in some:
                    yield one["path"][skipped:], stat_of(one)

    def arrays(self, root: Path) -> list[str]:
        """Names that an object of metadata lies below."""
        names = self.names(root)
        there = self.each(self.exists, [f"{root}/{name}/zarr.json" for name in names])
        return [name for name, one in zip(names, there, strict=True) if one]

    def files(self, folder: Path) -> list[str]:
        """Paths of all objects below a folder."""
        return [path for path, _ in self.below(folder)]

    def holds(self, folder: Place) -> bool:
        """Whether any object lies below a folder."""
        return next(self.below(folder), None) is not None

    def changed(self, folder: Place, files: Iterable[tuple[str, FileStamp]]) -> list[bool]:
        """Which objects are not what is known of them: one listing tells it of a thousand."""
        listed = {path: stat.known for path, stat in self.below(folder)}
        return [listed.get(path) != known for path, known in files]

    def read(
        self,
        path: Place,
        most: int = METADATA,
        start: int = 0,
        stop: int | None = None,
        follow: bool = True,
    ) -> bytes:
        """The bytes of an object, or a part of them."""
        del follow  # there are no links
        held = getattr(self._moment, "held", None)
        if held is None or start or stop is not None:
            return self.get(path, most, start, stop).raw
        text = str(path)
        if text not in held:
            held[text] = self.get(path, most).raw
        return held[text]

    def get(self, path: Place, most: int, start: int = 0, stop: int | None = None) -> Got:
        """The same, with what is known of the object."""
        import obstore

        url, options = str(path), dict[str, Any]()
        if start < 0:
            options = {"range": {"suffix": -start}}
        elif stop is not None:
            options = {"range": (start, stop)}
        elif start:
            options = {"range": {"offset": start}}
        try:
            with as_of_a_disk(url):
                answer: Any = obstore.get(self._store, self._key(path), options=cast(Any, options or None))
                stat, (first, last) = stat_of(answer.meta), answer.range
                if last - first > most:
                    larger = (
                        f"has {(last - first) / MEGABYTE:,.0f} MB; at most {most / MEGABYTE:,.0f} MB are read"
                    )
                    raise Unfit(errno.EFBIG, larger, url)
                return Got(bytes(answer.bytes()), first, stat)
        except StorageError as error:
            size = self.stat(path).st_size if options else -1
            if size == 0:  # of which no part can be asked for
                return Got(b"", 0, self.stat(path))
            if start < 0 and error.errno == errno.ENOTSUP:  # Azure counts from the beginning alone
                return self.get(path, most, max(size + start, 0), size)
            raise

    def ranges(self, path: Place, starts: list[int], stops: list[int]) -> list[bytes]:
        """Several parts of an object; those that lie near each other are asked for together."""
        import obstore

        with as_of_a_disk(str(path)):
            parts = obstore.get_ranges(self._store, self._key(path), starts=starts, ends=stops)
        return [bytes(part) for part in parts]

    def digest(self, path: Place, most: int = DATA) -> str:
        """SHA-256 of an object, in hexadecimal."""
        return hashlib.sha256(self.read(path, most)).hexdigest()

    def put(self, path: Place, parts: Iterable[bytes], durable: bool = False) -> None:
        """Write an object, in the place of one that is there: a reader sees all of one or the other."""
        del durable  # what was answered is stored
        self._write(path, b"".join(parts), "overwrite")

    def _write(self, path: Place, raw: bytes, mode: Any) -> str | None:
        import obstore

        url = str(path)
        with as_of_a_disk(url):
            answer = obstore.put(self._store, self._key(path), raw, mode=mode, use_multipart=False)
        tag = answer.get("e_tag")
        if tag:
            self._put[url] = (len(raw), number_of(tag), 0, 0)
        return tag

    def put_new(self, path: Place, raw: bytes, tries: int = _TRIES) -> bool:
        """Write an object that nobody has written; whether it is there now with these bytes.

        An answer may be lost, and the request be sent again: an object that holds these bytes is taken for
        the one that was written. Two who write the same need no more than that.
        """
        for trial in range(tries):
            try:
                self._write(path, raw, "create")
                return True
            except AlreadyThere:
                return self.get(path, DATA).raw == raw
            except StorageError as error:
                if error.errno == errno.ENOTSUP:  # the later of two who come at once wins there
                    if not self.exists(path):
                        self._write(path, raw, "overwrite")
                    return self.get(path, DATA).raw == raw
                with suppress(FileNotFoundError):
                    return self.get(path, DATA).raw == raw
                if trial == tries - 1:
                    raise
        return False

    def what_was_put(self, path: str) -> FileStamp | None:
        """What this process last wrote there, told once; None where it has written nothing."""
        return self._put.pop(path, None)

    def append(self, path: Place, text: str) -> None:
        """Write at the end of an object, which is written anew: who does so has to be alone."""
        try:
            before = self.get(path, DATA).raw
        except FileNotFoundError:
            before = b""
        self.put(path, [before, text.encode()])

    def touch(self, path: Place) -> None:
        """Write an object again as it is, unless it has gone or is another one."""
        import obstore

        with as_of_a_disk(str(path)):
            answer = obstore.get(self._store, self._key(path))
            known, raw = version_of(answer.meta), bytes(answer.bytes())
        self._write_over(path, raw, known)

    def replace(self, path: Place, raw: bytes, may: Callable[[], bool]) -> None:
        """Write an object in the place of the one that is there while `may` is asked, and of no other one.

        Raises `Changed`, a FileNotFoundError, where it may not, and where another one was written meanwhile.
        """
        import obstore

        with as_of_a_disk(str(path)):
            known = version_of(obstore.head(self._store, self._key(path)))
        if not may():
            raise Changed(errno.ESTALE, "is another one by now", str(path))
        self._write_over(path, raw, known)

    def put_over(self, path: Place, raw: bytes, may: Callable[[], bool] = lambda: True) -> None:
        """Write an object that is new, or else in the place of the one that is there, as `replace` does."""
        if not self.put_new(path, raw):
            self.replace(path, raw, may)

    def _write_over(self, path: Place, raw: bytes, known: Mapping[str, str]) -> None:
        try:
            self._write(path, raw, known or "overwrite")
        except Changed:
            if self.get(path, DATA).raw != raw:  # else this request was answered twice
                raise
        except StorageError as error:
            if error.errno != errno.ENOTSUP:
                raise
            self._write(path, raw, "overwrite")

    def delete(self, path: Place) -> None:
        """Delete an object, if it is there."""
        import obstore

        with suppress(FileNotFoundError), as_of_a_disk(str(path)):
            obstore.delete(self._store, self._key(path))

    def delete_below(self, folder: Place, first: Iterable[str] = ()) -> None:
        """Delete all objects below a folder, those of these names first."""
        for name in first:
            self.delete(f"{folder}/{name}")
        self.each(lambda name: self.delete(f"{folder}/{name}"), [path for path, _ in self.below(folder)])

    def stat(self, path: Place) -> ObjectStat:
        """What is known of an object."""
        import obstore

        with as_of_a_disk(str(path)):
            return stat_of(obstore.head(self._store, self._key(path)))

    def exists(self, path: Place) -> bool:
        """Whether there is an object of this name."""
        try:
            self.stat(path)
        except FileNotFoundError:
            return False
        return True

    def bytes_below(self, folder: Place, without: Iterable[str] = ()) -> int:
        """Bytes of all objects below a folder, but for those below its folders `without`."""
        skipped = tuple(f"{name}/" for name in without)
        return sum(stat.st_size for path, stat in self.below(folder) if not path.startswith(skipped))

    def each(self, do: Any, of: Iterable[Any]) -> list[Any]:
        """Do something of many, several at once; raises what one of them raises."""
        return list(self._threads.map(do, of))

    @contextmanager
    def at_one_moment(self, root: Path) -> Iterator[Mapping[str, bytes]]:
        """Ask for each object of metadata once: there are many, and each answer takes its time."""
        if getattr(self._moment, "held", None) is not None:
            yield self._moment.held
            return
        held: dict[str, bytes] = {}
        paths = [f"{root}/zarr.json", *(f"{root}/{name}/zarr.json" for name in self.names(root))]
        for path, raw in zip(paths, self._threads.map(self._metadata, paths), strict=True):
            if raw is not None:
                held[path] = raw
        self._moment.held = held
        try:
            yield held
        finally:
            self._moment.held = None

    def _metadata(self, path: str) -> bytes | None:
        with suppress(FileNotFoundError, Unfit):
            return self.get(path, METADATA).raw
        return None

    def commit(self, what: str) -> None:
        """Others see what is written at once."""

    def make_folder(self, root: Place, inside: str) -> None:
        """Nothing to do."""

    def sync(self, path: Place) -> None:
        """Nothing to do."""

    def sync_below(self, path: str, root: str) -> None:
        """Nothing to do."""

    def sync_all(self, root: Path) -> None:
        """Nothing to do."""
