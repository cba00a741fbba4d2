"""What was discovered, as text."""

from shlex import quote
from typing import Any

from ..text import format_records
from .discover import Discovery, ScoredBox


def discovery_text(discovery: Discovery, style: str, asked_by: str = "") -> str:
    """Boxes as a table with their conditions below it, or boxes and the trade-off as CSV or JSON.

    `asked_by` stands before each condition: what a shell asks it by.
    """
    rows = [_row(f"{number}", one) for number, one in enumerate(discovery.boxes, 1)]
    if style != "table":
        steps = [_row(f"step {number}", one) for number, one in enumerate(discovery.trade_off)]
        return format_records(rows + steps, style)
    share = discovery.inside / discovery.points
    lines = [
        f"{discovery.condition}: at {discovery.inside:,} of {discovery.points:,} points (density {share:.4g})"
    ]
    if not rows:
        return "\n".join([*lines, _why_none(discovery, share), *_failed(discovery)])
    brief = [{key: value for key, value in row.items() if key != "where"} for row in rows]
    lines += ["", format_records(brief, "table"), ""]
    for number, one in enumerate(discovery.boxes, 1):
        condition = quote(one.where) if asked_by else repr(one.where)
        lines.append(f"{number}: {asked_by}{condition}")
        chance = ", ".join(f"{name} {p:.2g}" for name, p in one.p_values.items())
        lines.append(f"   limits as good by chance: {chance}")
    if discovery.wanted is not None and discovery.boxes[0].density < discovery.wanted:
        lines.append(
            f"no box of density {discovery.wanted:g} was found: this is the densest that peeling comes to"
        )
    if len(rows) > 1:
        coverage, density = discovery.together
        lines.append(f"together: coverage {coverage:.4g}, density {density:.4g}")
    return "\n".join([*lines, *_failed(discovery)])


def _why_none(discovery: Discovery, share: float) -> str:
    """Why there is no box; `share` is the density of all points."""
    if discovery.wanted is not None and share >= discovery.wanted:
        return (
            f"all points together are as dense as was asked ({discovery.wanted:g}): ask for a higher density"
        )
    return "no box is denser than all points together"


def _failed(discovery: Discovery) -> list[str]:
    """How many points count as outside that have no result."""
    if not discovery.without_result:
        return []
    return [f"{discovery.without_result:,} of the other points have no result"]


def _row(name: str, one: ScoredBox) -> dict[str, Any]:
    return {
        "box": name,
        "points": one.points,
        "coverage": one.coverage,
        "density": one.density,
        "where": one.where,
    }
