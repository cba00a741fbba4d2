"""Where in a user's own model file something went wrong, and what a model raised while it was computed."""

import re
from pathlib import Path
from types import TracebackType

# How the names of modules begin that are made of users' files.
PREFIX = "equisweep_user_"


def raised_at(error: BaseException) -> str:
    """The innermost line of a model file that led to `error`, as " at game.py, line 12"; or ""."""
    place = _innermost(error.__traceback__)
    if place is None and isinstance(error, SyntaxError) and error.filename:
        place = error.filename, error.lineno or 1
    return "" if place is None else f" at {Path(place[0]).name}, line {place[1]}"


def _innermost(traceback: TracebackType | None) -> tuple[str, int] | None:
    place = None
    while traceback is not None:
        frame = traceback.tb_frame
        if str(frame.f_globals.get("__name__", "")).startswith(PREFIX):
            place = frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return place


def raised_by_callback(error: BaseException) -> str | None:
    """What Python code inside a compiled kernel raised, as "ValueError: no root"; None for other errors."""
    if "callback" not in str(error).split("\n", 1)[0].lower():
        return None
    raised = re.findall(r"^(?:\w+\.)*(_?\w*(?:Error|Exception): .*)$", str(error), re.MULTILINE)
    return raised[-1].lstrip("_") if raised else "an exception"
