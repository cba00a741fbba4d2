"""What can lie in the place of a file: a pipe, a device, a folder, nothing, far too much."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from .case import Case
from .made import Made


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def _full(path: Path) -> None:
    path.symlink_to("/dev/full")


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "file").write_bytes(b"x")


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path.name)
    os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _sparse(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _noise(path: Path) -> None:
    path.write_bytes(bytes((i * 73 + 11) % 256 for i in range(3000)))


PLACED: dict[str, Callable[[Path], None]] = {
    "a pipe": _pipe,
    "/dev/zero": _zeros,
    "/dev/tty": _terminal,
    "/dev/full": _full,
    "a folder": _folder,
    "a socket": _socket,
    "a link to itself": _loop,
    "a sparse file of 1 TB": _sparse(10**12),
    "a sparse file of 3 GB": _sparse(3 * 10**9),
    "a sparse file of 30 MB": _sparse(3 * 10**7),
    "an empty file": _nothing,
    "noise": _noise,
}

COMMANDS: dict[str, list[str]] = {
    "info": ["info", "cube.zarr"],
    "query": ["query", "cube.zarr", "--var", "investment", "--sel", "mechanism=sharing", "--format", "csv"],
    "sql": ["sql", "cube.zarr", "select count(*) as n, sum(investment) as s from cube", "--format", "csv"],
    "verify": ["verify", "cube.zarr"],
    "repair": ["verify", "cube.zarr", "--repair"],
    "run": ["run", "sweep.toml", "-o", "cube.zarr", "--quiet"],
}
_READING = ("info", "query", "sql", "verify")
_FILES = (
    "zarr.json",
    "status/zarr.json",
    "investment/zarr.json",
    "alpha/zarr.json",
    "alpha/c/0",
    "mechanism/c/0",
    "investment/c/0/0/0",
    "status/c/0/0/0",
    "status/runs.jsonl",
    "status/manifest/*.tiles",
    "status/manifest/cube-*.json",
)


def cases(made: Made) -> Iterator[Case]:
    """Everything in the place of every file of a cube, old and new, for every command that reads it."""
    for file in _FILES:
        for what, put in PLACED.items():
            for number, command in enumerate(_READING):
                old = (number + len(what)) % 2 and "manifest" not in file
                yield _in_cube(made, "old" if old else "new", file, what, put, command)
    for what, put in PLACED.items():
        for file in ("zarr.json", "alpha/c/0", "status/manifest/cube-*.json"):
            yield _in_cube(made, "new", file, what, put, "repair")
        yield _in_cube(made, "new", "investment/zarr.json", what, put, "run")
        yield Case("files", f"{what} as a cube", _as_cube(put))
        yield Case("files", f"{what} as a sweep file", _as_input(put, "s.toml", ["plan", "s.toml"]))
        yield Case(
            "files", f"{what} as a sweep file to run", _as_input(put, "s.toml", ["run", "s.toml", "-o", "c"])
        )
        yield Case("files", f"{what} as a model", _as_input(put, "m.py", ["models", "m.py:game"]))
        yield Case("files", f"{what} as a data file", _as_data(put), right=_quick)
        for ending in ("csv", "toml", "tsv"):
            name = f"f.{ending}"
            yield Case("files", f"{what} as a structure {ending}", _as_input(put, name, ["structure", name]))


def _quick(out: str) -> bool:
    return "game" in out  # an empty data file is one


def _in_cube(made: Made, age: str, file: str, what: str, put: Callable[[Path], None], command: str) -> Case:
    def prepare(folder: Path) -> list[str]:
        made.copy(age, folder)
        for path in [*(folder / "cube.zarr").glob(file)]:
            path.unlink()
            put(path)
        return COMMANDS[command]

    right = made.right.get(command)
    return Case(
        "files",
        f"{command}: {what} as {file} of a {age} cube",
        prepare,
        lambda out: command not in ("query", "sql") or out == right,
    )


def _as_cube(put: Callable[[Path], None]) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        put(folder / "cube.zarr")
        return ["info", "cube.zarr"]

    return prepare


def _as_input(put: Callable[[Path], None], name: str, arguments: list[str]) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        put(folder / name)
        return arguments

    return prepare


_GAME = """
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

@model(title="A game", source="own", files=["data.csv"],
       parameters=[Parameter("a", "a", "1", 0.5, Domain(0), "a number")],
       outputs=[Output("y", "y", "1", "the same number")])
def game(p):
    return {"y": p["a"], "status": 1}
"""


def _as_data(put: Callable[[Path], None]) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        put(folder / "data.csv")
        (folder / "m.py").write_text(_GAME)
        return ["models", "m.py:game"]

    return prepare


def remove(folder: Path) -> None:
    """Delete a folder with whatever lies in it."""
    shutil.rmtree(folder, ignore_errors=True)
