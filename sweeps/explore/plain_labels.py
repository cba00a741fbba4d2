"""Labels as a page shows them: those of pictures, without what is for matplotlib alone."""

import re

_TYPESET = re.compile(r"\$\\math(?:regular|default)\{(.*?)_\{(.*?)\}\}\$")


def page_text(label: str) -> str:
    r"""A label of a picture as plain text: ``$\mathregular{c_{1}}$`` is ``c_1``, and ``\$`` a dollar."""
    text = _TYPESET.sub(lambda found: f"{found[1]}_{found[2]}".replace(r"\_", "_"), label)
    return text.replace(r"\$", "$")
