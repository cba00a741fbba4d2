"""The paper on supervision: conclusions to audit, and claims and Figures 4-11 to reproduce."""

from pathlib import Path

from ....kernels.games.supervision.model import SUPERVISION
from ..claims import claims_report
from ..paper import Paper, Reproduction
from .audit import STUDIES, UNTESTED
from .claims import claims
from .figures import draw


def reproduce(folder: Path) -> Reproduction:
    """Its claims, checked, and its figures, drawn into `folder`."""
    return claims_report([("", claims())], draw(folder))


PAPER = Paper(SUPERVISION.source, STUDIES, reproduce, UNTESTED)
