"""`equisweep info`: what a cube holds."""

import argparse

from .command import Command, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=path_argument)


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
