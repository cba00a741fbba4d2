"""Labels as a page shows them: those of pictures, without what is for matplotlib alone."""

import re

_TYPESET = re.compile(r"\$\\math(?:regular|default)\{([^{}]*?)(?:_\{(.*?)\})?(?:\^\{(.*?)\})?\}\$")

_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ABOVE = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def page_text(label: str) -> str:
    r"""A label of a picture as plain text: ``$\mathregular{c_{1}}$`` is ``c₁``, and ``\$`` a dollar."""
    text = _TYPESET.sub(
        lambda match: match[1] + _script(match[2], "_", _BELOW) + _script(match[3], "^", _ABOVE), label
    )
    return text.replace(r"\$", "$")


def _script(script: str | None, mark: str, digits: dict[int, int]) -> str:
    """What stands below or above: digits have letters of their own for it, words have not."""
    text = (script or "").replace(r"\_", "_").replace(r"\ ", " ")
    return text.translate(digits) if text.isascii() and text.isdecimal() else text and mark + text
