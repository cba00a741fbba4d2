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
        return "\n".join([*lines, "no box is denser than all points together"])
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
    if found.without_result:
        lines.append(f"{found.without_result:,} of the other points have no result")
    return "\n".join(lines)


def _row(name: str, one: Found) -> dict[str, Any]:
    return {
        "box": name,
        "points": one.points,
        "coverage": one.coverage,
        "density": one.density,
        "where": one.where,
    }
