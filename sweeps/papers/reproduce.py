"""A paper's numbers, claims and figures, computed again."""

from pathlib import Path

from ..file_paths import path_of, require_outside_cubes
from .paper import Reproduction
from .registry import find_paper


def reproduce(model: str, folder: str | Path) -> Reproduction:
    """Set what the paper about a model publishes beside what is computed here.

    Parameters
    ----------
    model
        "external", "internal", "supervision" or "contract".
    folder
        Where the figures go, for papers that have some; it is made if missing.

    Returns
    -------
    Reproduction
        The text, and whether everything came out as it should.

    Raises
    ------
    SweepError
        Where there is no paper about `model`, and for a folder within that of a cube.
    """
    return find_paper(model).reproduce(require_outside_cubes(path_of(folder)))
