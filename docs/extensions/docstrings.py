"""Docstrings as this project writes them, turned into the form that napoleon reads.

``name : what it is`` stands for a parameter and its meaning, since types are in signatures; what a
function returns may be a sentence.
"""

import re
from typing import Any

from sphinx.application import Sphinx

_NAMED = re.compile(r"(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)*) : (?P<meaning>.*)")
_DESCRIBING = ("Parameters", "Attributes", "Other Parameters")


def sections(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Titles and bodies; the text before the first title has the title ""."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line, rule in zip(lines, [*lines[1:], ""], strict=True):
        if rule and set(rule) == {"-"} and len(rule) == len(line):
            parts.append((line, []))
        elif not (line and set(line) == {"-"} and parts[-1][0] and not parts[-1][1]):
            parts[-1][1].append(line)
    return parts


def named(body: list[str]) -> list[str]:
    """``name : meaning`` as a name and, indented below it, its meaning."""
    result = []
    for line in body:
        match = _NAMED.fullmatch(line)
        result += [match["names"], f"    {match['meaning']}"] if match else [line]
    return result


def rewrite(_app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Rewrite a docstring in place, before napoleon sees it."""
    (_, text), *rest = sections(lines)
    result: list[str] = []
    for title, body in rest:
        if title == "Returns" and not any(line.startswith(" ") for line in body):
            # A sentence, which napoleon would take for a type: it joins the text.
            text += ["", f"*Returns:* {' '.join(filter(None, body))}", ""]
        else:
            result += [title, "-" * len(title), *(named(body) if title in _DESCRIBING else body)]
    lines[:] = [*text, *result]


def setup(app: Sphinx) -> dict[str, bool]:
    """Run before napoleon, whose priority is 500."""
    app.connect("autodoc-process-docstring", rewrite, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
