"""A square matrix of 0 and 1 from a text file, in the forms that spreadsheets and R leave it in.

What a file does not say beyond doubt is refused: a wrong entry would be a wrong level.
"""

import re
from collections import Counter
from dataclasses import dataclass

from ....engine.gate.text import VALUE, clean, shown
from ...square_matrix import MOST, MatrixError, Row, read_square
from ...text import count_of

MOST_FACTORS = MOST
# What stands on the diagonal where nobody asks whether a factor influences itself.
_NOT_ASKED = frozenset("-\u2013\u2014")
# What spreadsheets of several languages write for truth values.
_TRUE = frozenset({"true", "wahr", "vrai", "vero", "verdadero", "verdadeiro", "waar"})
_FALSE = frozenset({"", "false", "falsch", "faux", "falso", "onwaar"})


@dataclass(frozen=True)
class Matrix:
    """Names, and which of them influences which: pairs of indices."""

    names: tuple[str, ...]
    influences: list[tuple[int, int]]


def read_matrix(text: str) -> Matrix:
    """The matrix in a text: rows influence columns; entries are 0 and 1, also as 0.0, 1.0, ``1*`` or
    true, in the languages of spreadsheets, and a dash on the diagonal.

    Cells are separated by tabs, semicolons, commas, bars or blanks, whichever gives a square matrix. Names
    may stand in the first row, in the first column or in both; without any, factors are called 1, 2, 3 ... A
    blank cell is a 0 where there are names. Raises MatrixError.
    """
    return read_square(text, "factors", _untitled)


def _untitled(rows: list[Row]) -> Matrix:
    """The matrix in rows of cells; where it is none, and a line above it may be its title, that is said."""
    try:
        return _matrix(rows)
    except MatrixError as error:
        filled = [cell for cell in rows[0].cells if cell]
        if len(filled) != 1 or len(rows) < 3:
            raise
        title = f"if line {rows[0].line}, {shown(filled[0])}, is a title, take it out or begin it with #"
        raise MatrixError(f"{error}; {title}") from None


def _matrix(rows: list[Row]) -> Matrix:
    """The matrix in rows of cells, wherever its names stand, which become one line each."""
    rows = [Row(row.line, [" ".join(cell.split()) for cell in row.cells]) for row in rows]
    if _are_entries(rows):
        return _unnamed(rows)
    head, body = rows[0], rows[1:]
    entries = Row(head.line, head.cells[1:])
    if _entry(head.cells[0]) is None and entries.cells and _are_entries([entries]):
        return _named([row.cells[0] for row in rows], [Row(row.line, row.cells[1:]) for row in rows])
    if body and all(len(row.cells) == len(head.cells) + 1 for row in body):
        return _with_both(head.cells, body)  # as R writes it, without a corner
    if body and len(body) == len(head.cells) and _are_entries(body):
        return _named(head.cells, body)
    return _with_both(head.cells[1:], body)


def _unnamed(rows: list[Row]) -> Matrix:
    """A matrix of entries alone."""
    head, column = rows[0].cells, [row.cells[0] for row in rows]
    if head[0] == "" and head == column and "" not in head[1:] and len(set(head)) == len(head):
        raise MatrixError(f"{', '.join(head[1:])} may be names or entries; call the factors otherwise")
    for row in rows:
        if "" in row.cells:
            raise MatrixError(f"line {row.line}: a blank entry, which is 0 only where factors have names")
    return _named([str(number) for number in range(1, len(rows) + 1)], rows)


def _with_both(names: list[str], rows: list[Row]) -> Matrix:
    """A matrix with names in its first column that repeat `names`."""
    names = checked_names(names)
    if len(rows) != len(names):
        names_there, rows_there = count_of(len(names), "name"), count_of(len(rows), "row")
        raise MatrixError(f"{names_there} in the first row but {rows_there} below it")
    for name, row in zip(names, rows, strict=True):
        if row.cells[0] != name:
            raise MatrixError(f"line {row.line}: row is called {shown(row.cells[0])}, expected {shown(name)}")
    return _named(names, [Row(row.line, row.cells[1:]) for row in rows])


def _named(names: list[str], rows: list[Row]) -> Matrix:
    names = checked_names(names)
    influences = []
    for i, row in enumerate(rows):
        if len(row.cells) != len(names):
            raise MatrixError(f"line {row.line}: {len(row.cells)} entries, expected {len(names)}")
        for j, cell in enumerate(row.cells):
            entry = False if i == j and cell in _NOT_ASKED else _entry(cell)
            if entry is None:
                what = f"{shown(cell)} is neither 0 nor 1{_advice(cell)}"
                raise MatrixError(f"line {row.line}, {clean(names[j], VALUE)}: {what}")
            influences += [(i, j)] * entry
    return Matrix(tuple(names), influences)


def checked_names(names: object) -> list[str]:
    """Names of factors; MatrixError unless each is a text of its own."""
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise MatrixError("factor names must be non-empty text")
    if not names:
        raise MatrixError("no factors named")
    count = Counter(names)
    twice = [name for name in names if count[name] > 1]
    if twice:
        raise MatrixError(f"factor {shown(twice[0])} is named twice")
    return names


def _are_entries(rows: list[Row]) -> bool:
    """Whether rows hold entries alone, or a dash on the diagonal."""
    return all(
        _entry(cell) is not None or (i == j and cell in _NOT_ASKED)
        for i, row in enumerate(rows)
        for j, cell in enumerate(row.cells)
    )


def _entry(cell: str) -> bool | None:
    """Whether a cell says 1, not 0 or nothing; None where it says anything else.

    In a final reachability matrix ``1*`` marks what is reached through others.
    """
    word = re.sub(r"^(1(?:[.,]0*)?) ?\*+$", r"\1", cell).casefold()
    if word in _FALSE or word in _TRUE:
        return word in _TRUE
    if not re.fullmatch(r"[+-]?\d+(?:[.,]\d*)?(?:e[+-]?\d+)?", word):
        return None
    number = float(word.replace(",", "."))
    return bool(number) if number in (0, 1) else None


def _advice(cell: str) -> str:
    if cell.upper() in ("V", "A", "X", "O"):
        return "; of V, A, X and O make the matrix of 0 and 1 first"
    weight = re.fullmatch(r"[+-]?\d*[.,]?\d+", cell)
    return "; of weights, write 1 for those that count as an influence" if weight else ""
