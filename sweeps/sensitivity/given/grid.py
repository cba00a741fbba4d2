"""A grid as a sample: each of its axes that are numbers is a parameter."""

from typing import TYPE_CHECKING

import numpy as np

from ....engine.errors import Argument, SweepError
from ...spec.design import Design
from ...spec.distributions.distribution import Distribution
from ...spec.sampling.points import DIM

if TYPE_CHECKING:
    import xarray as xr


class Grid(Design):
    """All points of a grid, in place of a design."""

    @property
    def points_per_sample(self) -> int:
        """As of `Design`: each point stands alone."""
        return 1

    def __str__(self) -> str:
        return f"a grid of {self.samples:,} points, over {', '.join(self.distributions)}"


def as_points(dataset: "xr.Dataset") -> "tuple[xr.Dataset, Grid]":
    """A cube without a design as points of a sample along one dimension; SweepError where no axis varies."""
    axes = [
        str(dim)
        for dim in dataset["status"].dims
        if dataset.sizes[dim] > 1 and dim in dataset.coords and dataset.coords[dim].dtype.kind in "iuf"
    ]
    names = [
        str(name)
        for name, one in dataset.coords.items()
        if len(one.dims) == 1 and one.dims[0] in axes and one.dtype.kind in "iuf" and np.ptp(one.values) > 0
    ]
    if not names:
        raise SweepError(Argument("method"), ": no axis of numbers has two values or more")
    ranges = {name: (float(dataset[name].min()), float(dataset[name].max())) for name in names}
    laws = {name: Distribution("uniform", ends, *ends) for name, ends in ranges.items()}
    points = dataset.stack({DIM: axes}, create_index=False)
    return points, Grid("grid", points.sizes[DIM], 0, 0, laws)
