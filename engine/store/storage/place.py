"""A place in object storage, as a URL; asked as `pathlib.Path` is asked."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast

_SPLIT = "://"


class ObjectPath:
    """A place below a bucket: an object, or what a folder is elsewhere, the beginning of names of objects.

    It is no `os.PathLike`: whoever takes it for a file on the disk fails at once.
    """

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url

    def __str__(self) -> str:
        return self._url

    def __repr__(self) -> str:
        return repr(self._url)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectPath) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    def __lt__(self, other: "ObjectPath") -> bool:
        return self._url < other._url

    def __truediv__(self, name: str | PurePosixPath) -> "ObjectPath":
        return ObjectPath(f"{self._url}/{name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return ObjectPath, (self._url,)

    @property
    def parts(self) -> tuple[str, ...]:
        """Bucket and names."""
        return tuple(self._url.partition(_SPLIT)[2].split("/"))

    @property
    def name(self) -> str:
        """The last name; of a bucket its own."""
        return self.parts[-1]

    @property
    def suffix(self) -> str:
        """The end of the name, from its last point on."""
        return PurePosixPath(self.name).suffix

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def parent(self) -> "ObjectPath":
        """What it lies in; a bucket lies in itself."""
        return ObjectPath(self._url.rpartition("/")[0]) if len(self.parts) > 1 else self

    @property
    def parents(self) -> list["ObjectPath"]:
        """All that it lies in, from its parent on."""
        folders, step = [], self
        while len(step.parts) > 1:
            step = step.parent
            folders.append(step)
        return folders

    def with_name(self, name: str) -> "ObjectPath":
        """The same with another last name."""
        return self.parent / name

    def relative_to(self, root: "ObjectPath") -> PurePosixPath:
        """The names that lead to it from `root`; ValueError where it does not lie there."""
        inside = self._url.removeprefix(f"{root}/")
        if inside == self._url:
            raise ValueError(f"{self} does not lie in {root}")
        return PurePosixPath(inside)

    def absolute(self) -> "ObjectPath":
        """Itself."""
        return self

    def resolve(self) -> "ObjectPath":
        """Itself: nothing here is a link."""
        return self

    def is_symlink(self) -> bool:
        """Never."""
        return False

    def is_file(self) -> bool:
        """Whether there is an object of this name."""
        return _storage(self).exists(self)

    def is_dir(self) -> bool:
        """Whether there is an object below it."""
        return _storage(self).holds(self)

    def exists(self) -> bool:
        """Whether either is so."""
        return self.is_dir() or self.is_file()

    def iterdir(self) -> Iterator["ObjectPath"]:
        """All that lies directly in it."""
        return (self / name for name in _storage(self).names(self))

    def stat(self) -> Any:
        """As of `Storage`."""
        return _storage(self).stat(self)

    lstat = stat

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the object."""
        if not missing_ok and not self.is_file():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self))
        _storage(self).delete(self)

    def rmdir(self) -> None:
        """Nothing: what holds no object is not there."""


def _storage(path: ObjectPath) -> Any:
    from .reached import objects_at

    return objects_at(str(path))


def is_url(path: object) -> bool:
    """Whether this is a place in object storage: a path on a disk never has two slashes after a colon."""
    return isinstance(path, ObjectPath) or (isinstance(path, str) and _SPLIT in path)


def place(text: str) -> Path:
    """The path that a text means, in object storage or on the disk.

    What lies in object storage is asked as a `Path` is, and stands for one: whoever reads or writes there
    does so through `Storage`.
    """
    return cast(Path, ObjectPath(text)) if _SPLIT in text else Path(text)
