"""Factors and who influences whom: read from CSV or TOML, sorted into levels."""

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....engine.errors import SweepError
from ....kernels.games.internal import structure as kernel

TEN_FACTORS = Path(__file__).parents[2] / "published" / "ten_factors.csv"
MAX_FACTORS = 1000


class StructureError(SweepError):
    """A structure file that cannot be used; the message is one line naming file, place and remedy."""


@dataclass(frozen=True)
class Structure:
    """Named factors and the influences among them.

    Attributes
    ----------
    names
        Of the m factors.
    adjacency
        bool [m, m]: entry (i, j) says that ``names[i]`` influences ``names[j]`` directly.
    """

    names: tuple[str, ...]
    adjacency: np.ndarray

    @property
    def reachability(self) -> np.ndarray:
        """Who influences whom directly or through others, bool [m, m]; everyone reaches itself."""
        return np.asarray(kernel.reachability(self.adjacency))

    def reachable_set(self, name: str) -> tuple[str, ...]:
        """The factors that `name` reaches, itself included, in the order of `names`."""
        return self._select(self.reachability[self.names.index(name)])

    def antecedent_set(self, name: str) -> tuple[str, ...]:
        """The factors that reach `name`, itself included, in the order of `names`."""
        return self._select(self.reachability[:, self.names.index(name)])

    def levels(self) -> list[tuple[str, ...]]:
        """Factors by level. Level 1, the first, is what the others influence in the end."""
        level = np.asarray(kernel.levels(self.adjacency))
        return [self._select(level == number) for number in range(1, level.max() + 1)]

    def _select(self, mask: np.ndarray) -> tuple[str, ...]:
        return tuple(name for name, chosen in zip(self.names, mask, strict=True) if chosen)


def describe_structure(structure: Structure) -> str:
    """Levels as text, one line each, level 1 first."""
    lines = [f"level {number}: {', '.join(names)}" for number, names in enumerate(structure.levels(), 1)]
    return "\n".join(["Level 1 is what all influence ends in; each level acts on those before it.", *lines])


def load_structure(path: str | Path) -> Structure:
    """Read factors and influences from the ``.csv`` or ``.toml`` file at `path`.

    A CSV file is a square matrix of 0 and 1 with the names in its first row and first column; lines
    that begin with ``#`` are comments. A TOML file has ``factors = [names]`` and a table
    ``[influences]`` with lines such as ``data = ["application_systems"]``. A 1 on the diagonal says
    nothing (everyone reaches itself) and is dropped.

    Raises
    ------
    StructureError
        In one line, where the file is missing, unreadable, or not such a matrix.
    """
    path = Path(path)
    readers = {".csv": _from_csv, ".toml": _from_toml}
    if path.suffix.lower() not in readers:
        raise StructureError(f"{path}: a structure is read from a .csv or .toml file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise StructureError(f"{path}: cannot be read: {reason}") from None
    names, influences = readers[path.suffix.lower()](path, text)
    adjacency = np.zeros((len(names), len(names)), bool)
    for i, j in influences:
        adjacency[i, j] = i != j
    return Structure(names, adjacency)


def _from_csv(path: Path, text: str) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    numbered = [
        (number, [cell.strip() for cell in row])
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
        for row in csv.reader([line])
    ]
    if not numbered:
        raise StructureError(f"{path}: the file is empty")
    (_, header), *rows = numbered
    names = _checked_names(path, header[1:])
    if len(rows) != len(names):
        raise StructureError(f"{path}: {len(names)} names in the first row but {len(rows)} rows below it")
    influences = []
    for i, (number, (name, *cells)) in enumerate(rows):
        if name != names[i]:
            raise StructureError(f"{path}: line {number}: row is called {name!r}, expected {names[i]!r}")
        if len(cells) != len(names):
            raise StructureError(f"{path}: line {number}: {len(cells)} entries, expected {len(names)}")
        for j, cell in enumerate(cells):
            if cell not in ("0", "1"):
                raise StructureError(f"{path}: line {number}, {names[j]}: {cell!r} is neither 0 nor 1")
        influences += [(i, j) for j, cell in enumerate(cells) if cell == "1"]
    return names, influences


def _from_toml(path: Path, text: str) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StructureError(f"{path}: not TOML: {error}") from None
    unknown = sorted(set(document) - {"factors", "influences"})
    if unknown:
        raise StructureError(f"{path}: unknown key {unknown[0]!r}; known are 'factors' and 'influences'")
    names = _checked_names(path, document.get("factors", []))
    table = document.get("influences", {})
    if not isinstance(table, dict):
        raise StructureError(f"{path}: [influences] must be a table of lists of factor names")
    influences = []
    for source, targets in table.items():
        if not isinstance(targets, list):
            raise StructureError(f"{path}: influences.{source}: must be a list of factor names")
        for name in (source, *targets):
            if name not in names:
                raise StructureError(f"{path}: influences.{source}: {name!r} is not among 'factors'")
        influences += [(names.index(source), names.index(target)) for target in targets]
    return names, influences


def _checked_names(path: Path, names: object) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise StructureError(f"{path}: factor names must be non-empty text")
    if not names:
        raise StructureError(f"{path}: no factors named")
    if len(names) > MAX_FACTORS:
        raise StructureError(f"{path}: {len(names)} factors; at most {MAX_FACTORS} are read")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise StructureError(f"{path}: factor {twice[0]!r} is named twice")
    return tuple(names)
