"""`equisweep query`: numbers of a cube."""

import argparse
import sys

from ..command import ALL_ROWS, Command, add_selection, cube_argument, file_argument, open_part


def add_output(parser: argparse.ArgumentParser) -> None:
    """The options for where an answer goes, and how it is written."""
    parser.add_argument(
        "--format",
        choices=("table", "csv", "json", "parquet", "netcdf", "zarr"),
        help="default: by the ending of FILE (.csv .json .parquet .nc .zarr .txt), a table without one",
    )
    parser.add_argument("-o", "--output", type=file_argument, metavar="FILE", help="default: standard output")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it is there")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument(
        "--var", action="append", default=[], help="a variable; may be repeated (all if absent)"
    )
    add_selection(parser)
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help='points to keep, such as "expected_loss > 40 and alpha < 0.5"; may be repeated (all hold)',
    )
    parser.add_argument(
        "--reduce",
        default="",
        metavar="HOW[:AXIS,...]",
        help="mean, min, max, sum, std, count, argmin or argmax over these axes (all if none is named)",
    )
    parser.add_argument(
        "--keep",
        metavar="STATUS,...",
        help="statuses that count in --reduce (default: ok, and those that say nothing against a variable: a"
        " path is one although its orbit is not_steady); other points are left out, and counted",
    )
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    from ...light_imports import load_codec

    load_codec()
    from ....engine.errors import SweepError
    from ...cube.export import GRIDDED, check_output
    from ...cube.query import Query, answer

    style = check_output(options.format, options.output, options.overwrite)
    keep = None
    if options.keep is not None:
        keep = [name.strip() for name in options.keep.split(",") if name.strip()]
        if not options.reduce or not keep:
            reason = (
                "names no status"
                if options.reduce
                else "is for --reduce; --where 'status == \"ok\"' picks points"
            )
            raise SweepError(f"--keep {options.keep}: {reason}")
    question = Query(options.var, (), options.where, options.reduce, keep)
    part = open_part(options, plain=style not in GRIDDED)
    rows = answer(part, question, style, options.output, all_rows=ALL_ROWS)
    if not rows:
        met = f"satisfies {' and '.join(options.where)}" if options.where else "counts"
        print(f"equisweep: no point {met}", file=sys.stderr)
    if options.output:
        print(f"{options.output}: {rows:,} row{'s' * (rows != 1)}")
    return 0


COMMAND = Command(
    "query",
    "print numbers of a cube, or write them to a file",
    (
        "equisweep query cube.zarr --var investment --sel alpha=0.3 --sel n=3 --format csv",
        "equisweep query cube.zarr --sel alpha=0.1:0.5 --sel mechanism=sharing,cooperation",
        "equisweep query cube.zarr --where 'expected_loss > 40 and alpha < 0.5' -o costly.parquet",
        """equisweep query cube.zarr --where 'status == "ok"' --var investment --reduce argmax:beta""",
        "equisweep query cube.zarr --var attractor --reduce count:f --keep ok,not_steady",
    ),
    arguments,
    run,
)
