"""The sweep files that ship."""

from pathlib import Path

from .sweep import Sweep

PRESETS = Path(__file__).parents[1] / "presets"


def preset(name: str) -> Sweep:
    """The sweep that ships as ``presets/<name>.toml``. Raises SweepError where there is no such `name`."""
    return Sweep.from_file(PRESETS / f"{name}.toml")
