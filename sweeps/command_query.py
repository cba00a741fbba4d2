"""`equisweep query`: numbers of a cube."""

import argparse
from pathlib import Path

from .command import Command, add_selection


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=Path)
    parser.add_argument(
        "--var", action="append", default=[], help="a variable; may be repeated (all if absent)"
    )
    add_selection(parser)
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")


def run(options: argparse.Namespace) -> int:
    from ..engine.store import readable
    from .query import query_text
    from .run import open_cube

    with readable(options.cube):
        print(query_text(open_cube(options.cube), options.var, options.sel, options.format))
    return 0


COMMAND = Command(
    "query",
    "print numbers of a cube",
    (
        "equisweep query cube.zarr --var investment --sel alpha=0.3 --sel n=3 --format csv",
        "equisweep query cube.zarr --sel alpha=0.1:0.5 --sel mechanism=sharing,cooperation",
    ),
    arguments,
    run,
)
