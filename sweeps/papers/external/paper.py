"""The paper on external allocation: conclusions to audit, eight tables and eight figures to reproduce."""

from pathlib import Path

from ....kernels.games.external.model import SOURCE
from ..claims import claims_report
from ..paper import Paper, Reproduction
from .audit import STUDIES
from .claims import claims
from .figures import draw
from .studies import studies
from .tables import compare_all


def reproduce(folder: Path) -> Reproduction:
    """Its Tables 1-8 beside the numbers computed here, its claims, checked, and its figures, drawn."""
    tables, solved = compare_all(), studies()
    text, as_known = claims_report([("Figures, formula (17)", claims(solved))], draw(solved, folder))
    return Reproduction(f"{tables.text}\n\n{text}", tables.agrees and as_known)


PAPER = Paper(SOURCE, STUDIES, reproduce)
