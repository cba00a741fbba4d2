"""A kernel and a parameter space become a cube: space, plan, evaluate, execute, store. Knows no model.

What users may rely on is `__all__`. How points are compiled and how tiles are written is not among it: that
may change. All but the errors is loaded when it is first asked for, as jax and zarr take seconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import CubeError, SweepError, SweepInterrupted

if TYPE_CHECKING:
    from .device import pick_device
    from .feedback.report import Report
    from .ode.method import Method
    from .ode.trajectory import lanes, trajectory
    from .run.begin import plan_space
    from .run.execute import execute
    from .space import Space, Variable
    from .store.verify import Verdict, verify
    from .tiles import Layout, Tile
    from .values.axis import Axis

__all__ = [
    "Axis",
    "CubeError",
    "Layout",
    "Method",
    "Report",
    "Space",
    "SweepError",
    "SweepInterrupted",
    "Tile",
    "Variable",
    "Verdict",
    "execute",
    "lanes",
    "pick_device",
    "plan_space",
    "trajectory",
    "verify",
]

# Where each public name stands that is loaded when it is asked for.
_MODULES = {
    "pick_device": ".device",
    "Report": ".feedback.report",
    "execute": ".run.execute",
    "plan_space": ".run.begin",
    "Method": ".ode.method",
    "lanes": ".ode.trajectory",
    "trajectory": ".ode.trajectory",
    "Axis": ".values.axis",
    "Space": ".space",
    "Variable": ".space",
    "Verdict": ".store.verify",
    "verify": ".store.verify",
    "Layout": ".tiles",
    "Tile": ".tiles",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
