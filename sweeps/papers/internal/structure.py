"""Factors and who influences whom: read from CSV or TOML, sorted into levels."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.documents import parse_toml
from ....engine.gate.files import TEXT, read_regular
from ....engine.gate.text import VALUE, clean, decoded, shown
from ....kernels.games.internal import structure as kernel
from ...file_paths import path_of
from .matrix_file import MOST_FACTORS, MatrixError, checked_names, read_matrix

TEN_FACTORS = Path(__file__).parents[2] / "published" / "ten_factors.csv"


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

    Source: section 3 of the paper of the model `internal`, whose ten factors ship.
    """

    names: tuple[str, ...]
    adjacency: np.ndarray

    @property
    def reachability(self) -> np.ndarray:
        """Who influences whom directly or through others, bool [m, m]; everyone reaches itself."""
        return np.asarray(kernel.reachability(self.adjacency))

    def reachable_set(self, name: str) -> tuple[str, ...]:
        """The factors that `name` reaches, itself included, in the order of `names`.

        Raises ValueError where none is called so.
        """
        return self._select(self.reachability[self.names.index(name)])

    def antecedent_set(self, name: str) -> tuple[str, ...]:
        """The factors that reach `name`, itself included, in the order of `names`.

        Raises ValueError where none is called so.
        """
        return self._select(self.reachability[:, self.names.index(name)])

    def levels(self) -> list[tuple[str, ...]]:
        """Factors by level. Level 1, the first, is what the others influence in the end."""
        level = np.asarray(kernel.levels(self.adjacency))
        return [self._select(level == number) for number in range(1, level.max() + 1)]

    def level_of(self) -> dict[str, int]:
        """Level of every factor, from 1, in the order of `names`: `level` of the model `internal`."""
        return dict(zip(self.names, np.asarray(kernel.levels(self.adjacency)).tolist(), strict=True))

    def _select(self, mask: np.ndarray) -> tuple[str, ...]:
        return tuple(name for name, chosen in zip(self.names, mask, strict=True) if chosen)


def describe_structure(structure: Structure) -> str:
    """Levels as text, one line each, level 1 first."""
    lines = [f"level {number}: {', '.join(names)}" for number, names in enumerate(structure.levels(), 1)]
    return "\n".join(["Level 1 is what all influence ends in; each level acts on those before it.", *lines])


def levels_line(structure: Structure) -> str:
    """Levels as the line of a sweep file that gives them to the model `internal`."""
    parts = [f"{_key(name)} = {level}" for name, level in structure.level_of().items()]
    return f"level = {{ {', '.join(parts)} }}"


def load_structure(path: str | Path) -> Structure:
    """Read factors and influences from the ``.csv``, ``.tsv``, ``.txt`` or ``.toml`` file at `path`.

    Each but the last is a square matrix of 0 and 1 whose rows influence its columns, as `read_matrix` reads
    it: with tabs, semicolons or commas, names in the first row, the first column or both, blanks for 0. Lines
    that begin with ``#`` are comments. A TOML file has ``factors = [names]`` and a table ``[influences]``
    with lines such as ``data = ["application_systems"]``. A 1 on the diagonal says nothing (everyone reaches
    itself) and is dropped.

    Raises
    ------
    StructureError
        A SweepError, in one line, where the file is missing, unreadable, or not such a matrix.
    """
    path = path_of(path)
    ending = path.suffix.lower()
    if ending not in (".csv", ".tsv", ".txt", ".toml"):
        raise StructureError(f"{path}: a structure is read from a .csv, .tsv, .txt or .toml file")
    try:
        raw = read_regular(path, TEXT)
    except OSError as error:
        raise StructureError(f"{path}: cannot be read: {error.strerror}") from None
    names, influences = _from_toml(path, raw) if ending == ".toml" else _from_matrix(path, raw)
    if len(names) > MOST_FACTORS:
        raise StructureError(f"{path}: {len(names):,} factors; at most {MOST_FACTORS:,} are read")
    adjacency = np.zeros((len(names), len(names)), bool)
    for i, j in influences:
        adjacency[i, j] = i != j
    return Structure(names, adjacency)


def _from_matrix(path: Path, raw: bytes) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    try:
        matrix = read_matrix(decoded(raw))
    except ValueError as error:
        raise StructureError(f"{path}: {error}") from None
    return matrix.names, matrix.influences


def _from_toml(path: Path, raw: bytes) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    try:
        document = parse_toml(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise StructureError(f"{path}: cannot be read: it is not UTF-8 text") from None
    except ValueError as error:
        raise StructureError(f"{path}: not TOML: {error}") from None
    unknown = sorted(set(document) - {"factors", "influences"})
    if unknown:
        raise StructureError(f"{path}: unknown key {shown(unknown[0])}; known are 'factors' and 'influences'")
    names = _checked_names(path, document.get("factors", []))
    table = document.get("influences", {})
    if not isinstance(table, dict):
        raise StructureError(f"{path}: [influences] must be a table of lists of factor names")
    influences, place = [], {name: number for number, name in enumerate(names)}
    for source, targets in table.items():
        if not isinstance(targets, list):
            raise StructureError(f"{path}: influences.{clean(source, VALUE)}: must be a list of factor names")
        for name in (source, *targets):
            if not isinstance(name, str) or name not in place:
                raise StructureError(
                    f"{path}: influences.{clean(source, VALUE)}: {shown(name)} is not among 'factors'"
                )
        influences += [(place[source], place[target]) for target in targets]
    return names, influences


def _key(name: str) -> str:
    """A name as a key of TOML: bare where it may be, otherwise as a string."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _checked_names(path: Path, names: object) -> tuple[str, ...]:
    try:
        return tuple(checked_names(names))
    except MatrixError as error:
        raise StructureError(f"{path}: {error}") from None
