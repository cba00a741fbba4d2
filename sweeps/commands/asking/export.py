"""`equisweep export`: a part of a cube as a plain Zarr of its own."""

import argparse

from ..command import Command, add_selection, cube_argument, file_argument, open_part


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("output", type=file_argument, help="a folder that is not there yet, such as out.zarr")
    parser.add_argument(
        "--var", action="append", default=[], help="a variable; may be repeated (all if absent)"
    )
    add_selection(parser)


def run(options: argparse.Namespace) -> int:
    from ...light_imports import load_codec

    load_codec()
    from ...cube.export import check_output
    from ...cube.query import Query, answer

    style = check_output("zarr", options.output, overwrite=False)
    part = open_part(options, plain=False)
    points = answer(part, Query(options.var), style, options.output)
    print(f"{options.output}: {points:,} point{'s' * (points != 1)}")
    return 0


COMMAND = Command(
    "export",
    "write a part of a cube as plain Zarr, which xarray opens and writes back",
    (
        "equisweep export cube.zarr out.zarr --sel n=3 --sel alpha=0.1:0.5",
        "equisweep export s3://bucket/cube.zarr here.zarr --var investment",
    ),
    arguments,
    run,
)
