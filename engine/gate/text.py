"""Text from outside on its way to a person: nothing in it steers a terminal, and none is endless."""

import codecs
import re
from datetime import date, time
from reprlib import Repr
from typing import Any

# Control characters (but for line feed and tab), those that turn the direction of text or are not seen, and
# halves of characters, which no encoding has.
_RAW = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
# What spreadsheets take for the beginning of a formula. Numbers begin so, too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MESSAGE = 1500  # characters of an error
VALUE = 120  # of a value that an error shows
CELL = 1000  # of a text in a table
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Control characters that no text has.
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LINES = str.maketrans({"\n": "\\n", "\t": "\\t"})


def clean(text: str, most: int | None = None) -> str:
    """A text in one line: control characters written as escapes, and the middle left out beyond `most`."""
    text = cut(text, most)
    return text if text.isprintable() else cut(clean_lines(text).translate(_LINES), most)


def clean_lines(text: str) -> str:
    """The same of a text that may have several lines, which stay."""
    if text.rstrip("\n").isprintable() or not _RAW.search(text):
        return text
    return _RAW.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def cut(text: str, most: int | None) -> str:
    """A text of `most` characters at most: its beginning and its end."""
    if most is None or len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail - 5]} ... {text[len(text) - tail :]}"


class _Short(Repr):
    """Values as Python writes them, long ones cut before they are written."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlong = 5, VALUE
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxarray = 20
        self.maxstring = self.maxother = VALUE

    def repr_date(self, x: date | time, level: int) -> str:
        """A date or a time as files write it."""
        return x.isoformat()

    repr_datetime = repr_time = repr_date

    def repr_int(self, x: int, level: int) -> str:
        """A number of thousands of digits is counted: Python refuses to write it."""
        if x.bit_length() < 3 * VALUE:
            return repr(x)
        try:
            return f"a number of {len(str(abs(x)))} digits"
        except ValueError:
            return f"a number of some {x.bit_length() * 3 // 10:,} digits"

    def repr_instance(self, x: Any, level: int) -> str:
        """What an object says of itself, if it can."""
        if isinstance(x, float | complex | bool | None):
            return repr(x)
        if isinstance(x, bytes):
            return cut(repr(x[: 2 * VALUE]), VALUE)
        try:
            return cut(repr(x), VALUE)
        except Exception:  # whatever an object of somebody else's raises
            return f"a {type(x).__name__} that cannot be shown"


_SHORT = _Short()


def shown(value: Any) -> str:
    """A value as an error shows it: as Python writes it, but clean and short."""
    return clean(_SHORT.repr(value), VALUE)


def size_text(size: float) -> str:
    """A number of bytes as people read it: "12.3 MB"."""
    for unit, letter in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {letter}"
    return f"{size:.0f} B"


def said(error: BaseException) -> str:
    """What an exception says, in one short line: its type, and its text if it has one that can be written."""
    try:
        text = " ".join(str(error).split())  # JAX writes paragraphs
    except Exception:  # of somebody else's class
        text = ""
    name = type(error).__name__
    return clean(f"{name}: {text}" if text else name, 4 * VALUE)


def cell(text: str) -> str:
    """A text as a cell of a file for spreadsheets, which run what looks like a formula, after blanks, too."""
    if not text.lstrip(" \xa0").startswith(_FORMULA) or _is_number(text):
        return clean(text)
    return f"'{clean(text)}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def decoded(raw: bytes) -> str:
    """A table's bytes as text: UTF-8, UTF-16 or, where it is neither, Latin-1 as Windows has it.

    Raises ValueError where it is none of them.
    """
    for encoding in ("utf-16",) if raw.startswith(_UTF_16) else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _BINARY.search(text):
            return text
    raise ValueError("it is no text in UTF-8, Latin-1 or UTF-16 that begins with its mark; save it as UTF-8")
