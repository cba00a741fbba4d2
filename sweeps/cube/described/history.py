"""Branches, tags and commits of a cube in a repository of Icechunk, as text."""

from datetime import UTC
from pathlib import Path

from ....engine.errors import CubeError
from ....engine.gate.text import clean
from ....engine.store.durable import clear_disk_errors
from ....engine.store.iced.at import repository_at
from ...text import table

_MOST = 1000  # commits


def describe_history(path: Path) -> str:
    """What leads to the version that is named, the latest commit first, and which others there are.

    Raises SweepError for a cube elsewhere, CubeError where there is no repository or no such version.
    """
    repository = repository_at(path).repository
    with clear_disk_errors(path):
        try:
            snapshots = repository.history()
            branches, tags = repository.names()
        except FileNotFoundError:
            raise CubeError(f"{path}: no such repository") from None
    rows = [
        (
            one.name,
            one.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "-" if one.tiles is None else f"{one.tiles:,}",
            clean(one.message, 80),
        )
        for one in snapshots[:_MOST]
    ]
    lines = [f"branches  {', '.join(branches)}", f"tags      {', '.join(tags) or '-'}", ""]
    lines += [table(("commit", "when", "tiles", "what"), rows)]
    return "\n".join(lines + [f"and {len(snapshots) - _MOST:,} before"] * (len(snapshots) > _MOST))
