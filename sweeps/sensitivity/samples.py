"""Read the sampled outputs of a cube block by block, so that memory stays bounded."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ...kernels.status import Status
from ..cube.classes import classes_of
from ..cube.statuses import counted, status_codes, status_names
from ..spec.design import Design
from ..spec.sampling.points import DIM
from ..text import nearest

if TYPE_CHECKING:
    import xarray as xr

# Statuses under which a point holds the model's answer; a corner is one.
ANSWERED = ("ok", "corner", "several_equilibria")
_MOST_STATUSES = 2**26  # read at once, a byte each
Region = Mapping[str, slice]


def numbers_of(values: np.ndarray, options: Sequence[str]) -> np.ndarray:
    """Values of a parameter as numbers: names of a static choice's options by their places among these."""
    if not options or values.dtype.kind in "iuf":
        return values.astype(float)
    numbers = np.zeros(values.shape)
    for number, option in enumerate(options):
        numbers[values == option] = number
    return numbers


class Samples:
    """A cube (or a selection of one) as tables of points by cells.

    A cell is one output number at one place of the dimensions that are not sampled. Each class of a variable,
    or of the status, is an output, ``<variable>_is_<class>``: 1 where a point is of it, else 0.
    `design` is that of the cube, unless another is given.
    """

    def __init__(
        self, dataset: "xr.Dataset", keep: Sequence[str] | None, design: Design | None = None
    ) -> None:
        self.dataset = dataset
        self.identity: dict[str, str] = json.loads(dataset.attrs.get("identity", "{}"))
        self.design = design or Design.from_identity(self.identity)
        self._keep = keep
        status_codes(keep or (), "keep", [one for one in Status if one != Status.not_computed])
        self._classes = {
            f"{name}_is_{label}": (str(name), number)
            for name, array in dataset.data_vars.items()
            for number, label in classes_of(array).items()
            if number != Status.not_computed or name != "status"
        }

    def outputs(self, names: Sequence[str], classes: bool = True) -> list[str]:
        """The outputs called `names`, or the classes of a variable called so; all but statuses if none are.

        `classes`: whether there are any to be had. SweepError for a name that is no output.
        """
        arrays = {str(name): array for name, array in self.dataset.data_vars.items()}
        numbers = [n for n, a in arrays.items() if not classes_of(a) and "derivative_of" not in a.attrs]
        if not names:
            return numbers + [n for n, (of, _) in self._classes.items() if classes and of != "status"]
        known, result = [*arrays, *self._classes], []
        for name in names:
            if name not in known:
                raise SweepError(Argument("names", name), f": no such variable{nearest(name, known)}")
            own = (
                [name] if name in self._classes else [n for n, (of, _) in self._classes.items() if of == name]
            )
            if own and not classes:
                raise SweepError(Argument("names", name), ": classifies, and classes have no derivatives")
            result += own or [name]
        return list(dict.fromkeys(result))

    def is_class(self, name: str) -> bool:
        """Whether an output says if a point is of a class."""
        return name in self._classes

    def source(self, name: str) -> "xr.DataArray":
        """The variable of the cube that an output is read from."""
        return self.dataset[self._classes[name][0] if name in self._classes else name]

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of an output."""
        if name in self._classes:
            return {"units": "1", "long_name": f"whether {name.replace('_', ' ')}"}
        return self.dataset[name].attrs

    def derivatives(self, output: str) -> dict[str, str]:
        """Names of the variables that are derivatives of `output`, by the parameter."""
        result = {}
        for name, variable in self.dataset.data_vars.items():
            if variable.attrs.get("derivative_of") == output:
                result[str(variable.attrs["derivative_in"])] = str(name)
        return result

    def dims(self, name: str) -> list[str]:
        """Dimensions of an output that are not sampled."""
        return [str(dim) for dim in self.source(name).dims if dim != DIM]

    def shape(self, name: str) -> list[int]:
        """Sizes of `dims`."""
        return [self.dataset.sizes[dim] for dim in self.dims(name)]

    def regions(self, name: str, most_cells: int) -> Iterator[Region]:
        """Cut the cells of an output into blocks of at most `most_cells` (at least 1), as memory lies."""
        blocks, cells = [], max(most_cells, 1)
        for size in reversed(self.shape(name)):
            length = min(size, max(cells, 1))
            blocks.append([slice(i, min(i + length, size)) for i in range(0, size, length)])
            cells //= size
        for region in product(*reversed(blocks)):
            yield dict(zip(self.dims(name), region, strict=True))

    def table(self, name: str, region: Region) -> np.ndarray:
        """Values of an output in a block, shape (points, cells), float64; NaN where a point has no class."""
        if name not in self._classes:
            return self._read(name, region).astype(float, copy=False)
        of, number = self._classes[name]
        values = self._read(of, region)
        none = values == Status.not_computed if of == "status" else values < 0
        return np.where(none, np.nan, values == number)

    def usable(self, name: str, region: Region, values: np.ndarray) -> np.ndarray:
        """Which points of a block hold an answer: their status is one to keep, their value finite."""
        counts = np.zeros(256, bool)  # a look-up is several times as fast as a search
        counts[self.kept(name)] = True
        kept = counts[self._read("status", region)]
        usable = np.isfinite(values)
        usable &= _of_each_cell(kept, values)
        return usable

    def kept(self, name: str) -> list[int]:
        """Numbers of the statuses under which an output's values count: all, of a status itself."""
        if name in self._classes and self._classes[name][0] == "status":
            return [int(one) for one in Status if one != Status.not_computed]
        return counted(self.source(name), self._keep, ANSWERED)

    def kept_names(self, names: Iterable[str]) -> list[str]:
        """Names of the statuses that count for any of these outputs."""
        codes = {code for name in names for code in self.kept(name)}
        first = ANSWERED if self._keep is None else tuple(self._keep)
        return [*first, *(name for name in status_names(sorted(codes)) if name not in first)]

    def computed(self, region: Region, values: np.ndarray) -> np.ndarray:
        """Which points of a block have been computed, of the shape of its `values`."""
        done = self._read("status", region) != Status.not_computed
        return _of_each_cell(done, values)

    def positions(self) -> np.ndarray:
        """The sampled parameters, shape (points, parameters)."""
        assert self.design is not None
        columns = [
            numbers_of(self.dataset[name].values, one.options)
            for name, one in self.design.distributions.items()
        ]
        return np.stack(columns, axis=1)

    @property
    def points(self) -> int:
        """Points of the design."""
        return self.dataset.sizes[DIM]

    def status_counts(self) -> dict[str, int]:
        """How many points have each status, by name."""
        counts = np.zeros(256, dtype=np.int64)
        along = self.dataset["status"].sizes.get(DIM, 1)
        for region in self.regions("status", _MOST_STATUSES // along):
            part = self.dataset["status"].isel(dict(region)).values
            counts += np.bincount(part.ravel(), minlength=256)
        codes = np.flatnonzero(counts).tolist()
        return {name: int(counts[code]) for code, name in zip(codes, status_names(codes), strict=True)}

    def _read(self, name: str, region: Region) -> np.ndarray:
        """A block of a variable, shape (points, cells); turned only once it is read, which is fast."""
        block = self.dataset[name].isel({dim: region[dim] for dim in self.dims(name)})
        return block.compute().transpose(DIM, *self.dims(name)).values.reshape(self.points, -1)

    def value(self, target: str) -> Any:
        """A parameter's values: its coordinate, or the number at which the sweep fixes it."""
        if target in self.dataset.coords:
            return self.dataset.coords[target]
        name, _, component = target.partition(".")
        text = self.identity[f"fixed.{name}"]
        if not component:
            return float(text)
        numbers = [float(number) for number in text.strip("[]").split(",")]
        labels = (v.split(", ") for k, v in self.identity.items() if k.startswith("labels."))
        own = next(one for one in labels if component in one and len(one) == len(numbers))
        return numbers[own.index(component)]


def _of_each_cell(points: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What is so of points, shape (points, cells of the status), for each cell of `values`."""
    many = values.shape[1] // points.shape[1]
    return points if many == 1 else np.repeat(points, many, axis=1)
