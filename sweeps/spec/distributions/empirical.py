"""Measured values as a distribution: a list of them, or a column of a table in a file.

Each value is drawn as often as it was measured: the distribution function is the data's own, in steps.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ....engine.errors import SweepError
from ....engine.gate.files import TEXT, read_regular
from ....engine.gate.text import decoded, shown
from ...paths import path_of
from ...text import nearest

NAME = "empirical"
# Different values; all of them stand in the identity of a cube.
MOST = 10_000
_DELIMITERS = ",;\t|"


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
    try:
        text = decoded(read_regular(path, TEXT))
    except OSError as error:
        raise SweepError(f"{where}: cannot read {path} ({error.strerror})") from None
    except ValueError as error:
        raise SweepError(f"{where}: {path}: {error}") from None
    first = text.lstrip("\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = [
            (i, row)
            for i, row in enumerate(
                csv.reader(text.splitlines(), delimiter=delimiter, skipinitialspace=True), 1
            )
            if any(row)
        ]
    except csv.Error as error:
        raise SweepError(f"{where}: {path}: {error}") from None
    if not rows:
        raise SweepError(f"{where}: {path}: the file is empty")
    names = [name.strip() for name in rows[0][1]]
    if len(names) == 1 and column is None:
        place, body = 0, rows if _number(names[0], delimiter) is not None else rows[1:]
    else:
        place, body = _place(where_column, path, names, column), rows[1:]
    values = []
    for line, row in body:
        if any(cell.strip() for cell in row[len(names) :]):
            raise SweepError(
                f"{where}: {path}, line {line}: has {len(row)} cells, and the first row {len(names)}; "
                'put quotes about a text that has a separator, as in "a, b"'
            )
        cell = row[place] if place < len(row) else ""
        value = _number(cell, delimiter)
        if value is None:
            raise SweepError(f"{where}: {path}, line {line}: {shown(cell)} is not a finite number")
        values.append(value)
    return values


def _place(where: str, path: Path, names: list[str], column: Any) -> int:
    if column is None:
        raise SweepError(f"{where}: is missing; {path} has the columns {', '.join(map(shown, names[:20]))}")
    if names.count(column) > 1:
        raise SweepError(f"{where}: {path} has {names.count(column)} columns called {shown(column)}")
    if column not in names:
        raise SweepError(f"{where}: {path} has no column {shown(column)}{nearest(str(column), names)}")
    return names.index(column)


def _number(cell: str, delimiter: str) -> float | None:
    """The number in a cell, with a decimal comma where commas separate nothing; None for anything else."""
    cell = cell.strip()
    if delimiter != "," and cell.count(",") == 1 and "." not in cell:
        cell = cell.replace(",", ".")
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if isfinite(value) and "_" not in cell else None
