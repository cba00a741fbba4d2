"""What people touch: sweep files, the Python interface, the command line, analysis and pictures.

What users may rely on is `__all__`; what of it takes a cube is a method of ``dataset.equisweep`` too. What
needs jax, xarray or matplotlib is loaded when it is first asked for: importing this package takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..engine.errors import CubeError, SweepError, SweepInterrupted
from .plan import Plan, plan
from .run import open_cube, run, run_report

if TYPE_CHECKING:
    from ..engine.feedback.report import Report
    from . import boundaries, sensitivity
    from .cube.compared.diff import diff
    from .cube.lazy import ok, where
    from .cube.reduce import reduce
    from .cube.select import select
    from .cube.sql import sql
    from .packing import pack
    from .papers.audit import audit
    from .papers.contract.offers import Allocation, Infrastructure, allocate
    from .papers.external.best_compensation import best_compensation
    from .papers.external.critical_cities import critical_cities
    from .papers.internal.structure import Structure, load_structure
    from .papers.internal.structure_picture import draw_structure
    from .papers.paper import Reproduction
    from .papers.reproduce import reproduce
    from .plots.plot import plot
    from .soundness import verify
    from .spec.presets import preset
    from .spec.sweep import Sweep

__all__ = [
    "Allocation",
    "CubeError",
    "Infrastructure",
    "Plan",
    "Report",
    "Reproduction",
    "Structure",
    "Sweep",
    "SweepError",
    "SweepInterrupted",
    "allocate",
    "audit",
    "best_compensation",
    "boundaries",
    "critical_cities",
    "diff",
    "draw_structure",
    "load_structure",
    "ok",
    "open_cube",
    "pack",
    "plan",
    "plot",
    "preset",
    "reduce",
    "reproduce",
    "run",
    "run_report",
    "select",
    "sensitivity",
    "sql",
    "verify",
    "where",
]

# Public packages, each with a function of its own name.
_PACKAGES = ("boundaries", "sensitivity")
# Where each other public name stands that is loaded when it is asked for.
_MODULES = {
    "Report": "..engine.feedback.report",
    "diff": ".cube.compared.diff",
    "pack": ".packing",
    "ok": ".cube.lazy",
    "where": ".cube.lazy",
    "reduce": ".cube.reduce",
    "select": ".cube.select",
    "sql": ".cube.sql",
    "audit": ".papers.audit",
    "Allocation": ".papers.contract.offers",
    "Infrastructure": ".papers.contract.offers",
    "allocate": ".papers.contract.offers",
    "best_compensation": ".papers.external.best_compensation",
    "critical_cities": ".papers.external.critical_cities",
    "Structure": ".papers.internal.structure",
    "load_structure": ".papers.internal.structure",
    "draw_structure": ".papers.internal.structure_picture",
    "Reproduction": ".papers.paper",
    "reproduce": ".papers.reproduce",
    "plot": ".plots.plot",
    "verify": ".soundness",
    "preset": ".spec.presets",
    "Sweep": ".spec.sweep",
}


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f".{name}", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
