"""Several labels in one text, such as ``sharing,cooperation``, where labels may hold commas themselves."""

from collections.abc import Iterator, Sequence
from typing import Any


def split_labels(text: str, known: Sequence[str]) -> list[str]:
    """The labels that a text names, with commas between them.

    A text that is a label is that one; else the parts are those of which most are `known`, the longest
    first: ``(1,1),(0,0)`` names two. Spaces around a label do not matter, nor do those inside where the label
    is known without them. A part in double quotes is that label, whatever it holds.
    """
    if (whole := _known(text, known)) is not None:
        return [whole]
    return next(_splits(text, known), None) or _plain(text, known)


def quoted(value: Any) -> str:
    """One of several values as text: a number as it is, a label in double quotes that show where it ends."""
    try:
        float(value)
    except (TypeError, ValueError):
        return f'"{value}"'
    return str(value)


def _splits(text: str, known: Sequence[str]) -> Iterator[list[str]]:
    """Every way to read the whole text as known labels, those with the longest label first before others."""
    ends = [i for i, letter in enumerate(text) if letter == ","]
    for end in [len(text), *reversed(ends)]:
        label = _known(text[:end], known)
        if label is None:
            continue
        if end == len(text):
            yield [label]
        for rest in _splits(text[end + 1 :], known) if end < len(text) else ():
            yield [label, *rest]


def _known(text: str, known: Sequence[str]) -> str | None:
    """The label that a text is, in quotes or without; None where there is none."""
    plain = text.strip()
    for one in (text, plain, plain[1:-1] if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain):
        if one in known:
            return one
    alike = [label for label in known if _bare(label) == _bare(plain)]
    return alike[0] if len(alike) == 1 else None


def _bare(text: str) -> str:
    return "".join(text.split())


def _plain(text: str, known: Sequence[str]) -> list[str]:
    """The parts between commas, for the error that names the first that is unknown."""
    parts = [part.strip() for part in text.split(",")]
    return [_known(part, known) or part for part in parts]
