"""Numbers with named dimensions: as much of xarray's ``DataArray`` as questions and pictures use.

xarray and pandas take most of a second to load, and a small question is answered in less. What is here has
xarray's names and gives xarray's results; `tests/sweeps/cube/plain/` compares the two.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from ....engine.store.read import Reader

Key = Any  # An integer, a slice, or an array of integers.


class Unread:
    """A part of an array of a cube that has not been read."""

    def __init__(self, reader: Reader, name: str, along: Sequence[Any] | None = None) -> None:
        array = reader.cube.array(name)
        self.reader, self.name, self.dtype = reader, name, array.dtype
        self.along = [np.arange(size) for size in array.shape] if along is None else list(along)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions that are left."""
        return tuple(len(one) for one in self.along if isinstance(one, np.ndarray))

    def __getitem__(self, keys: Sequence[Key]) -> "Unread":
        left = iter(keys)
        along = [one[next(left)] if isinstance(one, np.ndarray) else one for one in self.along]
        return Unread(self.reader, self.name, along)

    def read(self) -> np.ndarray:
        """The numbers."""
        return np.asarray(self.reader.read(self.name, [_as_slice(one) for one in self.along]))


def _as_slice(positions: Any) -> Any:
    """Positions that follow one another as a slice; a single one, or any others, as they are."""
    if not isinstance(positions, np.ndarray):
        return int(positions)
    first, count = (int(positions[0]), len(positions)) if len(positions) else (0, 0)
    same = np.array_equal(positions, np.arange(first, first + count))
    return slice(first, first + count) if same else positions


class Variable:
    """Dimensions, numbers and attributes, without coordinates."""

    def __init__(
        self, dims: Sequence[str], data: Any, attrs: Mapping[str, Any] | None = None,
        encoding: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.dims, self._data = tuple(dims), data
        self.attrs, self.encoding = dict(attrs or {}), dict(encoding or {})

    @property
    def values(self) -> np.ndarray:
        """The numbers, read when they are first asked for."""
        if isinstance(self._data, Unread):
            self._data = self._data.read()
        return self._data

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype:
        """Of the numbers."""
        return self._data.dtype

    def isel(self, keys: Mapping[Any, Key]) -> "Variable":
        """The part at these positions; an integer drops its dimension."""
        if not any(dim in keys for dim in self.dims):
            return self.copy()
        index = [keys.get(dim, slice(None)) for dim in self.dims]
        dims = [dim for dim in self.dims if not isinstance(keys.get(dim), int | np.integer)]
        data = self._data
        if isinstance(data, Unread):
            return Variable(dims, data[[_positions(key) for key in index]], self.attrs, self.encoding)
        for axis in reversed(range(len(index))):
            data = data[(slice(None),) * axis + (_positions(index[axis]),)]
        return Variable(dims, np.asarray(data), self.attrs, self.encoding)

    def copy(self) -> "Variable":
        """The same numbers, with attributes of its own."""
        return Variable(self.dims, self._data, self.attrs, self.encoding)


def _positions(key: Key) -> Key:
    return key if isinstance(key, slice | int | np.integer) else np.asarray(key, np.int64)


class Array:
    """A variable with its name and the coordinates along its dimensions."""

    chunks = None

    def __init__(self, variable: Variable, name: str | None, coords: Mapping[str, Variable]) -> None:
        self.variable, self.name = variable, name
        self._coords = {n: v for n, v in coords.items() if set(v.dims) <= set(variable.dims)}

    dims = property(lambda self: self.variable.dims)
    attrs = property(lambda self: self.variable.attrs)
    values = property(lambda self: self.variable.values)
    data = values
    shape = property(lambda self: self.variable.shape)
    dtype = property(lambda self: self.variable.dtype)
    ndim = property(lambda self: len(self.variable.dims))
    size = property(lambda self: prod(self.variable.shape))

    @property
    def encoding(self) -> dict[str, Any]:
        """How it is stored."""
        return self.variable.encoding

    @encoding.setter
    def encoding(self, encoding: Mapping[str, Any]) -> None:
        self.variable.encoding = dict(encoding)

    @property
    def coords(self) -> dict[str, "Array"]:
        """Its coordinates, by name."""
        return {name: Array(variable, name, self._coords) for name, variable in self._coords.items()}

    def __getitem__(self, name: str) -> "Array":
        if name in self._coords:
            return Array(self._coords[name], name, self._coords)
        size = self.shape[self.dims.index(name)]  # a dimension without labels counts from 0
        return Array(Variable([name], np.arange(size)), name, {})

    def __len__(self) -> int:
        return self.shape[0]

    def load(self) -> "Array":
        """The same, its numbers read."""
        _ = self.values
        return self

    def item(self) -> Any:
        """The one number."""
        return self.values.item()

    def isel(self, keys: Mapping[Any, Key]) -> "Array":
        """The part at these positions; an integer drops its dimension."""
        coords = {name: variable.isel(keys) for name, variable in self._coords.items()}
        return Array(self.variable.isel(keys), self.name, coords)

    def transpose(self, *dims: Any) -> "Array":
        """Its dimensions in this order; `...` stands for all others."""
        named = [dim for dim in dims if dim is not ...]
        others = [dim for dim in self.dims if dim not in named]
        order = (
            [one for dim in dims for one in (others if dim is ... else [dim])] if dims else self.dims[::-1]
        )
        values = self.values.transpose([self.dims.index(dim) for dim in order])
        return self._like(values, order, self.attrs)

    def broadcast_like(self, other: Any) -> "Array":
        """Repeated along the dimensions of `other` that it lacks."""
        dims = [*other.dims, *(dim for dim in self.dims if dim not in other.dims)]
        sizes = dict(zip(self.dims, self.shape, strict=True)) | dict(
            zip(other.dims, other.shape, strict=True)
        )
        values = np.broadcast_to(aligned(self, dims), [sizes[dim] for dim in dims])
        return self._like(values, dims, self.attrs, {**other._coords, **self._coords})

    def copy(self, data: Any = None) -> "Array":
        """The same, or with other numbers of the same shape."""
        return self._like(self.values if data is None else data, self.dims, self.attrs)

    def astype(self, dtype: Any) -> "Array":
        """Its numbers in another type."""
        return self._like(self.values.astype(dtype), self.dims, self.attrs)

    def assign_attrs(self, attrs: Mapping[str, Any]) -> "Array":
        """The same with more attributes."""
        return self._like(self.values, self.dims, {**self.attrs, **attrs})

    def drop_attrs(self) -> "Array":
        """The same without attributes."""
        return self._like(self.values, self.dims, {})

    def notnull(self) -> "Array":
        """Where it is a number and not NaN."""
        there = ~np.isnan(self.values) if self.dtype.kind == "f" else np.ones(self.shape, bool)
        return self._like(there, self.dims, self.attrs)

    def isin(self, values: Iterable[Any]) -> "Array":
        """Where it is one of these values."""
        return self._like(np.isin(self.values, list(values)), self.dims, self.attrs)

    def where(self, condition: "Array", other: int | None = None) -> "Array":
        """NaN where the condition fails, and integers become floats; or `other`, and they stay integers."""
        dims = [*self.dims, *(dim for dim in condition.dims if dim not in self.dims)]
        values, kept = aligned(self, dims), aligned(condition, dims)
        if values.dtype.kind in "iub" and other is None:
            values = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
        result = np.where(kept, values, values.dtype.type(np.nan if other is None else other))
        return self._like(result, dims, self.attrs, {**condition._coords, **self._coords})

    def fillna(self, value: float) -> "Array":
        """`value` for NaN."""
        return self._like(np.where(np.isnan(self.values), value, self.values), self.dims, self.attrs)

    def sum(self, over: Sequence[str] | None = None) -> "Array":
        """Over these dimensions, or all of them."""
        return self._reduced(np.sum, over)

    def min(self, over: Sequence[str]) -> "Array":
        """Over these dimensions."""
        return self._reduced(np.min, over)

    def any(self, over: Sequence[str] | None = None) -> "Array":
        """Over these dimensions, or all of them."""
        return self._reduced(np.any, over)

    def _reduced(self, function: Callable[..., Any], over: Sequence[str] | None) -> "Array":
        over = tuple(self.dims) if over is None else over
        axes = tuple(self.dims.index(dim) for dim in over)
        dims = [dim for dim in self.dims if dim not in over]
        return self._like(np.asarray(function(self.values, axis=axes)), dims, {})

    def _like(
        self, values: Any, dims: Sequence[str], attrs: Mapping[str, Any],
        coords: Mapping[str, Variable] | None = None,
    ) -> "Array":  # fmt: skip
        return Array(Variable(dims, values, attrs), self.name, self._coords if coords is None else coords)

    def _with(self, other: Any, function: Callable[[Any, Any], Any]) -> "Array":
        if not isinstance(other, Array):
            return self._like(function(self.values, other), self.dims, self.attrs)
        dims = [*self.dims, *(dim for dim in other.dims if dim not in self.dims)]
        values = function(aligned(self, dims), aligned(other, dims))
        return self._like(values, dims, self.attrs, {**other._coords, **self._coords})

    def __bool__(self) -> bool:
        return bool(self.values)

    def __int__(self) -> int:
        return int(self.values)

    def __abs__(self) -> "Array":
        return self._like(np.abs(self.values), self.dims, self.attrs)

    def __invert__(self) -> "Array":
        return self._like(~self.values, self.dims, self.attrs)

    def __and__(self, other: Any) -> "Array":
        return self._with(other, np.logical_and)

    def __eq__(self, other: Any) -> "Array":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._with(other, np.equal)

    def __ne__(self, other: Any) -> "Array":  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._with(other, np.not_equal)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def __lt__(self, other: Any) -> "Array":
        return self._with(other, np.less)

    def __gt__(self, other: Any) -> "Array":
        return self._with(other, np.greater)

    def __truediv__(self, other: Any) -> "Array":
        return self._with(other, np.divide)

    def __rmul__(self, other: float) -> "Array":
        return self._like(other * self.values, self.dims, self.attrs)


def aligned(array: Any, dims: Sequence[str]) -> np.ndarray:
    """The numbers of an array, its dimensions in this order, and of length 1 along those it lacks."""
    values = array.values.transpose([array.dims.index(dim) for dim in dims if dim in array.dims])
    sizes = dict(zip(array.dims, array.shape, strict=True))
    return values.reshape([sizes.get(dim, 1) for dim in dims])


def applied(function: Callable[..., Any], variables: Sequence[Any]) -> Array:
    """A function of the numbers of some variables, each repeated along the dimensions that it lacks."""
    dims = list(dict.fromkeys(dim for variable in variables for dim in variable.dims))
    sizes = {dim: size for v in variables for dim, size in zip(v.dims, v.shape, strict=True)}
    values = function(*(aligned(variable, dims) for variable in variables))
    return Array(Variable(dims, np.broadcast_to(values, [sizes[dim] for dim in dims])), None, {})
