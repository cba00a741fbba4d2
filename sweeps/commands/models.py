"""`equisweep models`: which models there are, and one in full."""

import argparse
from pathlib import Path

from .command import Command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", help="a model's name, or file.py:name of your own")


def run(options: argparse.Namespace) -> int:
    from ...kernels.games.registry import MODELS
    from ..spec.models import find_model
    from .show_models import describe_model, list_models

    if options.name:
        print(describe_model(find_model("models", options.name, Path())[0]))
    else:
        print(list_models(MODELS.values()))
    return 0


COMMAND = Command(
    "models",
    "list the models, or show one in full",
    ("equisweep models external",),
    arguments,
    run,
)
