"""What a cube says about its own making: the whole sweep, its hash and versions."""

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..engine.gate.documents import parse_table
from ..engine.kept.code import digest_of_sources
from .spec.data_files import data_files
from .spec.sweep import Sweep

_PACKAGES = ("jax", "jaxlib", "diffrax", "numpy", "xarray", "zarr")
# In this order in the JSON of a sweep stated in Python: its hash depends on it.
_KEYS = ("model", "outputs", "axes", "fixed", "derivatives", "zip", "design", "times", "integrator", "dtype")


def provenance(sweep: Sweep) -> dict[str, str]:
    """Text attributes of a new cube: its sweep, dtype, versions and a digest of the code.

    No times: two runs of one sweep give the same bytes. Times are in the cube's journal.
    """
    text = _text(sweep)
    return {
        "sweep": text,
        "sweep_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "dtype": sweep.dtype,
        "versions": _versions(),
        "code_sha256": digest_of_sources(),
        **sweep.about,
    }


def known_by(sweep: Sweep) -> dict[str, str]:
    """Attributes that a cube of the same sweep, by the same program, has; empty where they do not tell.

    They do not for a model of one's own, networks, and points or measured values in files: these may have
    changed.
    """
    if ":" in sweep.model or sweep.model.endswith(".py") or sweep.networks or any(data_files(sweep)):
        return {}
    return provenance(sweep)


@cache
def _versions() -> str:
    from importlib.metadata import version

    versions = {"equisweep": version("equisweep"), "python": platform.python_version()}
    return json.dumps(versions | {name: version(name) for name in _PACKAGES})


def _text(sweep: Sweep) -> str:
    """The text of a sweep: its file's, unless ``dataclasses.replace`` changed it since it was read."""
    if not sweep.text:
        return _as_json(sweep)
    try:
        read, now = _as_json(Sweep.from_table(parse_table(sweep.text))), _as_json(sweep)
    except (ValueError, TypeError):  # of values that no sweep has, which whoever resolves it refuses
        return sweep.text
    return sweep.text if read == now else now


def _as_json(sweep: Sweep) -> str:
    stated = {key: getattr(sweep, key) for key in _KEYS}
    # What 0.1.0 did not know stands there only where it is stated: the hash of other sweeps is as it was.
    stated |= {key: getattr(sweep, key) for key in ("reduce", "about", "networks") if getattr(sweep, key)}
    return json.dumps(stated, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know: arrays, ranges, mappings and numpy's scalars."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.tolist() if hasattr(value, "tolist") else list(value)
