"""The paper on contracts: lemmas and observations to audit, and Figures 1-3 to reproduce."""

from pathlib import Path

from ....kernels.games.contract import CONTRACT
from ..claims import claims_report
from ..paper import Paper, Reproduction
from .algorithm_claims import claims as of_algorithm
from .audit import ELSEWHERE, STUDIES
from .claims import claims, studies
from .figures import draw


def reproduce(folder: Path) -> Reproduction:
    """The claims about its figures, checked, and the figures, drawn into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    solved = studies()
    return claims_report([("", [*claims(solved), *of_algorithm()])], draw(solved, folder))


PAPER = Paper(CONTRACT.source, STUDIES, reproduce, ELSEWHERE)
