"""Boundaries to lay over a map: where a variable changes along one of its axes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import SweepError
from ..boundaries.boundaries import boundaries
from ..cube.classes import classes_of
from .motion import space_to_ask

if TYPE_CHECKING:
    import xarray as xr

    from .state import State


def boundary_on(
    dataset: "xr.Dataset", state: "State", along: str, level: float | None, model: str | None
) -> dict[str, Any]:
    """Where the variable that is shown changes along x or y, for each panel, found now by the model itself.

    Parameters
    ----------
    dataset : the cube.
    state : of a map: its variable, x, y, facets and selections.
    along : "x" or "y".
    level : of a real variable, the value that it passes.
    model : of a model of the user's own, where it lies; its code runs.

    Returns
    -------
    ``panels``: x and y of the points of each panel; ``count`` of them, and ``note``, what was not followed.
    Raises SweepError where the picture is no map, and as `boundaries` does.
    """
    if not (state.x and state.y and len(state.var) == 1):
        raise SweepError("a boundary is laid over a map of one variable; choose x and y")
    space_to_ask(dataset, model)  # which refuses a model that nobody consented to
    name, other = (state.x, state.y) if along == "x" else (state.y, state.x)
    (variable,) = state.var
    if level is None and dataset[variable].dtype.kind == "f" and not classes_of(dataset[variable]):
        raise SweepError(f"{variable} is a real number; say which value it passes at the boundary")
    result = boundaries(dataset, variable, name, state.sel, level=level, model=model)
    where = result["position"]
    dims = [
        str(result[one].dims[0]) for one in (*state.facet, other) if one in result.coords and result[one].dims
    ]
    left = [str(dim) for dim in where.dims if dim not in (*dims, "crossing")]
    if left:
        raise SweepError(f"the boundary still varies over {', '.join(left)}; select one value of it")
    values = where.transpose(*dims, "crossing").values
    others = result[other].values
    others = np.arange(len(others)) if others.dtype.kind not in "iuf" else others.astype(float)
    panels = []
    for part in values.reshape(-1, len(others), values.shape[-1]):
        line, crossing = np.nonzero(np.isfinite(part))
        pair = [part[line, crossing].tolist(), others[line].tolist()]
        panels.append(pair if along == "x" else pair[::-1])
    return {"panels": panels, "count": int(np.isfinite(values).sum()), "note": _note(result)}


def _note(result: "xr.Dataset") -> str:
    counts = {
        name: int(result[name].sum())
        for name in ("unconfirmed", "unresolved", "not_computed")
        if name in result
    }
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)
