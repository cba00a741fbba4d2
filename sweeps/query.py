"""Ask a cube for numbers: selections by coordinate, printed as a table, CSV or JSON."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import SweepError
from ..kernels.status import Status
from .model_lookup import nearest
from .show_models import table

if TYPE_CHECKING:
    import xarray as xr

FORMATS = ("table", "csv", "json")
_MOST_ROWS, _MOST_COLUMNS = 200, 12


def parse_selections(texts: Iterable[str]) -> dict[str, str]:
    """``["alpha=0.3", "n=3"]`` as a mapping; SweepError where one has no "="."""
    selections = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise SweepError(f"--sel {text}: write NAME=VALUE, such as alpha=0.3 or alpha=0.1:0.5")
        if name in selections:
            raise SweepError(f"--sel {text}: {name} stands there twice; write {name}=A,B for both")
        selections[name] = value
    return selections


def select(dataset: "xr.Dataset", selections: Mapping[str, str]) -> "xr.Dataset":
    """The part of a cube where coordinates have the given values.

    A value is a number or label (``0.3``), several (``0.1,0.2``) or a closed range (``0.1:0.5``); a single
    one drops its dimension. Raises SweepError naming the coordinate and the nearest value.
    """
    for name, text in selections.items():
        if name not in dataset.coords:
            raise SweepError(f"--sel {name}={text}: no axis {name!r}{nearest(name, _names(dataset.coords))}")
        coordinate = dataset.coords[name]
        if not coordinate.dims:
            raise SweepError(f"--sel {name}={text}: its dimension was already selected away")
        positions = _positions(name, text, coordinate.values)
        single = len(positions) == 1 and "," not in text and ":" not in text
        dataset = dataset.isel({coordinate.dims[0]: positions[0] if single else positions})
    return dataset


def records(dataset: "xr.Dataset", names: Sequence[str]) -> list[dict[str, Any]]:
    """One mapping a point: its coordinates, the variables called `names`, and the name of its status."""
    wanted = [name for name in names if name != "status"]
    loaded = dataset[[*wanted, "status"]].load()
    dims = list(dict.fromkeys(dim for name in ("status", *wanted) for dim in loaded[name].dims))
    along = sorted(loaded.coords, key=lambda c: [dims.index(dim) for dim in loaded[c].dims])
    columns = {str(c): _spread(loaded[c], loaded, dims) for c in along}
    columns |= {name: _spread(_named(loaded[name]), loaded, dims) for name in wanted}
    codes = _spread(loaded["status"], loaded, dims)
    columns["status"] = np.array([Status(int(code)).name for code in codes], dtype=object)
    return [dict(zip(columns, map(_plain, row), strict=True)) for row in zip(*columns.values(), strict=True)]


def format_records(rows: list[dict[str, Any]], style: str) -> str:
    """Rows as CSV, JSON or an aligned table; NaN is empty, null and "nan"."""
    if style == "json":
        return json.dumps([{k: _json(v) for k, v in row.items()} for row in rows], indent=1)
    head = list(rows[0]) if rows else []
    if style == "csv":
        lines = [head] + [["" if v != v else _exact(v) for v in row.values()] for row in rows]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        return text.getvalue().rstrip("\n")
    text = table(head, [[_short(v) for v in row.values()] for row in rows[:_MOST_ROWS]])
    if len(rows) > _MOST_ROWS:
        text += f"\n... {len(rows) - _MOST_ROWS:,} more rows; --format csv prints all"
    return text


def query_text(dataset: "xr.Dataset", names: Sequence[str], selections: Iterable[str], style: str) -> str:
    """What ``equisweep query`` prints.

    A single variable over exactly two dimensions becomes a table of rows and columns, as papers print
    them; everything else one row a point.
    """
    chosen = select(dataset, parse_selections(selections))
    wanted = _variables(chosen, names)
    if style == "table" and len(wanted) == 1 and wanted != ["status"]:
        grid = chosen[wanted[0]]
        if grid.ndim == 2 and grid.shape[1] <= _MOST_COLUMNS and grid.shape[0] <= _MOST_ROWS:
            return _grid_table(chosen, wanted[0])
    return format_records(records(chosen, wanted), style)


def _grid_table(dataset: "xr.Dataset", name: str) -> str:
    values, status = dataset[name].load(), dataset["status"].load()
    rows, columns = values.dims
    head = [f"{rows} \\ {columns}", *[_short(v) for v in _labels(dataset, columns)]]
    body = [
        [_short(label), *[_short(v) for v in line]]
        for label, line in zip(_labels(dataset, rows), _named(values).values.tolist(), strict=True)
    ]
    where = ", ".join(
        f"{c} = {_short(_plain(dataset[c].values))}" for c in dataset.coords if not dataset[c].dims
    )
    unit = values.attrs.get("units", "1")
    title = f"{name}{'' if unit == '1' else f' [{unit}]'}{f' at {where}' if where else ''}"
    codes, counts = np.unique(status.values, return_counts=True)
    told = ", ".join(f"{n} {Status(int(code)).name}" for code, n in zip(codes, counts, strict=True))
    return f"{title}\n\n{table(head, body)}\n\nstatus: {told}"


def _positions(name: str, text: str, values: np.ndarray) -> list[int]:
    if values.dtype.kind in "iuf":
        return _number_positions(name, text, values)
    known = [str(value) for value in values]
    for label in text.split(","):
        if label not in known:
            raise SweepError(f"--sel {name}={text}: no value {label!r}{nearest(label, known)}")
    return [known.index(label) for label in text.split(",")]


def _number_positions(name: str, text: str, values: np.ndarray) -> list[int]:
    def number(part: str) -> float:
        try:
            return float(part)
        except ValueError:
            raise SweepError(f"--sel {name}={text}: {part!r} is not a number") from None

    if ":" in text:
        low, _, high = text.partition(":")
        inside = np.ones(len(values), bool)
        if low:
            inside &= values >= number(low) - 1e-12 * abs(number(low))
        if high:
            inside &= values <= number(high) + 1e-12 * abs(number(high))
        if not inside.any():
            raise SweepError(
                f"--sel {name}={text}: selects nothing; {name} runs from {values.min():g} to {values.max():g}"
            )
        return np.flatnonzero(inside).tolist()
    found = []
    for part in text.split(","):
        wanted = number(part)
        # Coordinates are decimal fractions that went through binary: match to their printed digits.
        best = int(np.argmin(np.abs(values - wanted)))
        if not np.isclose(values[best], wanted, rtol=1e-9, atol=0):
            raise SweepError(
                f"--sel {name}={text}: no such value; the nearest is {name}={_short(values[best].item())}"
            )
        found.extend(np.flatnonzero(values == values[best]).tolist())
    return found


def _variables(dataset: "xr.Dataset", names: Sequence[str]) -> list[str]:
    known = [name for name in _names(dataset.data_vars) if name != "status"]
    for name in names:
        if name not in (*known, "status"):
            raise SweepError(f"--var {name}: no such variable{nearest(name, [*known, 'status'])}")
    return list(names) or known


def _spread(array: "xr.DataArray", dataset: "xr.Dataset", dims: Sequence[Any]) -> np.ndarray:
    """Values of `array`, repeated along the dims that it lacks, as one long column."""
    ordered = array.transpose(*[dim for dim in dims if dim in array.dims])
    shape = [array.sizes.get(dim, 1) for dim in dims]
    full = [dataset.sizes[dim] for dim in dims]
    return np.broadcast_to(ordered.values.reshape(shape), full).reshape(-1)


def _named(array: "xr.DataArray") -> "xr.DataArray":
    """A class by its names, from the attributes flag_values and flag_meanings; others as they are."""
    if "flag_meanings" not in array.attrs:
        return array
    codes = np.ravel(array.attrs["flag_values"]).tolist()
    names = dict(zip(codes, str(array.attrs["flag_meanings"]).split(), strict=True))
    told = [names.get(code, str(code)) for code in np.ravel(array.values).tolist()]
    return array.copy(data=np.array(told, dtype=object).reshape(array.shape))


def _labels(dataset: "xr.Dataset", dim: Any) -> list[Any]:
    if dim in dataset.coords:
        return dataset[dim].values.tolist()
    together = [dataset[c].values.tolist() for c in dataset.coords if dataset[c].dims == (dim,)]
    return ["/".join(_short(v) for v in values) for values in zip(*together, strict=True)]


def _names(mapping: Iterable[Any]) -> list[str]:
    return [str(name) for name in mapping]


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python value it is."""
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return value if isinstance(value, str | int | float) else str(value)


def _json(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _exact(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
