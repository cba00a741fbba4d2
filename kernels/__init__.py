"""The mathematics: pure JAX functions of one scenario, and how they declare themselves.

What model files may rely on is `__all__`. The decorators stay in the module `declare`
(``declare.model``, ``declare.flow_model``), because ``equisweep.kernels.model`` is the module of `Model`.
"""

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import declare, replicator
    from .flow import Attractor, Flow, Observable
    from .model import Choice, Domain, Model, Parameter
    from .outputs import Dim, Output
    from .status import Status

__all__ = [
    "Attractor",
    "Choice",
    "Dim",
    "Domain",
    "Flow",
    "Model",
    "Observable",
    "Output",
    "Parameter",
    "Status",
    "declare",
    "replicator",
]

# Public modules that need jax, which takes a second to load and which asking a cube does without.
_MODULES = ("declare", "replicator")


# Where each other public name stands; asking a cube needs none of them.
_NAMES = {
    **dict.fromkeys(("Attractor", "Flow", "Observable"), ".flow"),
    **dict.fromkeys(("Choice", "Domain", "Model", "Parameter"), ".model"),
    **dict.fromkeys(("Dim", "Output"), ".outputs"),
    "Status": ".status",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(import_module(_NAMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


# Shares, probabilities and losses are compared to the last printed digit: double precision throughout.
if "jax" in sys.modules:
    sys.modules["jax"].config.update("jax_enable_x64", True)
else:
    os.environ["JAX_ENABLE_X64"] = "1"  # jax reads it when it is loaded
