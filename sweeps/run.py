"""The Python interface: plan a sweep, run it, open its cube."""

import hashlib
import json
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .spec.sweep import Sweep

if TYPE_CHECKING:
    import xarray as xr

    from ..engine.execute import Report

# Rough rates of a 2-core machine, for the estimate of a plan only.
_STORE_BYTES_PER_SECOND = 700e6
_POINTS_PER_SECOND = 100e6
# Of trajectories, which take as long as their horizon and tolerance ask for: 1e-6 with tsit5 at T = 200.
_ORBITS_PER_SECOND = 4e3
_COMPILE_SECONDS = 1.0
_BASE_MEMORY = 350 * 2**20
_TILES_IN_MEMORY = 6


@dataclass(frozen=True)
class Plan:
    """What a sweep will take, computed from its numbers alone.

    `design` says how samples are drawn, `computed` how points are computed, or the steps of trajectories
    (`engine.how_computed`).
    """

    points: int
    shape: Mapping[str, int]
    tiles: int
    tile_shape: tuple[int, ...]
    variables: tuple[str, ...]
    bytes: int
    free: int
    memory: int
    seconds: float
    compilations: int
    design: str = ""
    computed: str = ""


def plan(sweep: Sweep, device: str = "auto") -> Plan:
    """Points, tiles, bytes, memory and a rough time of a sweep; computes nothing.

    `bytes` are uncompressed; `free` are those free on the disk of the current folder; `memory` is the
    expected resident size; `seconds` is a rough estimate from rates measured on a 2-core machine.
    Raises SweepError where the sweep is wrong.
    """
    from ..engine.device import pick_device
    from ..engine.execute import plan_space
    from ..engine.how_computed import how_computed
    from .spec.design import Design

    space, picked = sweep.space(), pick_device(device)
    layout = plan_space(space, picked)
    size = space.points * space.bytes_per_point
    combinations = 1
    for axis in space.axes:
        combinations *= axis.size if axis.static else 1
    tile_bytes = space.bytes_per_point * prod(layout.tile)
    return Plan(
        points=space.points,
        shape=dict(zip(space.dims, space.shape, strict=True)),
        tiles=len(layout),
        tile_shape=layout.tile,
        variables=tuple(variable.name for variable in space.variables),
        bytes=size,
        free=shutil.disk_usage(Path.cwd()).free,
        memory=_BASE_MEMORY + _TILES_IN_MEMORY * tile_bytes,
        seconds=combinations * _COMPILE_SECONDS
        + max(
            size / _STORE_BYTES_PER_SECOND,
            space.points / (_ORBITS_PER_SECOND if space.needs_ode else _POINTS_PER_SECOND),
        ),
        compilations=combinations,
        design=str(Design.from_identity(space.identity()) or ""),
        computed=how_computed(space, picked),
    )


def run(
    sweep: Sweep,
    path: str | Path,
    *,
    device: str = "auto",
    overwrite: bool = False,
    durable: bool = True,
    check_disk: bool = True,
    tile_points: int | None = None,
    progress: bool = False,
) -> "xr.Dataset":
    """Run a sweep into the cube at `path` and open it; goes on where an earlier run stopped.

    `tile_points` caps the points of a tile of a new cube (smaller tiles need less memory). Returns a
    lazy Dataset. Raises SweepError (wrong input), CubeError (the cube cannot be written) or
    SweepInterrupted (Ctrl-C); in every case committed tiles are intact.
    """
    run_report(
        sweep,
        path,
        device=device,
        overwrite=overwrite,
        durable=durable,
        check_disk=check_disk,
        tile_points=tile_points,
        progress=progress,
    )
    return open_cube(path)


def run_report(sweep: Sweep, path: str | Path, *, device: str = "auto", **options: Any) -> "Report":
    """Like `run`, returning what was done instead of the cube; `options` are those of ``execute``."""
    from ..engine.execute import execute

    space = sweep.space()
    return execute(space, Path(path), device=device, attributes=_provenance(sweep, device), **options)


def open_cube(path: str | Path) -> "xr.Dataset":
    """Open a cube lazily, as ``xarray.open_zarr`` does; CubeError where there is none.

    What the cube can be asked stands in its attribute ``equisweep`` (`accessor.Equisweep`).
    """
    import xarray as xr

    from ..engine.store.cube import open_cube_for_reading
    from . import accessor  # noqa: F401  (registers dataset.equisweep)

    open_cube_for_reading(Path(path))
    dataset = xr.open_zarr(str(path), chunks=None)
    return dataset[json.loads(dataset.attrs["variables"])]


def _provenance(sweep: Sweep, device: str) -> dict[str, str]:
    """Text attributes of a new cube: the whole sweep, its hash, versions and device. No times: two runs
    of one sweep give the same bytes (times are in the journal).
    """
    from ..engine.device import pick_device

    packages = ("jax", "jaxlib", "diffrax", "numpy", "xarray", "zarr")
    text = sweep.text or _as_json(sweep)
    return {
        "sweep": text,
        "sweep_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "dtype": sweep.dtype,
        "device": str(pick_device(device)),
        "versions": json.dumps(
            {"equisweep": version("equisweep"), "python": platform.python_version()}
            | {name: version(name) for name in packages}
        ),
    }


def _as_json(sweep: Sweep) -> str:
    keys = (
        "model",
        "outputs",
        "axes",
        "fixed",
        "derivatives",
        "zip",
        "design",
        "times",
        "integrator",
        "dtype",
    )
    return json.dumps({key: getattr(sweep, key) for key in keys}, default=_plain)


def _plain(value: Any) -> Any:
    """What JSON does not know: arrays, ranges, mappings and numpy's scalars."""
    if isinstance(value, Mapping):
        return dict(value)
    return value.tolist() if hasattr(value, "tolist") else list(value)
