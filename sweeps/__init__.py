"""What people touch: sweep files, the Python interface, the command line, analysis and pictures."""

from ..engine.errors import CubeError, SweepError, SweepInterrupted
from .run import Plan, open_cube, plan, run
from .spec.sweep import Sweep

__all__ = [
    "CubeError",
    "Plan",
    "Sweep",
    "SweepError",
    "SweepInterrupted",
    "open_cube",
    "plan",
    "run",
]
