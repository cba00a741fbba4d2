"""Labels as a page shows them: those of pictures, without what is for matplotlib alone."""

import re

_TYPESET = re.compile(r"\$\\math(?:regular|default)\{(.*?)_\{(.*?)\}\}\$")

_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def page_text(label: str) -> str:
    r"""A label of a picture as plain text: ``$\mathregular{c_{1}}$`` is ``c₁``, and ``\$`` a dollar."""
    text = _TYPESET.sub(lambda found: found[1] + _lowered(found[2].replace(r"\_", "_")), label)
    return text.replace(r"\$", "$")


def _lowered(below: str) -> str:
    """A subscript: digits have letters of their own for it, words have not."""
    return below.translate(_BELOW) if below.isascii() and below.isdecimal() else f"_{below}"
