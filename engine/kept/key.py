"""The name under which a function of grids is kept: a digest of all that it is made of.

Whatever decides how a function is traced, lowered or compiled stands in it, as what it holds and never by
whom it is held: two processes that agree in all of it make the same function. What is given to the function
when it is called, the values along the axes, does not.
"""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import jax
import numpy as np

from ..codegen.backends import backend_of
from ..codegen.cpu import jit
from ..cores import threads_of_xla
from ..point import Point
from ..space import Space
from ..user_model.self_contained import known_self_contained
from .code import code_digest
from .content import Unknown, content_of
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


def key_of_kept(
    space: Space, choices: Mapping[str, str], coordinates: Sequence[Point], device: Any, native: bool
) -> str | None:
    """The key of a function of grids of any lengths; None where it cannot be kept.

    That is so on other devices than CPUs, and of models of which nobody can say what they compute.
    """
    if device.platform != "cpu" or jax.default_backend() != "cpu":
        return None
    if space.model_digest and not known_self_contained(space.model_digest):
        return None
    code = code_digest()
    if code is None:
        return None
    try:
        parts = parts_of(space, choices, coordinates, native) | process_parts(device) | {"code": code}
        return digest_of_parts(parts)
    except Exception:  # `Unknown`, or whatever somebody else's object raises where it is read
        return None


def digest_of_parts(parts: Mapping[str, Any]) -> str:
    """One digest of all parts, each under its name."""
    return hashlib.sha256(json.dumps(sorted(parts.items())).encode()).hexdigest()


def parts_of(
    space: Space, choices: Mapping[str, str], coordinates: Sequence[Point], native: bool
) -> dict[str, Any]:
    """What of a sweep its function is made of. Raises Unknown where the model cannot be read."""
    return {
        "model": content_of(space.model),
        "model file": space.model_digest,
        "choices": sorted(choices.items()),
        "axes": [[(n, np.dtype(v.dtype).str) for n, v in sorted(c.items())] for c in coordinates],
        "fixed": [(name, content_of(np.asarray(value))) for name, value in sorted(space.fixed.items())],
        "largest": [(q.name, int(space.largest(q.name))) for q in space.model.parameters if q.integer],
        "labels": [(dim, list(map(content_of, labels))) for dim, labels in space.labels.items()],
        "outputs": space.outputs,
        "derivatives": space.derivatives,
        "dtype": space.dtype.str,
        "times": content_of(tuple(space.times)),
        "integrator": [(name, content_of(value)) for name, value in sorted(space.integrator.items())],
        "native": native,
    }


def process_parts(device: Any) -> dict[str, Any]:
    """What of the machine, the libraries and their settings it is made of."""
    import llvmlite.binding as llvm

    backend = backend_of(device.platform)
    return {
        "form": _FORM,
        "python": (sys.version, sys.implementation.cache_tag, platform.machine(), sys.platform),
        "packages": [(name, _loaded_version(name)) for name in _PACKAGES],
        "settings": [(n, _setting(n)) for n in sorted(jax.config.values) if n not in _NO_PART],  # pyright: ignore
        "environment": _environment(),
        "processor": (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), threads_of_xla()),
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


def _setting(name: str) -> str:
    """A setting of jax as it is here and now: a ``with`` may have changed it for this thread."""
    return repr(getattr(jax.config, name, jax.config.values[name]))  # pyright: ignore
