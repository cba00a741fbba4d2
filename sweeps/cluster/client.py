"""Clients of Dask: of a scheduler that runs already, or of workers that are started here."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ...engine.cores import usable_cores
from ...engine.errors import SweepError

_ANSWERS = "20s"
# So often it is looked whether workers of this host are all there [s].
_LOOK = 1.0
# Workers of this host for each core: each is a process with all libraries, some 400 MB.
_A_CORE = 8


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
def _environment_as_before() -> Iterator[None]:
    """Dask sets variables (OMP_NUM_THREADS) for its workers in this process: they go with the workers."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in [name for name, value in os.environ.items() if before.get(name) != value]:
            if name in before:
                os.environ[name] = before[name]
            else:
                del os.environ[name]


@contextmanager
def local_client(workers: int) -> Iterator[Any]:
    """A client of so many workers on this host, each on cores of its own; they end with it.

    Raises SweepError where they are too many for this host, or do not start.
    """
    require_dask()
    from distributed import Client

    from .own_cores import OwnCores

    most = _A_CORE * usable_cores()
    if workers > most:
        raise SweepError(
            f"workers: {workers:,} are too many for the {usable_cores()} cores that may be used here; "
            f"start {most} at most, or none: one process uses all cores"
        )
    with (
        _environment_as_before(),
        _cluster(workers) as cluster,
        _kept(cluster, workers),
        Client(cluster, set_as_default=False) as client,
    ):
        with suppress(OSError):  # one that dies meanwhile: it is on its own cores as it comes again
            client.register_plugin(OwnCores(workers))
        yield client


@contextmanager
def _cluster(workers: int) -> Iterator[Any]:
    from .workers_here import WorkersHere

    try:
        cluster = WorkersHere(
            n_workers=workers,
            threads_per_worker=max(usable_cores() // workers, 1),
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    except (RuntimeError, OSError) as error:
        raise SweepError(
            f"dask: workers of this host do not start ({error}); a script that starts them does so under "
            'if __name__ == "__main__":, for they import it'
        ) from None
    with cluster:
        yield cluster


@contextmanager
def _kept(cluster: Any, workers: int) -> Iterator[None]:
    """Within it a worker that is lost for good is replaced.

    Dask starts a process that died anew, but gives up one that does not come back in time (15 s): it died
    again as it started, or started while the host was busy.
    """
    from tornado.ioloop import PeriodicCallback

    async def replace() -> None:
        for name, nanny in list(cluster.workers.items()):
            if nanny.status.name in ("closed", "failed"):
                del cluster.workers[name]
        if len(cluster.workers) < workers:
            with suppress(Exception):  # one that died as it started: the next look replaces it
                await cluster

    looks = PeriodicCallback(replace, _LOOK * 1000)
    cluster.loop.add_callback(looks.start)
    try:
        yield
    finally:
        cluster.loop.add_callback(looks.stop)
