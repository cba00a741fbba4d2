"""What of a process decides the functions that it makes: the machine, libraries, and their settings.

Of two processes that agree in all of it, the same code makes the same function of the same trace.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import jax

from ..codegen.backends import backend_of
from ..codegen.cpu import jit
from ..cores import threads_of_xla
from .content import Unknown
from .environment import variables, variables_read

# Changed whenever what is kept changes its form.
_FORM = 2
_PACKAGES = ("jax", "jaxlib", "numpy", "llvmlite", "diffrax", "equinox", "lineax", "optimistix")
# Where jax keeps what it compiles, and what of it: of no function a part.
_NO_PART = {
    "jax_compilation_cache_dir",
    "jax_compilation_cache_max_size",
    "jax_persistent_cache_min_compile_time_secs",
    "jax_persistent_cache_min_entry_size_bytes",
}


def digest_of_parts(parts: Mapping[str, Any]) -> str:
    """One digest of all parts, each under its name."""
    return hashlib.sha256(json.dumps(sorted(parts.items())).encode()).hexdigest()


def process_parts(device: Any) -> dict[str, Any]:
    """What of the machine, the libraries and their settings it is made of."""
    backend = backend_of(device.platform)
    return {
        "form": _FORM,
        "python": (sys.version, sys.implementation.cache_tag, platform.machine(), sys.platform),
        "packages": [(name, _loaded_version(name)) for name in _PACKAGES],
        "settings": _settings(),
        "environment": _environment(),
        "processor": (*jit.processor(), threads_of_xla()),
        "optimised": jit.OPTIMISE,
        "width": backend.width if backend is not None else 0,
        "device": (str(device), device.device_kind, len(jax.devices())),
    }


@cache  # what a process runs was loaded once, whatever is installed later
def _loaded_version(package: str) -> str:
    return version(package)


def _environment() -> list[tuple[str, str]]:
    """The variables that decide. Raises Unknown where they changed since libraries may have read them."""
    before, now = (
        sorted((n, v) for n, v in of.items() if _decides(n)) for of in (variables_read(), variables())
    )
    if before != now:
        raise Unknown("an environment that was changed later")
    return now


def _decides(variable: str) -> bool:
    """Whether a variable that libraries read may decide what is made, which is no setting of jax besides."""
    return variable.lower() not in {*_NO_PART, "jax_enable_x64"}


def _settings() -> list[tuple[str, str]]:
    """The settings of jax as they are here and now: a ``with`` may have changed one for this thread."""
    values = jax.config.values  # pyright: ignore  (a dict that is made anew whenever it is asked for)
    return [(n, repr(getattr(jax.config, n, values[n]))) for n in sorted(values) if n not in _NO_PART]
