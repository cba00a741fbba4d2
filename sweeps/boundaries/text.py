"""Boundaries as text, and as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import SweepError
from ..cube.classes import class_names
from ..text import ALL_ROWS, count_of, format_records

if TYPE_CHECKING:
    import xarray as xr

_ENDINGS = {".csv": "csv", ".json": "json", ".txt": "table"}
_COUNTED = {
    "unconfirmed": "changes of the grid lie on a grid point to rounding and were not met again",
    "unresolved": "cells have more changes than were followed: sweep them finer",
    "not_computed": "pairs of points were left out, one of them not computed: run the sweep again",
}


def boundary_rows(boundaries: "xr.Dataset") -> list[dict[str, Any]]:
    """One mapping a boundary: the other axes, the classes on both sides, position and bracket left."""
    if boundaries["crossings"].values.sum() == 0:
        return []
    dims, along = list(boundaries["crossings"].dims), str(boundaries.attrs["along"])
    names = sorted(map(str, boundaries.coords), key=lambda c: [dims.index(dim) for dim in boundaries[c].dims])
    rows = []
    for place in np.argwhere(~np.isnan(boundaries["position"].values)):
        one = boundaries.isel(dict(zip(boundaries["position"].dims, place.tolist(), strict=True)))
        row = {name: one[name].values.item() for name in names}
        row |= {side: _class(one[f"class_{side}"]) for side in ("below", "above")}
        rows.append(row | {along: one["position"].item(), "width": one["width"].item()})
    return rows


def boundary_text(boundaries: "xr.Dataset", style: str, all_rows: str = ALL_ROWS) -> str:
    """Boundaries as a table with what was left out below it, or as CSV or JSON.

    Below a long table `all_rows` says how to see all of it.
    """
    rows = boundary_rows(boundaries)
    if style != "table":
        return format_records(rows, style)
    along = str(boundaries.attrs["along"])
    # A table's six digits would hide what the refinement is for.
    shown = [row | {along: f"{row[along]:.10g}", "width": f"{row['width']:.1e}"} for row in rows]
    listed = format_records(shown, style, all_rows) if rows else "no boundaries"
    return "\n".join([listed, "", *_notes(boundaries)])


def _notes(boundaries: "xr.Dataset") -> list[str]:
    number = boundaries["crossings"].values
    lines = f"{(number > 0).sum():,} of {number.size:,} lines"
    return [f"{count_of(number.sum(), 'boundary', 'boundaries')} on {lines}"] + [
        f"{int(boundaries[name].values.sum()):,} {meaning}"
        for name, meaning in _COUNTED.items()
        if boundaries[name].values.any()
    ]


def require_output(path: Path) -> None:
    """Refuse a file of an unknown kind, in a folder that is not there, or a cube that is."""
    if path.suffix not in (*_ENDINGS, ".zarr"):
        raise SweepError(f"{path}: boundaries are written as {', '.join(_ENDINGS)} or .zarr")
    if not path.parent.is_dir():
        raise SweepError(f"{path}: the folder {path.parent} does not exist; create it first")
    if path.suffix == ".zarr" and path.exists():
        raise SweepError(f"{path}: exists already; choose another name")


def write_boundaries(boundaries: "xr.Dataset", path: Path, all_rows: str = ALL_ROWS) -> None:
    """Write boundaries as text by the file's ending, or, ``.zarr``, as the Dataset they are."""
    require_output(path)
    if path.suffix == ".zarr":
        boundaries.to_zarr(path, consolidated=False)
    else:
        text = boundary_text(boundaries, _ENDINGS[path.suffix], all_rows)
        path.write_text(text + "\n", encoding="utf-8")


def _class(value: "xr.DataArray") -> str:
    return str(class_names(value).item())
