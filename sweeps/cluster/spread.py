"""A crew that consists of the workers of a Dask client: who they are, and which tiles each gets."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from ...engine.crew.member import Done
from ...engine.errors import Argument, SweepError
from ...engine.feedback.stop_flag import stop_if_requested
from ...engine.tiles import Layout
from . import on_worker
from .order import Order

# Seconds that a task takes at best: its way through the scheduler is then a small part of it.
_TASK_SECONDS = 1.0
_MOST_TILES, _AHEAD = 1000, 2
# So often tiles may come back from workers that died (each time, as Dask counts, four of them).
_MOST_LOSSES = 8
_WAIT_FOR_WORKERS = 300
_LOOK_SECONDS = 2.0
# So often what is asked of all workers is asked again where one dies meanwhile, after a pause [s].
_TRIES, _PAUSE = 60, 0.5
_GLANCE = 0.02  # [s]
T = TypeVar("T")


@dataclass(frozen=True)
class Device:
    """Where all workers compute, as they say."""

    said: str
    platform: str
    memory: int | None

    def memory_stats(self) -> dict[str, int]:
        """As of a device of jax's."""
        return {} if self.memory is None else {"bytes_limit": self.memory}

    def __str__(self) -> str:
        return self.said


class DaskCrew:
    """Workers that have taken an order."""

    def __init__(self, client: Any, order: Order, device: Device) -> None:
        self.client, self.order, self.device = client, order, device

    def begin(self, root: Path) -> None:
        """Nothing more: a worker opens the cube with its first tile."""

    def why_not_portable(self, layout: Layout) -> str:
        """What one of the workers says: all have the same kind of device."""
        for losses in count():
            future = self.client.submit(
                on_worker.why_not_portable, self.order.token, layout.tile,
                key=f"equisweep-{self.order.token}-portable-{losses}", pure=False,
            )  # fmt: skip
            while not future.done():
                stop_if_requested()
                sleep(_GLANCE)
            said = self._result(future, "what makes the programs", losses)
            if said is not None:
                return said
        raise AssertionError

    def compute(self, places: Sequence[int], done: Callable[[Done], None]) -> None:
        """Deal tiles, as many at a time as take about a second; those of a worker that died go to others."""
        from distributed import as_completed

        waiting, size, number, slots, look = deque(places), 1, 0, 1, 0.0
        under_way: dict[Any, tuple[list[int], int, float]] = {}
        again: deque[tuple[list[int], int]] = deque()
        with self.client.as_current():
            results = as_completed([], loop=self.client.loop)
        try:
            while waiting or again or under_way:
                stop_if_requested()
                if monotonic() > look:
                    slots, look = _workers(self.client), monotonic() + _LOOK_SECONDS
                while (waiting or again) and len(under_way) < (1 + _AHEAD) * slots:
                    chunk, losses = again.popleft() if again else ([], 0)
                    while waiting and not losses and len(chunk) < size:
                        chunk.append(waiting.popleft())
                    future = self.client.submit(
                        on_worker.compute, self.order.token, chunk,
                        key=f"equisweep-{self.order.token}-{number}", pure=False,
                    )  # fmt: skip
                    number += 1
                    under_way[future] = chunk, losses, monotonic()
                    results.add(future)
                future = next(results)
                chunk, losses, began = under_way.pop(future)
                result = self._result(future, f"tiles {chunk[0]} to {chunk[-1]}", losses)
                if result is None:
                    again.append((chunk, losses + 1))
                    continue
                done(Done(*result))
                seconds = (monotonic() - began) / (1 + _AHEAD)
                size = _size(size, len(chunk) / max(seconds, 1e-3))
        except BaseException:
            with suppress(Exception):
                self.client.cancel(list(under_way), force=True)
            raise

    def _result(self, future: Any, what: str, losses: int) -> Any:
        """What a worker gave; None where the workers that had it died."""
        from distributed.scheduler import KilledWorker

        if future.status == "finished":
            said = future.result()
            if "error" in said:
                raise SweepError(f"a worker of {_scheduler(self.client)}: {said['error']}")
            return said["done"]
        error = None if future.cancelled() else future.exception()
        if error is not None and not isinstance(error, KilledWorker):
            raise error
        if losses >= _MOST_LOSSES:
            raise SweepError(
                f"{_scheduler(self.client)}: workers die again and again at {what}; "
                "their logs say why (memory, perhaps: smaller tiles need less)"
            ) from error
        return None

    def end(self) -> None:
        """Let every worker end in good order."""
        _patiently(lambda: self.client.run(on_worker.close, self.order.token, on_error="ignore"))


def _size(before: int, rate: float) -> int:
    """How many tiles a task is to have, of which so many are done in a second."""
    return min(max(round(rate * _TASK_SECONDS), before // 2, 1), 2 * before, _MOST_TILES)


def _workers(client: Any) -> int:
    return max(len(client.scheduler_info(n_workers=-1)["workers"]), 1)


@contextmanager
def crew_of(client: Any, order: Order) -> Iterator[DaskCrew]:
    """The workers of a client, once each has taken the order and is as the process that leads.

    Raises SweepError, naming the worker, where one is not; and where none comes.
    """
    from .plugin import Orders

    plugin = Orders(order)
    try:
        client.wait_for_workers(1, timeout=_WAIT_FOR_WORKERS)
    except TimeoutError:
        raise SweepError(f"{_scheduler(client)}: no worker within {_WAIT_FOR_WORKERS} s") from None
    try:
        _patiently(lambda: client.register_plugin(plugin))
    except (ImportError, AttributeError) as error:
        why = f"a worker cannot load equisweep ({error}); install it there"
        raise SweepError(f"{_scheduler(client)}: {why}") from None
    try:
        yield DaskCrew(client, order, _examined(client, order))
    finally:
        with suppress(Exception):
            client.unregister_worker_plugin(plugin.name)


def _patiently(ask: Callable[[], T]) -> T:
    """What is asked of all workers, again where one of them dies meanwhile; OSError where that never ends."""
    for _ in range(_TRIES):
        try:
            return ask()
        except OSError:
            sleep(_PAUSE)
    return ask()


def _examined(client: Any, order: Order) -> Device:
    found: dict[str, Device] = {}
    for _ in range(_TRIES):
        said = _patiently(lambda: client.run(on_worker.examine, order.token, on_error="return"))
        # One that has just died, or has just come and not taken the order yet, says nothing.
        said = {worker: one for worker, one in said.items() if not isinstance(one, OSError | KeyError)}
        for worker, one in said.items():
            if isinstance(one, BaseException) or "error" in one:
                why = one["error"] if isinstance(one, dict) else f"{type(one).__name__}: {one}"
                raise SweepError(f"worker {worker}: {why}")
            found[worker] = Device(one["device"], one["platform"], one["memory"])
        if found:
            break
        sleep(_PAUSE)
    kinds = {device.platform: worker for worker, device in found.items()}
    if len(kinds) > 1:
        told = ", ".join(f"{worker} on {platform}" for platform, worker in sorted(kinds.items()))
        raise SweepError(
            f"{_scheduler(client)}: workers compute on devices of several kinds ({told}); name one with ",
            Argument("device", "cpu"),
        )
    if not found:
        raise SweepError(f"{_scheduler(client)}: no worker is left")
    return min(found.values(), key=lambda device: device.memory or 0)


def _scheduler(client: Any) -> str:
    return f"the cluster {client.scheduler.address}" if client.scheduler else "the cluster"
