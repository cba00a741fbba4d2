"""Which back end compiles for which device: the one place that a new one is entered."""

from collections.abc import Callable
from functools import cache

from .backend import Backend
from .cpu.backend import Cpu

# By the platforms of JAX's devices.
BACKENDS: dict[str, Callable[[], Backend]] = {"cpu": Cpu}


@cache
def backend_of(platform: str) -> Backend | None:
    """The back end for devices of a platform ("cpu", "gpu"); None where XLA computes there."""
    return BACKENDS[platform]() if platform in BACKENDS else None


def cpu_backend() -> Backend:
    """The back end for CPUs, which is always there."""
    backend = backend_of("cpu")
    assert backend is not None
    return backend
