"""Saved paths of a cube as curves in a phase portrait."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ....kernels.status import Status
from ...cube.statuses import BLANK, status_names
from .chart import Chart

if TYPE_CHECKING:
    import xarray as xr

MOST_PATHS = 24
# An orbit that was still on its way at the horizon is as sound as any other, and so is one on a face. One
# that was given up before would look as if it came to rest there.
_UNSOUND = BLANK | {Status.max_steps, Status.step_too_small, Status.sliding}


# As `paths` gives them.
Paths = tuple[list[np.ndarray], Counter[str], Counter[str], int]


def paths(dataset: "xr.Dataset", chart: Chart, keep: frozenset[str]) -> Paths:
    """Paths [time, d] in one panel; why others are left out, what is drawn though not ok, and how many
    there were before every k-th was taken.

    Empty where the cube saved none.
    """
    names = [f"{name}_path" for name in chart.names]
    lost: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    if any(name not in dataset for name in names):
        return [], lost, kept, 0
    grid = [str(dim) for dim in dataset["status"].dims]
    columns = [_columns(dataset[name], grid, chart) for name in names]
    curves = np.concatenate(columns, axis=-1)
    codes = dataset["status"].transpose(*grid).values.reshape(-1)
    step = -(-len(codes) // MOST_PATHS)
    drawn = []
    for curve, code in zip(curves[::step], codes[::step], strict=True):
        name = status_names([code])[0]
        if code in _UNSOUND and name not in keep:
            lost[name] += 1
        elif not np.isfinite(curve).any():
            lost["ok but undefined (NaN)"] += 1
        else:
            drawn.append(curve)
            if code != Status.ok:
                kept[name] += 1
    return drawn, lost, kept, len(codes)


def _columns(array: "xr.DataArray", grid: Sequence[str], chart: Chart) -> np.ndarray:
    """One observable's paths [point, time, coordinates]; of shares, all but the last."""
    own = [str(dim) for dim in array.dims if dim not in ("time", *grid)]
    values = array.transpose(*grid, "time", *own).values
    values = values.reshape(-1, array.sizes["time"], array.sizes[own[0]] if own else 1)
    return values[..., : len(chart.components)] if own else values
