"""What was discovered, as text."""

from typing import Any

from ..text import format_records
from .discover import Discovery, Found


def discovery_text(found: Discovery, style: str, asked_by: str = "") -> str:
    """Boxes as a table with their conditions below it, or boxes and the trade-off as CSV or JSON.

    `asked_by` stands before each condition: what a shell asks it by.
    """
    rows = [_row(f"{number}", one) for number, one in enumerate(found.boxes, 1)]
    if style != "table":
        steps = [_row(f"step {number}", one) for number, one in enumerate(found.trade_off)]
        return format_records(rows + steps, style)
    share = found.inside / found.points
    lines = [f"{found.condition}: at {found.inside:,} of {found.points:,} points (density {share:.4g})"]
    if not rows:
        return "\n".join([*lines, _why_none(found, share), *_failed(found)])
    brief = [{key: value for key, value in row.items() if key != "where"} for row in rows]
    lines += ["", format_records(brief, "table"), ""]
    for number, one in enumerate(found.boxes, 1):
        lines.append(f"{number}: {asked_by}'{one.where}'")
        chance = ", ".join(f"{name} {p:.2g}" for name, p in one.p_values.items())
        lines.append(f"   limits as good by chance: {chance}")
    if found.wanted is not None and found.boxes[0].density < found.wanted:
        lines.append(
            f"no box of density {found.wanted:g} was found: this is the densest that peeling comes to"
        )
    if len(rows) > 1:
        coverage, density = found.together
        lines.append(f"together: coverage {coverage:.4g}, density {density:.4g}")
    return "\n".join([*lines, *_failed(found)])


def _why_none(found: Discovery, share: float) -> str:
    """Why there is no box; `share` is the density of all points."""
    if found.wanted is not None and share >= found.wanted:
        return f"all points together are as dense as was asked ({found.wanted:g}): ask for a higher density"
    return "no box is denser than all points together"


def _failed(found: Discovery) -> list[str]:
    """How many points count as outside that have no result."""
    if not found.without_result:
        return []
    return [f"{found.without_result:,} of the other points have no result"]


def _row(name: str, one: Found) -> dict[str, Any]:
    return {
        "box": name,
        "points": one.points,
        "coverage": one.coverage,
        "density": one.density,
        "where": one.where,
    }
