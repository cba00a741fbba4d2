"""A few rows as a table, CSV or JSON; answers of any size are written by `export`."""

import csv
import io
import json
from math import isfinite
from typing import Any

from .commands.show_models import table

_MOST_ROWS = 200


def format_records(rows: list[dict[str, Any]], style: str) -> str:
    """Rows of equal keys as CSV, JSON or an aligned table; NaN is empty, null and "nan"."""
    if style == "json":
        return json.dumps([{k: _json(v) for k, v in row.items()} for row in rows], indent=1)
    head = list(rows[0]) if rows else []
    if style == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([["" if v != v else _exact(v) for v in row.values()] for row in rows])
        return text.getvalue().rstrip("\n")
    text = table(head, [[short(v) for v in row.values()] for row in rows[:_MOST_ROWS]])
    if len(rows) > _MOST_ROWS:
        text += f"\n... {len(rows) - _MOST_ROWS:,} more rows; --format csv prints all"
    return text


def _json(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def short(value: Any) -> str:
    """A value in six digits; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
