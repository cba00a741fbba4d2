"""Every paper, by the name of its model."""

from importlib import import_module
from typing import TYPE_CHECKING

from ...engine.errors import SweepError
from ..text import nearest

if TYPE_CHECKING:
    from .paper import Paper

# A new paper is a folder beside this file, whose paper.py declares `PAPER`, and a name here. They are
# imported when asked for: the command line needs their names alone.
PAPERS = ("external", "internal", "supervision", "contract")


def find_paper(model: str) -> "Paper":
    """The paper about `model`; SweepError where there is none."""
    if model not in PAPERS:
        raise SweepError(f"model: {model!r} has no paper here{nearest(model, PAPERS)}")
    return import_module(f".{model}.paper", __package__).PAPER
