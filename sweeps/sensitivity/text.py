"""Sensitivities as text: tables, CSV and JSON."""

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels.status import Status
from ..text import ALL_ROWS, format_records
from .samples import ANSWERED

if TYPE_CHECKING:
    import xarray as xr

_ABOUT_OUTPUT = ("mean", "std", "left_out", "q2")
_MAIN = ("_ST", "_prcc", "_total_bound", "_pawn", "_delta", "_xi", "_hsic", "_ks")


def sensitivity_text(result: "xr.Dataset", style: str, all_rows: str = ALL_ROWS) -> str:
    """A table, CSV or JSON: one row for each output, parameter (or pair) and place of other dimensions.

    A table begins with what is withheld, and is followed by what was kept and left out; elsewhere that is the
    column ``left_out``. Below a long table `all_rows` says how to see all of it.
    """
    single, pairs = _rows(result, 1), _rows(result, 2)
    if style != "table":
        return format_records(_aligned(single + pairs, "" if style == "csv" else None), style)
    if result.attrs["method"] != "prcc":
        single, pairs = [_brief(row) for row in single], [_brief(row) for row in pairs]
    parts = [format_records(_aligned(rows, ""), style, all_rows) for rows in (single, pairs) if rows]
    return "\n\n".join([*filter(None, ["\n".join(withheld(result))]), *parts, "\n".join(_footer(result))])


def withheld(result: "xr.Dataset") -> list[str]:
    """A line for every output of which nothing is told, as most samples were left out."""
    return [f"{output}: {reason}" for output, reason in result.attrs.get("withheld", {}).items()]


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """A row with intervals that are the same to both sides written as "0.31 ± 0.02"."""
    short = {key: value for key, value in row.items() if not key.endswith(("_low", "_high"))}
    for key in short:
        if f"{key}_high" in row and row[key] == row[key]:
            short[key] = f"{row[key]:.4g} ± {row[f'{key}_high'] - row[key]:.2g}"
    return short


def _aligned(rows: list[dict[str, Any]], blank: str | None) -> list[dict[str, Any]]:
    """Rows with the same columns in one order, `blank` where an output has no such dimension or measure."""
    heads = dict.fromkeys(tuple(row) for row in rows)
    known = dict.fromkeys(key for head in heads for key in head)
    labels = dict.fromkeys(key for head in heads for key in head[: head.index("parameter")])
    order = dict.fromkeys([*labels, "parameter", *(key for key in known if key == "parameter_2")])
    order |= dict.fromkeys(key for key in known if key != "left_out")
    order |= dict.fromkeys(key for key in known if key == "left_out")
    return [{key: row.get(key, blank) for key in order} for row in rows]


def _rows(result: "xr.Dataset", order: int) -> list[dict[str, Any]]:
    """Rows of all outputs for single parameters (`order` 1) or pairs of them (2)."""
    outputs = dict.fromkeys(
        _output(str(name)) for name in result.data_vars if str(name).endswith("_left_out")
    )
    rows: list[dict[str, Any]] = []
    for output in outputs:
        kinds = {str(name).removeprefix(f"{output}_"): array for name, array in result.items()
                 if str(name).startswith(f"{output}_")}  # fmt: skip
        measured = {kind: array for kind, array in kinds.items() if _order(array) == order}
        measured = {kind: array for kind, array in measured.items() if kind not in _ABOUT_OUTPUT}
        if measured:
            rows += _output_rows(result, output, measured, kinds["left_out"])
    return rows


def _output_rows(
    result: "xr.Dataset", output: str, measured: Mapping[str, "xr.DataArray"], left_out: "xr.DataArray"
) -> list[dict[str, Any]]:
    first = next(iter(measured.values()))
    order = _order(first)
    own = [dim for dim in first.dims if not str(dim).startswith("parameter")]
    names = result["parameter"].values.tolist()
    front = [(j,) for j in range(len(names))] if order == 1 else list(combinations(range(len(names)), 2))
    numbers = {kind: array.values for kind, array in measured.items()}
    left = left_out.values
    rows = []
    along = [_coordinates(result, dim) for dim in own]
    for cell in np.ndindex(*(result.sizes[dim] for dim in own)):
        pairs = zip(along, cell, strict=True)
        labels = {name: values[i] for coordinates, i in pairs for name, values in coordinates.items()}
        for which in front:
            row = {"output": output, **labels, "parameter": names[which[0]]}
            if order == 2:
                row["parameter_2"] = names[which[-1]]
            row |= {kind: values[which + cell].item() for kind, values in numbers.items()}
            if "parameter" not in left_out.dims:
                row["left_out"] = left[cell].item()
            elif left[which].item() == numbers["elasticity"][which].size:
                continue  # the cube has no derivative of this output in this parameter
            rows.append(row)
    return rows


def _coordinates(result: "xr.Dataset", dim: Any) -> dict[str, list[Any]]:
    """Values of every coordinate along a dimension, or numbers where it has none."""
    results = {str(name): c.values.tolist() for name, c in result.coords.items() if c.dims == (dim,)}
    return results or {str(dim): list(range(result.sizes[dim]))}


def _footer(result: "xr.Dataset") -> list[str]:
    about = result.attrs
    lines = []
    if about["design"]:
        lines.append(f"design: {about['design']}")
    if about.get("samples"):
        lines.append(f"samples: {about['samples']}")
    if about.get("intervals"):
        lines.append(f"intervals: {about['confidence']:.0%}, {about['intervals']}")
    lines += _foreseen(result)
    counts, keep = about["status_counts"], about["keep"]
    counted = ", ".join(f"{n:,} {name}{'' if name in keep else ' (left out)'}" for name, n in counts.items())
    lines.append(f"points: {counted}")
    for name, array in result.items():
        if str(name).endswith("_left_out") and array.max() > 0:
            of = f" of {about['rows']:,} samples" if "rows" in about else ""
            where = ", where it is most" if array.size > 1 else ""
            lines.append(f"left out of {_output(str(name))}: {int(array.max()):,}{of}{where}")
    lines += _silent(result)
    if "not_computed" in counts:
        lines.append("some points are not computed yet: run the same sweep to its end")
    if set(keep) != set(ANSWERED):
        every = {one.name for one in Status if one != Status.not_computed} <= set(keep)
        lines.append(f"statuses that count: {'all' if every else ', '.join(keep)}")
    return lines


def _foreseen(result: "xr.Dataset") -> list[str]:
    """A line for every output of how good the polynomials are that indices were read from."""
    lines = []
    for name, array in result.items():
        if str(name).endswith("_q2") and array.notnull().any():
            where = ", where it is least" if array.size > 1 else ""
            lines.append(
                f"{str(name).removesuffix('_q2')}: polynomials foresee {float(array.min()):.2%}{where}"
            )
    return lines


def _silent(result: "xr.Dataset") -> list[str]:
    """A line for every output that does not vary, and for those of which too few samples are left."""
    reasons, lines = result.attrs.get("does_not_vary", {}), []
    lines += [f"{output}: {reason}" for output, reason in reasons.items()]
    for name, array in result.items():
        output = next((str(name).removesuffix(end) for end in _MAIN if str(name).endswith(end)), "")
        if not output or output in reasons or output in result.attrs.get("withheld", {}):
            continue
        cells = int(array.isnull().all("parameter").sum())
        if cells:
            within = f" in {cells:,} of {array[0].size:,} places" if array[0].size > 1 else ""
            lines.append(f"{output}: too few samples are left{within}")
    return lines


def _order(array: "xr.DataArray") -> int:
    return sum(str(dim).startswith("parameter") for dim in array.dims)


def _output(name: str) -> str:
    return name.removesuffix("_left_out")
