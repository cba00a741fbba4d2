"""What lies beside the numbers of a cube: writers, journals, records; and commands that ask no cube."""

import json
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google_crc32c

from .arguments import on_cube
from .case import Case
from .inputs import file
from .made import SWEEP, Made, change, seal

_RED = "\x1b[31mred\x1b]0;t\x07\u202e"
_INFO = ["info", "cube.zarr"]
_RUN = ["run", "sweep.toml", "-o", "cube.zarr", "-q"]
_OWNER = {"host": "h", "where": "00000000", "process": 1, "since": 1}


def _writer(**owner: Any) -> bytes:
    said = {"owner": _OWNER | owner, "alone": True, "what": "run", "part": owner.pop("part", "")}
    return json.dumps(said).encode()


_WRITERS = {
    "a host with escapes": _writer(host=_RED),
    "a part with escapes": _writer(part=_RED),
    "process 10^400": _writer(process=10**400),
    "process infinity": _writer(process=float("inf")),
    "process NaN": _writer(process=float("nan")),
    "process -1": _writer(process=-1),
    "process a list": _writer(process=[1]),
    "no JSON": b"{",
    "9,000 lists": b"[" * 9000,
    "1 MB": b"x" * 10**6,
    "no UTF-8": b"\xff\xfe",
}
_RUN_OF = {"started": 1.7e9, "seconds": 1.0, "tiles": 1, "of": 2, "device": "cpu"}
_JOURNALS: dict[str, list[dict[str, Any]] | bytes] = {
    "computed with escapes": [_RUN_OF | {"computed": _RED}],
    "a list of tiles": [_RUN_OF | {"tiles": [1] * 1000}],
    "NaN seconds": [_RUN_OF | {"seconds": float("nan")}],
    "1e308 seconds": [_RUN_OF | {"seconds": 1e308}],
    "begun in a text": [_RUN_OF | {"started": "x"}] * 3,
    "begun at NaN": [_RUN_OF | {"started": float("nan")}] * 3,
    "50,000 runs": [_RUN_OF] * 50_000,
    "50,000 lines of nothing": b"{\n" * 50_000,
    "a line of 5 MB": [_RUN_OF | {"computed": "x" * 5_000_000}],
    "a part that is a table": [_RUN_OF | {"part": {"a": 1}, "host": [_RED]}],
}
_HEADS: dict[str, dict[str, Any]] = {
    "of rank 10^9": {"rank": 10**9},
    "of rank -1": {"rank": -1},
    "of 10^5 variables": {"variables": ["a"] * 10**5},
    "of a cube with escapes": {"cube": _RED},
}
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "20,000 keys of a sweep": {"identity": json.dumps({f"axes.{i}\x1b": "x" * 50 for i in range(20_000)})},
    "a sweep's key of 5 MB": {"identity": json.dumps({"fixed.L": _RED * 300_000})},
    "variables twice": {"variables": json.dumps(["status", "status", "investment"])},
    "variables elsewhere": {"variables": json.dumps(["../../etc", "status"])},
    "variables that are numbers": {"variables": "[1, 2]"},
    "a format of 10^400": {"equisweep_format": 10**400},
    "citations that are tables": {"creator": _RED, "license": {"a": 1}, "citation": [1] * 10_000},
}
_SLURM: dict[str, list[str]] = {
    "no parts": ["--parts", "0"],
    "parts of 50 digits": ["--parts", "9" * 50],
    "no tile points": ["--parts", "2", "--tile-points", "0"],
    "no cores": ["--parts", "2", "--cpus", "0"],
}
_INIT: dict[str, list[str]] = {
    "a keyword": ["--model", "class"],
    "escapes": ["--model", _RED],
    "a folder above": ["--model", "../x"],
    "10^5 letters": ["--model", "x" * 10**5],
    "nothing": ["--model", ""],
    "a quote": ["--model", "a'b"],
    "/proc": ["/proc/x"],
    "/dev/null": ["/dev/null"],
    "300 letters": ["x" * 300],
}
_EXPLORE: dict[str, list[str]] = {
    "port 99999": ["--port", "99999"],
    "port 10^30": ["--port", "1" + "0" * 30],
    "NaN megabytes": ["--html", "p.html", "--megabytes", "nan"],
    "-1 megabytes": ["--html", "p.html", "--megabytes", "-1"],
    "/dev/full": ["--html", "/dev/full"],
    "a folder": ["--html", "."],
    "beside nothing": ["--with", "nothing.zarr", "--html", "p.html"],
    "10^5 values": ["--sel", "alpha=" + "1," * 10**5, "--html", "p.html"],
}
_TYPE = "[types.a]\ntheta = 1\nreward_rate = 2\nleast = 1\n"
_ASKS = "[infrastructures.x]\ntype = 'a'\nlevels = "
_OFFERS = {
    "NaN in all": "total = nan\n" + _TYPE + _ASKS + "[1.0]",
    "1e400 in all": "total = 1e400\n" + _TYPE + _ASKS + "[1.0]",
    "10^4 types": "total = 4\n" + "\n".join(_TYPE.replace("types.a", f"types.a{i}") for i in range(10**4)),
    "levels below 0": "total = 4\n" + _TYPE + _ASKS + "[-1, 2]",
    "a key with escapes": '"\\u001b[31m" = 1',
    "types that are a list": "total = 1\ntypes = [1]",
}


def cases(made: Made) -> Iterator[Case]:
    """Each of these, for a command that meets it; some concern nobody, which is right as well."""
    for name, raw in _WRITERS.items():
        for command in (_INFO, _RUN):
            yield _changed(
                made, f"a writer: {name}: {command[0]}", command, _put("status/writers/0.writer", raw)
            )
    for name, put in {"a pipe": os.mkfifo, "a folder": os.mkdir}.items():
        yield _changed(made, f"a writer is {name}", _RUN, _put("status/writers/0.writer", put))
    for name, runs in _JOURNALS.items():
        raw = runs if isinstance(runs, bytes) else "\n".join(map(json.dumps, runs)).encode()
        for command in (_INFO, _RUN):
            yield _changed(made, f"a journal: {name}: {command[0]}", command, _put("status/runs.jsonl", raw))
    yield _changed(made, "a part's journal is a pipe", _RUN, _put("status/runs/0.jsonl", os.mkfifo))
    for name, said in _HEADS.items():
        for command in (_INFO, ["verify", "cube.zarr", "--repair"], _RUN):
            yield _changed(made, f"records {name}: {' '.join(command[::2])}", command, _head(said))
    for name, attributes in _ATTRIBUTES.items():
        for command in (["diff", "b.zarr", "cube.zarr"], ["merge", "cube.zarr", "b.zarr", "-o", "c.zarr"]):
            yield Case("beside", f"{command[0]}: {name}", _second(made, command, attributes), _any)
    yield from _asking_no_cube(made)


def _asking_no_cube(made: Made) -> Iterator[Case]:
    for name, given in _SLURM.items():
        words = ["slurm", "s.toml", "-o", "c.zarr", "--no-trial", *given]
        yield Case("beside", f"slurm: {name}", file("s.toml", SWEEP, words))
    words = ["slurm", "s.toml", "--no-trial", "--parts", "2", "-o"]
    yield Case("beside", "slurm: a command", file("s.toml", SWEEP, [*words, "$(touch x)`x`;'"]), _quoted)
    yield Case("beside", "slurm: a line break", file("s.toml", SWEEP, [*words, "c\n#SBATCH --x.zarr"]))
    yield Case("beside", "slurm: escapes", file("s.toml", SWEEP, [*words, _RED]))
    for name, given in _INIT.items():
        yield Case("beside", f"init: {name}", file("f.txt", "x", ["init", *given]))
    for name, given in _EXPLORE.items():
        words = ["explore", "cube.zarr", "--no-browser", *given]
        yield Case("beside", f"explore: {name}", on_cube(made, words))
    for name, text in _OFFERS.items():
        yield Case("beside", f"offers: {name}", file("o.toml", text, ["offers", "o.toml"]))


def _any(_out: str) -> bool:
    return True


def _quoted(out: str) -> bool:
    """What would be run is one word of the last line."""
    return any(word.endswith("/$(touch x)`x`;'") for word in shlex.split(out.splitlines()[-1]))


def _changed(made: Made, name: str, command: list[str], changes: Callable[[Path], object]) -> Case:
    def prepare(folder: Path) -> list[str]:
        changes(made.copy("new", folder))
        return command

    return Case("beside", name, prepare, _any)


def _put(place: str, what: bytes | Callable[[str], None]) -> Callable[[Path], None]:
    def put(root: Path) -> None:
        path = root / place
        path.parent.mkdir(exist_ok=True)
        if callable(what):
            what(str(path))
        else:
            path.write_bytes(what)

    return put


def _head(said: dict[str, Any]) -> Callable[[Path], None]:
    def changes(root: Path) -> None:
        (path,) = (root / "status" / "manifest").glob("*.tiles")
        line, _, rest = path.read_bytes().partition(b"\n")
        text = json.dumps(json.loads(line.rpartition(b" ")[0]) | said).encode()
        path.write_bytes(text + b" %08x\n" % google_crc32c.value(text) + rest)

    return changes


def _second(made: Made, command: list[str], attributes: dict[str, Any]) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        made.copy("new", folder).rename(folder / "b.zarr")
        (folder / "sweep.toml").unlink()
        made.copy("new", folder)
        change(folder / "b.zarr", "", lambda document: document["attributes"].update(attributes))
        seal(folder / "b.zarr")
        return command

    return prepare
