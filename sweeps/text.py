"""Text for people: aligned tables, values in few digits, the nearest name to a misspelt one."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from typing import Any

from ..engine.gate.text import CELL, cell, clean, cut, shown

# Of names that an error lists, and letters of one that is compared with others.
_MOST_NAMES, _FEW_NAMES, _LONGEST_NAME = 60, 12, 200
# Among so many a name is looked for that is like another.
_MOST_COMPARED = 1000
# Rows of a table that are printed; CSV and JSON hold all.
MOST_ROWS = 200
# How to see the others: said to callers in Python. Commands say it in their own words.
ALL_ROWS = "style='csv' prints all"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns aligned to the left under a head, the last one left ragged."""
    head = [clean(title, CELL) for title in head]
    lines = [head, ["-" * len(title) for title in head]]
    lines += [[clean(one, CELL) for one in row] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint to append to an error about `name`: the nearest known name, and all of them, if they are few.

    Of many there are some, those that begin with `name` first: a cube of statistics has no y, but y_mean.
    """
    close, few = [], known
    if len(known) > _MOST_NAMES:
        few = sorted(known, key=lambda one: not one.startswith(name))[:_FEW_NAMES]
    if len(name) <= _LONGEST_NAME:  # a longer one is like none, and would take minutes to compare
        close = [one for one in known if one.casefold() == name.casefold()]
        compared = [one for one in known[:_MOST_COMPARED] if len(one) <= _LONGEST_NAME]
        close = close or get_close_matches(name, compared, 1, 0.5)
    hint = f"; did you mean {shown(close[0])}?" if close else ""
    more = f" and {len(known) - len(few):,} more" if len(known) > len(few) else ""
    return f"{hint} (known: {', '.join(cut(one, _LONGEST_NAME) for one in few)}{more})"


def count_of(number: int, one: str, several: str = "") -> str:
    """A number of things, as "1 point" and "2,000 points"; `several` where that takes more than an s."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def short(value: Any) -> str:
    """A value in six digits; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else clean(str(value), CELL)


def format_records(rows: Sequence[Mapping[str, Any]], style: str, all_rows: str = ALL_ROWS) -> str:
    """A few rows of equal keys as "csv", "json" or an aligned "table".

    NaN is empty in CSV, null in JSON and "nan" in a table, which shows the first `MOST_ROWS` rows, says how
    many more there are, and in `all_rows` how to see them. Answers of any size are written by `cube.export`.
    """
    head = list(rows[0]) if rows else []
    if style == "json":
        return json.dumps([{k: _json(v) for k, v in row.items()} for row in rows], indent=1)
    if style == "csv":
        return _csv(head, rows)
    text = table(head, [[short(v) for v in row.values()] for row in rows[:MOST_ROWS]])
    if len(rows) > MOST_ROWS:
        text += "\n" + more_rows(len(rows) - MOST_ROWS, all_rows)
    return text


def more_rows(count: int, all_rows: str) -> str:
    """The last line of a table that leaves `count` rows out."""
    return f"... {count:,} more rows; {all_rows}"


def _csv(head: list[str], rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(cell, head))
    writer.writerows([["" if v != v else _exact(v) for v in row.values()] for row in rows])
    return text.getvalue().rstrip("\n")


def _json(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else cell(str(value))
