"""Symbols and units as a journal prints them: Greek letters, lowered subscripts, one pair of brackets."""

import re
import unicodedata

from ....engine.gate.text import clean, cut

_LONGEST = 200  # letters of a text that comes from outside
_LETTERS = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"),
    *("nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_GREEK = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {'LAMDA' if name == 'lambda' else name.upper()}")
    for name in _LETTERS
}
_GREEK |= {name.capitalize(): letter.upper() for name, letter in _GREEK.items()}
# A symbol with what stands below and above it, either within braces or not: c_1, K_{max}, x_1^*.
_SCRIPTS = re.compile(
    r"(?<!\w)([^\W\d_]+)(?:_(?:(\w+)|\{([\w ,]+)\}))?(?:\^(?:(\w+|[*+-])|\{([\w ,*+-]+)\}))?"
)
# A whole exponent in a unit, as unit strings write it: km^2, s^{-1}, m**3.
_EXPONENT = re.compile(r"(?<=[\w)])(?:\^|\*\*)(?:([-+]?\d+)|\{([-+]?\d+)\})(?!\w|\.\d|/\d)")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+")
# A component of a vector by its label, β[1]: to a reader a subscript.
_COMPONENT = re.compile(r"(?<!\w)([^\W\d_]+)\[(\w+)\]")
# What joins a name to what stands below it.
_JOINTS = re.compile(r"[ {}\[\].]")
_WORD = re.compile(r"[^\W\d_]+")


def greek(text: str) -> str:
    """A text with every word that is the name of a Greek letter as that letter: "alpha_1" is "α_1"."""
    return _WORD.sub(lambda word: _GREEK.get(word[0], word[0]), text)


def same(symbol: str, name: str) -> bool:
    """Whether a symbol is but another way to write a name: c_1 and c1, α and alpha, β[1] and beta.1."""
    return _bare(symbol) == _bare(name)


def _bare(text: str) -> str:
    # Subscripts and variants (ϕ, ₁) are their plain letters.
    plain = unicodedata.normalize("NFKC", cut(text, _LONGEST))
    return _JOINTS.sub("", greek(plain.replace("_", " ")))


def plain(text: str) -> str:
    """Text that matplotlib shows as it is, dollar signs included."""
    return clean(text, _LONGEST).replace("$", r"\$")


def typeset(symbol: str) -> str:
    """A symbol with its scripts lowered and raised, and Greek letters that are spelt out as letters."""

    def scripted(match: re.Match[str]) -> str:
        below, above = match[2] or match[3], match[4] or match[5]
        if not below and not above:
            return match[0]
        scripts = "".join(f"{mark}{{{_math(text)}}}" for mark, text in (("_", below), ("^", above)) if text)
        return rf"$\mathregular{{{match[1]}{scripts}}}$"

    return _SCRIPTS.sub(scripted, plain(_COMPONENT.sub(r"\1_\2", greek(cut(symbol, _LONGEST)))))


def _math(script: str) -> str:
    return script.replace("_", r"\_").replace(" ", r"\ ")


def unit_text(unit: str) -> str:
    """A unit without brackets around the whole of it; empty for a unit of 1."""
    unit = cut(unit, _LONGEST).strip()
    while len(unit) > 1 and (unit[0], unit[-1]) in (("(", ")"), ("[", "]")) and _closes_last(unit):
        unit = unit[1:-1].strip()
    return "" if unit in ("1", "") else unit


def with_unit(text: str, unit: str) -> str:
    """A text with its unit in brackets, if that is not 1."""
    shown = unit_text(unit)
    if not shown:
        return text
    return f"{text} [{_raised(shown)}]".lstrip()


def value_with_unit(value: str, unit: str) -> str:
    """A number with its unit: "5 money", "0.3/s", "5 × 100 million CNY"."""
    shown = unit_text(unit)
    if not shown:
        return value
    if shown.startswith("1/"):
        return f"{value}{_raised(shown[1:])}"
    if shown == "%":
        return f"{value}%"
    return f"{value} × {_raised(shown)}" if shown[0].isdigit() else f"{value} {_raised(shown)}"


def _raised(unit: str) -> str:
    """A unit with its exponents raised: "1/km^2" is "1/km²"."""
    return _EXPONENT.sub(lambda match: (match[1] or match[2]).translate(_RAISED), plain(unit))


def _closes_last(text: str) -> bool:
    """Whether the bracket that begins a text is closed by the one that ends it."""
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if depth == 0:
            return i == len(text) - 1
    return False
