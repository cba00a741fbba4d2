"""`equisweep doctor`: what this machine has, and what a sweep would use."""

import argparse
from pathlib import Path

from .command import Command, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=path_argument, nargs="?", default=Path(), help="where cubes would lie; default: here"
    )


def run(options: argparse.Namespace) -> int:
    from ..machine import describe_machine

    topics = describe_machine(options.folder)
    width = max(map(len, topics))
    for topic, text in topics.items():
        print(f"{topic:<{width}}  {text}")
    return 0


COMMAND = Command(
    "doctor",
    "show what this machine has and what a sweep would use",
    ("equisweep doctor", "equisweep doctor /data"),
    arguments,
    run,
)
