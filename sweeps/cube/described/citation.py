"""How a cube is cited: it, the program that made it, and where its model comes from, in BibTeX."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ....engine.gate.text import clean
from ....engine.store.journal import logged_runs
from ....engine.store.read import Reader
from .stated import stated, versions_of

# TeX's own signs, as text.
_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "{}%&#_$"},
}  # fmt: skip
_LONGEST = 2000  # letters of a field


def citation_of(path: Path) -> str:
    """Entries for a bibliography, and above them how the maker of the cube asks to be cited.

    Raises CubeError where there is no cube.
    """
    reader = Reader(path)
    said = reader.cube.attributes
    versions = versions_of(reader)
    points = sum(reader.status_counts().values())
    year = _year(reader.cube.root)
    digest = stated(reader, "sweep_sha256")
    tool = f"equisweep {versions.get('equisweep', '')}".strip()
    cube = {
        "title": stated(reader, "title"),
        "author": said.get("creator"),
        "year": year,
        "howpublished": f"Zarr cube of {points:,} points, computed with {tool}",
        "note": f"SHA-256 of the sweep {digest}",
        "copyright": said.get("license"),
    }
    program = {
        "title": "equisweep: sweeps of game-theoretic models over dense parameter grids",
        "author": "The equisweep authors",
        "version": versions.get("equisweep"),
        "note": ", ".join(f"{name} {number}" for name, number in versions.items() if name != "equisweep"),
    }
    name = stated(reader, "model")
    model = {"title": f"The model {name} and its source", "note": stated(reader, "source")}
    entries = [
        _entry("misc", f"cube_{digest[:8]}", cube),
        _entry("software", "equisweep", program),
        _entry("misc", f"model_{re.sub(r'[^A-Za-z0-9]', '_', name)}", model),
    ]
    asked = (
        [f"% The maker of this cube asks: {clean(str(said['citation']), _LONGEST)}"]
        if "citation" in said
        else []
    )
    return "\n\n".join([*asked, *entries])


def _entry(kind: str, key: str, fields: Mapping[str, Any]) -> str:
    lines = [f"  {name} = {{{_tex(str(text))}}}," for name, text in fields.items() if text]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def _tex(text: str) -> str:
    return "".join(_SPECIAL.get(sign, sign) for sign in clean(text, _LONGEST))


def _year(root: Path) -> str | None:
    """The year of the last run that ended; None where none has."""
    for entry in reversed(logged_runs(root)):
        with suppress(
            KeyError, ValueError, TypeError, OverflowError, OSError
        ):  # a line that no run has written
            return str(datetime.fromtimestamp(entry["started"], UTC).year)
    return None
