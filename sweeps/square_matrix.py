"""A square matrix in a text file, in the forms that spreadsheets and R leave it in: rows of cells.

What a file does not say beyond doubt is refused: a wrong cell would be a wrong entry.
"""

import csv
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

DELIMITERS = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars"}
_BLANK = " "  # as R and NumPy separate cells where nothing else does
MOST = 1000  # rows and columns
_MOST_LINES = 200_000
_LONGEST_ROW = 10**6  # characters: each cell of a row takes fifty times the memory of its letter
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# No blank behind the #.
_MARKED_ROW = re.compile(r"\s*#\S")
_MAY_BE_A_ROW = (
    "line {}: it may be a row or, as it begins with #, a comment; put its first cell in quotes if it is "
    "a row, or a blank behind the # if it is none"
)

Read = TypeVar("Read")


class MatrixError(ValueError):
    """What is wrong with a matrix, in one line."""


@dataclass(frozen=True)
class Row:
    """A row that holds something: the number of its first line, and its cells without spaces around."""

    line: int
    cells: list[str]


def read_square(text: str, of: str, matrix: Callable[[list[Row]], Read]) -> Read:
    """What `matrix` makes of the rows of cells in a text, of so many things of a kind `of` ("factors").

    Cells are separated by tabs, semicolons, commas or bars, whichever gives a matrix, or by blanks alone; a
    first line ``sep=;`` says it. Lines that begin with # outside of quotes are comments; where one may be
    a row as well, it is refused. Rows and columns at the edges that hold nothing are left out. Raises
    MatrixError; so does `matrix` of rows that are none.
    """
    text = _LINE_ENDS.sub("\n", text)
    lines = text.count("\n")
    if lines > _MOST_LINES:
        raise MatrixError(f"it has {lines:,} lines; at most {_MOST_LINES:,} are read")
    number, with_marked = _marked_rows(text)
    try:
        read = _read(_without_comments(text), of, matrix)
    except MatrixError as error:
        if number and _read_or_none(with_marked, of, matrix) is not None:
            raise MatrixError(f"{error}; {_MAY_BE_A_ROW.format(number)}") from None
        raise
    other = _read_or_none(with_marked, of, matrix) if number else None
    if other is not None and not _same(read, other):
        raise MatrixError(_MAY_BE_A_ROW.format(number))
    return read


def _read_or_none(text: str, of: str, matrix: Callable[[list[Row]], Read]) -> Read | None:
    try:
        return _read(text, of, matrix)
    except MatrixError:
        return None


def _same(one: object, other: object) -> bool:
    """Whether two matrices have the same names and entries."""
    both = zip(vars(one).values(), vars(other).values(), strict=True)
    return all(np.array_equal(a, b) for a, b in both)


def _read(text: str, of: str, matrix: Callable[[list[Row]], Read]) -> Read:
    """What `matrix` makes of a text without comments."""
    stated, text = stated_delimiter(text)
    if not text.strip():
        raise MatrixError("the file is empty")
    tables, large = {}, []
    for delimiter in [stated] if stated else [*DELIMITERS, _BLANK]:
        try:
            tables[delimiter] = _table(text, delimiter, of)
        except (MatrixError, csv.Error) as error:
            large.append(error)
    if not tables:
        raise MatrixError(str(large[0]))
    used = {d: rows for d, rows in tables.items() if any(len(row.cells) > 1 for row in rows)}
    read: dict[str, Read] = {}
    wrong: dict[str, MatrixError] = {}
    for delimiter, rows in (used or dict(list(tables.items())[-1:])).items():
        if delimiter == _BLANK and read:
            break  # those lie within cells
        try:
            read[delimiter] = matrix(rows)
        except MatrixError as error:
            if delimiter != _BLANK or not wrong:  # which says more of what is meant to stand between
                wrong[delimiter] = error
    if len(read) > 1:
        both = " and ".join(DELIMITERS.get(d, d) for d in read)
        raise MatrixError(f"cells may be separated by {both}: both give a matrix; use one of them only")
    if not read:
        raise wrong[max(wrong, key=lambda d: len(used.get(d, [Row(1, [])])[0].cells))]
    return next(iter(read.values()))


def _without_comments(text: str, kept: Collection[int] = ()) -> str:
    """The text without lines that begin with # outside of a quoted cell, but for those `kept` by number."""
    lines = text.split("\n")
    for index in _comments(lines):
        if index + 1 not in kept:
            lines[index] = ""
    return "\n".join(lines)


def _comments(lines: list[str]) -> list[int]:
    """Indices of lines that begin with # outside of a quoted cell."""
    comments, open_quote = [], False
    for index, line in enumerate(lines):
        comment = not open_quote and line.lstrip().startswith("#")
        comments += [index] * comment
        open_quote ^= not comment and line.count('"') % 2 == 1
    return comments


def _marked_rows(text: str) -> tuple[int, str]:
    """The first line whose # may begin a name in a row of cells, 0 where there is none.

    And the text with all such lines and without all other comments.
    """
    lines = text.split("\n")
    numbers = [index + 1 for index in _comments(lines) if _MARKED_ROW.match(lines[index])]
    return (numbers[0], _without_comments(text, numbers)) if numbers else (0, text)


def stated_delimiter(text: str) -> tuple[str, str]:
    """What a first line such as ``sep=;`` says, and the text with that line blank."""
    first, _, rest = text.partition("\n")
    stated = re.fullmatch(r'"?sep=(.)"?', first.strip(" ") or " ", re.IGNORECASE)
    return (stated[1], f"\n{rest}") if stated else ("", text)


def _table(text: str, delimiter: str, of: str) -> list[Row]:
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
        if max(last, filled) > MOST + 2:
            raise MatrixError(f"at most {MOST:,} {of} are read, and line {line:,} goes beyond that")
        if last:
            rows.append(Row(line, [cell.strip() for cell in cells]))
        line = reader.line_num + 1
    width = max((i + 1 for row in rows for i, cell in enumerate(row.cells) if cell), default=0)
    first = min(next(i for i, cell in enumerate(row.cells) if cell) for row in rows) if rows else 0
    return [
        Row(row.line, row.cells[first:] if len(row.cells) <= width else row.cells[first:width])
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
