"""Ask a cube for numbers: selections by coordinate, conditions, reductions; printed or written to a file."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ...kernels.status import Status
from ..text import ALL_ROWS, MOST_ROWS, nearest, short, table
from .classes import class_names
from .export import GRIDDED, required, write_batches, write_rows
from .plain.text import TEXT, Batch
from .reduce import parse_reduce, reduce, without_absent
from .rows import Rows
from .select import Selections, select
from .statuses import advice, counts_text

if TYPE_CHECKING:
    import xarray as xr

_MOST_COLUMNS = 12


@dataclass(frozen=True)
class Query:
    """What ``equisweep query`` can be asked of a cube; see `select`, `lazy.where` and `reduce.reduce`.

    Parameters
    ----------
    names : variables; all of them if empty.
    selections : texts such as ``alpha=0.3``, or a mapping.
    conditions : texts such as ``expected_loss > 40``; all of them hold.
    reduce : such as ``argmax:beta``, or empty.
    statuses : those that count as results in a reduction; None: see `reduce.reduce`.
    """

    names: Sequence[str] = ()
    selections: Selections = ()
    conditions: Sequence[str] = ()
    reduce: str = ""
    statuses: Sequence[str] | None = None


def ask(dataset: "xr.Dataset", question: Query) -> "xr.Dataset":
    """The part of a cube that a question is about, or its reduction; lazy if large. Raises SweepError."""
    from .lazy import is_small, where, where_counts_are_whole

    chosen = select(dataset, question.selections)
    wanted = _variables(chosen, question.names)
    if (question.conditions or question.reduce) and is_small(chosen):
        chosen = chosen.load()  # so that nothing needs pieces, and dask is not loaded
    masked = where if question.reduce else where_counts_are_whole
    for condition in question.conditions:
        chosen = masked(chosen, condition)
    if question.reduce:
        how, over = parse_reduce(question.reduce)
        return reduce(chosen, how, over, question.names, question.statuses)
    return chosen[[*[name for name in wanted if name != "status"], "status"]]


def answer(
    dataset: "xr.Dataset",
    question: Query,
    style: str = "table",
    output: Path | None = None,
    file: IO[str] | None = None,
    all_rows: str = ALL_ROWS,
) -> int:
    """Ask a cube and write what it answers, piece by piece, to `output`; without one, as text to `file`.

    `style` is one of `export.FORMATS`; below a long table `all_rows` says how to see all of it. A single
    variable over two dimensions, whole, is printed as rows and columns; all else as one row a point. Points
    that no condition holds at are no rows, and an answer may have none. What a reduction leaves is held in
    memory, and a count has no row for a class that never occurs. Returns the number of rows, or of points
    in a grid; 0 also for a reduction of no point. Raises SweepError where the question cannot
    be asked.
    """
    text = file or sys.stdout
    result = ask(dataset, question)
    if question.reduce:
        result = without_absent(result.load())
    wanted = [str(name) for name in result.data_vars if name != "status"]
    plain = not (question.reduce or question.conditions or output)
    if plain and style == "table" and len(wanted) == 1 and _is_grid(result[wanted[0]]):
        print(_grid_table(result, wanted[0]), file=text)
        return result[wanted[0]].size
    rows = Rows(result, [str(name) for name in result.data_vars])
    if style in TEXT:
        total = rows.count() if style == "table" else None
        shown = _Shown(rows)
        written = write_rows(rows.columns, shown.batches(), style, output, text, total, all_rows)
        if style == "table" and output is None and shown.advice:
            print("", *shown.advice, sep="\n", file=text)
        total = written if total is None else total
    elif style in GRIDDED:
        total = rows.count()
        GRIDDED[style](result, required(output))
    else:
        total = write_batches(rows.schema, rows.batches(), style, output, text)
    return 0 if question.reduce and _is_nothing(result) else total


class _Shown:
    """Rows as text, and which statuses those had of which the values were asked for."""

    def __init__(self, rows: Rows) -> None:
        self._rows, self._names = rows, set[str]()

    def batches(self) -> Iterator[Batch]:
        """The rows."""
        for batch in self._rows.texts():
            yield Batch(batch.rows, partial(self._columns, batch))

    def _columns(self, batch: Batch, most: int) -> list[list[Any]]:
        columns = batch.columns(most)
        if "status" in self._rows.names:
            self._names.update(columns[self._rows.names.index("status")])
        return columns

    @property
    def advice(self) -> list[str]:
        """What these statuses mean, and what to change."""
        return advice(Status[name] for name in self._names if name in Status.__members__)


def query_text(
    dataset: "xr.Dataset", names: Sequence[str] = (), selections: Selections = (), style: str = "table"
) -> str:
    """What ``equisweep query`` prints, as one text; see `answer`."""
    if style not in ("table", "csv", "json"):
        raise SweepError(f"{style!r} is no text; the choices are table, csv, json")
    text = StringIO()
    answer(dataset, Query(names, selections), style, file=text)
    return text.getvalue().rstrip("\n")


def _is_nothing(reduced: "xr.Dataset") -> bool:
    """Whether a reduction had no point at all: every count is 0, and every number NaN."""
    counts = [array for array in reduced.data_vars.values() if array.dtype.kind in "iu"]
    reals = [array for array in reduced.data_vars.values() if array.dtype.kind == "f"]
    return not any(bool((a != 0).any()) for a in counts) and not any(bool(a.notnull().any()) for a in reals)


def _is_grid(array: "xr.DataArray") -> bool:
    """Whether a variable is printed as rows and columns, as papers do, instead of one row a point."""
    return array.ndim == 2 and array.shape[1] <= _MOST_COLUMNS and array.shape[0] <= MOST_ROWS


def _grid_table(dataset: "xr.Dataset", name: str) -> str:
    values, status = dataset[name].load(), dataset["status"].load()
    rows, columns = values.dims
    head = [f"{rows} \\ {columns}", *[short(v) for v in _labels(dataset, columns)]]
    body = [
        [short(label), *[short(v) for v in line]]
        for label, line in zip(_labels(dataset, rows), class_names(values).tolist(), strict=True)
    ]
    where = ", ".join(
        f"{c} = {short(_plain(dataset[c].values))}" for c in dataset.coords if not dataset[c].dims
    )
    unit = values.attrs.get("units", "1")
    title = f"{name}{'' if unit in ('', '1') else f' [{unit}]'}{f' at {where}' if where else ''}"
    codes, counts = np.unique(status.values, return_counts=True)
    counted = counts_text(dict(zip(codes.tolist(), counts.tolist(), strict=True)))
    return f"{title}\n\n{table(head, body)}\n\n{counted}"


def _variables(dataset: "xr.Dataset", names: Sequence[str]) -> list[str]:
    known = [name for name in _names(dataset.data_vars) if name != "status"]
    for name in names:
        if name not in (*known, "status"):
            hint = nearest(name, [*known, "status"])
            raise SweepError(Argument("names", name), f": no such variable{hint}")
    return list(names) or known


def _labels(dataset: "xr.Dataset", dim: Any) -> list[Any]:
    if dim in dataset.coords:
        return dataset[dim].values.tolist()
    together = [dataset[c].values.tolist() for c in dataset.coords if dataset[c].dims == (dim,)]
    return ["/".join(short(v) for v in values) for values in zip(*together, strict=True)]


def _names(mapping: Iterable[Any]) -> list[str]:
    return [str(name) for name in mapping]


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python value it is."""
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return value if isinstance(value, str | int | float) else str(value)
