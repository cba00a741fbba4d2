"""`equisweep offers`: whom to protect, and what to offer (Algorithm 1 of the contract paper)."""

import argparse

from ..command import Command, path_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "asking", type=path_argument, help="a .toml file with resources, types and infrastructures that ask"
    )


def run(options: argparse.Namespace) -> int:
    from ...papers.contract.offers_file import describe, offers

    print(describe(offers(options.asking)))
    return 0


COMMAND = Command(
    "offers",
    "offer contracts round by round where resources are short (contract model)",
    ("equisweep offers asking.toml",),
    arguments,
    run,
)
