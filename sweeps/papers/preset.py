"""The sweep files that ship, and running one without keeping its cube."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..run import run
from ..spec.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

PRESETS = Path(__file__).parents[1] / "presets"


def preset(name: str) -> Sweep:
    """The sweep in ``presets/<name>.toml``."""
    return Sweep.from_file(PRESETS / f"{name}.toml")


def run_in_memory(sweep: Sweep) -> "xr.Dataset":
    """The cube of a small sweep, loaded; nothing stays on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        return run(sweep, Path(folder) / "cube.zarr", durable=False).load()
