"""What a cube says about its own making: the whole sweep, its hash, versions and device."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from .spec.sweep import Sweep

_PACKAGES = ("jax", "jaxlib", "diffrax", "numpy", "xarray", "zarr")
# In this order in the JSON of a sweep stated in Python: its hash depends on it.
_KEYS = ("model", "outputs", "axes", "fixed", "derivatives", "zip", "design", "times", "integrator", "dtype")


def provenance(sweep: Sweep, device: str) -> dict[str, str]:
    """Text attributes of a new cube: its sweep, dtype, device and versions.

    No times: two runs of one sweep give the same bytes. Times are in the cube's journal.
    """
    from ..engine.device import pick_device

    text = sweep.text or _as_json(sweep)
    versions = {"equisweep": version("equisweep"), "python": platform.python_version()}
    versions |= {name: version(name) for name in _PACKAGES}
    return {
        "sweep": text,
        "sweep_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "dtype": sweep.dtype,
        "device": str(pick_device(device)),
        "versions": json.dumps(versions),
    }


def _as_json(sweep: Sweep) -> str:
    return json.dumps({key: getattr(sweep, key) for key in _KEYS}, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know: arrays, ranges, mappings and numpy's scalars."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.tolist() if hasattr(value, "tolist") else list(value)
