"""Deep calls without asking the system for memory: what traces and lowers is called far down, in loops.

CPython keeps the frames of calls in chunks of 16 KB, and gives a chunk back as soon as its first frame
ends. A loop that calls across the end of a chunk asks the system for memory at each call, which takes ten
times the call's own time: of tracing `supervision` under four mechanisms that was 1 CPU second of 9, and 4
once a loop that is longer met an end. A chunk is at least as large as the frame that begins it, so calls
within a large frame share its chunk.
"""

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

# Numbers that the frame has place for. The chunk is twice as large, 1 MB; what is not used takes no memory.
_SLOTS = 1 << 16


def in_one_chunk(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, the frames of whose calls lie in one chunk of memory, down to some thousand."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    plain = cast(FunctionType, called)
    plain.__code__ = plain.__code__.replace(co_stacksize=_SLOTS)
    return called
