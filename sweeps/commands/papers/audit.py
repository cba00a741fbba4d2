"""`equisweep audit`: every conclusion of a paper, at every point of a dense cube."""

import argparse
from pathlib import Path

from ...papers.registry import PAPERS
from ..command import Command, count, file_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", choices=PAPERS)
    parser.add_argument("--points", type=count, metavar="N", help="points of the largest grid, at least")
    parser.add_argument(
        "-o",
        "--output",
        type=file_argument,
        help="folder of the report and its cubes (default: audit_MODEL)",
    )
    parser.add_argument("--overwrite", action="store_true", help="delete the cubes of an audit of other size")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(options: argparse.Namespace) -> int:
    from ...papers.audit import audit
    from ...papers.report import summary_table

    folder = options.output or Path(f"audit_{options.model}")
    results = audit(
        options.model, folder, options.points, overwrite=options.overwrite, progress=not options.quiet
    )
    print(summary_table(results))
    print(f"\n{folder / 'report.md'}: every verdict in words, with pictures; numbers in report.json")
    return 0


COMMAND = Command(
    "audit",
    "put every conclusion of a paper to the test at every point of a dense cube",
    ("equisweep audit external", "equisweep audit supervision --points 20000 -o audit"),
    arguments,
    run,
)
