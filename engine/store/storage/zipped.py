"""A cube in one file: a zip file whose files are stored as they are, read where they lie and never written.

It is asked as a bucket is. Of each file the directory has the length and a checksum, by which records of the
manifest know it; whoever opens a cube anew sees a file that has taken the place of the one that was opened.
"""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...errors import CubeError
from ...gate.files import DATA, MEGABYTE, Unfit, open_regular, read_range
from ...gate.zip_directory import Entry, NoDirectory, data_of, directory
from .failures import StorageError
from .interface import Place
from .objects import Objects
from .stat import Got, ObjectStat

ZIP, SUFFIX = "zip", ".zip"
_SCHEME = f"{ZIP}://"
NOT_WRITTEN = "is in a packed cube, which is not written to"


class Zipped(Objects):
    """The files of one zip file. Threads may share it."""

    at_once = 1

    def __init__(self, file: str) -> None:
        """The zip file at an absolute path. Raises CubeError where it is none, OSError without one."""
        super().__init__(f"{_SCHEME}{file}/", None)
        self.descriptor = open_regular(file)
        self.identity = _identity(os.fstat(self.descriptor))
        self._begins: dict[str, int] = {}
        try:
            self._entries = directory(self.descriptor)
        except NoDirectory as error:
            raise CubeError(f"{file}: is no packed cube: {error}") from None

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)

    def _entry(self, path: Place) -> tuple[str, Entry]:
        name = self._key(path)
        entry = self._entries.get(name)
        if entry is None:
            raise FileNotFoundError(errno.ENOENT, "No such file in the packed cube", str(path))
        return name, entry

    def names(self, folder: Place) -> list[str]:
        """Names of all files directly in a folder, and of all folders."""
        return sorted({name.partition("/")[0] for name, _ in self.below(folder)})

    def below(self, folder: Place) -> Iterator[tuple[str, ObjectStat]]:
        """All files below a folder, by their paths from there."""
        key = self._key(folder)
        start = f"{key}/" if key else ""
        for name, entry in self._entries.items():
            if name.startswith(start):
                yield name[len(start) :], _stat(entry)

    def get(self, path: Place, most: int, start: int = 0, stop: int | None = None) -> Got:
        """The bytes of a file, or a part of them, with what is known of the file."""
        name, entry = self._entry(path)
        first = max(entry.size + start, 0) if start < 0 else min(start, entry.size)
        last = entry.size if stop is None else min(stop, entry.size)
        if last - first > most:
            larger = f"has {(last - first) / MEGABYTE:,.0f} MB; at most {most / MEGABYTE:,.0f} MB are read"
            raise Unfit(errno.EFBIG, larger, str(path))
        begin = self._begin(name, entry, path)
        raw = self._bytes(begin + first, begin + last)
        # Written over in its place it has the same name, and sound numbers of another cube where these lay.
        if _identity(os.fstat(self.descriptor)) != self.identity:
            raise CubeError(f"{self._base.rstrip('/')}: was changed since it was opened; open it again")
        return Got(raw, first, _stat(entry))

    def ranges(self, path: Place, starts: list[int], stops: list[int]) -> list[bytes]:
        """Several parts of a file."""
        pairs = zip(starts, stops, strict=True)
        return [self.get(path, DATA, start, stop).raw for start, stop in pairs]

    def stat(self, path: Place) -> ObjectStat:
        """What the directory says of a file."""
        return _stat(self._entry(path)[1])

    def each(self, do: Callable[[Any], Any], of: Iterable[Any]) -> list[Any]:
        """Do something of many, one after another: nobody waits for an answer."""
        return [do(one) for one in of]

    @contextmanager
    def at_one_moment(self, root: Path) -> Iterator[dict[str, bytes]]:
        """The file is always of one moment."""
        del root
        yield {}

    def _begin(self, name: str, entry: Entry, path: Place) -> int:
        begin = self._begins.get(name)
        if begin is None:
            try:
                begin = self._begins[name] = data_of(self.descriptor, name, entry)
            except NoDirectory as error:
                raise Unfit(errno.EBADMSG, str(error), str(path)) from None
        return begin

    def _bytes(self, start: int, stop: int) -> bytes:
        raw = read_range(self.descriptor, start, stop)
        if raw is None:
            raise Unfit(errno.EBADMSG, "the packed cube was cut short", self._base.rstrip("/"))
        return raw

    # What writes.

    def _refused(self, path: Place, *_: Any, **__: Any) -> Any:
        raise StorageError(errno.EACCES, NOT_WRITTEN, str(path))

    _write = touch = replace = delete = put_new = append = _refused

    def delete_below(self, folder: Place, first: Iterable[str] = ()) -> None:
        """Refused, as all that writes is."""
        self._refused(folder, first)


def _stat(entry: Entry) -> ObjectStat:
    return ObjectStat(entry.size, entry.crc, 0.0, 0)


def _identity(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns  # ctime changes with the name alone


_OPEN: dict[str, Zipped] = {}  # by the beginning of the URLs of what lies there
_MOST_OPEN = 32


def zip_at(url: str) -> Zipped:
    """The packed cube in which a URL lies. Raises CubeError where there is none, or it cannot be read."""
    for base, zipped in list(_OPEN.items()):  # other threads may open some
        if url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/"):
            return zipped
    return _opened(_file_in(url))


def packed_url(file: str) -> str:
    """The URL of the cube in a zip file, which is opened anew where it is another file than before."""
    file = os.path.abspath(file)  # noqa: PTH100  (links may lead to it)
    url = f"{_SCHEME}{file}"
    known = _OPEN.get(url)
    if known is not None and not _is_still(file, known):
        _OPEN.pop(url, None)
    return url


def asked_anew(root: Path) -> Path:
    """The same place of a cube; in a zip file it is opened anew where it is another file than before."""
    if is_packed(root):
        packed_url(str(root).removeprefix(_SCHEME))
    return root


def _is_still(file: str, known: Zipped) -> bool:
    with suppress(OSError):
        return _identity(os.stat(file)) == known.identity  # noqa: PTH116
    return False


@contextmanager
def packed(file: str) -> Iterator[str]:
    """The URL of the cube in a zip file of whatever name, while it is open."""
    url = f"{_SCHEME}{os.path.abspath(file)}"  # noqa: PTH100
    _OPEN[url] = Zipped(url.removeprefix(_SCHEME))
    try:
        yield url
    finally:
        _OPEN.pop(url, None)


def is_packed(root: Path) -> bool:
    """Whether a cube lies in a zip file."""
    return str(root).startswith(_SCHEME)


def require_writable(root: Path) -> None:
    """Refuse to write to a packed cube, with a CubeError."""
    if is_packed(root):
        raise CubeError(f"{root}: a packed cube is not written to; unzip makes a folder of it")


def _opened(file: str) -> Zipped:
    try:
        zipped = Zipped(file)
    except OSError as error:
        raise CubeError(f"{file}: cannot be read ({error.strerror})") from None
    while len(_OPEN) >= _MOST_OPEN:
        _OPEN.pop(next(iter(_OPEN)), None)
    return _OPEN.setdefault(f"{_SCHEME}{file}", zipped)


def _file_in(url: str) -> str:
    """The zip file in which a URL lies: the first one on its way that is a file."""
    whole = url.removeprefix(_SCHEME)
    ends = [at for at, letter in enumerate(whole) if letter == "/"]
    for step in (whole[:end] for end in (*ends, len(whole))):
        if step.lower().endswith(SUFFIX) and os.path.isfile(step):  # noqa: PTH113
            return step
    raise CubeError(f"{whole}: no such packed cube")
