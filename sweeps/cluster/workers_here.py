"""Workers of this host, as Dask starts them, and a watch that goes on when one dies as it starts."""

from typing import Any

from distributed import LocalCluster


class WorkersHere(LocalCluster):
    """Dask's workers of this host.

    A worker that dies while it registers is told of as gone without having been told of as there. Dask's own
    watch ends with KeyError at that, and `close` raises it when all work is done and right.
    """

    def _update_worker_status(self, op: str, msg: Any) -> None:
        if op != "remove" or msg in self.scheduler_info["workers"]:
            super()._update_worker_status(op, msg)
