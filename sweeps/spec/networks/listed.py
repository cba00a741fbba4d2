"""Lines and cells of a list of links, and whether its first line names columns."""

import re
from itertools import pairwise

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ...square_matrix import MatrixError

_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d+\Z)")
_QUOTED = re.compile('"(?:[^"]|"")*"')
# The first # of a line, where it follows on anything but a blank, a mark, a quote or a number.
_WITHIN_A_NAME = re.compile(r"""(?:[^#]*[\s,;])?(?!(?:"+|[-+.\deE]+)#)[^\s,;#]+#""")
# Behind a blank a number at the end of a cell, as in the name "A 1"; what is no number; the end of a cell.
_LAST_NUMBER, _NO_NUMBER = re.compile(r"\s[-+.\deE]+\Z"), re.compile(r"""[^\s\d"+.-]""")
_WITHIN_A_CELL = re.compile(r"[^\s,;#]*[\t,;]")
# What a first line may call the columns of a list of links.
_COLUMNS = frozenset({
    "from", "to", "source", "target", "origin", "destination", "sender", "receiver",
    "von", "nach", "quelle", "ziel",
})  # fmt: skip


def lines_of(where: str, text: str) -> list[tuple[int, str]]:
    """The lines that hold something besides comments, each with its number.

    SweepError where a comment would begin within a name: `Site#1` and `Site#2` would be one city; so would
    the cells `Site 1#1` and `Site 1#2`.
    """
    lines = [(number, line, hidden_quotes(line)) for number, line in enumerate(text.splitlines(), 1)]
    for number, line, hidden in lines:
        if _cuts_a_name(hidden):
            raise SweepError(
                f"{where}: line {number}: in {shown(line.strip())} a # begins a comment within a name; "
                "write the name in quotes, or a blank before the comment"
            )
    bare = [(number, line[: len(hidden.partition("#")[0])].strip()) for number, line, hidden in lines]
    return [(number, line) for number, line in bare if line]


def _cuts_a_name(hidden: str) -> bool:
    """Whether the first # of a line, whose quotes are hidden, may belong to a name.

    Behind a number begins a comment, but for numbers behind a blank within a cell between marks.
    """
    before, sign, after = hidden.partition("#")
    if not sign:
        return False
    mark = mark_of(before)
    if mark is None and not _WITHIN_A_CELL.match(after):
        return bool(_WITHIN_A_NAME.match(hidden))
    cell = before.rpartition(mark)[2] if mark else before
    number = _LAST_NUMBER.search(cell)
    is_numbered = number is not None and _NO_NUMBER.search(cell[: number.start()]) is not None
    return is_numbered or bool(_WITHIN_A_NAME.match(hidden))


def hidden_quotes(line: str) -> str:
    """A line as long, with quotes in the place of all that stands in quotes."""
    return _QUOTED.sub(lambda quoted: '"' * len(quoted[0]), line)


def mark_of(line: str) -> str | None:
    """What stands between the cells of a line; None for blanks."""
    return next((d for d in ("\t", ";", ",") if d in hidden_quotes(line)), None)


def cells_of(line: str, mark: str | None) -> list[str]:
    """What stands in a line between marks, or between blanks where that is None, without its quotes."""
    between = re.compile(r"\s+" if mark is None else re.escape(mark))
    ends = [(0, 0), *(m.span() for m in between.finditer(hidden_quotes(line))), (len(line), 0)]
    cells = [line[begin:end].strip() for (_, begin), (end, _) in pairwise(ends)]
    return [cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell for cell in cells]


def untitled(where: str, lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines without a first one that names columns, which would be two more cities and a link.

    SweepError where that may be so: two names above numbers.
    """
    if len(lines) < 2:
        return lines
    head, *others = [cells_of(line, mark_of(line)) for _, line in lines]
    cities = {name for row in others for name in row[:2]}
    if len(head) not in (2, 3) or cities.intersection(head[:2]):
        return lines
    if all(_COLUMNS.intersection(re.findall(r"[^\W\d_]+", name.casefold())) for name in head[:2]):
        return lines[1:]
    if len(head) == 2 and all(map(is_number, cities)) and not any(map(is_number, head)):
        raise SweepError(
            f"{where}: line {lines[0][0]}: {shown(lines[0][1])} may be two cities, or stand above columns "
            "of a list or of a matrix; begin it with # if it is no link, and write a matrix as .csv"
        )
    return lines


def is_number(cell: str) -> bool:
    """Whether a cell may be the weight of a link."""
    try:
        weight_in("", cell)
    except MatrixError:
        return False
    return True


def weight_in(where: str, cell: str) -> float:
    """The number in a cell, whose decimals may stand behind a comma; MatrixError, beginning with `where`."""
    try:
        return float(_DECIMAL_COMMA.sub(".", cell))
    except ValueError:
        raise MatrixError(f"{where}: {shown(cell)} should be a number, the weight of a link") from None
