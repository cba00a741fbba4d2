"""Ask a cube for numbers: selections by coordinate, conditions, reductions; printed or written to a file."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import SweepError
from ...kernels.status import Status
from ..text import MOST_ROWS, nearest, short, table
from .export import required, write_batches, write_netcdf

if TYPE_CHECKING:
    import xarray as xr

_MOST_COLUMNS = 12


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


@dataclass(frozen=True)
class Question:
    """What ``equisweep query`` can be asked of a cube; see `select`, `lazy.where` and `reduce.reduce`.

    Parameters
    ----------
    names : variables; all of them if empty.
    selections : texts such as ``alpha=0.3``.
    conditions : texts such as ``expected_loss > 40``; all of them hold.
    reduce : such as ``argmax:beta``, or empty.
    statuses : those that count as results in a reduction.
    """

    names: Sequence[str] = ()
    selections: Iterable[str] = ()
    conditions: Sequence[str] = ()
    reduce: str = ""
    statuses: Sequence[str] = ("ok",)


def ask(dataset: "xr.Dataset", question: Question) -> "xr.Dataset":
    """The part of a cube that a question is about, or its reduction; lazy. Raises SweepError."""
    from .lazy import where
    from .reduce import parse_reduce, reduce

    chosen = select(dataset, parse_selections(question.selections))
    wanted = _variables(chosen, question.names)
    for condition in question.conditions:
        chosen = where(chosen, condition)
    if question.reduce:
        how, over = parse_reduce(question.reduce)
        return reduce(chosen, how, over, question.names, question.statuses)
    return chosen[[*[name for name in wanted if name != "status"], "status"]]


def answer(
    dataset: "xr.Dataset",
    question: Question,
    style: str = "table",
    output: Path | None = None,
    file: IO[str] | None = None,
) -> int:
    """Ask a cube and write what it answers, piece by piece, to `output`; without one, as text to `file`.

    `style` is one of `export.FORMATS`. A single variable over two dimensions, whole, is printed as rows
    and columns; all else as one row a point. Points that no condition holds at are no rows. What a
    reduction leaves is held in memory. Returns the number of rows. Raises SweepError, also where no
    point satisfies the conditions.
    """
    from .rows import Rows

    text = file or sys.stdout
    found = ask(dataset, question)
    if question.reduce:
        found = found.load()
        if question.conditions and _is_nothing(found):
            raise _empty(question)
    wanted = [str(name) for name in found.data_vars if name != "status"]
    plain = not (question.reduce or question.conditions or output)
    if plain and style == "table" and len(wanted) == 1 and _is_grid(found[wanted[0]]):
        print(_grid_table(found, wanted[0]), file=text)
        return found[wanted[0]].size
    rows = Rows(found, [str(name) for name in found.data_vars])
    if style in ("table", "netcdf"):
        total = rows.count()
        if not total:
            raise _empty(question)
        if style == "netcdf":
            write_netcdf(found, required(output))
        else:
            write_batches(rows.schema, rows.batches(), style, output, text, total)
        return total
    batches = rows.batches()
    first = next(batches, None)
    if first is None:
        raise _empty(question)
    return write_batches(rows.schema, chain([first], batches), style, output, text)


def query_text(
    dataset: "xr.Dataset", names: Sequence[str] = (), selections: Iterable[str] = (), style: str = "table"
) -> str:
    """What ``equisweep query`` prints, as one text; see `answer`."""
    if style not in ("table", "csv", "json"):
        raise SweepError(f"{style!r} is no text; the choices are table, csv, json")
    text = StringIO()
    answer(dataset, Question(names, selections), style, file=text)
    return text.getvalue().rstrip("\n")


def _is_nothing(reduced: "xr.Dataset") -> bool:
    """Whether a reduction had no point at all: every count is 0, and every number NaN."""
    counts = [array for array in reduced.data_vars.values() if array.dtype.kind in "iu"]
    reals = [array for array in reduced.data_vars.values() if array.dtype.kind == "f"]
    return not any(bool((a != 0).any()) for a in counts) and not any(bool(a.notnull().any()) for a in reals)


def _empty(question: Question) -> SweepError:
    told = " and ".join(question.conditions)
    return SweepError(f"--where: no point satisfies {told}" if told else "the selection holds no point")


def _is_grid(array: "xr.DataArray") -> bool:
    """Whether a variable is printed as rows and columns, as papers do, instead of one row a point."""
    return array.ndim == 2 and array.shape[1] <= _MOST_COLUMNS and array.shape[0] <= MOST_ROWS


def _grid_table(dataset: "xr.Dataset", name: str) -> str:
    values, status = dataset[name].load(), dataset["status"].load()
    rows, columns = values.dims
    head = [f"{rows} \\ {columns}", *[short(v) for v in _labels(dataset, columns)]]
    body = [
        [short(label), *[short(v) for v in line]]
        for label, line in zip(_labels(dataset, rows), _named(values).values.tolist(), strict=True)
    ]
    where = ", ".join(
        f"{c} = {short(_plain(dataset[c].values))}" for c in dataset.coords if not dataset[c].dims
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
                f"--sel {name}={text}: no such value; the nearest is {name}={short(values[best].item())}"
            )
        found.extend(np.flatnonzero(values == values[best]).tolist())
    return found


def _variables(dataset: "xr.Dataset", names: Sequence[str]) -> list[str]:
    known = [name for name in _names(dataset.data_vars) if name != "status"]
    for name in names:
        if name not in (*known, "status"):
            raise SweepError(f"--var {name}: no such variable{nearest(name, [*known, 'status'])}")
    return list(names) or known


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
    return ["/".join(short(v) for v in values) for values in zip(*together, strict=True)]


def _names(mapping: Iterable[Any]) -> list[str]:
    return [str(name) for name in mapping]


def _plain(value: Any) -> Any:
    """A numpy scalar as the Python value it is."""
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    return value if isinstance(value, str | int | float) else str(value)
