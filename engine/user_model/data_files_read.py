"""Which data files a user's model reads: those that it does not declare are refused.

Its own file is read by `sweeps/spec/load_model.py`, and modules that this imports by `modules_beside`.

A model file's digest belongs to its sweep. A table beside it that is read while the file is loaded or traced
belongs to it just as much: if it changed unseen, a cube would be continued with other numbers.
"""

import os
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CODE = {".py", ".pyc", ".pyi", ".so", ".pyd", ".pth"}
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr/lib", "/usr/share", "/lib")


class _Watched(threading.local):
    """What this thread opens to read, while it is watched."""

    paths: list[Any] | None = None


_watched, _hooked = _Watched(), threading.Lock()


@contextmanager
def files_read() -> Iterator[list[Any]]:
    """Within it every file that this thread opens to read, through Python, is put into the list.

    Libraries that open files by themselves, as HDF5 does, are not seen.
    """
    if _hooked.acquire(blocking=False):  # once: a hook stays as long as the process
        sys.addaudithook(_hook)
    before, _watched.paths = _watched.paths, []
    try:
        yield _watched.paths
    finally:
        _watched.paths = before


def undeclared(opened: Iterable[Any], declared: Iterable[str]) -> list[Path]:
    """Data files among those that were opened which are not `declared`, by their full paths.

    Python code, what belongs to the system or to Python's installation, and the user's caches are no data.
    The script that runs is code whatever its ending: libraries look up lines of it for their messages.
    """
    running = getattr(sys.modules.get("__main__"), "__file__", None)
    known = {os.path.realpath(path) for path in (*declared, *filter(None, [running]))}
    result: dict[Path, None] = {}
    for one in opened:
        path = os.path.realpath(os.fsdecode(one))
        if path not in known and _is_data(Path(path)):
            result[Path(path)] = None
    return list(result)


def _is_data(path: Path) -> bool:
    if any(part.endswith((".egg-info", ".dist-info")) for part in path.parts):
        return False  # what is installed, which JAX looks through as it begins
    if path.suffix in _CODE or not path.is_file() or "__pycache__" in path.parts:
        return False
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not any(path.is_relative_to(folder) for folder in _elsewhere())


def _elsewhere() -> list[str]:
    """Folders of Python, of the system and of caches."""
    paths, home = sysconfig.get_paths(), os.path.expanduser("~")  # noqa: PTH111 (which does not fail)
    own = [os.environ.get(name) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")]
    if "jax" in sys.modules:  # a function that is traced may compile some of its constants
        own.append(sys.modules["jax"].config.jax_compilation_cache_dir)
    python = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders = [*python, f"{home}/.cache", f"{home}/.config", *filter(None, own)]
    return [*_SYSTEM, *map(os.path.realpath, folders)]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or _watched.paths is None:
        return
    path, mode, flags = arguments
    reads = mode.startswith("r") or "+" in mode if isinstance(mode, str) else not flags & os.O_WRONLY
    if reads and isinstance(path, str | bytes | os.PathLike):
        _watched.paths.append(path)
