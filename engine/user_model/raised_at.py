"""Where in a user's own model file something went wrong, and what a model raised while it was computed."""

import re
import sysconfig
from pathlib import Path
from types import TracebackType

# How the names of modules begin that are made of users' files.
PREFIX = "equisweep_user_"
# The file of JAX from which a callback is called.
_CALLER = "jax/_src/callback.py"


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
    """What Python code inside a compiled kernel raised, as "ValueError: no root, at game.py, line 7".

    None for other errors. Without a place where no code of the user's is to blame.
    """
    text = str(error)
    if "callback" not in text.split("\n", 1)[0].lower():
        return None
    raised = re.findall(r"^(?:\w+\.)*(_?\w*(?:Error|Exception): .*)$", text, re.MULTILINE)
    return f"{raised[-1].lstrip('_') if raised else 'an exception'}{_place_in(text)}"


def _place_in(traceback: str) -> str:
    """The innermost line of a user's own file in the text of a callback's traceback; or ""."""
    frames = re.findall(r'^  File "(.+)", line (\d+)', traceback, re.MULTILINE)
    called = [i for i, (file, _) in enumerate(frames) if file.endswith(_CALLER)]
    own = [
        f"{Path(file).name}, line {line}"
        for file, line in frames[max(called, default=len(frames)) :]
        if not _is_of_a_library(file)
    ]
    return f", at {own[-1]}" if own else ""


def _is_of_a_library(file: str) -> bool:
    return file.startswith(("<", sysconfig.get_path("stdlib"))) or "site-packages" in Path(file).parts
