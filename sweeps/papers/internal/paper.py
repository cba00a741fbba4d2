"""The paper on internal allocation: conclusions to audit, and three studies with Figures 3-5 to reproduce."""

from pathlib import Path

from ....kernels.games.internal.model import INTERNAL
from ..claims import Claim, claims_report
from ..paper import Paper, Reproduction
from .audit import ELSEWHERE, STUDIES
from .claims import claims, study
from .figures import draw
from .structure_claims import claims as structure_claims


def reproduce(folder: Path) -> Reproduction:
    """The claims of its three studies, checked, and a figure of each, drawn into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[str, list[Claim]]] = [("Structure", structure_claims())]
    pictures = []
    for number, parameter in enumerate(("v", "L", "E"), start=3):
        grid = study(parameter)
        parts.append((f"Study of {parameter} (Figure {number}), {grid.loss.size:,} points", claims(grid)))
        pictures.append(folder / f"figure_{number}_{parameter}.png")
        draw(grid, pictures[-1])
    return claims_report(parts, pictures)


PAPER = Paper(INTERNAL.source, STUDIES, reproduce, ELSEWHERE)
