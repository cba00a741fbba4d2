"""The calls of this process to the file system: each passes a hook that may record it or let it fail.

It stands between Python and its functions: everything that the store, zarr and the standard library call by
name. No compiler is needed, and an error arises where the store would meet it.
"""

import builtins
import ctypes
import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from equisweep.engine.store import durable

NAMES = (
    *("open", "close", "read", "pread", "write", "fsync", "ftruncate", "truncate", "stat", "lstat", "fstat"),
    *("rename", "replace", "link", "unlink", "remove", "rmdir", "mkdir", "scandir", "listdir"),
)
# What changes the disk, as a full disk or a lost device refuses it.
CHANGES = frozenset(
    {*("open", "write", "fsync", "ftruncate", "truncate", "rename", "replace", "link", "unlink", "remove")}
    | {"rmdir", "mkdir", "renameat2", "syncfs"}
)
Hook = Callable[
    ..., Any
]  # hook(name, real, *arguments, **named): calls real(*arguments, **named), or does not.


class Inside:
    """Which calls concern a folder: by their path, or by the file that was opened there."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.opened: dict[int, str] = {}

    def path(self, path: Any, folder: int | None = None) -> str:
        """An argument as a whole path; a file that is open, as the path it was opened by."""
        if isinstance(path, int):
            return self.opened.get(path, "")
        path = os.fsdecode(path)
        if folder is None:
            return os.path.abspath(path)  # noqa: PTH100
        return os.path.join(self.opened.get(folder, ""), path)  # noqa: PTH118

    def concerns(self, name: str, given: tuple[Any, ...], named: dict[str, Any]) -> bool:
        """Whether a call concerns the folder, or something in it."""
        if name == "syncfs":
            return True
        first = given[1] if name == "renameat2" else given[0] if given else "."
        path = self.path(first, named.get("dir_fd", named.get("src_dir_fd")))
        return path == self.folder or path.startswith(self.folder + "/")

    def note(self, name: str, result: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Remember what was opened, or closed."""
        if name == "open":
            number = result if isinstance(result, int) else result.fileno()
            self.opened[number] = self.path(given[0], named.get("dir_fd"))
        elif name == "close":
            self.opened.pop(given[0], None)


def install(hook: Hook) -> None:
    """Let every later file call of this process pass `hook`."""
    for name in NAMES:
        setattr(os, name, _through(hook, name, getattr(os, name)))
    opened = _opening(hook)
    builtins.open = io.open = opened  # pyright: ignore[reportAttributeAccessIssue]
    if durable._LIBC is not None:
        durable._LIBC = _Libc(hook, durable._LIBC)  # pyright: ignore[reportAttributeAccessIssue]


def _through(hook: Hook, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        return hook(name, real, *arguments, **named)

    return call


class _Libc:
    """The two calls that the store makes itself; an OSError becomes -1 and an error number, as in C."""

    def __init__(self, hook: Hook, libc: Any) -> None:
        for name in ("renameat2", "syncfs"):
            if hasattr(libc, name):
                setattr(self, name, self._raising_nothing(hook, name, getattr(libc, name)))

    @staticmethod
    def _raising_nothing(hook: Hook, name: str, real: Any) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            try:
                return hook(name, real, *arguments)
            except OSError as error:
                ctypes.set_errno(error.errno or errno.EIO)
                return -1

        return call


def _opening(hook: Hook) -> Callable[..., Any]:
    """`open`, whose files read and write through the hook."""

    class File(io.FileIO):
        def write(self, data: Any, /) -> int:
            return hook("write", lambda _, part: super(File, self).write(part), self.fileno(), data)

        def readinto(self, buffer: Any, /) -> int:
            return hook("read", lambda _, into: super(File, self).readinto(into), self.fileno(), buffer)

        def readall(self) -> bytes:
            return hook("read", lambda _, __: super(File, self).readall(), self.fileno(), None)

        def read(self, size: int | None = -1, /) -> Any:
            return hook("read", lambda _, n: super(File, self).read(n), self.fileno(), size)

        def close(self) -> None:
            if self.closed:
                return
            try:
                number = self.fileno()
                hook("close", lambda _: None, number)
            finally:
                super().close()

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        plain = mode.replace("b", "").replace("t", "")
        if isinstance(file, int):
            raw = File(file, plain, closefd, opener)
        else:
            raw = hook("open", lambda path, _: File(path, plain, closefd, opener), file, plain)
        if buffering == 0:
            return raw
        size = io.DEFAULT_BUFFER_SIZE
        kinds = {
            "r": io.BufferedReader,
            "w": io.BufferedWriter,
            "a": io.BufferedWriter,
            "x": io.BufferedWriter,
        }
        buffered = io.BufferedRandom(raw, size) if "+" in plain else kinds[plain](raw, size)
        if "b" in mode:
            return buffered
        text = io.TextIOWrapper(buffered, encoding, errors, newline, line_buffering=buffering == 1)
        text.mode = mode
        return text

    return opened
