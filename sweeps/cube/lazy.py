"""Cubes larger than memory: read tile by tile through dask, and masked by conditions without being read.

dask takes longer to load than a small question to answer, so it is loaded only where something is large.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..spec.sampling.points import DIM
from .classes import classes_of
from .expression import Meaning, parse_expression
from .own_dims import along_own
from .plain import dataset as plain_dataset
from .plain.array import Variable, applied
from .select import free
from .statuses import status_codes

if TYPE_CHECKING:
    import xarray as xr

# Numbers of one variable that are held at once, by each core: a tile of a large cube.
CHUNK = 2**20
_MOST_LABELS = 64


def lazy(dataset: "xr.Dataset") -> "xr.Dataset":
    """The Dataset in chunks of whole tiles that are read when asked for; as it is where it has chunks."""
    return dataset.unify_chunks() if is_chunked(dataset) else dataset.chunk(chunk_sizes(dataset))


def is_chunked(dataset: "xr.Dataset") -> bool:
    """Whether any variable is in chunks already."""
    return any(array.chunks for array in dataset.data_vars.values())


def lazy_if_large(dataset: "xr.Dataset") -> "xr.Dataset":
    """The same, but for a Dataset that is in memory already and small: it needs no chunks, and no dask."""
    return dataset if in_memory(dataset) and is_small(dataset) else lazy(dataset)


def in_memory(dataset: "xr.Dataset") -> bool:
    """Whether all values were read already."""
    return all(isinstance(array.variable._data, np.ndarray) for array in dataset.data_vars.values())


def is_small(dataset: "xr.Dataset") -> bool:
    """Whether all its numbers together are no more than a chunk."""
    return sum(array.size for array in dataset.data_vars.values()) <= CHUNK


def chunk_sizes(dataset: "xr.Dataset") -> dict[Any, int]:
    """Size along each dimension of a chunk of about `CHUNK` numbers: whole rows, along stored chunks."""
    dims = grid_dims(dataset)
    inner = [dim for dim in dataset.sizes if dim not in dims]
    stored = {dim: lengths[0] for dim, lengths in dataset.chunksizes.items()}
    stored = stored or dict(reference(dataset).encoding.get("preferred_chunks", {}))
    numbers = CHUNK // max(prod(dataset.sizes[dim] for dim in inner), 1)
    sizes = {dim: dataset.sizes[dim] for dim in inner}
    for dim in reversed(dims):
        size = min(dataset.sizes[dim], max(numbers, 1))
        chunk = stored.get(dim, 1)
        if chunk < size < dataset.sizes[dim]:
            size -= size % chunk
        sizes[dim] = max(size, 1)
        numbers //= sizes[dim]
    return sizes


def grid_dims(dataset: "xr.Dataset") -> list[Any]:
    """Dimensions of the grid; what else a variable has are dimensions of its own, such as factor."""
    return list(reference(dataset).dims)


def reference(dataset: "xr.Dataset") -> "xr.DataArray":
    """The status, or the variable of fewest dimensions where a Dataset has none."""
    if "status" in dataset.data_vars:
        return dataset["status"]
    return min(dataset.data_vars.values(), key=lambda array: array.ndim)


def regions(dataset: "xr.Dataset", dims: Sequence[Any]) -> Iterator[dict[Any, slice]]:
    """The grid in `chunk_sizes`, as slices along `dims`: one after another they are the points in order."""
    sizes, cuts = chunk_sizes(dataset), []
    for dim in dims:
        starts = range(0, dataset.sizes[dim], sizes[dim])
        cuts.append([slice(a, min(a + sizes[dim], dataset.sizes[dim])) for a in starts])
    return (dict(zip(dims, cut, strict=True)) for cut in product(*cuts))


def where(dataset: "xr.Dataset", condition: str) -> "xr.Dataset":
    """The cube with every point at which `condition` fails made NaN, the status too; reads nothing yet.

    Parameters
    ----------
    dataset : a cube, or a part of one; large ones are read piece by piece when values are asked for.
    condition : such as ``expected_loss > 40 and alpha < 0.5``, ``status == "ok"`` or
        ``mechanism in ("sharing", "cooperation")``. A component of a vector output is ``share.data``.
        A number beside a coordinate means the coordinate that prints like it. NaN satisfies no
        comparison but ``!=``. A part about a dimension of outputs, ``rest_point == "(1,1)"``, stands alone or
        beside others joined by ``and``.

    Returns
    -------
    The same dimensions and coordinates, but of dimensions of outputs the labels that satisfy it; computed
    already where a small Dataset was in memory. Integers (classes, the status) become floats, as `xarray`
    does for NaN; ``encoding`` keeps how they are stored. Raises SweepError on a condition that is wrong.
    """
    return _where(dataset, condition, whole=False)


def where_counts_are_whole(dataset: "xr.Dataset", condition: str) -> "xr.Dataset":
    """The same, but large counts stay integers, of which floats hold those to 2^53; -1 where it fails."""
    return _where(dataset, condition, whole=True)


def _where(dataset: "xr.Dataset", condition: str, whole: bool) -> "xr.Dataset":
    positions, rest = along_own(condition, _scope(dataset), _of_outputs(dataset))
    before = dataset.attrs.get("where")
    result = _masked(dataset, rest, whole) if rest else dataset
    if positions:
        result = free(result.isel(positions))
    return result.assign_attrs(where=f"({before}) and ({condition})" if before else condition)


def _masked(dataset: "xr.Dataset", condition: str, whole: bool) -> "xr.Dataset":
    """The same for a condition on points alone."""
    expression = parse_expression(condition, _scope(dataset))
    split = lazy_if_large(dataset)
    mask = _mask(split, expression)
    missing = [dim for dim in mask.dims if dim not in grid_dims(split)]
    assert not missing, missing
    masked = split.where(mask)
    for name, array in dataset.data_vars.items():
        if array.dtype.kind in "iu":
            fill = 255 if array.dtype.kind == "u" else -1
            if whole and array.dtype.itemsize == 8:
                kept: dict[str, Any] = {str(name): split[name].where(mask, fill)}
                masked = masked.assign(**kept)
            masked[name].encoding = {"dtype": array.dtype, "_FillValue": array.dtype.type(fill)}
        elif "dtype" in array.encoding and "_FillValue" in array.encoding:
            masked[name].encoding = {key: array.encoding[key] for key in ("dtype", "_FillValue")}
    return masked


def ok(dataset: "xr.Dataset", statuses: Sequence[str] = ("ok",)) -> "xr.Dataset":
    """The cube with every point made NaN whose status is none of `statuses`; reads nothing yet.

    Parameters
    ----------
    dataset : a cube, or a part of one.
    statuses : names of the statuses to keep.

    Returns
    -------
    As of `where`. Raises SweepError where there is no such status.
    """
    status_codes(statuses)  # refuses unknown ones by the name of the argument
    listed = ", ".join(f'"{name}"' for name in statuses)
    return where(dataset, f"status in ({listed},)")


def _scope(dataset: "xr.Dataset") -> dict[str, Meaning]:
    """What a condition may name: grid variables, components such as share.data, coordinates."""
    grid, known = grid_dims(dataset), {}
    for name, array in dataset.data_vars.items():
        labels = classes_of(array) or None
        inner = [dim for dim in array.dims if dim not in grid]
        if not inner:
            known[str(name)] = Meaning(labels)
        elif len(inner) == 1 and dataset.sizes[inner[0]] <= _MOST_LABELS:
            known |= {f"{name}.{label}": Meaning(labels) for label in _labels(dataset, inner[0])}
    for name, coordinate in dataset.coords.items():
        if all(dim in grid for dim in coordinate.dims):
            known[str(name)] = _meaning(coordinate)
    return known


def _of_outputs(dataset: "xr.Dataset") -> dict[str, Meaning]:
    """The dimensions that outputs have beside those of the grid, as far as their values differ."""
    own = {str(dim): dataset[dim] for dim in dataset.sizes if dim not in grid_dims(dataset)}
    return {
        dim: _meaning(labels)
        for dim, labels in own.items()
        if len(set(labels.values.tolist())) == labels.size
    }


def _meaning(coordinate: "xr.DataArray") -> Meaning:
    values = np.atleast_1d(coordinate.values)
    numbers = values.dtype.kind in "iuf"
    options = classes_of(coordinate)
    text = options or (None if numbers else dict(enumerate(_numbered(values)[0])))
    # Conditions of `discover` lie between samples, which may print alike.
    return Meaning(text, values if numbers and not options else None, DIM not in coordinate.dims)


def _mask(dataset: "xr.Dataset", expression: Any) -> "xr.DataArray":
    chunks = dict(dataset.chunksizes)
    plain = isinstance(dataset, plain_dataset.Dataset)
    arrays = [_operand(dataset, name, chunks, plain) for name in expression.names]

    def evaluate(*values: Any) -> Any:
        return expression.evaluate(dict(zip(expression.names, values, strict=True)))

    if plain:
        return applied(evaluate, arrays)  # pyright: ignore[reportReturnType]
    import xarray as xr

    if not arrays:  # such as "1 < 2"
        return xr.DataArray(evaluate())
    return xr.DataArray(xr.apply_ufunc(evaluate, *arrays, dask="parallelized", output_dtypes=[bool]))


def _operand(dataset: "xr.Dataset", name: str, chunks: dict[Any, Any], plain: bool) -> Any:
    """One name's values without coordinates; those of a coordinate in chunks too, so that none grows."""
    if name in dataset.data_vars:
        return dataset[name].variable
    if name in dataset.coords:
        coordinate = dataset[name]
        values = np.asarray(coordinate.values)
        if values.dtype.kind not in "iuf":
            values = _numbered(values)[1]
        if plain:
            return Variable(coordinate.dims, values)  # pyright: ignore[reportArgumentType]
        import xarray as xr

        variable = xr.Variable(coordinate.dims, values)
        return variable.chunk({dim: chunks[dim] for dim in coordinate.dims}) if chunks else variable
    variable, _, label = name.partition(".")
    (dim,) = [dim for dim in dataset[variable].dims if dim not in grid_dims(dataset)]
    return dataset[variable].isel({dim: _labels(dataset, dim).index(label)}).variable


def _numbered(texts: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The different texts, and the number of each among them: those of zipped axes and samples repeat."""
    numbers = dict[str, int]()
    indices = [numbers.setdefault(str(one), len(numbers)) for one in np.ravel(texts).tolist()]
    return list(numbers), np.array(indices, np.int64).reshape(texts.shape)


def _labels(dataset: "xr.Dataset", dim: Any) -> list[str]:
    return [str(label) for label in dataset[dim].values.tolist()]


class _Dask:
    """What xarray knows of dask: its type of array, none before dask is loaded; all else by loading it."""

    def __init__(self, load: Any) -> None:
        self._load = load

    @property
    def type(self) -> tuple[type, ...]:
        """As `isinstance` takes it."""
        loaded = sys.modules.get("dask.array")
        array = getattr(loaded, "Array", None)  # none while it is being loaded
        return () if array is None else (array,)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._load("dask"), name)


def _once_loaded(ask: Any) -> Any:
    """What asks whether something is dask's, and says no before dask is loaded."""

    def is_dask_collection(x: object) -> bool:
        return "dask.base" in sys.modules and ask(x)

    is_dask_collection.asks_once_loaded = True  # pyright: ignore[reportFunctionMemberAccess]
    return is_dask_collection


def leave_dask_unloaded() -> None:
    """Let xarray load dask where it is used.

    For every array that it is given xarray asks whether it is one of dask's, and loads dask to ask. But
    nobody can have an array of dask's before dask is loaded. An xarray that asks otherwise does as it did.
    """
    from xarray.namedarray import pycompat, utils

    ask: Any = getattr(utils, "is_dask_collection", None)
    if ask is not None and not hasattr(ask, "asks_once_loaded"):
        setattr(utils, "is_dask_collection", _once_loaded(ask))  # noqa: B010  (a checker knows it as a function)

    known: Any = getattr(pycompat, "_cached_duck_array_modules", None)
    load = getattr(pycompat, "DuckArrayModule", None)
    if isinstance(known, dict) and load is not None:
        known.setdefault("dask", _Dask(load))
