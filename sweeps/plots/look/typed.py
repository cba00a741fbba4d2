"""Levels and ranges as people type them."""

from math import isfinite

from ....engine.errors import Argument, SweepError
from .style import Levels


def number_of(text: str) -> float | None:
    """The finite number that a text is, if it is one."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def levels_of(text: str | None) -> Levels | None:
    """``9``, a number of bands, or ``0,1,2.5``, their values; SweepError for what is neither."""
    if text is None:
        return None
    if text.strip().lstrip("-").isdecimal():
        return int(text)
    values = [number_of(part) for part in text.removesuffix(",").split(",")]
    levels = [value for value in values if value is not None]
    if len(levels) < len(values):
        form = ": should be a number of bands, such as 9, or values, such as 0,1,2.5 ('1,' for one)"
        raise SweepError("plot: ", Argument("levels", text, typed=text), form)
    return levels


def range_of(text: str | None) -> tuple[float | None, float | None]:
    """Both ends of ``0:1.5``, ``0:`` or ``:1.5``; SweepError for what is no range."""
    if text is None:
        return None, None
    low, colon, high = text.partition(":")
    ends = [number_of(part) if part.strip() else None for part in (low, high)]
    unread = any(part.strip() and end is None for part, end in zip((low, high), ends, strict=True))
    if not colon or not text.strip(": ") or unread:
        raise SweepError(
            "plot: ", Argument("vmin", text, typed=text), ": should be LOW:HIGH, such as 0:1.5, 0: or :1.5"
        )
    return ends[0], ends[1]
