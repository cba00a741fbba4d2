"""Functions of many lanes that processes keep for one another: what one has traced no other traces again.

A flow has no name that says what it computes. Its content does: the code of its functions and all that they
close over (`kept.content`). Where that cannot be said, as of what an object of another class does, nothing is
kept.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from copy import copy
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from ..codegen.how_compiled import Compiled, all_native
from ..grid.vmap import GridVmap, lengths_of
from ..grid.windows import Coordinates, put
from ..kept.code import code_digest
from ..kept.compiled import Keeper
from ..kept.content import content_of
from ..kept.process import digest_of_parts, process_parts
from ..kept.program import KeptProgram
from ..kept.shelf import Shelf
from ..user_model.data_files_read import files_read, undeclared
from ..xla.executable import Program

Array = Any
Arrays = Mapping[str, Array]


def shelf_of(what: Any, batch: Arrays, times: Array) -> Shelf:
    """Where the function of `what`, a flow with its method and choices, is kept, for lanes of these dtypes.

    On other devices than CPUs, and where nobody can say what it computes, that is nowhere.
    """
    code = code_digest()
    if jax.default_backend() != "cpu" or code is None:
        return Shelf(None)
    try:
        content = content_of(what, alone=True)
        inner = [(name, a.shape[1:], np.dtype(a.dtype).str) for name, a in sorted(batch.items())]
        parts = {"lanes": content, "parameters": inner, "times": np.dtype(times.dtype).str, "code": code}
        return Shelf(digest_of_parts(parts | process_parts(jax.devices()[0])))
    except Exception:  # `Unknown`, or whatever somebody else's object raises where it is read
        return Shelf(None)


class LaneFunction:
    """A function of many lanes and of saved times: what is kept for so many lanes, or else made.

    Parameters
    ----------
    point : point(parameters, times) -> outputs of one lane.
    batch : shapes and dtypes of the parameters, for the number of lanes for which it is traced first.
    times : where paths are saved; other times, as many, are `sharing`.
    ways : how it is computed, once it is traced.
    shelf : where it is kept.
    """

    def __init__(
        self, point: Callable[..., Arrays], batch: Arrays, times: Array, ways: set[Compiled], shelf: Shelf
    ) -> None:
        self._point, self._batch, self._times = point, batch, times
        self._ways, self._shelf, self._device = ways, shelf, jax.devices()[0]
        self._programs: dict[tuple[int, ...], KeptProgram | None] = {}
        self._made: list[GridVmap] = []
        self._making = threading.RLock()

    def sharing(self, times: Array) -> "LaneFunction":
        """The same function for other times, of the same number and dtype."""
        other = copy(self)
        other._times = times
        return other

    @property
    def outputs(self) -> Mapping[str, tuple[tuple[int, ...], np.dtype]]:
        """Shape at one lane, and dtype, of each output."""
        return (self._kept([self._batch]) or self._anew()).outputs

    def begin(self, coordinates: Coordinates, device: Any = None) -> Arrays:
        """The outputs of these lanes, which may still be on their way."""
        traced = any(isinstance(a, Tracer) for a in jax.tree.leaves(coordinates))
        kept = None if traced or device is not None else self._kept(coordinates)
        if kept is not None:
            return kept.begin(_beside(coordinates, self._times))
        return self._anew().sharing(self._times).begin(coordinates, device)

    def fill(self, outputs: Mapping[str, np.ndarray], coordinates: Coordinates) -> None:
        """Compute the outputs, which may be windows of larger arrays, of these lanes."""
        put(outputs, self.begin(coordinates))

    def _kept(self, coordinates: Coordinates) -> KeptProgram | None:
        """What an earlier process made for as many lanes."""
        lengths = lengths_of(coordinates)
        with self._making:
            if lengths not in self._programs:
                kept = self._shelf.program(
                    _beside(coordinates, self._times), self._device, _never, lambda: None
                )
                program = None if kept is None else kept[0]
                self._programs[lengths] = program if isinstance(program, KeptProgram) else None
            return self._programs[lengths]

    def _anew(self) -> GridVmap:
        """Traced and compiled, once for all numbers of lanes; what is compiled is kept."""
        with self._making:
            if not self._made:
                ways, point = partial(frozenset, self._ways), _Watched(self._point)
                keep = (
                    _WithTimes(self._shelf, self._device, ways, self._times, point.reads)
                    if self._shelf
                    else None
                )
                self._made.append(
                    GridVmap(
                        point, [self._batch], self._device, lambda: None, [self._times],
                        seldom=partial(all_native, self._ways), keep=keep,
                    )
                )  # fmt: skip
            return self._made[0]


def _beside(coordinates: Coordinates, times: Array) -> list[Any]:
    """Parameters and times as a program takes them, one after another."""
    return [*coordinates, {"times": times}]


def _never(_: Coordinates) -> GridVmap:
    raise AssertionError("a program is kept for each number of lanes")


class _Watched:
    """A function, and the files that it opens while it is traced: it computes with what is in them."""

    def __init__(self, function: Callable[..., Arrays]) -> None:
        self._function, self._opened = function, list[Any]()

    def __call__(self, *given: Any) -> Arrays:
        with files_read() as opened:
            result = self._function(*given)
        self._opened += opened
        return result

    def reads(self) -> bool:
        """Whether it read data, which its content says nothing of."""
        return bool(undeclared(self._opened, ()))


class _WithTimes(Keeper):
    """Keeps programs that take times besides the coordinates, as many as these; none that `reads` data."""

    def __init__(
        self, shelf: Shelf, device: Any, ways: Callable[[], Collection[Compiled]], times: Array,
        reads: Callable[[], bool],
    ) -> None:  # fmt: skip
        super().__init__(shelf.keep_program, device, ways)
        self._times, self._reads = times, reads

    def _name_of(self, described: Mapping[str, Any], lowered: Any) -> tuple[str, dict[str, str] | None]:
        name, calls = super()._name_of(described, lowered)
        return name, None if self._reads() else calls

    def load(
        self, coordinates: Coordinates, described: Mapping[str, Any], lowered: Any
    ) -> tuple[Program, int] | None:
        return super().load(_beside(coordinates, self._times), described, lowered)

    def can_keep(
        self, coordinates: Coordinates, described: Mapping[str, Any], lowered: Any, compiled: Any
    ) -> bool:
        return super().can_keep(_beside(coordinates, self._times), described, lowered, compiled)

    def keep(
        self,
        coordinates: Coordinates,
        described: Mapping[str, Any],
        temporary: int,
        lowered: Any,
        compiled: Any,
    ) -> None:
        super().keep(_beside(coordinates, self._times), described, temporary, lowered, compiled)
