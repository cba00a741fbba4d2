"""What Dask gives to every worker, also to one that comes later or anew: the order."""

from typing import Any

from distributed import WorkerPlugin

from . import on_worker
from .order import Order


class Orders(WorkerPlugin):
    """Keeps an order on each worker until it is unregistered."""

    def __init__(self, order: Order) -> None:
        self.order, self.name = order, f"equisweep-{order.token}"

    def setup(self, worker: Any) -> None:
        """Take the order."""
        on_worker.take(self.order, worker.state.nthreads)

    async def teardown(self, worker: Any) -> None:
        """Give it back."""
        await on_worker.close(self.order.token)
