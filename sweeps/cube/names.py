"""Names and quoted texts of a condition, found before Python's grammar reads the rest.

A name may be one that Python could not read, or would read as something else: ``v.data``, ``lambda``,
``T_min.2``, ``share.(1,1)``. Each name that is known, and each text in quotes, is replaced by as many
underscores, so that every place in what Python reads is that place in the condition.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ...engine.errors import Argument, SweepError

# Words with which a condition is built: as names they need backquotes.
BUILDING = frozenset({"and", "or", "not", "in", "is"})
_MOST_LETTERS = 30_000
_QUOTED = re.compile(r"""`([^`]*)`|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'""")


@dataclass(frozen=True)
class Spelt:
    """A condition as Python can read it.

    Attributes
    ----------
    text
        The condition with every name, and the inside of every quoted text, as underscores.
    names, texts
        By the byte at which it begins: the name, or the text, that stands there.
    unknown
        By the byte at which it begins: a name in backquotes that is not known.
    """

    text: str
    names: dict[int, str]
    texts: dict[int, str]
    unknown: dict[int, str]


def spell(text: str, known: Collection[str], functions: Collection[str]) -> Spelt:
    """`text` with its names and quoted texts replaced; `functions` before a parenthesis are no names.

    Raises SweepError for a text that would take minutes to read.
    """
    if len(text) > _MOST_LETTERS:
        long = f": {len(text):,} characters are too many; at most {_MOST_LETTERS:,} are read"
        raise SweepError(Argument("condition"), long)
    pattern = _pattern(known)
    spelt = Spelt("", {}, {}, {})
    parts: list[str] = []
    place = byte = 0

    def put(piece: str) -> None:
        nonlocal byte
        parts.append(piece)
        byte += len(piece.encode())

    while place < len(text):
        quoted, name = _QUOTED.match(text, place), pattern.match(text, place) if pattern else None
        start = place
        if quoted:
            place = quoted.end()
            if quoted[1] is not None:
                stored = quoted[1].replace(" ", "_")  # as classes along a dimension of their own are
                name_there = quoted[1] if quoted[1] in known or stored not in known else stored
                (spelt.names if name_there in known else spelt.unknown)[byte] = name_there
                put(_underscores(quoted[0]))
            else:
                spelt.texts[byte] = quoted[2] if quoted[2] is not None else quoted[3]
                put(f"'{_underscores(quoted[0])[2:]}'")
        elif name and _starts_word(text, place) and not _is_call(text, name, functions):
            spelt.names[byte] = name[0]
            place = name.end()
            put(_underscores(text[start:place]))
        else:
            word = re.compile(r"\w+").match(text, place)
            place = word.end() if word else place + 1
            piece = text[start:place]
            put(" " * len(piece.encode()) if piece.isspace() else piece)  # one line, whose places count
    return Spelt("".join(parts), spelt.names, spelt.texts, spelt.unknown)


def unescaped(text: str) -> str:
    """A quoted text without the backslashes that stand before quotes and backslashes."""
    return re.sub(r"\\(['\"\\])", r"\1", text)


def _pattern(known: Collection[str]) -> re.Pattern[str] | None:
    """The longest known name that ends where a word ends."""
    plain = sorted((name for name in known if name not in BUILDING), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, plain))})(?!\w)") if plain else None


def _starts_word(text: str, place: int) -> bool:
    return not place or not re.match(r"[\w.]", text[place - 1])


def _is_call(text: str, name: re.Match[str], functions: Collection[str]) -> bool:
    return name[0] in functions and text[name.end() :].lstrip().startswith("(")


def _underscores(text: str) -> str:
    return "_" * len(text.encode())
