"""`equisweep reproduce`: a paper's numbers, claims and figures, checked."""

import argparse
from pathlib import Path

from ...papers.registry import PAPERS
from ..command import Command, file_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", choices=PAPERS)
    parser.add_argument(
        "-o", "--output", type=file_argument, default=Path("figures"), help="folder of the pictures"
    )


def run(options: argparse.Namespace) -> int:
    from ...papers.reproduce import reproduce

    text, agrees = reproduce(options.model, options.output)
    print(text)
    return 0 if agrees else 1


COMMAND = Command(
    "reproduce",
    "check a paper's numbers, claims and figures; exit 1 on any mismatch",
    ("equisweep reproduce external", "equisweep reproduce supervision -o figures"),
    arguments,
    run,
)
