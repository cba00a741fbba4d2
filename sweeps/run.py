"""Run a sweep into a cube, and open it."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.device import DEVICES
from ..engine.errors import Argument, SweepError
from .file_paths import cube_path, require_outside_cubes, require_unpacked

if TYPE_CHECKING:
    import xarray as xr

    from ..engine.feedback.report import Report
    from ..engine.store.shared.parts import Part
    from .spec.sweep import Sweep


def run(
    sweep: "Sweep",
    path: str | Path,
    *,
    device: str = "auto",
    overwrite: bool = False,
    durable: bool = True,
    check_disk: bool = True,
    tile_points: int | None = None,
    progress: bool | None = None,
    part: "str | tuple[int, int] | None" = None,
    reuse: "str | Path | None" = None,
    client: Any = None,
    commit_every: int | None = None,
) -> "xr.Dataset":
    """Run a sweep into the cube at `path` and open it; goes on where an earlier run stopped.

    Parameters
    ----------
    sweep
        What to sweep.
    path
        The cube, a folder such as cube.zarr.
    device
        "cpu"; "gpu"; "all" for all GPUs of the machine, which share the tiles; or "auto" for what `plan`
        expects to be sooner done.
    overwrite
        Delete an existing cube first. A path that holds no cube is never deleted.
    durable
        Sync every tile to the disk before it counts as committed.
    check_disk
        Refuse a cube that would not fit on the disk.
    tile_points
        Most points of a tile of a new cube (smaller tiles need less memory); chosen for the device if None.
    progress
        Say on standard error how far it is; in a notebook a bar does if None, and elsewhere nothing.
    part
        ``(3, 64)`` or ``"3/64"``: compute the third of 64 parts of the tiles and leave the rest to others,
        who may do so at the same time, on this host or on others that share the storage.
    reuse
        Another cube, whose points are taken over as far as the sweep has them, too, to the last bit of their
        coordinates; only the rest is computed, and the bytes are those of a run that computes all. Model,
        version, fixed values, integrator and dtype have to be the same, and the axes, in whatever order.
    client
        A client of Dask (``distributed.Client``) whose workers compute and commit the tiles. They see the
        cube under the same path, and have the same equisweep; the files of a model of one's own travel there.
    commit_every
        Of a cube in a repository of Icechunk: commit after so many tiles each, and not only at the end.

    Returns
    -------
    Dataset
        Lazy, as `open_cube` returns it: every variable over the axes, with its status.

    Raises
    ------
    SweepError
        The sweep is wrong, the cube would not fit, the device is not there, or points cannot be taken over.
    CubeError
        The cube cannot be written, or holds another sweep.
    SweepInterrupted
        The user pressed Ctrl-C. In every case committed tiles are intact.
    """
    from ..engine.feedback.progress import of_notebook

    run_report(
        sweep,
        path,
        device=device,
        overwrite=overwrite,
        durable=durable,
        check_disk=check_disk,
        tile_points=tile_points,
        progress=of_notebook(sys.stderr) if progress is None else progress,
        part=part,
        reuse=reuse,
        client=client,
        commit_every=commit_every,
    )
    return open_cube(path)


def run_report(sweep: "Sweep", path: str | Path, *, device: str = "auto", **options: Any) -> "Report":
    """Like `run`, returning what was done instead of the cube.

    Parameters
    ----------
    sweep, path, device
        As of `run`.
    options
        The other options of `run`; `progress` is on unless it is turned off.

    Returns
    -------
    Report
        How much was computed, where, and how long it took.

    Raises
    ------
    SweepError, CubeError, SweepInterrupted
        As `run`.
    """
    from ..engine.store.iced.at import branch_begins, commit_every, is_iced
    from ..engine.store.shared.parts import part_of

    root = require_outside_cubes(require_unpacked(cube_path(path)))
    part = options.pop("part", None)
    part = None if part is None else part_of(part)
    every = options.pop("commit_every", None)
    if every is not None or is_iced(root):
        commit_every(root, every)
    with branch_begins(root):
        return _run(sweep, root, part, device, options)


def _run(sweep: "Sweep", root: Path, part: "Part | None", device: str, options: dict[str, Any]) -> "Report":
    from ..engine.store.resume import complete_already
    from ..engine.store.shared.parts import WHOLE
    from .provenance import known_by, provenance

    if not options.get("overwrite") and device in DEVICES:
        complete = complete_already(root, known_by(sweep), options.get("durable", True), part or WHOLE)
        if complete is not None:
            return complete
    client = options.pop("client", None)
    if client is not None:
        require_whole(part)
        from .cluster.run import run_on

        return run_on(client, sweep, root, device=device, **options)
    # What computes is loaded where there is something to compute.
    from ..engine.run.execute import execute
    from .reduced.reduced import resolved
    from .spec.begun import as_begun_at

    resolved_sweep = resolved(sweep if options.get("overwrite") else as_begun_at(root, sweep))
    reuse = options.pop("reuse", None)
    options |= {
        "reduction": resolved_sweep.reduction,
        "part": part,
        "reuse": None if reuse is None else cube_path(reuse),
    }
    return execute(resolved_sweep.space, root, device=device, attributes=provenance(sweep), **options)


def require_whole(part: object) -> None:
    """Refuse a part of a sweep on a cluster, which deals tiles itself."""
    if part is not None:
        raise SweepError("part: a cluster computes the whole sweep; leave out ", Argument("part"))


def open_cube(path: str | Path) -> "xr.Dataset":
    """Open the cube at `path` lazily, as ``xarray.open_zarr`` does.

    Returns a Dataset: every variable over the axes of the sweep, with units and meanings in the attributes.
    What it can be asked stands in its attribute ``equisweep`` (`accessor.Equisweep`). Raises CubeError
    where there is no cube.
    """
    from . import accessor  # noqa: F401  (registers dataset.equisweep)
    from .cube.open import open_cube

    return open_cube(path)


def run_in_memory(sweep: "Sweep") -> "xr.Dataset":
    """The cube of a small sweep, loaded; nothing stays on the disk. Raises what `run` raises for `sweep`."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return run(sweep, Path(folder) / "cube.zarr", durable=False).load()
