"""Where a command runs: environment, limits, streams, folders; and addresses of storage and of a page.

These meet a whole process, as a shell starts it, and not a fork of one that has imported everything.
"""

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .case import Case
from .made import Made

_RED = "\x1b[31mred\x1b]0;t\x07\u202e"
_INFO = ["info", "cube.zarr"]
_QUERY = ["query", "cube.zarr", "--sel", "beta=0.1"]
_READING = {"info": _INFO, "query": _QUERY}
_EXPORT = ["export", "cube.zarr", "out.zarr"]
_SQL = ["sql", "cube.zarr", "select count(*) from cube"]
_AGAIN = ["run", "sweep.toml", "-o", "cube.zarr", "-q"]
_RUN = ["run", "sweep.toml", "-o", "new.zarr", "-q"]
_PLOT = ["plot", "cube.zarr", "--var", "investment", "--x", "alpha", "--y", "beta", "--facet", "mechanism",
         "-o", "p.svg"]  # fmt: skip
_ENVIRONMENTS: dict[str, tuple[dict[str, str | None], list[str]]] = {
    "the locale C": ({"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, _QUERY),
    "an unknown locale": ({"LC_ALL": "xx_YY.nonsense"}, _INFO),
    "ASCII streams": ({"PYTHONIOENCODING": "ascii"}, _INFO),
    "strict Latin-1 streams": ({"PYTHONIOENCODING": "latin-1:strict"}, _INFO),
    "a terminal of no name": ({"TERM": _RED}, _QUERY),
    "0 columns": ({"COLUMNS": "0", "LINES": "0"}, _QUERY),
    "-5 columns": ({"COLUMNS": "-5", "LINES": "-5"}, _INFO),
    "10^30 columns": ({"COLUMNS": "1" + "0" * 30}, ["query", "--help"]),
    "columns of letters": ({"COLUMNS": "x"}, ["--help"]),
    "no home": ({"HOME": None, "XDG_CACHE_HOME": None}, _INFO),
    "an empty home": ({"HOME": "", "XDG_CACHE_HOME": ""}, _AGAIN),
    "a home that is a device": ({"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null"}, _AGAIN),
    "a home that is /proc": ({"HOME": "/proc", "XDG_CACHE_HOME": "/proc/x"}, _PLOT),
    "settings of matplotlib that are a device": ({"MPLCONFIGDIR": "/dev/null"}, _PLOT),
    "a back end of matplotlib that is none": ({"MPLBACKEND": _RED}, _PLOT),
    "no folder for temporary files": ({"TMPDIR": "/nothing", "TEMP": "", "TMP": "/dev/null"}, _SQL),
    "no search path": ({"PATH": ""}, _INFO),
    "threads of letters": ({"OMP_NUM_THREADS": "x", "OPENBLAS_NUM_THREADS": _RED}, _QUERY),
    "10^30 threads": ({"OMP_NUM_THREADS": "9" * 30, "OPENBLAS_NUM_THREADS": "9" * 30}, _INFO),
    "-1 threads": ({"OMP_NUM_THREADS": "-1", "NUMEXPR_MAX_THREADS": "x"}, _QUERY),
    "10^5 variables": ({f"A{k}": "x" for k in range(10**4)}, _INFO),
    "a variable of 100 KB": ({"EQUISWEEP_X": "x" * 100_000}, _INFO),
    "a time zone of nobody": ({"TZ": "/dev/zero"}, _INFO),
    "a time zone with escapes": ({"TZ": _RED}, _INFO),
    "a date before 1980": ({"SOURCE_DATE_EPOCH": "-1"}, _PLOT),
    "a date of letters": ({"SOURCE_DATE_EPOCH": "x"}, _PLOT),
    "storage of letters": ({"AWS_ENDPOINT_URL": _RED, "AWS_REGION": _RED}, ["info", "s3://b/c.zarr"]),
    "storage that is a file": ({"AWS_ENDPOINT_URL": "file:///etc/passwd"}, ["info", "s3://b/c.zarr"]),
    "a profile that is a device": (
        {"AWS_PROFILE": _RED, "AWS_CONFIG_FILE": "/dev/null", "AWS_ENDPOINT_URL": "http://["},
        ["info", "s3://b/c.zarr"]),
    "credentials that are a device": ({"GOOGLE_APPLICATION_CREDENTIALS": "/dev/null"}, ["info", "gs://b/c.zarr"]),
    "an account that is a path": ({"AZURE_STORAGE_ACCOUNT_NAME": "../x"}, ["info", "az://b/../c.zarr"]),
}  # fmt: skip
_URLS = {
    "no bucket": "s3://",
    "no name": "s3:///c.zarr",
    "a whole bucket": "s3://bucket",
    "a bucket of blanks": "s3:// /c.zarr",
    "a bucket with escapes": f"s3://{_RED}/c.zarr",
    "a bucket of 10^5 letters": "s3://" + "b" * 10**5 + "?/c.zarr",
    "a password": "s3://user:secret@bucket/c.zarr",
    "a port": "gs://bucket:80/c.zarr",
    "a signature": "az://bucket/c.zarr?sig=secret",
    "a folder above": "s3://bucket/../../c.zarr",
    "a percent sign": "s3://bucket/%2e%2e/c.zarr",
    "a backslash": "s3://bucket/a\\b.zarr",
    "a star": "s3://bucket/*.zarr",
    "a zero byte": "s3://bucket/a\udcff\x01.zarr",
    "a file": "file:///etc/passwd",
    "a page": "http://127.0.0.1:1/c.zarr",
    "nothing": "://",
    "10^5 schemes": "s3://" * 10**5,
    "a scheme with escapes": f"{_RED}://x/y",
}
_ADDRESSES = {
    "10^5 keys": "a=1&" * 10**5,
    "an unknown key": f"{_RED}=1",
    "a key twice": "x=a&x=b",
    "no UTF-8": "x=%ff%fe",
    "a comparison of letters": "compare=%1b%5b31m",
    "20,001 letters": "x=" + "y" * 20_000,
}
_LIMITS: dict[str, tuple[int, int]] = {
    "250 MB of addresses": (resource.RLIMIT_AS, 250_000_000),
    "400 MB of addresses": (resource.RLIMIT_AS, 400_000_000),
    "700 MB of addresses": (resource.RLIMIT_AS, 700_000_000),
    "8 open files": (resource.RLIMIT_NOFILE, 8),
    "files of 1,000 bytes": (resource.RLIMIT_FSIZE, 1000),
    "a stack of 256 KB": (resource.RLIMIT_STACK, 2**18),
}  # fmt: skip
_LIMITED = {"info": _INFO, "query": _QUERY, "export": _EXPORT, "sql": _SQL, "run": _RUN, "run again": _AGAIN}


def cases(made: Made) -> Iterator[Case]:
    """Each environment, limit, stream and folder; each address."""
    for name, (variables, words) in _ENVIRONMENTS.items():
        yield Case("surroundings", f"{words[0]}: {name}", _started(made, words, variables), _any)
    for name, (what, most) in _LIMITS.items():
        for command, words in _LIMITED.items():
            started = _started(made, words, before=_limited(what, most))
            yield Case("surroundings", f"{command}: {name}", started, _any)
    for name, before in {
        "into a full device": lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1),
        "without standard output": lambda: os.close(1),
        "without standard input": lambda: os.close(0),
        "into a pipe that nobody reads": _into_a_closed_pipe,
        "in a folder that is gone": _leave,
    }.items():
        for command, words in _READING.items():
            yield Case("surroundings", f"{command}: {name}", _started(made, words, before=before), _any)
    for name, url in _URLS.items():
        yield Case("surroundings", f"info: storage: {name}", lambda folder, url=url: ["info", url])
    for name, address in _ADDRESSES.items():
        yield Case("surroundings", f"explore: {name}", lambda folder, address=address: _shown(address))


def _any(_out: str) -> bool:
    return True


def _shown(address: str) -> Callable[[], object]:
    def show() -> None:
        from equisweep.engine.errors import SweepError
        from equisweep.sweeps.explore.state import State

        if "\ufffd" in State.of(address).x:
            raise SweepError("characters that are none are shown as such")

    return show


def _started(
    made: Made,
    words: list[str],
    variables: Mapping[str, str | None] | None = None,
    before: Callable[[], object] = lambda: None,
) -> Callable[[Path], Callable[[], object]]:
    """A command in a process of its own, with these variables (None: not set), once `before` was called."""

    def prepare(folder: Path) -> Callable[[], object]:
        made.copy("new", folder)

        def start() -> None:
            settings: dict[str, Any] = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(variables or {})}
            settings = {key: value for key, value in settings.items() if value is not None}
            code = [sys.executable, "-c", "from equisweep.entry import entry; entry()", *words]
            before()
            os.execve(sys.executable, code, settings)

        return start

    return prepare


def _limited(what: int, most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(what, (most, most))


def _into_a_closed_pipe() -> None:
    read, write = os.pipe()
    os.dup2(write, 1)
    os.close(read)


def _leave() -> None:
    here = Path.cwd() / "left"
    here.mkdir()
    os.chdir(here)
    shutil.rmtree(here)
