"""`equisweep init`: files to begin with."""

import argparse
from pathlib import Path
from shlex import quote

from ..command import Command, file_argument, program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=file_argument, nargs="?", default=Path(), help="where they go; default: here"
    )
    parser.add_argument(
        "--model", default="my_game", metavar="NAME",
        help="what your game is called (default: my_game), or a model that ships, such as external",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    from ...starter.write import write_starter

    paths = write_starter(options.folder, options.model, program())
    print(*paths, sep="\n")
    there = "" if options.folder == Path() else f"cd {quote(str(options.folder))} && "
    print(f"They run as they are: {there}make")
    return 0


COMMAND = Command(
    "init",
    "write a sweep file, a model file and a Makefile to begin with",
    (
        "equisweep init                          # a game of your own, my_game, here",
        "equisweep init study --model contest    # called contest, in the folder study",
        "equisweep init study --model external   # a sweep of a model that ships",
    ),
    arguments,
    run,
)
