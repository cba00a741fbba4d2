"""Lines and cells of a list of links, and whether its first line names columns."""

import re
from collections.abc import Collection
from itertools import pairwise

from ....engine.errors import SweepError
from ....engine.gate.text import shown
from ...square_matrix import MatrixError

_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d+\Z)")
_QUOTED = re.compile('"(?:[^"]|"")*"')
# The first # of a line at the start of a cell, behind a blank or a closing quote, or behind a number (E1 has
# always passed for one) where nothing follows, or a blank and text. A tab may end a cell.
_BEGINS_A_COMMENT = re.compile(r"""(?:[^#]*[\s,;])?(?:"*#|[-+.\deE]*[-+.\d]#(?:\s*\Z|[^\S\t]+[^\s,;]))""")
# Behind the # of "B 1#1 0.5": two numbers, the second of which may be the weight.
_NUMBERS = re.compile(r"[-+.\d]+[\s,;]+(\S+)\s*(?:#|\Z)")
# "Lyon Nice 0,5": a number with decimals behind a blank, in a line that is not separated by blanks alone.
WEIGHT_BEHIND_A_BLANK = re.compile(r"[^\s,;] +\d*[.,]\d+\Z")
# What a first line may call the columns of a list of links.
_COLUMNS = frozenset({
    "from", "to", "source", "target", "origin", "destination", "sender", "receiver",
    "von", "nach", "quelle", "ziel",
})  # fmt: skip


def lines_of(text: str) -> list[tuple[int, str]]:
    """The lines that hold something besides comments, each with its number, without the comments."""
    bare = [(number, _before_comment(line).strip()) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in bare if line]


def require_whole_names(where: str, text: str) -> None:
    """SweepError where the # of a comment may belong to a name: `Site#1` and `Site#2` would be one city.

    A comment begins at the start of a line, behind a blank, behind a closing quote, straight behind a weight
    (the third cell), and straight behind a number that ends a name where a blank or nothing follows; but not
    where a weight stands behind the # that it would hide.
    """
    for number, line in enumerate(text.splitlines(), 1):
        fault = _fault_of_comment(line.strip())
        if fault:
            raise SweepError(f"{where}: line {number}: in {shown(line.strip())} {fault}")


def require_no_link_in_comments(where: str, text: str, cities: Collection[str]) -> None:
    """SweepError where a line begins with a # and with the name of a city, which is there in quotes."""
    names = [city for city in cities if city.startswith("#")]
    for number, line in enumerate(text.splitlines() if names else (), 1):
        bare = line.strip()
        name = next((one for one in names if re.match(rf"{re.escape(one)}[\s,;]", bare)), None)
        if name is not None:
            raise SweepError(
                f"{where}: line {number}: {shown(bare)} is a comment, and a city is called {shown(name)}; "
                "put quotes around it, or a blank behind the # of a comment"
            )


def _fault_of_comment(line: str) -> str:
    """What is wrong with where the comment of a line begins; empty where another error says it, too."""
    before = _before_comment(line)
    if before in ("", line):
        return ""
    bare, behind = before.rstrip(), line[len(before) + 1 :]
    mark = mark_of(bare)
    cells = cells_of(bare, mark)
    if re.match(r'[\s"]' if len(cells) > 2 else r'\s(?:[\s,;]|\Z)|"(?: |\Z)', before[-1] + behind):
        return ""
    if not _hides_weight(line, before, behind):
        mixed = mark is not None and WEIGHT_BEHIND_A_BLANK.search(bare)
        hidden = hidden_quotes(line if mark is None else line.replace("\t", " "))
        if mixed or len(cells) > 3 or _BEGINS_A_COMMENT.match(hidden):
            return ""
        if len(cells) == 3:
            no_weight = f"{shown(cells[2])} should be a number, the weight of a link"
            return "" if is_number(cells[2]) else f"{no_weight}; write a name that holds # in quotes"
    return "a # begins a comment within a name; write the name in quotes, or blanks around the # of a comment"


def _hides_weight(line: str, before: str, behind: str) -> bool:
    """Whether a weight stands behind the first #: in the third cell, or behind "1#1" between blanks."""
    mark = mark_of(line)
    cells, numbers = cells_of(line, mark), _NUMBERS.match(behind)
    third = len(cells) > 2 and len(cells_of(before, mark)) < 3
    return (third and _is_weight(cells[2].partition("#")[0].strip())) or (
        numbers is not None and _is_weight(numbers[1])
    )


def _before_comment(line: str) -> str:
    """A line up to its first # outside of quotes."""
    return line[: len(hidden_quotes(line).partition("#")[0])]


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


def _is_weight(cell: str) -> bool:
    return is_number(cell) and 0 <= weight_in("", cell) <= 1


def weight_in(where: str, cell: str) -> float:
    """The number in a cell, whose decimals may stand behind a comma; MatrixError, beginning with `where`."""
    try:
        return float(_DECIMAL_COMMA.sub(".", cell))
    except ValueError:
        raise MatrixError(f"{where}: {shown(cell)} should be a number, the weight of a link") from None
