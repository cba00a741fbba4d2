"""Run a sweep on the workers of a Dask client."""

from pathlib import Path
from typing import Any

from ...engine.crew.lead import execute_with
from ...engine.errors import SweepError
from ...engine.feedback.report import Report
from ..file_paths import cube_path
from ..provenance import provenance
from ..reduced.reduced import resolved
from ..spec.begun import as_begun_at
from ..spec.sweep import Sweep
from .client import require_dask
from .order import order


def run_on(
    client: Any, sweep: Sweep, root: Path, *, device: str, reuse: str | Path | None = None, **options: Any
) -> Report:
    """As `run_report`, by the workers of a ``distributed.Client``; `options` are those of `execute_with`.

    Raises SweepError where a worker is not as this process is, and what `run` raises.
    """
    require_dask()
    from .crew import crew_of

    _require_seen_by_all(root)
    old = None if reuse is None else cube_path(reuse)
    resolved_sweep = resolved(sweep if options.get("overwrite") else as_begun_at(root, sweep))
    sent = order(sweep, root, device, options.get("durable", True), old)
    with crew_of(client, sent) as crew:
        return execute_with(
            crew,
            resolved_sweep.space,
            root,
            attributes=provenance(sweep),
            reduction=resolved_sweep.reduction,
            reuse=old,
            **options,
        )


def _require_seen_by_all(root: Path) -> None:
    """Refuse a cube that no other process can see."""
    if str(root).startswith("memory://"):
        raise SweepError(f"{root}: lies in the memory of this process, where no worker sees it; name another")
