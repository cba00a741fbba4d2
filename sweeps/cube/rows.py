"""A cube as a table: a row a point, in Arrow batches that are read piece by piece."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property, partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .classes import class_names, classes_of
from .lazy import is_chunked, regions
from .plain.text import Batch, Column

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr

_BATCH = 2**17


class Rows:
    """The rows of a Dataset: its coordinates, the variables called `names`, and the status if there is one.

    Points that `lazy.where` has masked are no rows. A variable that lacks a dimension which another one
    has is repeated along it. NaN, and a class without a name, is null.
    """

    def __init__(self, dataset: "xr.Dataset", names: Sequence[str]) -> None:
        wanted = [name for name in names if name != "status"]
        self._status = ["status"] if "status" in dataset.data_vars else []
        part = dataset[[*wanted, *self._status]]
        self.dims = list(dict.fromkeys(d for n in (*self._status, *wanted) for d in part[n].dims))
        coordinates = sorted(part.coords, key=lambda c: [self.dims.index(d) for d in part[c].dims])
        self.names = [*map(str, coordinates), *wanted, *self._status]
        # Regions are read one by one; what a condition has put into chunks already stays in them.
        self._dataset = part.unify_chunks() if is_chunked(part) else part
        self._coordinates = {str(name): part[name].values for name in coordinates}

    @cached_property
    def schema(self) -> "pa.Schema":
        """Columns and their types; labels and classes are dictionary-encoded text."""
        import pyarrow as pa

        return pa.schema([(name, self._arrow_type(name)) for name in self.names])

    def count(self) -> int:
        """Number of rows; reads nothing but the status, and that only where a condition has masked points."""
        repeated = prod(self._dataset.sizes[d] for d in self.dims)
        if not self._masked:
            return repeated
        status = self._dataset["status"]
        return int(status.notnull().sum()) * (repeated // max(status.size, 1))

    @property
    def _masked(self) -> bool:
        return bool(self._status) and self._dataset["status"].dtype.kind == "f"

    @cached_property
    def columns(self) -> list[Column]:
        """Names and kinds of the columns as text."""
        kinds: Mapping[str, Any] = {"f": "real", "i": "number", "u": "number"}
        return [
            Column(name, "text" if self._is_labelled(name) else kinds.get(self._stored(name).kind, "text"))
            for name in self.names
        ]

    def texts(self) -> Iterator[Batch]:
        """All rows in order, for text."""
        for count, read in self._regions(self.names):
            columns = {name: read(name) for name in self.names}
            for start in range(0, count, _BATCH):
                stop = min(start + _BATCH, count)
                yield Batch(stop - start, partial(self._lists, columns, start))

    def _lists(self, columns: Mapping[str, np.ndarray], start: int, most: int) -> list[list[Any]]:
        return [self._listed(name, columns[name][start : start + most]) for name in self.names]

    def _listed(self, name: str, column: np.ndarray) -> list[Any]:
        """A column's values as those of Python: labels for classes, None for NaN."""
        if self._is_labelled(name):
            labels = [*self._labels(name), None]  # the last stands for what has none
            return [labels[index] for index in self._label_indices(name, column).tolist()]
        values = column.tolist()
        if column.dtype.kind != "f":
            return values
        if self._stored(name).kind in "iu":
            return [None if value != value else int(value) for value in values]
        return [None if value != value else value for value in values]

    def batches(self, columns: Collection[str] | None = None) -> Iterator["pa.RecordBatch"]:
        """All rows in order; columns other than `columns` are null, without being read."""
        import pyarrow as pa

        wanted = [name for name in self.names if columns is None or name in columns]
        for count, read in self._regions(wanted):
            empty: dict[Any, Any] = {}
            arrays = []
            for field in self.schema:
                if field.name in wanted:
                    arrays.append(self._arrow(field, read(field.name)))
                else:
                    nulls = empty.get(field.type)
                    arrays.append(
                        empty.setdefault(field.type, pa.nulls(count, field.type)) if nulls is None else nulls
                    )
            whole = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
            yield from (whole.slice(i, _BATCH) for i in range(0, count, _BATCH))

    def _regions(self, wanted: Sequence[str]) -> Iterator[tuple[int, Callable[[str], np.ndarray]]]:
        """Each region that has rows: how many, and what gives a column of those."""
        for region in regions(self._dataset, self.dims):
            shape = tuple(part.stop - part.start for part in region.values())
            piece, chosen = self._chosen(region, wanted)
            count = int(np.prod(shape)) if chosen is None else int(chosen.sum())
            if count:
                yield count, partial(self._column, piece, region, chosen)

    def _chosen(
        self, region: dict[Any, slice], read: Sequence[str]
    ) -> tuple["xr.Dataset", np.ndarray | None]:
        """The variables among `read` in one region, loaded, and which rows there are if not all."""
        data = [name for name in read if name not in self._coordinates]
        needed = dict.fromkeys([*data, *(self._status if self._masked else [])])
        piece = self._dataset[list(needed)].isel(region, missing_dims="ignore")
        if not self._masked:
            return piece.load(), None
        # Status first: where a condition holds nowhere, nothing else is read.
        status = piece["status"].load()
        there = self._broadcast(~np.isnan(status.values), status.dims, region)
        if there.any():
            piece = piece.drop_vars("status").load().assign(status=status)
        return piece, there

    def _column(
        self, piece: "xr.Dataset", region: dict[Any, slice], chosen: np.ndarray | None, name: str
    ) -> np.ndarray:
        """A column of the rows in a region; of labels of an axis, which of them."""
        if name in self._coordinates:
            dims = self._dataset[name].dims
            # As an array also where a selection has left one label, which is a plain string.
            values = np.asarray(self._coordinates[name][tuple(region[dim] for dim in dims)])
            if values.dtype.kind not in "iuf":
                start = region[dims[0]].start if dims else 0
                values = np.arange(start, start + values.size, dtype=np.int32).reshape(values.shape)
        else:
            dims, values = piece[name].dims, piece[name].values
        column = self._broadcast(values, dims, region)
        return column if chosen is None else column[chosen]

    def _arrow(self, field: Any, column: np.ndarray) -> "pa.Array":
        import pyarrow as pa

        if pa.types.is_dictionary(field.type):
            label_index = self._label_indices(field.name, column)
            unnamed = label_index < 0
            indices = pa.array(label_index, mask=unnamed if unnamed.any() else None)
            return pa.DictionaryArray.from_arrays(indices, pa.array(self._labels(field.name), pa.string()))
        if pa.types.is_integer(field.type) and column.dtype.kind == "f":
            return pa.array(np.nan_to_num(column).astype(field.type.to_pandas_dtype()), mask=np.isnan(column))
        return pa.array(column, field.type, from_pandas=True)

    def _label_indices(self, name: str, column: np.ndarray) -> np.ndarray:
        """Which of its labels each value is; -1 for none."""
        if name in self._coordinates:
            return column
        # Codes are bytes: a table of 256 is several times as fast as a search, at 10^8 points seconds.
        table = np.full(256, -1, np.int8)
        for index, code in enumerate(classes_of(self._dataset[name])):
            table[code & 255] = index
        return table[column.astype(np.int16, copy=False).astype(np.uint8)]

    def _labels(self, name: str) -> list[str]:
        if name in self._coordinates:
            return [str(label) for label in np.ravel(self._coordinates[name]).tolist()]
        return list(classes_of(self._dataset[name]).values())

    def _arrow_type(self, name: str) -> "pa.DataType":
        import pyarrow as pa

        if self._is_labelled(name):
            return pa.dictionary(pa.int32() if name in self._coordinates else pa.int8(), pa.string())
        stored = self._stored(name)
        return pa.from_numpy_dtype(stored) if stored.kind in "iuf" else pa.string()

    def _is_labelled(self, name: str) -> bool:
        if name in self._coordinates:
            return self._stored(name).kind not in "iuf"
        return bool(classes_of(self._dataset[name]))

    def _stored(self, name: str) -> np.dtype:
        """The type of a variable's numbers, also where a condition has made floats of integers."""
        array = self._dataset[name]
        masked = "_FillValue" in array.encoding
        return np.dtype(array.encoding.get("dtype", array.dtype)) if masked else array.dtype

    def _broadcast(self, values: np.ndarray, dims: Sequence[Any], region: dict[Any, slice]) -> np.ndarray:
        """Values over `dims` as one long column of the region, repeated along what they lack."""
        order = sorted(range(len(dims)), key=lambda i: self.dims.index(dims[i]))
        full = [part.stop - part.start for part in region.values()]
        shape = [full[i] if dim in dims else 1 for i, dim in enumerate(self.dims)]
        return np.broadcast_to(np.asarray(values).transpose(order).reshape(shape), full).reshape(-1)


def records(dataset: "xr.Dataset") -> list[dict[str, Any]]:
    """A small Dataset, with a status or without, as one mapping a point: coordinates first, classes by name.

    A Dataset without axes is one row. NaN stays NaN.
    """
    names = [str(name) for name in dataset.data_vars]
    dims = [str(dim) for dim in dataset.sizes]
    rows = []
    for place in np.ndindex(*[dataset.sizes[dim] for dim in dims]):
        at = dict(zip(dims, place, strict=True))
        row = {dim: dataset[dim].values.tolist()[i] for dim, i in at.items()}
        rows.append(row | {name: class_names(dataset[name].isel(at)).item() for name in names})
    return rows
