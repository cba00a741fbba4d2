"""The files of a cube, to compare one cube with another byte for byte."""

from pathlib import Path


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a cube but its journal and the records of its manifest, which tell times."""
    files = (path for path in root.rglob("*") if path.is_file())
    kept = (path for path in files if path.name != "runs.jsonl" and path.suffix != ".tiles")
    return {str(path.relative_to(root)): path.read_bytes() for path in kept}
