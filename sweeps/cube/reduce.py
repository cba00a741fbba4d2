"""Reduce a cube over axes: mean, extremes and where they lie, counts. What is left out is counted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, Call, MessagePart, SweepError
from ...kernels.status import Status
from ..text import nearest
from .classes import classes_of
from .lazy import lazy_if_large
from .pairwise import blockwise, deviation, extreme
from .plain.dataset import dataset_like, stacked
from .statuses import counted, require_status, status_codes

if TYPE_CHECKING:
    import xarray as xr

_LEFT_OUT = {"long_name": "points left out: NaN, or of a status that is not counted", "units": "1"}
# Attributes of the dimension of a count that has a label for each class.
_CLASS = {"long_name": "class"}
_INSTEAD: dict[str, tuple[MessagePart, ...]] = {
    "median": ("needs all values at once; ", Call("sql"), " has median and approx_quantile"),
    "average": ("is called mean",),
    "var": ("is not there; std is its root",),
}


@dataclass(frozen=True)
class _Reduced:
    """One variable being reduced.

    Parameters
    ----------
    array : its values, a dask array or, of a small Dataset in memory, plain numbers.
    kept, selected : boolean, of the same dimensions: the points that count, and all that were asked for.
    over : dimensions that are reduced.
    sole : whether no other variable is reduced with it.
    """

    name: str
    array: "xr.DataArray"
    kept: "xr.DataArray"
    selected: "xr.DataArray"
    over: tuple[str, ...]
    sole: bool

    def called(self, name: str) -> str:
        """A result beside the variable itself: its name where there is one variable only."""
        return name if self.sole else f"{self.name}_{name}"


def parse_reduce(text: str) -> tuple[str, list[str]]:
    """``argmax:beta,n`` as ("argmax", ["beta", "n"]); SweepError where the word is unknown."""
    how, _, axes = text.partition(":")
    return how, [axis.strip() for axis in axes.split(",") if axis.strip()]


def reduce(
    dataset: "xr.Dataset",
    how: str,
    over: Sequence[str] = (),
    names: Sequence[str] = (),
    statuses: Sequence[str] | None = None,
) -> "xr.Dataset":
    """Reduce variables over axes; lazy, and in bounded memory when computed.

    Parameters
    ----------
    dataset : a cube or a part of one, perhaps after `lazy.where`.
    how : one of `HOWS`. ``std`` has divisor n. ``argmin`` and ``argmax`` give the extreme value and, for
        each coordinate along `over`, where it lies (of equal ones the first).
    over : axes (or coordinates along them) to reduce; all of each variable if empty.
    names : variables; if empty, all that have these axes and can be reduced so.
    statuses : names of the statuses that count as results; points of another status are left out. None: ok,
        and those that say nothing against what a variable needs (`statuses.counted`).

    Returns
    -------
    A Dataset of the remaining dimensions. ``left_out`` is the number of points left out: selected, but
    of another status, or NaN. ``count`` of a class (the status too) has a dimension called like it,
    one label a class. With several variables these are called ``<variable>_left_out`` and so on. Sums
    are formed in double precision; where nothing is counted the result is NaN. Raises SweepError.
    """
    if how not in HOWS:
        reason = _INSTEAD.get(how, ("no such reduction",))
        raise SweepError(Argument("how", how), ": ", *reason, f"; known: {', '.join(HOWS)}")
    require_status(dataset, Argument("how", how))
    status_codes(statuses or ())  # refuses unknown ones by the name of the argument
    dims = _dims(dataset, over, how)
    chosen = _chosen(dataset, how, dims, names)
    split = lazy_if_large(dataset)
    result: dict[str, Any] = {}
    for name in chosen:
        variable = _variable(split, name, counted(split[name], statuses), dims, len(chosen) == 1)
        left_out = _number_of(variable.selected & ~variable.kept, variable.over).assign_attrs(_LEFT_OUT)
        result |= _RULES[how](variable) | {variable.called("left_out"): left_out}
    asked = f"{how}:{','.join(over)}" if over else how
    # A plain mapping of variables: scalar coordinates of a selection stay, those reduced are gone.
    kept = "ok, and what leaves a value as good" if statuses is None else " ".join(statuses)
    return dataset_like(dataset, result, {**dataset.attrs, "reduce": asked, "statuses": kept})


def without_absent(reduced: "xr.Dataset") -> "xr.Dataset":
    """A loaded reduction without the classes that occur nowhere in it; all of them stay where none does."""
    labels = [dim for dim in reduced.dims if dim in reduced.coords and reduced[dim].attrs == _CLASS]
    for dim in labels:
        counts = [array for array in reduced.data_vars.values() if dim in array.dims]
        present = [(array != 0).any([d for d in array.dims if d != dim]).values for array in counts]
        if np.any(present):
            reduced = reduced.isel({dim: np.flatnonzero(np.any(present, axis=0))})
    return reduced


def _variable(dataset: "xr.Dataset", name: str, codes: list[int], dims: list[str], sole: bool) -> _Reduced:
    """One variable of a Dataset in chunks, with the points that count: of these statuses, and not NaN.

    Where something at a point is not finite an infinite value is that.
    """
    array, status = dataset[name], dataset["status"]
    selected = status.notnull().drop_attrs()
    kept = selected if name == "status" else (status.isin(codes) & array.notnull()).drop_attrs()
    if Status.not_finite in codes and array.dtype.kind == "f":
        kept = kept & (abs(array) < np.inf).drop_attrs()
    kept, selected = (x.broadcast_like(array).transpose(*array.dims) for x in (kept, selected))
    return _Reduced(name, array, kept, selected, tuple(dims or map(str, array.dims)), sole)


def _over(how: str, axis: str) -> Argument:
    return Argument("over", axis, typed=f"{how}:{axis}")


def _dims(dataset: "xr.Dataset", over: Sequence[str], how: str) -> list[str]:
    dims = []
    for name in over:
        known = [str(n) for n in dict.fromkeys([*dataset.dims, *dataset.coords])]
        if name not in known:
            raise SweepError(_over(how, name), f": no such axis{nearest(name, known)}")
        along = [name] if name in dataset.dims else [str(dim) for dim in dataset[name].dims]
        if not along:
            raise SweepError(_over(how, name), ": its dimension was already selected away")
        dims += along
    return list(dict.fromkeys(dims))


def _chosen(dataset: "xr.Dataset", how: str, dims: list[str], names: Sequence[str]) -> list[str]:
    known = [str(name) for name in dataset.data_vars]
    for name in names:
        if name not in known:
            raise SweepError(Argument("names", name), f": no such variable{nearest(name, known)}")
        lacking = [dim for dim in dims if dim not in dataset[name].dims]
        if lacking:
            raise SweepError(_over(how, lacking[0]), f": {name} has no axis {lacking[0]!r}")
        named = classes_of(dataset[name])
        if named and how != "count":
            several = ", ".join(list(named.values())[:4])
            raise SweepError(
                Argument("how", how),
                f": {name} is a class ({several} ...) and has no {how}; count says how many of each",
            )
    if names:
        return list(names)
    fitting = [name for name in known if name != "status" and set(dims) <= set(dataset[name].dims)]
    numbers = [name for name in fitting if not classes_of(dataset[name])]
    chosen = fitting if how == "count" else numbers
    if not chosen:
        raise SweepError(
            Argument("how", how),
            f": no variable of numbers has the axes {', '.join(dims) or 'asked for'}",
        )
    return chosen


def _number_of(points: "xr.DataArray", over: Sequence[str]) -> "xr.DataArray":
    """How many points there are; an integer too of a single point, where a sum over no axis stays boolean."""
    return points.astype(np.int64).sum(over)


def _values(variable: _Reduced) -> "xr.DataArray":
    """The values in double precision, NaN where left out."""
    return variable.array.astype(np.float64).where(variable.kept)


def _sum(variable: _Reduced) -> "xr.DataArray":
    count = variable.kept.sum(variable.over)
    return _values(variable).fillna(0).sum(variable.over).where(count > 0)


def _mean(variable: _Reduced) -> "xr.DataArray":
    count = variable.kept.sum(variable.over)
    return _values(variable).fillna(0).sum(variable.over) / count.where(count > 0)


def _least(variable: _Reduced, sign: int) -> "xr.DataArray":
    bound = (sign * _values(variable)).fillna(np.inf).min(variable.over)
    return (sign * bound).where(variable.kept.any(variable.over))


def _std(variable: _Reduced) -> "xr.DataArray":
    array = _values(variable)
    axes = [array.dims.index(dim) for dim in variable.over]
    return variable.kept.any(variable.over).copy(data=deviation(array.data, axes))


def _as_variable(variable: _Reduced, result: "xr.DataArray") -> dict[str, Any]:
    kept = {k: v for k, v in variable.array.attrs.items() if k != "coordinates"}
    return {variable.name: result.assign_attrs(kept)}


def _extreme(variable: _Reduced, sign: int) -> dict[str, Any]:
    array = _values(variable)
    axes = sorted(array.dims.index(dim) for dim in variable.over)
    if not axes:  # a single point
        return _as_variable(variable, array)
    best, index = extreme(array.data, axes, sign)
    like = variable.kept.any(variable.over)
    result = _as_variable(variable, like.copy(data=best))
    sizes = [array.shape[axis] for axis in axes]
    for i, axis in enumerate(axes):
        dim, step, size = array.dims[axis], prod(sizes[i + 1 :]), sizes[i]
        along = [array[name] for name in array.coords if array[name].dims == (dim,)]
        for coordinate in along or [array[dim]]:
            values = _lookable(coordinate)
            picked = blockwise(_look_up, index, values, step, size, dtype=values.dtype)
            name = variable.called(str(coordinate.name))
            result[name] = like.copy(data=picked).assign_attrs(coordinate.attrs)
    return result


def _lookable(coordinate: "xr.DataArray") -> np.ndarray:
    """A coordinate's values, the last standing for "nowhere": NaN, or no text."""
    values = coordinate.values
    if values.dtype.kind in "iuf":
        return np.append(values.astype(np.float64), np.nan)
    return np.array([*map(str, values.tolist()), ""])


def _look_up(index: np.ndarray, values: np.ndarray, step: int, size: int) -> np.ndarray:
    return values[np.where(index < 0, size, index // step % size)]


def _count(variable: _Reduced) -> dict[str, Any]:
    named = classes_of(variable.array)
    name = variable.called("count")
    about = {"long_name": f"points counted of {variable.name}", "units": "1"}
    if not named:
        return {name: _number_of(variable.kept, variable.over).assign_attrs(about)}
    counts = [
        _number_of(variable.kept & (variable.array == code).drop_attrs(), variable.over) for code in named
    ]
    return {name: stacked(counts, variable.name, list(named.values()), _CLASS).assign_attrs(about)}


# A new word is a rule here, from a variable being reduced to the variables of the answer.
_RULES: Mapping[str, Callable[[_Reduced], dict[str, Any]]] = {
    "mean": lambda variable: _as_variable(variable, _mean(variable)),
    "min": lambda variable: _as_variable(variable, _least(variable, 1)),
    "max": lambda variable: _as_variable(variable, _least(variable, -1)),
    "sum": lambda variable: _as_variable(variable, _sum(variable)),
    "std": lambda variable: _as_variable(variable, _std(variable)),
    "count": _count,
    "argmin": lambda variable: _extreme(variable, -1),
    "argmax": lambda variable: _extreme(variable, 1),
}
HOWS = tuple(_RULES)
