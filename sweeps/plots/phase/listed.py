"""Rest points that a cube lists, beside those that a portrait finds.

Where a field jumps, an orbit may rest in the sense of Filippov: on a threshold, or where two cross. No rate
is zero there, so Newton's method finds none of these points; a model that knows them has them in outputs
called `rest_class` and `rest_` with the name of each coordinate.
"""

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.numerics.stability import RestClass
from ...cube.classes import class_names
from .chart import Chart
from .rest_points import RestPoint

if TYPE_CHECKING:
    import xarray as xr

    from ....kernels.model import Model

CLASS = "rest_class"
# Two points nearer than this are one.
_SAME = 1e-6


class OnThreshold(Enum):
    """What a rest point is at which the field jumps; whether it attracts is what its mark says."""

    sliding_node = "sliding_node"
    sliding_saddle = "sliding_saddle"
    escaping = "escaping"
    crossing_node = "crossing_node"
    crossing_saddle = "crossing_saddle"
    crossing_source = "crossing_source"


_KINDS: dict[str, RestClass | OnThreshold] = {
    **{one.name: one for one in RestClass if one != RestClass.absent},
    **{one.name: one for one in OnThreshold},
}


def with_listed(
    points: list[RestPoint], point: "xr.Dataset", chart: Chart, box: np.ndarray
) -> list[RestPoint]:
    """The rest `points`, and those inside `box` [d, 2] that the cube lists at `point` besides."""
    names = _coordinates(chart)
    if len(names) != len(box) or any(name not in point for name in (*names, CLASS)):
        return points
    arrays = [point[name] for name in (*names, CLASS)]
    if any(one.dims != arrays[0].dims or one.ndim != 1 for one in arrays):
        return points
    positions = np.stack([one.values for one in arrays[:-1]], axis=1).astype(float)
    result = list(points)
    for at, name in zip(positions, class_names(arrays[-1]).tolist(), strict=True):
        known = any(np.abs(at - other.at).max() <= _SAME for other in result)
        inside = np.all((box[:, 0] <= at) & (at <= box[:, 1]))
        if name in _KINDS and inside and not known:
            result.append(RestPoint(at, _KINDS[name]))
    return result


def lacking(model: "Model", dataset: "xr.Dataset", chart: Chart) -> str:
    """A sentence where the model lists rest points on thresholds and the cube lacks them; else empty."""
    classes = next((one.classes or {} for one in model.outputs if one.name == CLASS), {})
    names = (*_coordinates(chart), CLASS)
    if not any(one.name in classes for one in OnThreshold) or all(name in dataset for name in names):
        return ""
    return f"Rest points on thresholds are not drawn: the cube lacks {' or '.join(names)}."


def _coordinates(chart: Chart) -> tuple[str, ...]:
    return tuple(f"rest_{name}" for name in chart.names)
