"""SQL over a cube: DuckDB reads it as a stream of Arrow batches, only the columns that a query names.

The table ``cube`` has a row a point. Outputs with dimensions of their own stand in tables with a row a
point and label: ``cube_factor``, ``cube_time``. Queries can read nothing else: no files, no network, no
extensions; and they can change nothing.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.feedback.stop_flag import interrupted_by, stop_if_requested, stop_requested
from ..spill import private_folder
from .classes import classes_of
from .lazy import grid_dims
from .rows import Rows
from .sql_names import (
    Names,
    alike_hint,
    by_inside,
    keyword_hint,
    restored,
    rewrite,
    with_labels_as_stored,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import xarray as xr

_BATCH = 2**16
# Of what DuckDB keeps by itself (hash tables, sorts, results); what is more goes to a folder of its own. With
# Python, Arrow and the pieces of the cube under way the process stays below 1 GB.
_MEMORY = "512MB"
_CONFIG: dict[str, Any] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "memory_limit": _MEMORY,
}


class _Stream:
    """A table that DuckDB may scan as often as it likes, by Arrow's PyCapsule interface."""

    def __init__(self, rows: Rows, columns: Names) -> None:
        import pyarrow as pa

        self.rows, self.columns = rows, columns
        self.failed: Exception | None = None
        self.read: set[str] | None = None
        self.schema = pa.schema([field.with_name(columns.inside[field.name]) for field in rows.schema])

    def __arrow_c_schema__(self) -> object:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        import pyarrow as pa

        batches = pa.RecordBatchReader.from_batches(self.schema, self._batches())
        return batches.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator["pa.RecordBatch"]:
        import pyarrow as pa

        try:
            for batch in self.rows.batches(self.read):
                yield pa.RecordBatch.from_arrays(batch.columns, schema=self.schema)
        except Exception as error:  # which the engine would make a text of
            self.failed = error
            raise


def tables(dataset: "xr.Dataset") -> dict[str, Rows]:
    """Tables by name: ``cube``, and one for each set of dimensions that outputs have of their own."""
    grid = grid_dims(dataset)
    inner: dict[str, tuple[Any, ...]] = {"cube": ()}
    for array in dataset.data_vars.values():
        own = tuple(dim for dim in array.dims if dim not in grid)
        if own:
            inner["cube_" + "_".join(map(str, own))] = own
    return {
        table: Rows(
            dataset,
            [str(n) for n, a in dataset.data_vars.items() if n != "status" and set(a.dims) <= {*grid, *own}],
        )
        for table, own in inner.items()
    }


@contextmanager
def sql_batches(dataset: "xr.Dataset", query: str) -> Iterator["pa.RecordBatchReader"]:
    """The result of one SELECT over the `tables` of a cube, as a stream of Arrow batches.

    The process holds some 1 GB at most: what groups, sorts and joins need beyond that lies in a private
    folder (`spill.private_folder`) meanwhile. Raises SweepError, with what the engine says in one line, also
    while the batches are read; and KeyboardInterrupt where work was asked to stop.
    """
    import duckdb

    parts = tables(dataset)
    columns = Names(name for rows in parts.values() for name in rows.names)
    names = Names(parts)
    streams = {name: _Stream(rows, columns) for name, rows in parts.items()}
    with private_folder() as folder:
        connection = duckdb.connect(":memory:", config=_CONFIG | {"temp_directory": str(folder)})
        try:
            with interrupted_by(connection.interrupt), _clear_errors(query, streams, columns):
                connection.execute("set preserve_insertion_order = true")
                connection.execute("set lock_configuration = true")
                _require_select(connection, query)
                written = rewrite(_with_classes_as_stored(query, dataset), columns, names, connection)
                for name, stream in streams.items():
                    connection.register(names.inside[name], stream)
                named = _columns(connection, written)
                for stream in streams.values():
                    known = by_inside(columns, stream.rows.names)
                    stream.read = {name for inside, name in known.items() if inside in named}
                stop_if_requested()
                result = connection.sql(written).to_arrow_reader(_BATCH)
                yield restored(result, query, columns)
                del result
        finally:
            connection.close()


def sql(dataset: "xr.Dataset", query: str) -> "pa.Table":
    """The whole result of one SELECT over a cube as an Arrow table.

    ``sql(cube, "select alpha, min(expected_loss) from cube where status = 'ok' group by alpha")``.

    Parameters
    ----------
    dataset : a cube, or a part of one. It is read piece by piece, and of its variables only those that the
        query names.
    query : one SELECT over the tables that `tables` describes. Statuses and classes are their names; NaN is
        null; names with a dot, and those that are words of SQL (``"order"``), need double quotes. Names that
        differ by case alone are those of different columns, each spelt exactly so.

    Returns
    -------
    A ``pyarrow.Table``; its ``to_pandas`` makes a data frame of it. Raises SweepError with the engine's
    message.
    """
    with sql_batches(dataset, query) as batches:
        return batches.read_all()


def _with_classes_as_stored(query: str, dataset: "xr.Dataset") -> str:
    """The query with names of classes that have blanks as the cube has them, with underscores."""
    if "'" not in query:
        return query
    classes = {str(name): set(classes_of(array).values()) for name, array in dataset.data_vars.items()}
    labels = {
        str(name): {str(label) for label in np.ravel(array.values)}
        for name, array in dataset.coords.items()
        if array.dtype.kind in "TUO"
    }
    return with_labels_as_stored(query, classes | labels)


def _require_select(connection: "duckdb.DuckDBPyConnection", query: str) -> None:
    import duckdb

    statements = connection.extract_statements(query)
    if len(statements) != 1:
        raise SweepError(f"sql: write one statement, not {len(statements)}")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name.lower()
        raise SweepError(f"sql: only SELECT is allowed, and this is {kind.replace('_', ' ')}")


def _columns(connection: "duckdb.DuckDBPyConnection", query: str) -> set[str]:
    """Columns that the query needs, in lower case: those its plan scans, and any that its text names.

    The text is there for safety only: what the plan calls a filter or a join key is always in it.
    """
    plan = connection.execute(f"explain (format json) {query}").fetchall()
    result = {word.lower() for word in re.findall(r'"([^"]+)"', query)}
    result |= {word.lower() for word in re.findall(r"\w+", query)}
    for _, text in plan:
        for scanned in _scans(json.loads(text)):
            result |= {str(column).lower() for column in scanned}
    return result


def _scans(node: Any) -> Iterator[list[str]]:
    if isinstance(node, list):
        for part in node:
            yield from _scans(part)
    if isinstance(node, dict):
        extra = node.get("extra_info") or {}
        projected = extra.get("Projections", []) if isinstance(extra, dict) else []
        yield [projected] if isinstance(projected, str) else list(projected)
        yield from _scans(node.get("children", []))


@contextmanager
def _clear_errors(query: str, streams: dict[str, _Stream], columns: Names) -> Iterator[None]:
    import duckdb
    import pyarrow as pa

    try:
        yield
    except (duckdb.Error, pa.ArrowException, RuntimeError) as error:
        if stop_requested():
            raise KeyboardInterrupt from None
        for stream in streams.values():
            if stream.failed is not None:  # which says more than the engine makes of it
                raise stream.failed from None
        lines = str(error).splitlines()
        first = next((line for line in lines if line.strip()), type(error).__name__)
        unread = first.startswith("Parser Error") or "DEFAULT clause" in first
        hint = keyword_hint(query, columns.inside) if unread else ""
        hint = hint or _hint(str(error), lines, streams, columns)
        raise SweepError(f"sql: {columns.restore(first)}{columns.restore(hint)}") from None


def _hint(text: str, lines: list[str], streams: dict[str, _Stream], columns: Names) -> str:
    candidates = next((line for line in lines if line.startswith(("Candidate", "Did you mean"))), "")
    missing = re.search(r'column "?([\w.]+)"? not found', text)
    if missing:
        for name, stream in streams.items():
            if missing[1] in stream.rows.names and name != "cube":
                return (
                    f" {missing[1]} has a value per {name.removeprefix('cube_')}: it is in the table {name}"
                )
        known = ", ".join(streams["cube"].rows.names)
        alike = alike_hint(missing[1], columns)
        return f' {candidates}{alike}; columns of cube: {known} ("double quotes" around names with a dot)'
    dotted = re.search(r'Referenced table "([^"]+)" not found', text)
    if dotted:
        names = dict.fromkeys(name for stream in streams.values() for name in stream.rows.names)
        meant = next((name for name in names if name.startswith(f"{dotted[1]}.")), "")
        if meant:
            return f' Write "{meant}" in double quotes: a dot in a name reads as a table otherwise'
    if "does not exist" in text and "Table" in text:
        return f" Tables: {', '.join(streams)}"
    if "memory" in text.lower():
        return " (memory and disk are bounded; group or filter more, or ask for a part of the cube at a time)"
    return f" {candidates}".rstrip()
