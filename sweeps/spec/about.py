"""What a sweep says about itself for whoever gets its cube: `[about]`."""

from collections.abc import Mapping
from typing import Any

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ..text import nearest

# Each becomes an attribute of the cube; `title` stands there in place of the model's.
KEYS = ("title", "creator", "license", "citation", "comment")
_LONGEST = 10_000  # letters


def require_about(where: str, about: Mapping[str, Any]) -> None:
    """Refuse an unknown key, and what is no text; SweepError, beginning with `where`."""
    for key, text in about.items():
        if key not in KEYS:
            raise SweepError(f"{where}: {key}: unknown key{nearest(key, KEYS)}")
        if not isinstance(text, str) or not text.strip():
            raise SweepError(f"{where}.{key}: {shown(text)} should be a text")
        if len(text) > _LONGEST:
            raise SweepError(f"{where}.{key}: {len(text):,} letters; at most {_LONGEST:,} are kept")
