"""`equisweep info`: what a cube holds."""

import argparse
from pathlib import Path

from .command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=Path)


def run(options: argparse.Namespace) -> int:
    from ...engine.store.cube import readable
    from ..cube.describe import describe_cube

    with readable(options.cube):
        print(describe_cube(options.cube))
    return 0


COMMAND = Command(
    "info",
    "show what a cube holds and how it was made",
    ("equisweep info cube.zarr",),
    arguments,
    run,
)
