"""A square matrix of 0 and 1 from a text file, in the forms that spreadsheets and R leave it in.

What a file does not say beyond doubt is refused: a wrong entry would be a wrong level.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ....engine.gate.text import VALUE, clean, shown

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}


class MatrixError(ValueError):
    """What is wrong with a matrix, in one line."""


MOST_FACTORS = 1000
_MOST_LINES = 200_000
_LONGEST_ROW = 10**6  # characters: each cell of a row takes fifty times the memory of its letter
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True)
class Matrix:
    """Names, and which of them influences which: pairs of indices."""

    names: tuple[str, ...]
    influences: list[tuple[int, int]]


@dataclass(frozen=True)
class _Row:
    line: int
    cells: list[str]


def read_matrix(text: str) -> Matrix:
    """The matrix in a text: rows influence columns; entries are 0 and 1, also as 0.0, 1.0, ``1*`` or true.

    Cells are separated by tabs, semicolons, commas or bars, whichever gives a square matrix. Names may stand
    in the first row, in the first column or in both; without any, factors are called 1, 2, 3 ... A blank is
    a 0 where there are names. Raises MatrixError.
    """
    text = _LINE_ENDS.sub("\n", text)
    lines = text.count("\n")
    if lines > _MOST_LINES:
        raise MatrixError(f"it has {lines:,} lines; at most {_MOST_LINES:,} are read")
    stated, text = _stated_delimiter(_without_comments(text))
    if not text.strip():
        raise MatrixError("the file is empty")
    tables, large = {}, []
    for delimiter in [stated] if stated else DELIMITERS:
        try:
            tables[delimiter] = _table(text, delimiter)
        except (MatrixError, csv.Error) as error:
            large.append(error)
    if not tables:
        raise MatrixError(str(large[0]))
    used = {d: rows for d, rows in tables.items() if any(len(row.cells) > 1 for row in rows)}
    read: dict[str, Matrix] = {}
    wrong: dict[str, MatrixError] = {}
    for delimiter, rows in (used or dict(list(tables.items())[-1:])).items():
        try:
            read[delimiter] = _matrix(rows)
        except MatrixError as error:
            wrong[delimiter] = error
    if len(read) > 1:
        both = " and ".join(DELIMITERS.get(d, d) for d in read)
        raise MatrixError(f"cells may be separated by {both}: both give a matrix; use one of them only")
    if not read:
        raise wrong[max(wrong, key=lambda d: len(used.get(d, [_Row(1, [])])[0].cells))]
    return next(iter(read.values()))


def _without_comments(text: str) -> str:
    """The text without lines that begin with # outside of a quoted cell."""
    lines, open_quote = [], False
    for line in text.split("\n"):
        comment = not open_quote and line.lstrip().startswith("#")
        lines.append("" if comment else line)
        open_quote ^= not comment and line.count('"') % 2 == 1
    return "\n".join(lines)


def _stated_delimiter(text: str) -> tuple[str, str]:
    """What a first line such as ``sep=;`` says, and the text with that line blank."""
    first, _, rest = text.partition("\n")
    stated = re.fullmatch(r'"?sep=(.)"?', first.strip() or " ", re.IGNORECASE)
    return (stated[1], f"\n{rest}") if stated else ("", text)


def _table(text: str, delimiter: str) -> list[_Row]:
    """Rows of cells, without rows and columns at the edges that hold nothing."""
    source = _Lines(text)
    # Some write a space after each comma, before quotes as well.
    reader, rows, line = csv.reader(source, delimiter=delimiter, skipinitialspace=True), [], 1
    filled = 0
    for cells in reader:
        source.row, last = 0, len(cells)
        while last and not cells[last - 1].strip():
            last -= 1
        filled += last > 0
        if max(last, filled) > MOST_FACTORS + 2:
            raise MatrixError(
                f"at most {MOST_FACTORS:,} factors are read, and line {line:,} goes beyond that"
            )
        if last:
            rows.append(_Row(line, [" ".join(cell.split()) for cell in cells]))
        line = reader.line_num + 1
    width = max((i + 1 for row in rows for i, cell in enumerate(row.cells) if cell), default=0)
    first = all(row.cells[0] == "" for row in rows)
    return [
        _Row(row.line, row.cells[first:] if len(row.cells) <= width else row.cells[first:width])
        for row in rows
    ]


class _Lines:
    """The lines of a text one by one; MatrixError where a row of them, which may be several, is too long.

    `row` counts its characters; whoever has read a row sets it to zero.
    """

    def __init__(self, text: str) -> None:
        self.text, self.place, self.number, self.row = text, 0, 0, 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.place >= len(self.text):
            raise StopIteration
        start, end = self.place, self.text.find("\n", self.place) + 1
        self.place, self.number = end or len(self.text), self.number + 1
        self.row += self.place - start
        if self.row > _LONGEST_ROW:
            raise MatrixError(f"line {self.number:,}: its row has more than {_LONGEST_ROW:,} characters")
        return self.text[start : self.place]


def _matrix(rows: list[_Row]) -> Matrix:
    """The matrix in rows of cells, wherever its names stand."""
    if all(_entry(cell) is not None for row in rows for cell in row.cells):
        return _unnamed(rows)
    head, body = rows[0], rows[1:]
    if _entry(head.cells[0]) is None and len(head.cells) > 1 and _are_entries(head.cells[1:]):
        return _named([row.cells[0] for row in rows], [_Row(row.line, row.cells[1:]) for row in rows])
    if body and all(len(row.cells) == len(head.cells) + 1 for row in body):
        return _with_both(head.cells, body)  # as R writes it, without a corner
    if body and len(body) == len(head.cells) and all(_are_entries(row.cells) for row in body):
        return _named(head.cells, body)
    return _with_both(head.cells[1:], body)


def _unnamed(rows: list[_Row]) -> Matrix:
    """A matrix of entries alone."""
    head, column = rows[0].cells, [row.cells[0] for row in rows]
    if head[0] == "" and head == column and "" not in head[1:] and len(set(head)) == len(head):
        raise MatrixError(f"{', '.join(head[1:])} may be names or entries; call the factors otherwise")
    for row in rows:
        if "" in row.cells:
            raise MatrixError(f"line {row.line}: a blank entry, which is 0 only where factors have names")
    return _named([str(number) for number in range(1, len(rows) + 1)], rows)


def _with_both(names: list[str], rows: list[_Row]) -> Matrix:
    """A matrix with names in its first column that repeat `names`."""
    names = checked_names(names)
    if len(rows) != len(names):
        raise MatrixError(f"{len(names)} names in the first row but {len(rows)} rows below it")
    for name, row in zip(names, rows, strict=True):
        if row.cells[0] != name:
            raise MatrixError(f"line {row.line}: row is called {shown(row.cells[0])}, expected {shown(name)}")
    return _named(names, [_Row(row.line, row.cells[1:]) for row in rows])


def _named(names: list[str], rows: list[_Row]) -> Matrix:
    names = checked_names(names)
    influences = []
    for i, row in enumerate(rows):
        if len(row.cells) != len(names):
            raise MatrixError(f"line {row.line}: {len(row.cells)} entries, expected {len(names)}")
        for j, cell in enumerate(row.cells):
            entry = _entry(cell)
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


def _are_entries(cells: Iterable[str]) -> bool:
    return all(_entry(cell) is not None for cell in cells)


def _entry(cell: str) -> bool | None:
    """Whether a cell says 1, not 0 or nothing; None where it says anything else.

    In a final reachability matrix ``1*`` marks what is reached through others.
    """
    word = re.sub(r"^(1(?:[.,]0*)?) ?\*+$", r"\1", cell).casefold()
    if word in ("", "false"):
        return False
    if word == "true":
        return True
    if not re.fullmatch(r"[+-]?\d+(?:[.,]\d*)?(?:e[+-]?\d+)?", word):
        return None
    number = float(word.replace(",", "."))
    return bool(number) if number in (0, 1) else None


def _advice(cell: str) -> str:
    if cell.upper() in ("V", "A", "X", "O"):
        return "; of V, A, X and O make the matrix of 0 and 1 first"
    weight = re.fullmatch(r"[+-]?\d*[.,]?\d+", cell)
    return "; of weights, write 1 for those that count as an influence" if weight else ""
