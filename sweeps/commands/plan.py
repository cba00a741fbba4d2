"""`equisweep plan`: what a sweep will take."""

import argparse
from pathlib import Path

from .command import Command, add_device


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", type=Path, help="a sweep file (TOML)")
    add_device(parser)


def run(options: argparse.Namespace) -> int:
    from ..run import plan
    from ..spec.sweep import Sweep
    from .describe import describe_plan

    print(describe_plan(plan(Sweep.from_file(options.sweep), options.device)))
    return 0


COMMAND = Command(
    "plan",
    "say what a sweep will take; computes nothing",
    ("equisweep plan sweep.toml",),
    arguments,
    run,
)
