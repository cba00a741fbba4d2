"""Rows as text: a table for people, CSV, JSON."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import IO, Any, Literal

from ....engine.gate.text import cell
from ...text import MOST_ROWS, more_rows, short, table

TEXT = ("table", "csv", "json")


@dataclass(frozen=True)
class Column:
    """Its name, and what its values are: real numbers, other numbers, or all else, which becomes text."""

    name: str
    kind: Literal["real", "number", "text"]


@dataclass(frozen=True)
class Batch:
    """Some rows: how many, and the columns of the first so many of them as lists; None is no value."""

    rows: int
    columns: Callable[[int], list[list[Any]]]


def write_text(
    columns: Sequence[Column],
    batches: Iterable[Batch],
    style: str,
    file: IO[str],
    total: int | None = None,
    all_rows: str = "",
) -> int:
    """Write rows batch by batch, as one of `TEXT`, and count them.

    `total` is the number of rows, if known: a table, which ends after 200, then reads no further; its last
    line says in `all_rows` how to see the others.
    """
    if style == "table":
        return _table(columns, batches, file, total, all_rows)
    return (_csv if style == "csv" else _json)(columns, batches, file)


def _table(
    columns: Sequence[Column], batches: Iterable[Batch], file: IO[str], total: int | None, all_rows: str
) -> int:
    rows: list[list[str]] = []
    seen = 0
    for batch in batches:
        seen += batch.rows
        if len(rows) < MOST_ROWS:
            texts = [
                ["nan" if v is None and column.kind == "real" else short(v) for v in values]
                for column, values in zip(columns, batch.columns(MOST_ROWS - len(rows)), strict=True)
            ]
            rows += [list(row) for row in zip(*texts, strict=True)]
        elif total is not None:
            break
    print(table([column.name for column in columns], rows), file=file)
    more = (seen if total is None else total) - len(rows)
    if more:
        print(more_rows(more, all_rows), file=file)
    return seen


def _csv(columns: Sequence[Column], batches: Iterable[Batch], file: IO[str]) -> int:
    # Python's own writer: shortest digits that read back as the same number, quotes only where needed.
    writer, seen = csv.writer(file, lineterminator="\n"), 0
    writer.writerow([cell(column.name) for column in columns])
    for batch in batches:
        values = zip(columns, batch.columns(batch.rows), strict=True)
        cells = [_cells(one) if column.kind == "text" else one for column, one in values]
        writer.writerows(zip(*cells, strict=True))
        seen += batch.rows
    return seen


def _cells(values: Sequence[Any]) -> list[str | None]:
    """Texts as `gate.text.cell` writes them, each text once."""
    texts = [None if value is None else str(value) for value in values]
    known: dict[str | None, str | None] = {text: cell(text) for text in set(texts) if text is not None}
    return [known.get(text) for text in texts]


def _json(columns: Sequence[Column], batches: Iterable[Batch], file: IO[str]) -> int:
    names, separator, seen = [column.name for column in columns], "[\n", 0
    for batch in batches:
        for row in zip(*batch.columns(batch.rows), strict=True):
            plain = [None if isinstance(v, float) and not isfinite(v) else v for v in row]
            record = dict(zip(names, plain, strict=True))
            file.write(separator + json.dumps(record, default=str, ensure_ascii=False))
            separator = ",\n"
        seen += batch.rows
    file.write("[]\n" if separator == "[\n" else "\n]\n")
    return seen
