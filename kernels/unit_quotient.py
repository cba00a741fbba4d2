"""Units of ratios, as text."""


def unit_quotient(top: str, bottom: str) -> str:
    """The unit of a ratio: "money/time", "1/(100 million CNY)"; without brackets inside brackets."""
    if bottom == "1":
        return top
    if top == bottom:
        return "1"
    if bottom.startswith("1/"):  # its inverse is a factor
        rest = _unbracketed(bottom[2:])
        return rest if top == "1" else f"{_as_factor(top)}·{_as_factor(rest)}"
    above, slash, below = top.partition("/")
    if slash and "/" not in below and below.strip("()"):
        return f"{above}/({_as_factor(_unbracketed(below))}·{_as_factor(bottom)})"
    return f"{_as_factor(top)}/{_as_factor(bottom)}"


def _as_factor(unit: str) -> str:
    """A unit as it stands beside another: in brackets if it is made of parts."""
    return f"({unit})" if any(letter in unit for letter in " /*·") and unit == _unbracketed(unit) else unit


def _unbracketed(unit: str) -> str:
    """A unit without the one pair of brackets around all of it."""
    inside = unit[1:-1]
    return inside if unit[:1] + unit[-1:] == "()" and not set(inside) & set("()") else unit
