"""Write answers as text, CSV, JSON, Parquet, netCDF or Zarr: streamed, and put in place only when whole."""

import errno
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

import numpy as np

from ...engine.errors import Argument, SweepError
from ..file_paths import require_outside_cubes
from ..scratch import scratch_beside
from ..text import ALL_ROWS
from .lazy import lazy
from .plain.text import TEXT, Batch, Column, write_text

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr

FORMATS = (*TEXT, "parquet", "netcdf", "zarr")
_BY_ENDING = {
    ".csv": "csv", ".json": "json", ".parquet": "parquet", ".nc": "netcdf", ".nc4": "netcdf", ".zarr": "zarr",
    ".txt": "table",
}  # fmt: skip
_BINARY = ("parquet", "netcdf", "zarr")
_ROW_GROUP = 2**20
_HEAD = 2**15  # bytes of a netCDF file that are no numbers, and more than it has


def check_output(style: str | None, output: Path | None, overwrite: bool) -> str:
    """The format to write, from the file's ending where none is named; refuses before anything is read.

    Raises SweepError where a binary format has no file, the folder is missing, or the file is there.
    """
    if style is None:
        ending = output.suffix.lower() if output else ".txt"
        style = _BY_ENDING.get(ending)
        if style is None:
            known = "|".join(FORMATS)
            named = Argument("style", known)
            raise SweepError(Argument("output", output), f": unknown ending {ending!r}; name one: ", named)
    if output is None:
        if style in _BINARY:
            named = Argument("output", typed="FILE")
            raise SweepError(Argument("style", style), ": is binary; name a file with ", named)
        return style
    require_outside_cubes(output)
    if style == "zarr" and output.exists():
        raise SweepError(Argument("output", output), ": is there already, and no folder is ever replaced")
    if output.is_dir() or not output.parent.is_dir():
        missing = f"the folder {output.parent} does not exist; create it first"
        raise SweepError(Argument("output", output), ": ", "is a folder" if output.is_dir() else missing)
    if output.exists() and not overwrite:
        replaces = Argument("overwrite", True)
        raise SweepError(Argument("output", output), ": is there already; ", replaces, " replaces it")
    return style


def write_batches(
    schema: "pa.Schema",
    batches: Iterable["pa.RecordBatch"],
    style: str,
    output: Path | None,
    file: IO[str],
    total: int | None = None,
    all_rows: str = ALL_ROWS,
) -> int:
    """Write Arrow batches one by one to `output`, or as text to `file` where that is None; count the rows.

    `total` is the number of rows, if known: a table, which ends after 200, then reads no further; its last
    line says in `all_rows` how to see the others.
    """
    _require_columns(schema, style)
    if style in TEXT:
        columns = [Column(field.name, _kind(field.type)) for field in schema]
        return write_rows(columns, map(_batch, batches), style, output, file, total, all_rows)
    counted = _Counted(batches)
    if style in GRIDDED:
        GRIDDED[style](_as_dataset(schema, counted), required(output))
    else:
        with in_place(required(output)) as partial:
            _parquet(schema, counted, partial)
    return counted.rows


def write_rows(
    columns: Sequence[Column],
    batches: Iterable[Batch],
    style: str,
    output: Path | None,
    file: IO[str],
    total: int | None = None,
    all_rows: str = ALL_ROWS,
) -> int:
    """Write rows as text to `output`, or to `file` where that is None; the rest is as of `write_text`."""
    if output is None:
        return write_text(columns, batches, style, file, total, all_rows)
    with text_file(output) as text:
        return write_text(columns, batches, style, text, total, all_rows)


def _batch(batch: "pa.RecordBatch") -> Batch:
    return Batch(batch.num_rows, lambda most: [column.to_pylist() for column in batch.slice(0, most).columns])


def _kind(type_: "pa.DataType") -> Literal["real", "number", "text"]:
    import pyarrow as pa

    types = pa.types
    if types.is_floating(type_):
        return "real"
    return (
        "number" if types.is_integer(type_) or types.is_decimal(type_) or types.is_boolean(type_) else "text"
    )


def write_netcdf(dataset: "xr.Dataset", output: Path) -> None:
    """Write a Dataset, lazy or not, as netCDF-4; `xarray.open_dataset` gives back values, labels, attributes.

    Classes and the status stay integers in the file, with a fill value for points that were masked.
    """
    with in_place(output) as partial:
        stored = dataset.drop_encoding().pipe(_stored, dataset)
        texts = sum(len(str(one.attrs)) for one in (stored, *stored.variables.values()))
        _require_disk_space(partial, stored.nbytes + stored.nbytes // 20 + 2 * texts + _HEAD)
        stored.to_netcdf(partial, engine="h5netcdf")


def _require_disk_space(path: Path, size: int) -> None:
    """Raise OSError where a file of this size cannot be: HDF5, which finds out while it writes, may crash."""
    if not hasattr(os, "posix_fallocate"):
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
    finally:
        os.close(descriptor)
        path.unlink()


def write_zarr(dataset: "xr.Dataset", output: Path) -> None:
    """Write a Dataset, lazy or not, as plain Zarr that `xarray.open_zarr` opens; as in netCDF otherwise.

    It is no cube that a sweep could be run into, but the part of one.
    """
    with _written(output) as partial:
        with warnings.catch_warnings():
            # zarr warns that text and consolidated metadata are not in its specification yet.
            warnings.simplefilter("ignore")
            chunked = lazy(dataset)
            chunked.drop_encoding().pipe(_stored, chunked).to_zarr(partial, zarr_format=3, consolidated=True)
        partial.rename(output)


def _require_columns(schema: "pa.Schema", style: str) -> None:
    """Refuse, before anything is read, columns that a format would lose."""
    import pyarrow as pa

    for field in schema:
        if style not in ("table", "csv") and schema.names.count(field.name) > 1:
            twice = f": two columns are called {field.name!r}; name one with AS"
            raise SweepError(Argument("style", style), twice)
        if style in GRIDDED and pa.types.is_nested(field.type):
            unknown = f": {field.name!r} holds {field.type}, unknown to {style}; write parquet"
            raise SweepError(Argument("style", style), unknown)


class _Counted:
    """Batches that are counted as they pass."""

    def __init__(self, batches: Iterable["pa.RecordBatch"]) -> None:
        self.rows, self._batches = 0, batches

    def __iter__(self) -> Iterator["pa.RecordBatch"]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def required(output: Path | None) -> Path:
    """The file of a binary format, which `check_output` has seen to."""
    assert output is not None
    return output


@contextmanager
def text_file(output: Path) -> Iterator[IO[str]]:
    """A file of text to write, which takes its place when it is whole; SweepError where that cannot be."""
    with in_place(output) as partial, partial.open("w", encoding="utf-8", newline="") as text:
        yield text


@contextmanager
def in_place(output: Path) -> Iterator[Path]:
    """A temporary file beside `output` that takes its name at the end, and is gone after an error."""
    with _written(output) as partial:
        yield partial
        partial.replace(output)


@contextmanager
def _written(output: Path) -> Iterator[Path]:
    """Where `output` is written until it is whole; SweepError where the disk refuses."""
    try:
        with scratch_beside(output) as partial:
            yield partial
    except OSError as error:
        raise _unwritable(output, error) from None


def _unwritable(output: Path, error: OSError) -> SweepError:
    return SweepError(Argument("output", output), f": cannot be written ({error.strerror or error})")


GRIDDED: dict[str, Callable[..., None]] = {"netcdf": write_netcdf, "zarr": write_zarr}


def _parquet(schema: "pa.Schema", batches: Iterable["pa.RecordBatch"], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            if sum(part.num_rows for part in held) >= _ROW_GROUP:
                writer.write_table(pa.Table.from_batches(held, schema))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held, schema))


def _as_dataset(schema: "pa.Schema", batches: Iterable["pa.RecordBatch"]) -> "xr.Dataset":
    """Rows as a Dataset over one dimension, row; whole in memory."""
    import pyarrow as pa
    import xarray as xr

    whole = pa.Table.from_batches(list(batches), schema)
    columns = {}
    for name in schema.names:
        values = whole[name].to_pandas().to_numpy()
        if values.dtype.kind == "O":
            values = np.array(["" if v is None or v != v else str(v) for v in values.tolist()])
        columns[name] = ("row", values)
    return xr.Dataset(columns)


def _stored(clean: "xr.Dataset", dataset: "xr.Dataset") -> "xr.Dataset":
    """The Dataset with how masked integers are stored, and with text as netCDF knows it."""
    for name, array in dataset.variables.items():
        # Classes that were masked are floats here; large counts stay whole, and are missing where -1 stands.
        if "_FillValue" in array.encoding and array.dtype.kind in "fi":
            kept = {key: array.encoding[key] for key in ("dtype", "_FillValue")}
            clean[name].encoding = kept
    return clean
