"""`equisweep boundary`: where a class changes along an axis, to nine digits."""

import argparse

from ..command import (
    ALL_ROWS,
    Command,
    add_selection,
    cube_argument,
    file_argument,
    open_selected,
    path_argument,
)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("--var", required=True, help="a class, a count, status; a real one with --level")
    parser.add_argument("--along", required=True, help="the axis along which it changes")
    parser.add_argument("--level", type=float, help="where a real variable passes this value")
    add_selection(parser)
    parser.add_argument(
        "--sweep", type=path_argument, help="its sweep file, if the model is a Python file of yours"
    )
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")
    parser.add_argument(
        "-o", "--output", type=file_argument, help="write .csv, .json, .txt or .zarr instead of printing"
    )


def run(options: argparse.Namespace) -> int:
    from ...boundaries.boundaries import boundaries
    from ...boundaries.text import boundary_text, require_output, write_boundaries

    if options.output:
        require_output(options.output)
    result = boundaries(
        open_selected(options), options.var, options.along, options.sel,
        level=options.level, sweep_file=options.sweep,
    )  # fmt: skip
    if options.output:
        write_boundaries(result, options.output, ALL_ROWS)
        print(options.output)
    else:
        print(boundary_text(result, options.format, ALL_ROWS))
    return 0


COMMAND = Command(
    "boundary",
    "find where a class changes along an axis, as a function of the others",
    (
        "equisweep boundary cube.zarr --var interior_class --along r --sel c1=5",
        "equisweep boundary cube.zarr --var status --along n --format csv",
        "equisweep boundary cube.zarr --var price_of_anarchy --level 1.5 --along alpha -o poa.csv",
    ),
    arguments,
    run,
)
