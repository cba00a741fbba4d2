"""What Python code in a user's model raised while points were computed, in a line."""

from ..errors import SweepError
from ..gate.text import said
from ..space import Space
from ..tiles import Tile
from ..user_model.raised_at import raised_at, raised_by_callback


def said_of_model(space: Space, error: Exception, tile: Tile | None = None) -> SweepError | None:
    """What Python code in a user's model raised while points (of a tile) were computed; None if nothing."""
    if isinstance(error, SweepError):
        return None
    if space.model_digest and isinstance(error, NotImplementedError):  # as jax says that vmap has no rule
        advice = '; write vmap_method="broadcast_all" in it' if "vmap_method" in str(error) else ""
        refused = SweepError(
            f"model {space.model.name}: cannot be computed for many points at once{raised_at(error)}: "
            f"{said(error)}{advice}"
        )
        refused.__cause__ = error
        return refused
    raised = raised_by_callback(error)
    if raised is None:
        return None
    refused = SweepError(
        f"model {space.model.name}: raised at {_where(space, tile)}: {raised}; return a "
        "status or NaN where there is no result, so that other points are computed"
    )
    refused.__cause__ = error
    return refused


def _where(space: Space, tile: Tile | None) -> str:
    """The values that the axes have in a tile, or everywhere, in words."""
    parts = []
    for axis, part in zip(space.axes, tile.region if tile else [slice(None)] * len(space.axes), strict=True):
        for name, values in axis.values.items():
            first, last = values[part][0], values[part][-1]
            ends = first if first == last else f"{first} to {last}"
            parts.append(f"{name} = {ends}")
    return "some point of " + ", ".join(parts)
