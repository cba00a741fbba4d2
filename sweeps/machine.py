"""What a machine has, and what a sweep would use of it."""

import os
import platform
import shutil
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..engine.cores import usable_cores
from ..engine.errors import SweepError
from ..engine.gate.text import size_text

_PACKAGES = ("jax", "jaxlib", "llvmlite", "numpy", "xarray", "zarr")
_WRITTEN = 64 * 2**20  # bytes written to measure a disk


def describe_machine(folder: Path) -> dict[str, str]:
    """What a sweep whose cube lies in `folder` would use, in words, by topic.

    Writes 64 MB there to measure the disk, and deletes them. Raises SweepError where that cannot be.
    """
    from ..engine.kept.folder import keep_compiled

    keep_compiled()
    return {
        "equisweep": f"{version('equisweep')}, Python {platform.python_version()} on {platform.platform()}",
        "packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "processor": _processor(),
        "memory": _memory(),
        "devices": _devices(),
        "kept": _kept(),
        "disk": _disk(folder),
    }


def _processor() -> str:
    import llvmlite.binding as llvm

    from ..engine.codegen.backends import cpu_backend

    features = llvm.get_host_cpu_features()
    widest = next((name for name in ("avx512f", "avx2", "neon") if features.get(name)), "no wide vectors")
    width = cpu_backend().width
    return (
        f"{llvm.get_host_cpu_name()}, {widest}: machine code computes {width} points side by side; "
        f"{usable_cores()} of {os.cpu_count()} cores may be used"
    )


def _memory() -> str:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return "not known on this system"
    page = os.sysconf("SC_PAGE_SIZE")
    total = os.sysconf("SC_PHYS_PAGES") * page
    free = f", {_bytes(os.sysconf('SC_AVPHYS_PAGES') * page)} free" if sys.platform == "linux" else ""
    return f"{_bytes(total)}{free}"


def _devices() -> str:
    from ..engine.device import choose_device, each_of, pick_device

    choice = choose_device("auto")
    if choice.device.platform == "cpu":
        return f"cpu; {choice.why}"
    gpus = each_of(pick_device("all"))
    limit = (gpus[0].memory_stats() or {}).get("bytes_limit")
    memory = f", up to {_bytes(limit)} of its memory" if limit else ""
    count = f"{len(gpus)} of " if len(gpus) > 1 else ""
    return f"{count}{gpus[0].device_kind}{memory}; taken where it is asked for, or expected to be sooner done"


def _kept() -> str:
    from ..engine.kept.folder import MOST_BYTES, kept_bytes, kept_folder

    folder = kept_folder()
    if folder is None:
        return "nothing: compiled kernels are made anew by every run (no private folder can be had)"
    return f"{_bytes(kept_bytes(folder))} of compiled kernels (at most {_bytes(MOST_BYTES)}) in {folder}"


def _disk(folder: Path) -> str:
    if not folder.is_dir():
        raise SweepError(f"{folder}: is no folder")
    try:
        seconds = _seconds_to_write(folder)
    except OSError as error:
        raise SweepError(f"{folder}: cannot be written to: {error.strerror}") from None
    free = shutil.disk_usage(folder).free
    return f"{_bytes(free)} free in {folder.resolve()}, written and synced at {_bytes(_WRITTEN / seconds)}/s"


def _seconds_to_write(folder: Path) -> float:
    block = os.urandom(2**20)
    with tempfile.TemporaryFile(dir=folder) as file:
        started = time.perf_counter()
        for _ in range(_WRITTEN // len(block)):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return time.perf_counter() - started


def _bytes(size: Any) -> str:
    return size_text(int(size))
