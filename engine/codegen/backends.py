"""Which back end compiles for which device: the one place that a new one is entered."""

from collections.abc import Callable
from functools import cache

import jax

from .backend import Backend
from .cpu.backend import Cpu
from .gpu.backend import Gpu

# By the platforms of JAX's devices.
BACKENDS: dict[str, Callable[[], Backend]] = {"cpu": Cpu, "gpu": Gpu}


@cache
def backend_of(platform: str) -> Backend | None:
    """The back end for devices of a platform ("cpu", "gpu"); None where XLA computes there."""
    return BACKENDS[platform]() if platform in BACKENDS else None


def cpu_backend() -> Backend:
    """The back end for CPUs, which is always there."""
    backend = backend_of("cpu")
    assert backend is not None
    return backend


def lane_backends() -> list[Backend]:
    """Those for which a loop over lanes is to be compiled, that of the default device last."""
    default = backend_of(jax.default_backend())
    return [cpu_backend()] if default in (None, cpu_backend()) else [cpu_backend(), default]
