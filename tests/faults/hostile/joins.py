"""What a second cube, or another sweep for the same one, may be; and odd arguments of commands that join."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google_crc32c

from .case import Case
from .made import SWEEP, Made, change, seal
from .places import PLACED

_RED = "\x1b[31mred\x1b]0;t\x07\u202e"
_FINER = SWEEP.replace("num = 12", "num = 23")
_COARSE = ["--from", "b.zarr"]
_COMMANDS: dict[str, list[str]] = {
    "run --from": ["run", "finer.toml", "-o", "c.zarr", "-q", *_COARSE],
    "plan --from": ["plan", "finer.toml", "--no-trial", *_COARSE],
    "diff": ["diff", "cube.zarr", "b.zarr"],
    "merge": ["merge", "cube.zarr", "b.zarr", "-o", "c.zarr"],
    "export": ["export", "b.zarr", "out.zarr"],
    "info": ["info", "b.zarr"],
}


def _identity(**stated: Any) -> Callable[[Path], object]:
    def changes(document: dict[str, Any]) -> None:
        said = json.loads(document["attributes"]["identity"])
        document["attributes"]["identity"] = json.dumps(said | stated)

    return lambda root: change(root, "", changes)


def _attributes(**stated: Any) -> Callable[[Path], object]:
    return lambda root: change(root, "", lambda document: document["attributes"].update(stated))


def _bytes(place: str, raw: bytes) -> Callable[[Path], object]:
    return lambda root: (root / place).write_bytes(raw)


_NUMBERS = {"NaN": b"\xff" * 8, "1e308": b"\xff" * 6 + b"\xef\x7f", "zeros": bytes(8)}
_CUBES: dict[str, Callable[[Path], object]] = {
    "of another model": _identity(model=_RED),
    "of no axes": _attributes(identity="{}"),
    "of an axis with escapes": _identity(**{f"axes.{_RED}": "[1.0]"}),
    "of an axis that is a number": _identity(**{"axes.alpha": 5}),
    "of an axis of 10^5 digits": _identity(**{"axes.alpha": "[" + "9" * 10**5 + "]"}),
    "of 10^5 fixed parameters": _identity(**{f"fixed.a{k}": "1" for k in range(10**5)}),
    "of a code that is a list": _attributes(code_sha256=[1] * 1000),
    "that is portable as a table": _attributes(portable={"a": _RED}),
    "of versions with escapes": _attributes(versions=json.dumps({"jaxlib": _RED})),
    "of a device with escapes": _attributes(device=_RED, portable=_RED),
    "whose sweep is no TOML": _attributes(sweep="[" * 5000),
}
for _name, _raw in _NUMBERS.items():
    _CUBES[f"whose axis holds {_name}"] = _bytes("alpha/c/0", _raw * 12)
    _CUBES[f"whose axis holds {_name}, with its checksum"] = _bytes(
        "alpha/c/0", _raw * 12 + google_crc32c.value(_raw * 12).to_bytes(4, "little")
    )
_GROWN: dict[str, str] = {
    "10^12 points": SWEEP.replace("num = 12", "num = 1000000").replace("num = 20", "num = 1000000"),
    "10^6 tiles": SWEEP.replace("stop = 0.9, num = 12", "stop = 81.0, num = 1200000"),
    "another order": SWEEP.replace('"sharing", "cooperation"', '"cooperation", "sharing"'),
    "an axis between": SWEEP.replace("num = 12", "num = 13"),
    "an axis less": "\n".join(SWEEP.splitlines()[:-1]),
    "another axis": SWEEP + "v = [0.1, 0.2]\n",
    "an output more": SWEEP.replace('"investment",', '"investment", "expected_loss",'),
    "another dtype": 'dtype = "float32"\n' + SWEEP,
    "another fixed value": SWEEP + "[fixed]\nL = 1\n",
    "a design": SWEEP
    + '[design]\nkind = "lhs"\nsamples = 4\n[design.parameters]\nv = { uniform = [0.1, 0.9] }\n',
    "a statistic": SWEEP + '[reduce]\nover = ["beta"]\ninvestment = ["mean"]\n',
}
_ARGUMENTS: dict[str, list[str]] = {
    "run --from itself": ["run", "sweep.toml", "-o", "cube.zarr", "--from", "cube.zarr", "-q"],
    "run --from nothing": ["run", "finer.toml", "-o", "c.zarr", "--from", "", "-q"],
    "run --from a device": ["run", "finer.toml", "-o", "c.zarr", "--from", "/dev/zero", "-q"],
    "run into a sweep": ["run", "sweep.toml", "-o", "sweep.toml", "-q"],
    "run into a tile": ["run", "finer.toml", "-o", "cube.zarr/investment", "-q"],
    "part 0/0": ["run", "sweep.toml", "-o", "c.zarr", "--part", "0/0"],
    "part 2/1": ["run", "sweep.toml", "-o", "c.zarr", "--part", "2/1"],
    "part of 10^400": ["run", "sweep.toml", "-o", "c.zarr", "--part", "1/1" + "0" * 400],
    "part with escapes": ["run", "sweep.toml", "-o", "c.zarr", "--part", _RED],
    "part of letters": ["run", "sweep.toml", "-o", "c.zarr", "--part", "x" * 10**5],
    "part that grows": ["run", "grown.toml", "-o", "cube.zarr", "--part", "1/2", "-q"],
    "tiles of 10^30 points": ["run", "sweep.toml", "-o", "c.zarr", "--tile-points", "1" + "0" * 30 + "x"],
    "10^6 workers and more": ["run", "sweep.toml", "-o", "c.zarr", "--workers", "-5"],
    "workers of letters": ["run", "sweep.toml", "-o", "c.zarr", "--workers", _RED],
    "a share of NaN": ["verify", "cube.zarr", "--recompute", "nan"],
    "a share of 10^400": ["verify", "cube.zarr", "--recompute", "1" + "0" * 400],
    "a share of -1%": ["verify", "cube.zarr", "--recompute", "-1%"],
    "a share and a sweep with escapes": ["verify", "cube.zarr", "--recompute", "1", "--sweep", _RED],
    "merge with itself": ["merge", "cube.zarr", "cube.zarr", "-o", "cube.zarr"],
    "merge into a file": ["merge", "cube.zarr", "cube.zarr", "-o", "sweep.toml"],
    "merge into /proc": ["merge", "cube.zarr", "cube.zarr", "-o", "/proc/c.zarr"],
    "diff with a file": ["diff", "cube.zarr", "sweep.toml"],
    "diff with /dev/full": ["diff", "cube.zarr", "/dev/full"],
    "export into itself": ["export", "cube.zarr", "cube.zarr"],
    "export into a tile": ["export", "cube.zarr", "cube.zarr/investment/c/0"],
    "export into /dev": ["export", "cube.zarr", "/dev/null"],
    "export into /proc": ["export", "cube.zarr", "/proc/x.zarr"],
    "export into 300 letters": ["export", "cube.zarr", "x" * 300],
    "export of nothing": ["export", "cube.zarr", "out.zarr", "--sel", "alpha=0.5:0.4"],
    "export of 10^5 letters": ["export", "cube.zarr", "out.zarr", "--var", "x" * 10**5],
}  # fmt: skip


def cases(made: Made) -> Iterator[Case]:
    """Each cube for each command that takes two, each sweep for the cube, and each argument."""
    for name, changes in _CUBES.items():
        for what, command in _COMMANDS.items():
            yield Case("joins", f"{what}: a cube {name}", _second(made, changes, command), _any)
    for name in ("a pipe", "/dev/zero", "a folder", "a link to itself", "a sparse file of 1 TB", "noise"):
        for what, command in _COMMANDS.items():
            yield Case("joins", f"{what}: {name} as a cube", _second(made, PLACED[name], command, False))
    for name, text in _GROWN.items():
        words = ["run", "grown.toml", "-o", "cube.zarr", "-q"]
        yield Case("joins", f"run into a cube: {name}", _beside(made, text, words))
    for name, words in _ARGUMENTS.items():
        yield Case("joins", name, _beside(made, _FINER, words), _fine(name))


def _any(_out: str) -> bool:
    return True


def _fine(name: str) -> Callable[[str], bool] | None:
    """A cube that is asked for its own points is complete already."""
    return _any if name == "run --from itself" else None


def _second(
    made: Made, changes: Callable[[Path], object], command: list[str], cube: bool = True
) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        second = folder / "b.zarr"
        made.copy("new", folder).rename(second)
        shutil.copytree(made.folder / "new.zarr", folder / "cube.zarr")
        if not cube:
            shutil.rmtree(second)
        changes(second)
        if cube:
            seal(second)
        (folder / "finer.toml").write_text(_FINER)
        return command

    return prepare


def _beside(made: Made, text: str, command: list[str]) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        made.copy("new", folder)
        for name in ("grown.toml", "finer.toml"):
            (folder / name).write_text(text)
        return command

    return prepare
