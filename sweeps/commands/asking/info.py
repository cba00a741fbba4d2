"""`equisweep info`: what a cube holds."""

import argparse

from ..command import Command, cube_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--citation", action="store_true", help="print how to cite it instead, in BibTeX")
    instead.add_argument(
        "--history", action="store_true", help="print branches and commits instead, of an Icechunk repository"
    )


def run(options: argparse.Namespace) -> int:
    from ...cube.described.citation import citation_of
    from ...cube.described.describe import describe_cube
    from ...cube.described.history import describe_history

    if options.history:
        print(describe_history(options.cube))
        return 0
    print((citation_of if options.citation else describe_cube)(options.cube))
    return 0


COMMAND = Command(
    "info",
    "show what a cube holds and how it was made",
    ("equisweep info cube.zarr", "equisweep info cube.zarr --citation > cube.bib"),
    arguments,
    run,
)
