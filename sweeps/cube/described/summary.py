"""What a cube holds, in a few lines: as text, and as HTML for notebooks."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ....engine.gate.text import CELL, clean
from ...text import count_of, table
from ..statuses import advice, status_names

if TYPE_CHECKING:
    import xarray as xr

# Statuses that are counted for a summary; more would take time that nobody asked for.
MOST_COUNTED = 2_000_000
_MOST_SHOWN = 4
_WAYS = ("plot", "sel", "where", "reduce", "table", "sql", "boundaries", "sensitivity")

Part = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def summary_text(dataset: "xr.Dataset") -> str:
    """Title, axes, variables and statuses of a cube, or a part of one, as text."""
    parts = [clean(_title(dataset), CELL)]
    for name, head, rows in _parts(dataset):
        parts += ["", name, table(head, rows)]
    return "\n".join([*parts, "", _asked()])


def summary_html(dataset: "xr.Dataset") -> str:
    """The same as HTML. Names, labels and units are text, whatever they hold."""
    parts = [f"<p><b>{_escaped(_title(dataset))}</b></p>"]
    for name, head, rows in _parts(dataset):
        parts.append(f"<p style='margin:0.6em 0 0'>{_escaped(name)}</p>{_html_table(head, rows)}")
    return f"<div>{''.join(parts)}<p>{html.escape(_asked())}</p></div>"


def _title(dataset: "xr.Dataset") -> str:
    points = count_of(dataset["status"].size, "point") if "status" in dataset else ""
    return ", ".join(filter(None, (str(dataset.attrs.get("title", "A cube")), points)))


def _asked() -> str:
    return f"What it can be asked: {', '.join(f'.equisweep.{way}' for way in _WAYS)}"


def _parts(dataset: "xr.Dataset") -> list[Part]:
    axes = [
        (str(name), f"{array.size:,}" if array.dims else "selected", _values(array), *_about(array))
        for name, array in dataset.coords.items()
    ]
    variables = [
        (str(name), ", ".join(map(str, array.dims)) or "-", *_about(array))
        for name, array in dataset.data_vars.items()
        if name != "status"
    ]
    return [
        ("Axes", ("name", "size", "values", "unit", "meaning"), axes),
        ("Variables", ("name", "over", "unit", "meaning"), variables),
        *_statuses(dataset),
    ]


def _statuses(dataset: "xr.Dataset") -> list[Part]:
    if "status" not in dataset or dataset["status"].size > MOST_COUNTED:
        return []
    values = dataset["status"].values
    codes, counts = np.unique(
        values[~np.isnan(values)] if values.dtype.kind == "f" else values, return_counts=True
    )
    rows = [
        (name, f"{count:,}", f"{count / counts.sum():.2%}")
        for name, count in zip(status_names(codes), counts.tolist(), strict=True)
    ]
    parts: list[Part] = [("Status", ("status", "points", "share"), rows)]
    said = [line.partition(": ")[::2] for line in advice(codes.astype(int).tolist())]
    return [*parts, ("What to change", ("status", "meaning"), said)] if said else parts


def _values(array: "xr.DataArray") -> str:
    few = array if array.size <= _MOST_SHOWN or array.ndim != 1 else array[[0, 1, array.size - 1]]
    values = np.ravel(few.values).tolist()
    shown = [f"{value:g}" if isinstance(value, int | float) else str(value) for value in values]
    return ", ".join(shown) if array.size <= _MOST_SHOWN else f"{shown[0]}, {shown[1]} ... {shown[-1]}"


def _about(array: "xr.DataArray") -> tuple[str, str]:
    return str(array.attrs.get("units", "")), str(array.attrs.get("long_name", ""))


def _escaped(text: str) -> str:
    """A text that a cube brought, as HTML: in one line that ends, and no markup of its own."""
    return html.escape(clean(text, CELL))


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    cell = "<{0} style='text-align:left;padding:0 1em 0 0'>{1}</{0}>"
    top = "".join(cell.format("th", _escaped(text)) for text in head)
    body = "".join(f"<tr>{''.join(cell.format('td', _escaped(text)) for text in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
