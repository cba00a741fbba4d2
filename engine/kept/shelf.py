"""Finding and keeping functions of grids on the disk, under the digest of all that they are made of."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..codegen.backend import Backend
from ..codegen.grid_loop import GridLoop
from ..codegen.how_compiled import Compiled
from ..grid.vmap import GridVmap, lengths_of
from ..grid.windows import Coordinates
from .compiled import UNSOUND, compiled_program
from .entries import entries_wanted, read_entry, write_entry
from .grid import data_of, loop_of
from .process import digest_of_parts
from .program import KeptProgram

Kept = tuple[GridLoop | KeptProgram, frozenset[Compiled]]


@dataclass(frozen=True)
class Shelf:
    """What is kept of one function, under its `key`; nothing where that is None."""

    key: str | None

    def __bool__(self) -> bool:
        return self.key is not None and entries_wanted()

    def ways(self) -> frozenset[Compiled] | None:
        """How it is computed, without remarks of XLA's; None where that is not known."""
        entry = read_entry(f"how-{self.key}") if self else None
        try:
            return None if entry is None else _ways_of(entry[0]["ways"])
        except UNSOUND:
            return None

    def keep_ways(self, ways: Collection[Compiled]) -> None:
        """Keep how it is computed, unless its machine code failed: it may work next time."""
        if self and not any(way.failed for way in ways):
            write_entry(f"how-{self.key}", {"ways": _as_data(ways)})

    def loop(self, coordinates: Coordinates, backend: Backend) -> Kept | None:
        """The kept loop over a grid of these coordinates."""
        entry = read_entry(f"grid-{self.key}") if self else None
        try:
            if entry is None:
                return None
            return loop_of(entry[0]["loop"], coordinates, backend), _ways_of(entry[0]["ways"])
        except UNSOUND:
            return None

    def keep_loop(self, loop: GridLoop, ways: Collection[Compiled]) -> None:
        """Keep a loop, from which the same machine code will be made for grids of any lengths."""
        if self and not loop.traced:
            write_entry(f"grid-{self.key}", {"loop": data_of(loop), "ways": _as_data(ways)})

    def program(
        self,
        coordinates: Coordinates,
        device: Any,
        anew: Callable[[Coordinates], GridVmap],
        count: Callable[[], None],
    ) -> Kept | None:
        """The kept program for grids of the lengths of these coordinates; `anew` makes it for others."""
        entry = read_entry(self._program_name(coordinates)) if self else None
        try:
            program = None if entry is None else compiled_program(entry[0]["compiled"], device)
            if entry is None or program is None:
                return None

            def look(others: Coordinates) -> KeptProgram | None:
                kept = self.program(others, device, anew, count)
                return kept[0] if kept is not None and isinstance(kept[0], KeptProgram) else None

            function = KeptProgram(coordinates, program[0], entry[0]["described"], look, anew, count)
            return function, _ways_of(entry[0]["ways"])
        except UNSOUND:
            return None

    def keep_program(
        self,
        coordinates: Coordinates,
        compiled: str,
        described: Mapping[str, Any],
        ways: Collection[Compiled],
    ) -> None:
        """Keep which compiled program it is for grids of these lengths, and what is said of it."""
        if self and not any(way.failed for way in ways):
            head = {"compiled": compiled, "described": described, "ways": _as_data(ways)}
            write_entry(self._program_name(coordinates), head)

    def _program_name(self, coordinates: Coordinates) -> str:
        parts = {"function": self.key, "lengths": lengths_of(coordinates)}
        return f"grid-{digest_of_parts(parts)}"


def _as_data(ways: Iterable[Compiled]) -> list[list[Any]]:
    return [
        [way.native, way.reason, way.remark, way.library, way.between]
        for way in sorted(ways, key=lambda way: (str(way), way.between))
    ]


def _ways_of(data: Iterable[Any]) -> frozenset[Compiled]:
    return frozenset(
        Compiled(bool(native), reason, str(remark), tuple(map(str, library)), tuple(map(str, between)))
        for native, reason, remark, library, between in data
    )
