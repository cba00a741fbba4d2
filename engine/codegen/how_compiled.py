"""How a function is computed: by machine code of this project's own, or through XLA and why."""

import warnings
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..call_stack import in_one_chunk
from .ir import Scalar, Unsupported
from .llvm.floats import LIBRARY
from .lower.rule import BrokenRule

T = TypeVar("T")


@dataclass(frozen=True)
class Compiled:
    """`native`: by machine code of its own. Else through XLA, for this `reason`.

    `remark`: what XLA does otherwise than usual, and why. `library`: functions that machine code takes from
    the C library of the machine. `between`: operations that XLA computes between calls of machine code, other
    than moving numbers and counting. `failed`: there should have been machine code.
    """

    native: bool
    reason: str | None = None
    remark: str = ""
    library: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    failed: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        library = f"{', '.join(self.library)} by the C library" if self.library else ""
        text = "; ".join(filter(None, (self.reason, library, self.remark)))
        return f"{'machine code' if self.native else 'XLA'}{f' ({text})' if text else ''}"


NATIVE = Compiled(True)


def in_words(ways: Iterable[Compiled]) -> str:
    """For people: "machine code", "XLA (reason)", or several of them."""
    return ", ".join(sorted(set(map(str, ways))))


def remarked(ways: Iterable[Compiled], remark: str) -> set[Compiled]:
    """The same with a remark."""
    return {replace(way, remark=remark) for way in ways}


def all_native(ways: Collection[Compiled]) -> bool:
    """Whether there are any ways, and all are machine code."""
    return bool(ways) and all(way.native for way in ways)


def why_not_portable(ways: Iterable[Compiled]) -> str:
    """Why what is computed in these ways may have other bits elsewhere; empty where it has the same."""
    ways = sorted(set(ways), key=str)
    through = [f"XLA ({way.reason})" if way.reason else "XLA" for way in ways if not way.native]
    if not through:
        through = [f"XLA ({name})" for name in sorted({name for way in ways for name in way.between})]
    return ", ".join([*through, *(f"{name} by the C library" for way in ways for name in way.library)])


def by_machine_code(scalars: Iterable[Scalar]) -> Compiled:
    """How these are computed where they, and what they rest on (`with_loops`), are machine code."""
    return Compiled(True, library=tuple(sorted({s.op for s in scalars} & LIBRARY)))


def attempt(make: Callable[[], T], doing: str) -> tuple[T | None, Compiled]:
    """What `make` returns, made as machine code; or None, and the reason for which XLA is to be taken.

    What has no such form says so. A bug here, or a failure of LLVM, must not cost a run its results, as XLA
    computes the same: it becomes a warning that begins with `doing`, such as "computing".
    """
    try:
        return in_one_chunk(make)(), NATIVE
    except Unsupported as reason:
        return None, Compiled(False, str(reason))
    except BrokenRule as bug:
        warnings.warn(f"{doing} through XLA, as {bug}", stacklevel=3)
        return None, Compiled(False, f"the rule of primitive {bug.primitive} failed", failed=True)
    except RuntimeError as error:  # of LLVM, or of XLA when a function is registered
        warnings.warn(f"{doing} through XLA, as the machine code failed: {error}", stacklevel=3)
        return None, Compiled(False, "the machine code failed", failed=True)
