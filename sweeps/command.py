"""What a command is, and the options that several commands share."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


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
