"""Why there is no GPU to compute on, in one line: what the user can change comes first."""

import ctypes
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from .neighbour import plugin


class Heard(logging.Filter):
    """Keeps what JAX logs from the screen; `said` is the last error among it."""

    said = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Nothing is logged."""
        if record.exc_info and record.exc_info[1] is not None:
            self.said = str(record.exc_info[1])
        return False


@contextmanager
def heard() -> Iterator[Heard]:
    """Around where JAX looks for GPUs: of a card that cannot begin it logs a traceback of twenty lines."""
    logger, filter_ = logging.getLogger("jax._src.xla_bridge"), Heard()
    logger.addFilter(filter_)
    try:
        yield filter_
    finally:
        logger.removeFilter(filter_)


def why_no_gpu(jax_says: str = "") -> str:
    """The reason. Of `jax_says`, what JAX raised, the first line is said where nothing else is known."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and not re.match(r"\s*(\d|GPU-|MIG-)", hidden):
        return f"CUDA_VISIBLE_DEVICES is {hidden!r} and hides every GPU"
    platforms = os.environ.get("JAX_PLATFORMS", "")
    if platforms and not re.search("cuda|gpu", platforms):
        return f"JAX_PLATFORMS is {platforms!r}"
    name = plugin()
    if name is None:
        return "no support of GPUs is installed (pip install '.[cuda13]')"
    driver = driver_version()
    if driver is None:
        return "no driver of NVIDIA's is installed"
    needed = int(re.sub(r"\D", "", name))
    if driver[0] < needed:
        return (
            f"the driver takes CUDA {driver[0]}.{driver[1]}, and {name} {_version(name)} needs {needed}.0: a "
            "newer driver would do"
        )
    return jax_says.strip().partition("\n")[0] or "JAX sees none"


def has_driver() -> bool:
    """Whether there is a driver, and with it most likely a card."""
    return driver_version() is not None


def driver_version() -> tuple[int, int] | None:
    """The newest release of CUDA that the driver takes; None where there is no driver."""
    number = ctypes.c_int()
    try:
        failed = ctypes.CDLL("libcuda.so.1").cuDriverGetVersion(ctypes.byref(number))
    except (OSError, AttributeError):
        return None
    return None if failed else (number.value // 1000, number.value % 1000 // 10)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # which takes as long as all the rest

    try:
        return version(package)
    except PackageNotFoundError:
        return ""
