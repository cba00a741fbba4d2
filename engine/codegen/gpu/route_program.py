"""Running routes on a GPU: all of a lane's way is one kernel, parameters in and outputs out."""

from collections.abc import Sequence
from typing import Any

import jax

from ..ir import Unsupported
from ..route.route import Route
from .launch import Kernel, require_takes_ptx, run_lanes
from .ptx import ptx
from .record import WORD, words_of
from .route_code import route_kernel, shareable

Array = Any
_NAME = "equisweep_route"
# Of larger records the card's memory has room for few threads.
_MOST_BYTES = 32 * 1024


def require_small_record(route: Route) -> None:
    """Unsupported where a record is too large."""
    if words_of(route) * WORD > _MOST_BYTES:
        raise Unsupported(f"an orbit of more than {_MOST_BYTES} bytes")


class GpuRouteProgram:
    """A route that XLA launches."""

    def __init__(self, route: Route) -> None:
        require_takes_ptx()
        require_small_record(route)
        self._route, self._text = route, ptx(route_kernel(route, _NAME))

    def __call__(self, arrays: Sequence[Array], shapes: Sequence[jax.ShapeDtypeStruct]) -> list[Array]:
        """Arrays of these shapes, of one lane; many lanes under `jax.vmap` go in the same launches."""
        results = tuple((tuple(one.shape), one.dtype) for one in shapes)
        ranks = tuple(len(value.shape) for value in self._route.inputs)
        kernel = Kernel(
            _NAME, self._text, ranks, results, words_of(self._route), tuple(shareable(self._route))
        )
        return run_lanes(kernel, arrays)
