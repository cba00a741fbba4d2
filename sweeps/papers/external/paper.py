"""The paper on external allocation: twelve conclusions to audit, eight tables to reproduce."""

from pathlib import Path

from ....kernels.games.external.model import SOURCE
from ..paper import Paper, Reproduction
from .audit import STUDIES
from .tables import compare_all


def reproduce(_folder: Path) -> Reproduction:
    """Its Tables 1-8 beside the numbers computed here; it has no figures."""
    return compare_all()


PAPER = Paper(SOURCE, STUDIES, reproduce)
