"""The mathematics: pure JAX functions of one scenario, and how they declare themselves.

What model files may rely on is `__all__`. The decorators stay in the module `declare`
(``declare.model``, ``declare.flow_model``), because ``equisweep.kernels.model`` is the module of `Model`.
"""

import jax

# Shares, probabilities and losses are compared to the last printed digit: double precision throughout.
jax.config.update("jax_enable_x64", True)

from . import declare, replicator  # noqa: E402
from .flow import Attractor, Flow, Observable  # noqa: E402
from .model import Choice, Domain, Model, Parameter  # noqa: E402
from .outputs import Dim, Output  # noqa: E402
from .status import Status  # noqa: E402

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
