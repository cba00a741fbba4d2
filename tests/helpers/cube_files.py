"""The files of a cube, to compare one cube with another byte for byte."""

from pathlib import Path


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a cube but the journal, which tells times."""
    files = (path for path in root.rglob("*") if path.is_file() and path.name != "runs.jsonl")
    return {str(path.relative_to(root)): path.read_bytes() for path in files}
