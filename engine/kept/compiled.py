"""What XLA compiled, kept by what it was made of: the text that JAX lowers a function to.

Code that changes without changing that text finds what was compiled before.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..codegen.cpu import ffi, jit
from ..codegen.how_compiled import Compiled
from ..grid.windows import Coordinates
from ..xla.executable import NotLoadable, Program, bytes_of_compiled, program_of
from .entries import read_entry, write_entry
from .process import digest_of_parts, process_parts

_CALLED = re.compile(r"custom_call\s+@([^\s(]+)")

# Whatever a damaged or foreign entry makes of reading it.
UNSOUND = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    AttributeError,
    OverflowError,
    NotLoadable,
    RuntimeError,
)


class Keeper:
    """Keeps and finds what XLA made of a function; see `xla.executable.Keep`.

    `shelve` is told for which coordinates which program it is, as `Shelf.keep_program`; `ways` says how the
    function is computed, once it was traced.
    """

    def __init__(
        self, shelve: Callable[..., None], device: Any, ways: Callable[[], Collection[Compiled]]
    ) -> None:
        self.shelve, self.device, self.ways = shelve, device, ways

    def load(
        self, coordinates: Coordinates, described: Mapping[str, Any], lowered: Any
    ) -> tuple[Program, int] | None:
        """What an earlier process compiled of the same text."""
        name, calls = self._name_of(described, lowered)
        if calls is None:
            return None
        try:
            program = compiled_program(name, self.device)
        except UNSOUND:
            return None
        if program is not None:
            self._shelve(coordinates, name, described, program[1])
        return program

    def can_keep(
        self, coordinates: Coordinates, described: Mapping[str, Any], lowered: Any, compiled: Any
    ) -> bool:
        """Whether it would keep that, if it were compiled anew and not found in jax's own store."""
        try:
            bytes_of_compiled(compiled, sum(map(len, coordinates)))
        except NotLoadable:
            return False
        return self._name_of(described, lowered)[1] is not None

    def keep(
        self,
        coordinates: Coordinates,
        described: Mapping[str, Any],
        temporary: int,
        lowered: Any,
        compiled: Any,
    ) -> None:
        """Keep what was compiled, unless it calls what another process would not have."""
        name, calls = self._name_of(described, lowered)
        if calls is None:
            return
        try:
            code = bytes_of_compiled(compiled, sum(map(len, coordinates)))
        except NotLoadable:
            return
        write_entry(name, {"calls": calls, "temporary": temporary}, code)
        self._shelve(coordinates, name, described, temporary)

    def _shelve(
        self, coordinates: Coordinates, name: str, described: Mapping[str, Any], temporary: int
    ) -> None:
        self.shelve(coordinates, name, {**described, "temporary": temporary}, self.ways())

    def _name_of(self, described: Mapping[str, Any], lowered: Any) -> tuple[str, dict[str, str] | None]:
        """The name for what was lowered, and where the code lies that it calls; None if not here."""
        text = lowered.as_text()
        files = {called: jit.file_of_linked(called) for called in sorted(set(_CALLED.findall(text)))}
        calls = {called: file for called, file in files.items() if file is not None}
        parts = {"text": text, "calls": files, "options": described["options"]}
        name = f"xla-{digest_of_parts({**parts, **process_parts(self.device)})}"
        return name, calls if len(calls) == len(files) else None


def compiled_program(name: str, device: Any) -> tuple[Program, int] | None:
    """A program that was kept under a name, and bytes it takes besides outputs; None where it is not there.

    Raises NotLoadable, or KeyError, TypeError or ValueError, where what is there is none.
    """
    entry = read_entry(name)
    if entry is None or not _registered(entry[0]["calls"]):
        return None
    return program_of(entry[1], device), int(entry[0]["temporary"])


def _registered(calls: Mapping[str, str]) -> bool:
    """Whether all machine code that a program calls by name is there; it is from now on."""
    for name, file in calls.items():
        address = jit.link_kept(name, file) if name.startswith(jit.PREFIX) else None
        if address is None:
            return False
        ffi.register(name, address)
    return True
