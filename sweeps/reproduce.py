"""Which papers can be reproduced, and what ``equisweep reproduce`` does for each."""

from collections.abc import Callable
from pathlib import Path

Reproduction = tuple[str, bool]


def _external(folder: Path) -> Reproduction:
    from .reproduce_external import reproduce_external

    del folder  # tables only
    return reproduce_external()


def _supervision(folder: Path) -> Reproduction:
    from .reproduce_supervision import draw
    from .supervision_claims import claims, table

    found = claims()
    return _told(table(found), draw(folder)), all(claim.holds == claim.expected for claim in found)


def _internal(folder: Path) -> Reproduction:
    from .claims import table
    from .reproduce_internal import claims, draw, study

    texts, pictures, sound = [], [], True
    for number, parameter in enumerate(("v", "L", "E"), start=3):
        found = study(parameter)
        checked = claims(found)
        texts.append(f"Study of {parameter} (Figure {number})\n{table(checked)}")
        sound &= all(claim.holds for claim in checked)
        pictures.append(folder / f"figure_{number}_{parameter}.png")
        draw(found, pictures[-1])
    return _told("\n\n".join(texts), pictures), sound


def _contract(folder: Path) -> Reproduction:
    from .claims import table
    from .reproduce_contract import claims, draw, studies

    found = studies()
    checked = claims(found)
    return _told(table(checked), draw(found, folder)), all(claim.holds for claim in checked)


def _told(text: str, pictures: list[Path]) -> str:
    return "\n".join([text, "", *map(str, pictures)])


REPRODUCTIONS: dict[str, Callable[[Path], Reproduction]] = {
    "external": _external,
    "internal": _internal,
    "supervision": _supervision,
    "contract": _contract,
}


def reproduce(model: str, folder: Path) -> Reproduction:
    """What the paper of `model` publishes beside what is computed here; pictures go to `folder`.

    Returns the text, and whether everything came out as it should: every published number agrees,
    every claim holds, or fails where the paper's own equations say that it must.
    """
    if model != "external":
        folder.mkdir(parents=True, exist_ok=True)
    return REPRODUCTIONS[model](folder)
