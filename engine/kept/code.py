"""Which code this process runs: a digest of equisweep's own sources, where they are what was loaded.

A program that is kept is a program of some code. A file that was edited after it was loaded, or a function
that was replaced in memory, would put one under the name of another: then there is no digest, and nothing is
kept or found.
"""

import builtins
import hashlib
import os
import sys
import sysconfig
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType

_LOADED = time.time()
_ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "entry", "kernels", "sweeps")
_PACKAGE = __name__.partition(".")[0]
# A file system's clock may be behind the processor's by a tick.
_TICK = 0.05


def code_digest() -> str | None:
    """A digest of all sources; None where this process may have loaded others, or has replaced functions."""
    paths = _sources()
    if not paths or any(_changed(path) >= _started() for path in paths) or replaced():
        return None
    return digest_of_sources()


def replaced() -> list[str]:
    """Functions that a test, a notebook or a script has put into modules of equisweep, or built-ins."""
    result = [f"builtins.{key}" for key, value in list(vars(builtins).items()) if _is_foreign(value)]
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.startswith(f"{_PACKAGE}."):
            result += [f"{name}.{inside}" for inside in _foreign(name, vars(module))]
    return result


def _foreign(name: str, inside: dict[str, object]) -> Iterator[str]:
    for key, value in list(inside.items()):
        if key == "__builtins__":  # each module holds all of them, and they have been looked at
            continue
        if any(map(_is_foreign, _inside(value))):
            yield key
        elif isinstance(value, type) and value.__module__ == name:
            for method in vars(value).values():
                if _is_foreign(method):
                    yield f"{key}.{getattr(method, '__name__', '')}"


def _inside(value: object) -> Iterator[object]:
    """A value, or what a registry holds: functions and classes by name, or in a row."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    else:
        yield value


def _is_foreign(value: object) -> bool:
    """Whether it is a function or a class, bound to arguments perhaps, that no package holds."""
    while isinstance(value, partial):
        value = value.func
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        file = getattr(module, "__file__", None)
        return value.__module__ == "__main__" or (file is not None and not _is_of_a_package(file))
    return isinstance(value, FunctionType) and not _is_of_a_package(value.__code__.co_filename)


@cache
def _is_of_a_package(file: str) -> bool:
    """Whether code stands in a file of equisweep, of Python or of an installed package, or in none."""
    if file.startswith("<"):
        return not file.startswith("<ipython") and file != "<stdin>"
    inside = [str(_ROOT / folder) for folder in FOLDERS]
    installed = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    known = [os.path.realpath(folder) + os.sep for folder in (*inside, *installed)]
    path = os.path.realpath(file)
    return path.startswith(tuple(known)) or "site-packages" in Path(path).parts


def _sources() -> list[str]:
    """All files of code, in order; none where they are no files."""
    return sorted(_python_files(str(_ROOT / folder) for folder in FOLDERS))


def _python_files(folders: Iterator[str]) -> Iterator[str]:
    for folder in folders:
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        yield from (entry.path for entry in entries if entry.name.endswith(".py"))
        yield from _python_files(e.path for e in entries if e.is_dir() and e.name != "__pycache__")


def _changed(path: str) -> float:
    """When a file was changed last, also where its time of modification was set back."""
    try:
        return os.stat(path).st_ctime + _TICK  # noqa: PTH116  (of 500 files for each sweep)
    except OSError:
        return float("inf")


@cache  # what a process runs was loaded once, whatever its files hold later
def digest_of_sources() -> str:
    """Digest of all code: two programs of one version differ while it is being made."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(os.path.relpath(path, _ROOT).encode())
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()


@cache
def _started() -> float:
    """When this process, or the one that it was forked from, had loaded nothing yet.

    Where the system does not say when a process began: when this file was loaded.
    """
    try:
        after_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        ticks = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks
        return min(_LOADED, time.time() - age)
    except (OSError, ValueError, IndexError, AttributeError):
        return _LOADED
