"""Which papers can be reproduced, and what ``equisweep reproduce`` does for each."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .claims import Claim

Reproduction = tuple[str, bool]


def _external(folder: Path) -> Reproduction:
    from .external.tables import reproduce_external

    del folder  # tables only
    return reproduce_external()


def _supervision(folder: Path) -> Reproduction:
    from .supervision.claims import claims
    from .supervision.figures import draw

    return _told([("", claims())], draw(folder))


def _internal(folder: Path) -> Reproduction:
    from .internal.figures import claims, draw, study

    parts, pictures = [], []
    for number, parameter in enumerate(("v", "L", "E"), start=3):
        found = study(parameter)
        parts.append((f"Study of {parameter} (Figure {number}), {found.loss.size:,} points", claims(found)))
        pictures.append(folder / f"figure_{number}_{parameter}.png")
        draw(found, pictures[-1])
    return _told(parts, pictures)


def _contract(folder: Path) -> Reproduction:
    from .contract.figures import claims, draw, studies

    found = studies()
    return _told([("", claims(found))], draw(found, folder))


def _told(parts: "list[tuple[str, list[Claim]]]", pictures: list[Path]) -> Reproduction:
    """Tables of claims under their titles, the verdict, and where the pictures are."""
    from .claims import claims_table, verdict

    every = [claim for _, found in parts for claim in found]
    texts = [f"{title}\n\n{claims_table(found)}".lstrip("\n") for title, found in parts]
    text = "\n\n".join([*texts, verdict(every), "\n".join(map(str, pictures))])
    return text, not any(claim.surprises for claim in every)


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
