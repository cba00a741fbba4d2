"""A grid over all parameters of the external model but one, which is searched for at every point."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ....engine.errors import SweepError
from ...cube.pointwise import Pointwise
from ...spec.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

# kernel(choices, points): every output at points, parameter to values (points,); {name: (points,)}.
Kernel = Callable[[Mapping[str, str], Mapping[str, np.ndarray]], dict[str, np.ndarray]]


class Scenarios:
    """The points of a grid, without the parameter `free`.

    Attributes
    ----------
    coords
        Name of each axis to its values.
    points
        Every parameter but `free` at every point of the grid: {name: (size,)}.
    size
        How many points there are.
    """

    def __init__(self, axes: Mapping[str, Any], fixed: Mapping[str, Any] | None, free: str) -> None:
        """`axes` and `fixed` are as of a `Sweep`; SweepError for unknown names or values outside a domain."""
        self._axes, self._fixed, self._free = axes, fixed or {}, free
        space = self._sweep(1).space()
        self.coords = {name: axis.values[name] for axis in space.axes for name in axis.values if name != free}
        self.size = int(np.prod([len(values) for values in self.coords.values()]))
        mesh = np.meshgrid(*self.coords.values(), indexing="ij") if self.coords else []
        self.points = {name: np.full(self.size, float(v)) for name, v in space.fixed.items() if name != free}
        for name, values in zip(self.coords, mesh, strict=True):
            self.points[name] = values.reshape(-1).astype(float)

    def kernel(
        self, most: float, formulation: str, outputs: tuple[str, ...], differentiated: str = ""
    ) -> Kernel:
        """The model, to be evaluated at any points at which `free` is at most `most`.

        Returns `outputs`, and the derivative of `differentiated` in `free` where one is named.
        """
        pointwise = Pointwise(self._sweep(most, formulation, outputs, differentiated).space())
        chosen = dict(pointwise.space.choices)
        return lambda choices, points: pointwise(chosen | dict(choices), points)

    def dataset(self, variables: Mapping[str, tuple[np.ndarray, str, Any]]) -> "xr.Dataset":
        """Variables over the axes: each name to values (size,), meaning, and unit or numbers of classes."""
        import xarray as xr

        shape = tuple(len(values) for values in self.coords.values())
        arrays = {}
        for name, (values, meaning, unit) in variables.items():
            attributes: dict[str, Any] = {"long_name": meaning}
            if isinstance(unit, dict):
                attributes |= {"flag_values": list(unit.values()), "flag_meanings": " ".join(unit)}
                values = values.astype(np.int8)
            else:
                attributes["units"] = unit
            arrays[name] = (tuple(self.coords), values.reshape(shape), attributes)
        return xr.Dataset(arrays, dict(self.coords))

    def _sweep(
        self,
        most: float,
        formulation: str = "exact",
        outputs: tuple[str, ...] = (),
        differentiated: str = "",
    ) -> Sweep:
        for name in (self._free, "mechanism", "formulation", "branch"):
            if name in self._axes or name in self._fixed:
                raise SweepError(f"{name}: is found or given here and cannot be set; leave it out")
        return Sweep(
            model="external",
            axes={**self._axes, self._free: [most]},
            fixed={**self._fixed, "formulation": formulation},
            outputs=outputs,
            derivatives={differentiated: [self._free]} if differentiated else {},
            origin="critical",
        )
