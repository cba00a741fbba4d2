"""What can go wrong for a user, kept apart from what goes wrong inside."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .gate.text import MESSAGE, clean


@dataclass(frozen=True)
class Argument:
    """An argument as messages name it: ``kind='contour'`` in Python, whatever it is called elsewhere.

    Parameters
    ----------
    name : what the Python function calls it.
    value : what it is, or should be; None where a message is about the argument as such.
    typed : how the value is written on a command line, where that is not simply its text.
    """

    name: str
    value: Any = None
    typed: str | None = None

    def __str__(self) -> str:
        """As Python writes it; the name alone where there is no value."""
        value = str(self.value) if isinstance(self.value, Path) else self.value
        return self.name if value is None else f"{self.name}={value!r}"


class Call:
    """A function as messages name it: ``verify('a.zarr', repair=True)`` in Python, a command in a shell.

    Parameters
    ----------
    name : of the function in `equisweep.sweeps`, and of the command.
    arguments : the first as paths or texts, then by name.
    """

    def __init__(self, name: str, *arguments: Path | str | Argument) -> None:
        self.name, self.arguments = name, arguments

    def __str__(self) -> str:
        """As Python writes it."""
        written = (str(one) if isinstance(one, Argument) else repr(str(one)) for one in self.arguments)
        return f"{self.name}({', '.join(written)})"


MessagePart = str | Argument | Call


class UserError(Exception):
    """A message made of text, arguments and calls, which its reader may know by other names.

    `str` gives arguments and calls their names in Python; `spelt` those that the caller knows.
    """

    def __init__(self, *parts: MessagePart) -> None:
        super().__init__(clean("".join(map(str, parts)), MESSAGE))
        self.parts = parts

    def spelt(self, spell: Callable[[Argument | Call], str]) -> str:
        """The message with every argument and call as `spell` writes it, clean and cut as `str` gives it."""
        return clean("".join(part if isinstance(part, str) else spell(part) for part in self.parts), MESSAGE)


class SweepError(UserError, ValueError):
    """The input is wrong or cannot be met; the message is one line that says what to do."""


class CubeError(UserError, RuntimeError):
    """A cube on disk cannot be created, written, continued or read; committed tiles are intact."""


class SweepInterrupted(KeyboardInterrupt):
    """The user stopped a run; `done` of `total` tiles are committed and the same command goes on.

    Of a part, such as "3/64", these are the tiles of that part. `replaces`: they are those of a new cube,
    and the cube that it was to replace is there as before.
    """

    def __init__(self, done: int, total: int, part: str = "", replaces: bool = False) -> None:
        of = f" of part {part}" if part else " of the new cube" if replaces else ""
        before = ", and the one that it was to replace is as it was" if replaces else ""
        super().__init__(f"{done} of {total} tiles{of} are committed{before}")
        self.done, self.total, self.part = done, total, part
