"""What a page shows, as its address says it: ``var=investment&x=alpha&sel=n%3D3``."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ..text import nearest

COMPARE = ("", "beside", "difference")
_LONGEST = 20_000  # characters of an address


@dataclass(frozen=True)
class State:
    """What is shown of a cube; every field is a key of the address.

    Parameters
    ----------
    var : names of the variables.
    x, y, hue, kind, cmap, levels, range : as ``equisweep plot`` takes them; empty where not stated.
    facet : axes of panels, two at most.
    sel : what is selected, as ``equisweep plot`` takes it.
    log, keep : scales that are logarithmic; statuses that are drawn besides ok.
    compare : how a second cube is shown, one of `COMPARE`.
    point : selections of the point that was clicked.
    """

    var: tuple[str, ...] = ()
    x: str = ""
    y: str = ""
    hue: str = ""
    facet: tuple[str, ...] = ()
    kind: str = ""
    sel: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    cmap: str = ""
    levels: str = ""
    range: str = ""
    compare: str = ""
    point: tuple[str, ...] = ()

    @classmethod
    def of(cls, address: str) -> "State":
        """The state that an address holds, what follows its ``?`` or ``#``; SweepError for what it cannot."""
        if len(address) > _LONGEST:
            raise SweepError(f"the address has {len(address):,} characters, and {_LONGEST:,} are the most")
        given: dict[str, list[str]] = {}
        for key, value in parse_qsl(address, keep_blank_values=True):
            given.setdefault(key, []).append(value)
        return cls.from_lists(given)

    @classmethod
    def from_lists(cls, given: dict[str, list[str]]) -> "State":
        """The same of values by key. A key that takes one value has it once."""
        known = {field.name: field.default for field in fields(cls)}
        values: dict[str, Any] = {}
        for key, texts in given.items():
            if key not in known:
                raise SweepError(f"the address: {shown(key)}: no such key{nearest(key, list(known))}")
            if isinstance(known[key], tuple):
                values[key] = tuple(text for text in texts if text)
            elif len(texts) > 1:
                raise SweepError(f"the address: {key}: stands there {len(texts)} times; once will do")
            else:
                values[key] = texts[0]
        if values.get("compare", "") not in COMPARE:
            raise SweepError(
                f"the address: compare: {shown(values['compare'])}: should be beside or difference"
            )
        return cls(**values)

    @property
    def address(self) -> str:
        """What leads back to this state."""
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            texts: Sequence[str] = value if isinstance(value, tuple) else [value] if value else []
            pairs += [(field.name, text) for text in texts]
        return urlencode(pairs)
