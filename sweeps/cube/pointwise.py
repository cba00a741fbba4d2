"""A kernel asked at any points, not only those of a grid: the same functions, batched."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.space import Space, derivative_name

if TYPE_CHECKING:
    from ...engine.grid.function import GridFunction

Points = Mapping[str, np.ndarray]

_FEWEST, _MOST, _MOST_ORBITS = 64, 2**16, 2**12

# The same question asked again in one process, or of another part of a cube, is not compiled again.
_COMPILED: dict[Any, Any] = {}
_MOST_COMPILED = 32


class Pointwise:
    """Variables of a space's cube at scattered points: {name: (points, ...)}.

    A batch is padded to a power of two, so that few sizes are compiled.
    """

    def __init__(self, space: Space) -> None:
        from ...engine.kept.folder import keep_compiled

        keep_compiled()
        self.space = space
        self._identity = tuple(sorted(space.identity().items()))

    def __call__(self, choices: Mapping[str, str], points: Points) -> dict[str, np.ndarray]:
        """Every variable at `points`, parameter (or "parameter.component") to values, all of one length.

        What `points` leaves out takes the space's fixed value; `choices` states every static choice.
        """
        parts = [self._batch(choices, part) for part in _batches(points, self._most)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @property
    def _most(self) -> int:
        return _MOST_ORBITS if self.space.needs_ode else _MOST

    def _batch(self, choices: Mapping[str, str], points: Points) -> dict[str, np.ndarray]:
        from ...engine.grid.threads import Threads

        size = len(next(iter(points.values())))
        padded = max(_FEWEST, 1 << (size - 1).bit_length())
        full = {
            name: np.pad(np.asarray(values, self.space.dtype), (0, padded - size), mode="edge")
            for name, values in points.items()
        }
        function = self._function(choices, full)
        result = {
            name: np.empty((padded, *shape), dtype) for name, (shape, dtype) in function.outputs.items()
        }
        with Threads(1) as threads:  # who asks to stop need not wait for it
            threads.submit(function.fill, result, [full]).result()
        return {name: values[:size] for name, values in result.items()}

    def _function(self, choices: Mapping[str, str], points: dict[str, np.ndarray]) -> "GridFunction":
        from ...engine.device import pick_device
        from ...engine.grid.function import grid_function

        key = (self._identity, tuple(sorted(choices.items())), tuple(sorted(points)))
        if key not in _COMPILED:
            while len(_COMPILED) >= _MOST_COMPILED:
                _COMPILED.pop(next(iter(_COMPILED)))
            function, _ = grid_function(self.space, choices, [points], pick_device("cpu"))
            _COMPILED[key] = function
            return function
        return _COMPILED[key]


def only(space: Space, variable: str) -> Space:
    """The same space with one variable; all of them for the status, which depends on what is computed."""
    if variable == "status":
        return space
    pairs = {derivative_name(*pair): pair for pair in space.derivatives}
    if variable in pairs:
        return replace(space, outputs=(), derivatives=(pairs[variable],))
    return replace(space, outputs=(variable,), derivatives=())


def _batches(points: Points, most: int) -> Iterator[dict[str, np.ndarray]]:
    size = len(next(iter(points.values())))
    for start in range(0, size, most):
        yield {name: np.asarray(values)[start : start + most] for name, values in points.items()}
