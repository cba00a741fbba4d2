"""What a picture shows, as a table: a row for each point that it draws or leaves out."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ...engine.gate.text import cell
from ..cube.export import text_file
from ..cube.statuses import status_names
from .direction import Direction
from .look.symbols import unit_text
from .view import View

Row = Iterable[Any]


@dataclass(frozen=True)
class Table:
    """Names of columns, with units in brackets, and rows of numbers and texts; None is no value."""

    head: list[str]
    rows: Iterable[Row]


def table_of(view: View) -> Table:
    """What a view shows: facets, hue and axes, the variables (None where a point is left out), the status."""
    grid = [way for way in (*view.facets, view.second, view.x) if way]
    along = [way for way in (view.up, view.colour) if way]
    variables = [_headed(layer.name, layer.unit) for layer in view.layers]
    return Table([*map(_head, grid), *map(_head, along), *variables, "status"], _rows(view, grid, along))


def write_table(table: Table, path: Path) -> None:
    """Write a table as CSV. Texts that a spreadsheet would take for formulas get an apostrophe."""
    with text_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_cell(text) for text in table.head])
        writer.writerows([_cell(value) for value in row] for row in table.rows)


def _rows(view: View, grid: list[Direction], along: list[Direction]) -> Iterator[Row]:
    shown = [(layer, np.ma.getmaskarray(layer.values).reshape(-1)) for layer in view.layers]
    values = [layer.values.data.reshape(-1) for layer in view.layers]
    codes = view.layers[0].codes.reshape(-1)
    numbers = np.unique(codes).tolist()
    statuses = dict(zip(numbers, status_names(numbers), strict=True))
    for i, place in enumerate(product(*(range(len(way.values)) for way in grid))):
        yield (
            *(_value(way, k, i) for way, k in zip(grid, place, strict=True)),
            *(_value(way, place[-1], i) for way in along),
            *(None if lost[i] else _named(one, v[i]) for (one, lost), v in zip(shown, values, strict=True)),
            statuses[int(codes[i])],
        )


def _value(way: Direction, k: int, i: int) -> Any:
    """The k-th value of an axis, or an output's at the i-th of all points."""
    if way.table is not None:
        return way.table.flat[i].item()
    value = way.values[k]
    return str(value) if way.named else value.item()


def _named(layer: Any, value: Any) -> Any:
    return layer.classes[int(value)] if layer.classes else value.item()


def _head(way: Direction) -> str:
    return _headed(way.name, str(way.array.attrs.get("units", "1")))


def _headed(name: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{name} [{shown}]" if shown else name


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if value != value else repr(value)
    return cell(value) if isinstance(value, str) else str(value)
