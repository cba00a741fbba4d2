"""Measured values as a distribution: a list of them, or a column of a table in a file.

Each value is drawn as often as it was measured: the distribution function is the data's own, in steps.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.files import TEXT, read_regular
from ....engine.gate.text import decoded, shown
from ...file_paths import path_of
from ...square_matrix import stated_delimiter
from ...text import nearest

NAME = "empirical"
# Different values; all of them stand in the identity of a cube.
MOST = 10_000
_DELIMITERS = ",;\t|"
# What may be a whole number with a mark of thousands.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")


def as_discrete(where: str, stated: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """``{empirical = "losses.csv", column = "loss"}`` as the values that are there, and how often each is.

    Raises SweepError, beginning with `where`, for a file that cannot be read or has no such column, and for
    cells and values that are no finite numbers.
    """
    for key in stated:
        if key not in (NAME, "column"):
            raise SweepError(
                f"{where}.{key}: {NAME} has none; it has a file and its column, or a list of values"
            )
    given, column = stated[NAME], stated.get("column")
    if isinstance(given, str):
        values = column_of(f"{where}.{NAME}", folder / path_of(given), f"{where}.column", column)
    elif column is not None:
        raise SweepError(f"{where}.column: is that of a file; {shown(given)} is none")
    else:
        values = _listed(f"{where}.{NAME}", given)
    counts = Counter(values)
    if len(counts) < 2:
        raise SweepError(
            f"{where}.{NAME}: {len(counts)} different value; what does not vary belongs to [fixed]"
        )
    if len(counts) > MOST:
        raise SweepError(
            f"{where}.{NAME}: {len(counts):,} different values; at most {MOST:,} are taken: round them"
        )
    return {"discrete": list(counts), "weights": [float(count) for count in counts.values()]}


def _listed(where: str, given: Any) -> list[float]:
    given = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(given, Sequence):
        raise SweepError(f"{where}: {shown(given)} should be the name of a file, or a list of values")
    for value in given:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not isfinite(value):
            raise SweepError(f"{where}: {shown(value)} is not a finite number")
    return [float(value) for value in given]


def column_of(where: str, path: Path, where_column: str, column: Any) -> list[float]:
    """The numbers of one column of a table; its first row has names unless there is one column of numbers."""
    return columns_of(where, path, [(where_column, column)])[0]


def columns_of(
    where: str, path: Path, asked: Sequence[tuple[str, Any]], options: Sequence[Sequence[str]] = ()
) -> list[list[Any]]:
    """The same of several columns, of each where it is asked for and its name, read at one go.

    Where a column has `options`, its cells are texts, and each is one of these.
    """
    try:
        text = decoded(read_regular(path, TEXT))
    except OSError as error:
        raise SweepError(f"{where}: cannot read {path} ({error.strerror})") from None
    except ValueError as error:
        raise SweepError(f"{where}: {path}: {error}") from None
    stated, text = stated_delimiter(text.replace("\r\n", "\n").replace("\r", "\n"))
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = stated or max(_DELIMITERS, key=first.count)
    # Row by row: a million rows as lists of cells take ten times the file.
    rows = csv.reader(StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        return _columns(f"{where}: {path}", path, enumerate(rows, 1), delimiter, asked, options)
    except csv.Error as error:
        raise SweepError(f"{where}: {path}: {error}") from None


def _columns(
    here: str,
    path: Path,
    rows: Iterator[tuple[int, list[str]]],
    delimiter: str,
    asked: Sequence[tuple[str, Any]],
    options: Sequence[Sequence[str]],
) -> list[list[Any]]:
    head = next(((line, row) for line, row in rows if any(row)), None)
    if head is None:
        raise SweepError(f"{here}: the file is empty")
    names = [name.strip() for name in head[1]]
    if len(names) == 1 and all(column is None for _, column in asked):
        indices = [0] * len(asked)
        rows = chain([head], rows) if _number(names[0], delimiter) is not None else rows
    else:
        indices = [_index(where, path, names, column) for where, column in asked]
    columns: list[list[Any]] = [[] for _ in asked]
    commas = [_Commas() for _ in asked]
    into = list(zip(indices, columns, options or [()] * len(asked), commas, strict=True))
    for line, row in rows:
        if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]):
            advice = 'put quotes about a text that has a separator, as in "a, b"'
            if len(names) == 1 and delimiter == ",":
                advice = "if the comma is that of decimals, write a point"
            raise SweepError(
                f"{here}, line {line}: has {len(row)} cells, and the first row {len(names)}; {advice}"
            )
        if not any(row):
            continue
        for index, column, known, seen in into:
            cell = row[index] if index < len(row) else ""
            if known:
                column.append(_option(f"{here}, line {line}", cell.strip(), known))
                continue
            value = _number(cell, delimiter)
            if value is None:
                raise SweepError(f"{here}, line {line}: {shown(cell)} is not a finite number")
            column.append(value)
            if delimiter != ",":
                seen.see(cell, line)
    for seen in commas:
        if seen.unclear:
            raise SweepError(
                f"{here}: {seen.unclear}, where a comma may be that of thousands or of decimals; "
                "write numbers with a point, and without a mark of thousands"
            )
    return columns


class _Commas:
    """What the commas of a column of numbers may be: in each cell a decimal one, if all are alike."""

    def __init__(self) -> None:
        self._with: tuple[str, int] | None = None
        self._point: tuple[str, int] | None = None
        self._plain: tuple[str, int] | None = None
        self._thousands = True

    def see(self, cell: str, line: int) -> None:
        """Take note of a cell that holds a number."""
        if "," in cell:
            self._with = self._with or (cell, line)
            self._thousands = self._thousands and bool(_THOUSANDS.fullmatch(cell.strip()))
        elif "." in cell:
            self._point = self._point or (cell, line)
        else:
            self._plain = self._plain or (cell, line)

    @property
    def unclear(self) -> str:
        """Which two cells contradict each other; empty if none do."""
        other = self._point or (self._plain if self._thousands else None)
        if self._with is None or other is None:
            return ""
        return f"{shown(self._with[0])} in line {self._with[1]} and {shown(other[0])} in line {other[1]}"


def _index(where: str, path: Path, names: list[str], column: Any) -> int:
    if column is None:
        raise SweepError(f"{where}: is missing; {path} has the columns {', '.join(map(shown, names[:20]))}")
    if names.count(column) > 1:
        raise SweepError(f"{where}: {path} has {names.count(column)} columns called {shown(column)}")
    if column not in names:
        raise SweepError(f"{where}: {path} has no column {shown(column)}{nearest(str(column), names)}")
    return names.index(column)


def _option(where: str, cell: str, known: Sequence[str]) -> str:
    if cell not in known:
        raise SweepError(f"{where}: {shown(cell)} is no option{nearest(cell, known)}")
    return cell


def _number(cell: str, delimiter: str) -> float | None:
    """The number in a cell, with a decimal comma where commas separate nothing; None for anything else."""
    if delimiter != "," and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) and "_" not in cell else None
