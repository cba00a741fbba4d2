"""`equisweep sql`: a cube as a table."""

import argparse
import sys
from pathlib import Path

from ..command import ALL_ROWS, Command, cube_argument
from .query import add_output


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cube", type=cube_argument)
    parser.add_argument("query", help="one SELECT; the table is cube, its columns the axes and variables")
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    from ...cube.export import check_output, write_batches
    from ...cube.sql import sql_batches
    from ...run import open_cube

    style = check_output(options.format, options.output, options.overwrite)
    with sql_batches(open_cube(options.cube), options.query) as batches:
        shown = "status" in batches.schema.names
        rows = write_batches(batches.schema, batches, style, options.output, sys.stdout, all_rows=ALL_ROWS)
    if options.output:
        print(f"{options.output}: {rows:,} row{'s' * (rows != 1)}")
    text = options.query.lower()
    if not shown and "cube" in text and "status" not in text and not text.lstrip().startswith("describe"):
        note_left_out(options.cube)
    return 0


def note_left_out(path: Path) -> None:
    """Say on standard error how many points are not ok: an aggregate without a word on status has them in."""
    from ....engine.store.read import Reader
    from ....kernels.status import Status

    counts = Reader(path).status_counts()
    others = {Status(code).name: count for code, count in counts.items() if code != Status.ok and count}
    if others:
        left = ", ".join(f"{name} {count:,}" for name, count in others.items())
        print(
            f"equisweep: note: of {sum(counts.values()):,} points some are not ok ({left}), and this query "
            "does not mention status; where status = 'ok' leaves them out",
            file=sys.stderr,
        )


COMMAND = Command(
    "sql",
    "ask a cube in SQL (DuckDB's), as the table cube",
    (
        "equisweep sql cube.zarr 'select alpha, min(expected_loss) from cube group by alpha'",
        """equisweep sql cube.zarr "select status, count(*) from cube group by status" --format csv""",
        """equisweep sql cube.zarr "select * from cube where status = 'corner'" -o corners.parquet""",
        "equisweep sql cube.zarr 'describe cube'       # its columns",
        "equisweep sql cube.zarr 'select factor, avg(share) from cube_factor group by factor'",
    ),
    arguments,
    run,
)
