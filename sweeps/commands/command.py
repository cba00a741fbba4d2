"""What a command is, and the options that several commands share."""

import argparse
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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


def program() -> str:
    """What to type for another command: the name where a shell finds it, else the path that was typed."""
    typed = Path(sys.argv[0])
    if typed.name != "equisweep":
        return "equisweep"
    found = shutil.which("equisweep")
    return "equisweep" if found and Path(found).resolve() == typed.resolve() else str(typed)


def count(text: str) -> int:
    """A whole number of at least 1, from the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} should be a whole number of at least 1")
    return int(text)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The option ``--sel``, for commands that read a part of a cube."""
    parser.add_argument(
        "--sel", action="append", default=[], metavar="NAME=VALUE", help="a value, A,B or a range A:B"
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """The option ``--device``, for commands that compute."""
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
