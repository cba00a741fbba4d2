"""A `GridVmap` that an earlier process compiled: it computes without having been traced."""

import threading
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

import jax
import numpy as np

from ..grid.vmap import GridVmap, lengths_of
from ..grid.windows import Coordinates, put
from ..xla.executable import Program

Array = Any


class KeptProgram:
    """A function of coordinates over grids of the lengths for which it was compiled.

    Grids of other lengths are looked for, and else traced and compiled as usual.

    Parameters
    ----------
    coordinates : of one grid of its lengths.
    program : what was compiled, of flat arrays to the outputs in the order of their names.
    head : what `GridVmap` described of it.
    look : the kept function for a grid of other lengths; None where there is none.
    anew : makes it for any grid.
    count : called whenever a program is made ready, loaded or compiled.
    """

    def __init__(
        self,
        coordinates: Coordinates,
        program: Program,
        head: Mapping[str, Any],
        look: Callable[[Coordinates], "KeptProgram | None"],
        anew: Callable[[Coordinates], GridVmap],
        count: Callable[[], None],
    ) -> None:
        self.outputs = {n: (tuple(shape), np.dtype(dtype)) for n, shape, dtype in head["outputs"]}
        self.live_bytes, self.remark = int(head["live_bytes"]), str(head["remark"])
        self.compile_seconds = float(head["compile_seconds"])
        self._temporary = int(head["temporary"])
        self._lengths, self._program = lengths_of(coordinates), program
        self._look, self._anew, self._count = look, anew, count
        self._others: dict[tuple[int, ...], KeptProgram | GridVmap] = {}
        self._made = threading.Lock()
        self._ready: set[tuple[int, ...]] = set()

    def of_lengths(self, coordinates: Coordinates) -> "KeptProgram | GridVmap":
        """The same function made for grids of other lengths."""
        return self if lengths_of(coordinates) == self._lengths else self._other(coordinates)

    def traced_anew(self, coordinates: Coordinates) -> GridVmap:
        """What it was made of, for a grid of these coordinates."""
        return self._anew(coordinates)

    def counting(self, count: Callable[[], None]) -> "KeptProgram":
        """The same function; `count` is called whenever a program is made ready for it from now on."""
        other = copy(self)
        other._count = count
        return other

    def compile(self, coordinates: Coordinates) -> int:
        """Make ready for coordinates of these lengths: bytes it takes besides outputs."""
        if lengths_of(coordinates) != self._lengths:
            return self._other(coordinates).compile(coordinates)
        with self._made:
            if self._lengths not in self._ready:
                self._ready.add(self._lengths)
                self._count()
        return self._temporary

    def begin(self, coordinates: Coordinates, device: Any = None) -> Mapping[str, Array]:
        """The outputs at these coordinates, which may still be on their way; of one device alone."""
        if device is not None or lengths_of(coordinates) != self._lengths:
            return self._other(coordinates).begin(coordinates, device)
        self.compile(coordinates)
        return dict(zip(sorted(self.outputs), self._program(jax.tree.leaves(coordinates)), strict=True))

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, at these coordinates."""
        put(outputs, self.begin(coordinates))

    def _other(self, coordinates: Coordinates) -> "KeptProgram | GridVmap":
        lengths = lengths_of(coordinates)
        with self._made:
            if lengths not in self._others:
                program = self._look(coordinates) or self._anew(coordinates)
                self._others[lengths] = program.counting(self._count)
            return self._others[lengths]
