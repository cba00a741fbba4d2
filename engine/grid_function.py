"""A space's kernel over grids: by machine code of its own where it has such a form, else through XLA."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .codegen.grid_loop import GridLoop
from .codegen.ir import Unsupported
from .codegen.lane_loop import hearing
from .grid_vmap import GridVmap
from .point import Point, point_function
from .space import Space

GridFunction = GridLoop | GridVmap

# Their steps may be machine code (`lane_loop`) although the points are not.
_TRAJECTORIES = "trajectories"


def grid_function(
    space: Space,
    choices: Mapping[str, str],
    coordinates: Sequence[Point],
    device: Any,
    *,
    native: bool = True,
    compiling: Callable[[], None] = lambda: None,
) -> tuple[GridFunction, set[str]]:
    """All variables of a cube over the grid that coordinates span, and how they are computed, in words.

    `coordinates` are those of one grid: an array for each name along each axis. `native` false: through XLA,
    always. `compiling` is called at every compilation.
    """
    point = point_function(space, choices)
    told = why_through_xla(space, device) if native else "asked for"
    if told is None:
        try:
            loop = GridLoop(point, coordinates)
        except Unsupported as reason:
            told = str(reason)
        except RuntimeError as error:  # of LLVM: slower is better than not at all
            told = "the machine code failed"
            warnings.warn(f"computing through XLA, as the machine code failed: {error}", stacklevel=2)
        else:
            compiling()
            return loop, {"machine code"}
    with hearing() as heard:
        grid = GridVmap(point, coordinates, device, compiling)
    return grid, heard if told == _TRAJECTORIES else {f"XLA ({told})"}


def why_through_xla(space: Space, device: Any) -> str | None:
    """Why no point of this space is computed by a `GridLoop`; None where that depends on the kernel."""
    if device.platform != "cpu":
        return f"on {device.platform}"
    return _TRAJECTORIES if space.needs_ode else None
