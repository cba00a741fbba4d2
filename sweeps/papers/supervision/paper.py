"""The paper on supervision: conclusions to audit, and claims and Figures 2-11 to reproduce."""

from pathlib import Path

from ....kernels.games.supervision.model import SUPERVISION
from ..claims import claims_report
from ..paper import Paper, Reproduction
from .audit import STUDIES
from .claims import claims, tried
from .figures import draw


def reproduce(folder: Path) -> Reproduction:
    """Its claims, checked, and its figures, drawn into `folder`."""
    title = f"Reconstructed: c1, p1, p2. Each was varied alone: {tried()}."
    return claims_report([(title, claims())], draw(folder))


PAPER = Paper(SUPERVISION.source, STUDIES, reproduce)
