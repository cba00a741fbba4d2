"""What a command is, and the options that several commands share."""

import argparse
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ...engine.device import DEVICES
from ...engine.errors import Argument, Call, SweepError, UserError
from ..file_paths import cube_path, path_of, require_outside_cubes, require_unpacked

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Command:
    """One word after ``equisweep``.

    Parameters
    ----------
    name : the word.
    what : what it does, in a line that begins in lower case.
    examples : whole command lines for ``--help``.
    arguments : adds its arguments to a parser.
    run : does it; returns the exit code. Heavy imports belong in here, so that ``--help`` is quick.
    """

    name: str
    what: str
    examples: tuple[str, ...]
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


# What a shell calls the arguments of Python functions, where it is not --NAME.
_FLAGS = {
    **dict.fromkeys(("names", "variables", "variable"), "--var"),
    **dict.fromkeys(("condition", "conditions"), "--where"),
    **dict.fromkeys(("how", "over"), "--reduce"),
    **dict.fromkeys(("output", "folder"), "-o"),
    **dict.fromkeys(("vmin", "vmax"), "--range"),
    "check_disk": "--skip-disk-check",
    "figsize": "--size",
    "reuse": "--from",
    "selections": "--sel",
    "statuses": "--keep",
    "style": "--format",
    "sweep_file": "--sweep",
}
# What a command prints below a long table.
ALL_ROWS = "--format csv prints all"


def in_shell(named: Argument | Call) -> str:
    """What a message names, as it is typed: ``--kind contour``, ``--keep ok,corner``, a whole command."""
    if isinstance(named, Call):
        typed = (in_shell(one) if isinstance(one, Argument) else quote(str(one)) for one in named.arguments)
        return " ".join(["equisweep", named.name, *typed])
    return _option(named)


def _option(argument: Argument) -> str:
    flag = _FLAGS.get(argument.name, f"--{argument.name.replace('_', '-')}")
    value = argument.value if argument.typed is None else argument.typed
    if value is None or isinstance(value, bool):
        return flag
    if isinstance(value, list | tuple):
        value = ",".join(map(str, value))
    return f"{flag} {value:g}" if isinstance(value, float) else f"{flag} {value}"


def program() -> str:
    """What to type for another command: the name where a shell finds it, else the path that was typed."""
    typed = Path(sys.argv[0])
    if typed.name != "equisweep":
        return "equisweep"
    result = shutil.which("equisweep")
    return "equisweep" if result and Path(result).resolve() == typed.resolve() else quote(str(typed))


def _place(stated: Callable[[str], Path]) -> Callable[[str], Path]:
    """How the parser reads a place from the command line: what is no such place is refused in one line.

    Of an error that is a ValueError, as a SweepError is, argparse prints the usage and not the reason.
    """

    def read(text: str) -> Path:
        try:
            return stated(text)
        except SweepError as error:
            raise UserError(*error.parts) from None

    return read


# Types of arguments: a cube; one that is to be written; a path; a file or folder that is to be written.
cube_argument = _place(cube_path)
output_argument = _place(lambda text: require_outside_cubes(require_unpacked(cube_path(text))))
path_argument = _place(path_of)
file_argument = _place(lambda text: require_outside_cubes(path_of(text)))


def count(text: str) -> int:
    """A whole number of at least 1, from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number of at least 1")
    return int(text)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The option ``--sel``, for commands that read a part of a cube."""
    parser.add_argument(
        "--sel", action="append", default=[], metavar="NAME=VALUE",
        help="a value, A,B or a range A:B; NAME~VALUE takes the nearest",
    )  # fmt: skip


def open_selected(options: argparse.Namespace) -> "xr.Dataset":
    """The whole cube that a command asks, once it is said which values the nearest of ``--sel`` are."""
    from ..light_imports import load_tables

    load_tables()
    from ..run import open_cube

    dataset = open_cube(options.cube)
    _say_nearest(dataset, options.sel)
    return dataset


def open_part(options: argparse.Namespace, plain: bool) -> Any:
    """The part of a cube that ``--sel`` selects, once it is said which values the nearest of it are.

    A Dataset of xarray's; or where that will do and the part is small a `plain` one, which is there sooner.
    """
    from ..cube.select import select

    if plain:
        from ..cube.lazy import is_small
        from ..cube.plain.open import open_plain

        whole: Any = open_plain(options.cube)
        part = select(whole, options.sel)
        if is_small(part):
            _say_nearest(whole, options.sel)
            return part
    return select(open_selected(options), options.sel)


def _say_nearest(dataset: "xr.Dataset", selections: list[str]) -> None:
    from ..cube.select import nearest_values
    from ..text import short

    taken = [
        f"{name} = {', '.join(map(short, values))} (nearest to {text})"
        for name, (text, values) in nearest_values(dataset, selections).items()
        if ",".join(map(short, values)) != text
    ]
    if taken:
        print(f"equisweep: taken: {'; '.join(taken)}", file=sys.stderr)


def add_device(parser: argparse.ArgumentParser) -> None:
    """The option ``--device``, for commands that compute."""
    said = "all: all GPUs of this machine; default: auto, what plan expects to be sooner done"
    parser.add_argument("--device", choices=DEVICES, default="auto", help=said)


def add_tile_points(parser: argparse.ArgumentParser) -> None:
    """The option ``--tile-points``, for commands that compute a sweep or say what it will take."""
    parser.add_argument("--tile-points", type=count, metavar="N", help="most points of a tile (less memory)")


def add_reuse(parser: argparse.ArgumentParser) -> None:
    """The option ``--from``, for commands that compute a sweep or say what it will take."""
    parser.add_argument(
        "--from", dest="reuse", type=cube_argument, metavar="CUBE",
        help="take over the points that this cube has already; compute the rest",
    )  # fmt: skip
