"""Arrays over the same grid: as much of xarray's ``Dataset`` as questions and pictures use."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .array import Array, Key, Variable


class Dataset:
    """Variables and coordinates by name."""

    def __init__(
        self, variables: Mapping[str, Variable], coords: Mapping[str, Variable], attrs: Mapping[str, Any]
    ) -> None:
        self._variables, self._coords, self.attrs = dict(variables), dict(coords), dict(attrs)

    @classmethod
    def of(cls, arrays: Mapping[str, Array], attrs: Mapping[str, Any]) -> "Dataset":
        """Arrays with their coordinates."""
        coords = {n: c.variable for array in arrays.values() for n, c in array.coords.items()}
        return cls({name: array.variable for name, array in arrays.items()}, coords, attrs)

    @property
    def variables(self) -> dict[str, Variable]:
        """All variables, coordinates included."""
        return self._variables | self._coords

    @property
    def data_vars(self) -> dict[str, Array]:
        """The variables that are no coordinates."""
        return {name: self[name] for name in self._variables}

    @property
    def coords(self) -> dict[str, Array]:
        """The coordinates."""
        return {name: self[name] for name in self._coords}

    @property
    def sizes(self) -> dict[str, int]:
        """Size of each dimension."""
        pairs = [zip(v.dims, v.shape, strict=True) for v in self.variables.values()]
        return {dim: size for one in pairs for dim, size in one}

    dims = sizes
    chunksizes: Mapping[str, Any] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._variables or name in self._coords

    def __getitem__(self, name: Any) -> Any:
        if not isinstance(name, str):
            return self._part(list(name))
        if name in self:
            return Array(self.variables[name], name, self._coords)
        raise KeyError(name)

    def _part(self, names: Sequence[str]) -> "Dataset":
        chosen = {name: self.variables[name] for name in names}
        dims = {dim for variable in chosen.values() for dim in variable.dims}
        coords = {name: v for name, v in self._coords.items() if set(v.dims) <= dims}
        return Dataset({n: v for n, v in chosen.items() if n not in coords}, coords, self.attrs)

    def isel(self, keys: Mapping[Any, Key], missing_dims: str = "ignore") -> "Dataset":
        """The part at these positions; an integer drops its dimension."""
        assert missing_dims == "ignore"
        return self._each(lambda variable: variable.isel(keys))

    def copy(self) -> "Dataset":
        """The same numbers, with attributes of its own."""
        return self._each(lambda variable: variable.copy())

    def load(self) -> "Dataset":
        """The same, its numbers read."""
        for variable in self.variables.values():
            _ = variable.values
        return self

    def drop_vars(self, names: str | Iterable[str]) -> "Dataset":
        """Without some variables."""
        gone = [names] if isinstance(names, str) else list(names)
        return Dataset({n: v for n, v in self._variables.items() if n not in gone}, self._coords, self.attrs)

    def assign(self, **arrays: Array) -> "Dataset":
        """With other variables."""
        added = {name: array.variable for name, array in arrays.items()}
        return Dataset(self._variables | added, self._coords, self.attrs)

    def assign_attrs(self, **attrs: Any) -> "Dataset":
        """With more attributes."""
        return Dataset(self._variables, self._coords, self.attrs | attrs)

    def where(self, condition: Array) -> "Dataset":
        """NaN where the condition fails; integers become floats."""
        masked = {name: array.where(condition).variable for name, array in self.data_vars.items()}
        return Dataset(masked, self._coords, self.attrs)

    def _each(self, change: Any) -> "Dataset":
        variables, coords = (
            {n: change(v) for n, v in some.items()} for some in (self._variables, self._coords)
        )
        return Dataset(variables, coords, self.attrs)


def dataset_like(like: Any, arrays: Mapping[str, Any], attrs: Mapping[str, Any]) -> Any:
    """Arrays as a Dataset of the kind that `like` is: a plain one, or one of xarray's."""
    if isinstance(like, Dataset):
        return Dataset.of(arrays, attrs)
    import xarray as xr

    whole = xr.Dataset(dict(arrays), attrs=dict(attrs))
    first = [name for name in like.coords if name in whole.coords]  # which xarray may have moved
    others = [name for name in whole.coords if name not in first]
    return whole[[*whole.data_vars, *first, *others]]


def stacked(arrays: Sequence[Any], dim: str, labels: Sequence[str], attrs: Mapping[str, Any]) -> Any:
    """Arrays of the same dimensions side by side, along a last dimension that has these labels."""
    texts = np.array(list(labels))
    if not isinstance(arrays[0], Array):
        import xarray as xr

        whole = xr.concat(arrays, dim=dim).assign_coords({dim: xr.Variable(dim, texts, dict(attrs))})
        return whole.transpose(..., dim)
    first, values = arrays[0], np.stack([array.values for array in arrays], axis=-1)
    coords = {name: array.variable for name, array in first.coords.items()}
    return Array(Variable([*first.dims, dim], values), None, coords | {dim: Variable([dim], texts, attrs)})
