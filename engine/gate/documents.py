"""JSON and TOML from outside: of bounded size and depth, and whatever is wrong with one is a ValueError.

What a cube's metadata may say, once they are read, stands in `store.require_cube` and `gate.array_metadata`.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from typing import Any

MOST_DEEP = 64
MOST_VALUES = 500_000  # of a document in JSON
MOST_TOML = 2_000_000  # characters: Python reads a megabyte of TOML in a second
_SMALL = 10**6  # characters of JSON whose values need not be counted
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
# A key of so many parts that tomllib would take minutes for it.
_DOTTED = re.compile(
    r"""(?<![\w."'-])(?:(?:[\w-]++|"[^"\n]{0,2000}+"|'[^'\n]{0,2000}+')[ \t]*+\.[ \t]*+){256}"""
)


def parse_json(text: str | bytes, most: int = MOST_VALUES) -> Any:
    """What a text in JSON holds. Raises ValueError, also where it is nested too deeply or holds too much."""
    if len(text) > _SMALL:
        text = text.decode() if isinstance(text, bytes) else text
        _require_few(text, most)
    return _shallow(json.loads, text)


def parse_toml(text: str) -> dict[str, Any]:
    """What a text in TOML holds. Raises ValueError, also for what would take tomllib minutes."""
    if len(text) > MOST_TOML:
        raise ValueError(
            f"{len(text) / 1e6:.1f} million characters are too many; at most {MOST_TOML / 1e6:.0f} are read: "
            "state long lists as ranges or as a design, or in Python"
        )
    if _DOTTED.search(text):
        raise ValueError("a key has more than 256 parts")
    return _shallow(tomllib.loads, text)


def parse_table(text: str) -> dict[str, Any]:
    """A table in JSON, which begins with a brace, or in TOML. Raises ValueError."""
    document = parse_json(text, 10 * MOST_VALUES) if text.lstrip()[:1] == "{" else parse_toml(text)
    if not isinstance(document, dict):
        raise ValueError("is no table")
    return document


def _require_few(text: str, most: int) -> None:
    """Refuse a text of many values before any of them is made: each takes some hundred bytes."""
    if _signs(text) <= most:
        return
    values = _signs(_TEXT.sub("", text))
    if values > most:
        raise ValueError(f"has {values:,} values; at most {most:,} are read")


def _signs(text: str) -> int:
    """How many signs there are that begin a value, those inside of texts included."""
    return text.count(",") + text.count("[") + text.count("{")


def _shallow(load: Callable[[Any], Any], text: str | bytes) -> Any:
    """What a parser makes of a text. Raises ValueError where that is nested too deeply."""
    too_deep = ValueError(f"is nested more than {MOST_DEEP} deep")
    try:
        document = load(text)
    except RecursionError:
        raise too_deep from None
    level: list[Any] = [document]
    for _ in range(MOST_DEEP):
        level = [part for outer in level for part in _parts(outer) if isinstance(part, dict | list)]
        if not level:
            return document
    raise too_deep


def _parts(outer: Any) -> Iterable[Any]:
    if isinstance(outer, dict):
        return outer.values()
    return outer if isinstance(outer, list) else ()
