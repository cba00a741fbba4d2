"""What became of a conclusion, in words and rounded numbers."""

from typing import Any

from ..text import count_of
from .conclusions import Finding


def verdict(finding: Finding) -> str:
    """In a word or two what became of it."""
    tally = finding.tally
    if not tally.decided:
        return "never decided"
    if not tally.fails:
        if tally.equal == tally.decided:
            return "holds nowhere"
        return "holds" if not tally.equal else "never violated"
    if tally.fails == tally.decided:
        return "fails everywhere"
    return "fails mostly" if 2 * tally.fails > tally.decided else "fails somewhere"


def sentence(finding: Finding) -> str:
    """The verdict as a sentence: where it holds and fails, by how much at most, what was left out."""
    c, t = finding.conclusion, finding.tally
    text = f"**{c.number}**, {finding.formulation}: {c.claim}"
    text += f" (where {c.condition}). " if c.condition else ". "
    if not t.decided:
        return f"{text}Its condition holds nowhere on the grid, or no point has a result."
    text += {
        "holds": f"Holds at all {t.decided:,} points",
        "never violated": f"Violated nowhere, and holds at {share_text(t.holds, t.decided)} "
        f"of {t.decided:,} points",
        "holds nowhere": f"Holds nowhere: both sides are equal at all {t.decided:,} points",
        "fails everywhere": f"Fails at all {t.decided:,} points",
    }.get(verdict(finding), f"Fails at {share_text(t.fails, t.decided)} of {t.decided:,} points")
    if t.fails and t.equal:
        text += f", holds at {share_text(t.holds, t.decided)}"
    if 0 < t.equal < t.decided:
        text += f" (at {share_text(t.equal, t.decided)} both sides are equal)"
    if t.fails:
        text += (
            f", most at {place_text(t.at)}, by {size_text(t.least, c.unit)}"
            if c.unit
            else (f", for one at {place_text(t.at)}")
        )
        box = _box(finding)
        text += f"; every failure has {box}" if box else ""
    text += "."
    if t.silent:
        text += f" Its condition does not hold at {count_of(t.silent, 'point')}."
    if t.left_out:
        text += f" Left out, having no result: {count_of(t.left_out, 'point')}."
    return text


def share_text(part: int, whole: int) -> str:
    """A percentage in the digits that its points support; it says 0 % and 100 % only where that is exact."""
    if not whole or part in (0, whole):
        return "-" if not whole else f"{part // whole:.0%}"
    digits = 0 if whole < 1_000 else 1 if whole < 10_000 else 2
    share, least = part / whole, 10.0 ** -(2 + digits)
    if min(share, 1 - share) < least / 2:
        return f"< {least:.{digits}%}" if share < 0.5 else f"> {1 - least:.{digits}%}"
    return f"{share:.{digits}%}"


def size_text(margin: float, unit: str) -> str:
    """The size of a violation with its unit; empty for a claim that is only true or false."""
    if not unit:
        return ""
    return f"{abs(margin):.4g}" + ("" if unit in ("1", "") else f" {unit}")


def place_text(at: dict[str, Any]) -> str:
    """Coordinates of a point."""
    return ", ".join(f"{k} = {v:.4g}" if isinstance(v, int | float) else f"{k} = {v}" for k, v in at.items())


def _box(finding: Finding) -> str:
    """What failing points have in common: axes of which they do not fill the range that was decided."""
    parts = []
    for name, (low, high) in finding.tally.span.items():
        first, last = finding.tally.reach(name)
        below, above = low > first, high < last
        if below and above:
            parts.append(f"{low:.4g} ≤ {name} ≤ {high:.4g}" if low < high else f"{name} = {low:.4g}")
        elif below or above:
            parts.append(f"{name} ≥ {low:.4g}" if below else f"{name} ≤ {high:.4g}")
    return " and ".join(parts)
