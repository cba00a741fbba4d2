"""Several labels in one text, such as ``sharing,cooperation``, where labels may hold commas themselves."""

from collections.abc import Sequence
from typing import Any


def split_labels(text: str, known: Sequence[str]) -> list[str]:
    """The labels that a text names, with commas between them.

    A text that is a label is that one; else the parts are those of which most are `known`, the longest
    first: ``(1,1),(0,0)`` names two. Spaces around a label do not matter, nor do those inside where the label
    is known without them. A part in double quotes is that label, whatever it holds.
    """
    if (whole := _known(text, known)) is not None:
        return [whole]
    return _split(text.split(","), known) or _plain(text, known)


def quoted(value: Any) -> str:
    """One of several values as text: a number as it is, a label in double quotes that show where it ends."""
    try:
        float(value)
    except (TypeError, ValueError):
        return f'"{value}"'
    return str(value)


def _split(parts: Sequence[str], known: Sequence[str]) -> list[str]:
    """All of some parts between commas read as known labels, the longest first; nothing where they cannot be.

    From the end on, each part is looked at once: there may be a hundred thousand.
    """
    widest = 1 + max((label.count(",") for label in known), default=0)
    labels: dict[str, str | None] = {}
    steps: list[tuple[str, int] | None] = [None] * len(parts)
    for start in reversed(range(len(parts))):
        for end in range(min(start + widest, len(parts)), start, -1):
            text = ",".join(parts[start:end])
            if text not in labels:
                labels[text] = _known(text, known)
            label = labels[text]
            if label is not None and (end == len(parts) or steps[end] is not None):
                steps[start] = label, end
                break
    result, place = [], 0
    while place < len(parts) and (step := steps[place]) is not None:
        result.append(step[0])
        place = step[1]
    return result


def _known(text: str, known: Sequence[str]) -> str | None:
    """The label that a text is, in quotes or without; None where there is none."""
    plain = text.strip()
    for one in (text, plain, plain[1:-1] if len(plain) > 1 and plain[0] == plain[-1] == '"' else plain):
        if one in known:
            return one
    alike = [label for label in known if _bare(label) == _bare(plain)]
    if len(alike) == 1:
        return alike[0]
    # Classes along a dimension of their own have underscores for the blanks of their names.
    stored = plain.strip('"').replace(" ", "_")
    return stored if stored in known else None


def _bare(text: str) -> str:
    return "".join(text.split())


def _plain(text: str, known: Sequence[str]) -> list[str]:
    """The parts between commas, for the error that names the first that is unknown."""
    parts = [part.strip() for part in text.split(",")]
    labels = {part: _known(part, known) or part for part in set(parts)}
    return [labels[part] for part in parts]
