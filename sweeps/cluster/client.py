"""Clients of Dask: of a scheduler that runs already, or of workers that are started here."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...engine.errors import SweepError

_ANSWERS = "20s"


def require_dask() -> None:
    """SweepError where Dask's scheduler is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise SweepError("Dask's scheduler is not installed; pip install 'equisweep[dask]'") from None


@contextmanager
def client_at(address: str) -> Iterator[Any]:
    """A client of the scheduler at an address such as tcp://host:8786.

    Whoever answers there is trusted: Dask sends it code, and it sends code to workers. Raises SweepError
    where nobody answers.
    """
    require_dask()
    from distributed import Client

    try:
        client = Client(address, timeout=_ANSWERS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise SweepError(
            f"dask: no scheduler answers at {address!r} ({error}); give tcp://host:8786"
        ) from None
    try:
        yield client
    finally:
        client.close()


@contextmanager
def local_client(workers: int) -> Iterator[Any]:
    """A client of so many workers on this host, which share its cores; they end with it."""
    require_dask()
    from distributed import Client, LocalCluster

    cores = max((os.cpu_count() or 1) // workers, 1)
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=cores,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client
