"""A card is shared with others: JAX takes its memory as it is needed, and starts it only where it is used.

Left to itself JAX takes three quarters of a card's memory at its start, also for a sweep of a megabyte, and
starts every card also where a CPU is asked for.
"""

import os
from importlib.util import find_spec

# Whoever has set one of these has said how JAX is to take memory.
_SAID = (
    "XLA_PYTHON_CLIENT_PREALLOCATE",
    "XLA_PYTHON_CLIENT_MEM_FRACTION",
    "XLA_CLIENT_MEM_FRACTION",
    "XLA_PYTHON_CLIENT_ALLOCATOR",
)
# What the packages are called that bring JAX its support of NVIDIA's GPUs.
PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")
_OWN_PROCESS = [False]


def share_memory(*, own_process: bool = False) -> None:
    """Let JAX take a card's memory as it needs it, unless the user said otherwise; before JAX starts.

    `own_process`: nobody else computes in this process, which is a command's.
    """
    if not any(name in os.environ for name in _SAID):
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    _OWN_PROCESS[0] = _OWN_PROCESS[0] or own_process


def plugin() -> str | None:
    """The package that brings JAX its support of NVIDIA's GPUs; None where there is none."""
    return next((name for name in PLUGINS if find_spec(name) is not None), None)


def leave_gpus_alone() -> None:
    """Start no card in a command's process, which computes on CPUs; where JAX has begun it is too late.

    In a session of Python somebody else may want one.
    """
    import jax

    if _OWN_PROCESS[0] and plugin() is not None and not jax.config.jax_platforms:  # pyright: ignore
        jax.config.update("jax_platforms", "cpu")
