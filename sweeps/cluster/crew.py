"""A crew that consists of the workers of a Dask client: who they are, and which tiles each gets."""

from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import Empty, Queue
from time import monotonic, sleep
from typing import Any, TypeVar

from ...engine.crew.member import Done
from ...engine.errors import Argument, SweepError
from ...engine.feedback.stop_flag import stop_if_requested
from ...engine.store.storage.place import place
from ...engine.tiles import Layout
from . import on_worker
from .order import Order
from .pace import AHEAD, Pace, pace_of

# So often tiles may come back from workers that died (each time, as Dask counts, four of them).
_MOST_LOSSES = 8
_WAIT_FOR_WORKERS = 300
_LOOK_SECONDS = 2.0
# What is asked of all workers is asked again after a pause [s] where one dies meanwhile.
_PAUSE = 0.5
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

    def __init__(self, client: Any, order: Order, device: Device, pace: Pace | None = None) -> None:
        self.client, self.order, self.device, self.pace = client, order, device, pace or Pace()

    def begin(self, root: Path) -> None:
        """Nothing more: a worker opens the cube with its first tile."""

    def why_not_portable(self, layout: Layout) -> str:
        """What one of the workers says: all have the same kind of device."""
        there = _Workers(self.client)
        for losses in count():
            future = self.client.submit(
                on_worker.why_not_portable, self.order.token, layout.tile,
                key=f"equisweep-{self.order.token}-portable-{losses}", pure=False,
            )  # fmt: skip
            while not future.done():
                stop_if_requested()
                there.count()
                sleep(_GLANCE)
            said = self._result(future, "what makes the programs", losses)
            if said is not None:
                return said
        raise AssertionError

    def compute(self, indices: Sequence[int], done: Callable[[Done], None]) -> None:
        """Deal tiles, so many at a time as the pace says; those of a worker that died go to others.

        Raises SweepError where workers die at the same tiles again and again, or none is left for long.
        """
        waiting, size, number = deque(indices), 1, 0
        under_way: dict[Any, tuple[list[int], int, float]] = {}
        again: deque[tuple[list[int], int]] = deque()
        ended: Queue[Any] = Queue()
        there = _Workers(self.client)
        try:
            while waiting or again or under_way:
                stop_if_requested()
                slots = there.count()
                while (waiting or again) and len(under_way) < AHEAD * slots:
                    chunk, losses = again.popleft() if again else ([], 0)
                    if not losses:
                        dealt = self.pace.dealt(size, len(waiting), slots)
                        chunk = [waiting.popleft() for _ in range(dealt)]
                    future = self.client.submit(
                        on_worker.compute, self.order.token, chunk,
                        key=f"equisweep-{self.order.token}-{number}", pure=False,
                    )  # fmt: skip
                    number += 1
                    under_way[future] = chunk, losses, monotonic()
                    future.add_done_callback(ended.put)
                try:
                    future = ended.get(timeout=_LOOK_SECONDS)
                except Empty:  # perhaps nobody is left who could end anything
                    continue
                chunk, losses, began = under_way.pop(future)
                result = self._result(future, f"tiles {chunk[0]} to {chunk[-1]}", losses)
                if result is None:
                    again.append((chunk, losses + 1))
                    continue
                done(Done(*result))
                seconds = max((monotonic() - began) / AHEAD, 1e-3)
                size = self.pace.wanted(size, len(chunk) / seconds, slots)
        except BaseException:
            with suppress(Exception):
                self.client.cancel(list(under_way), force=True)
            raise

    def _result(self, future: Any, what: str, losses: int) -> Any:
        """What a worker gave; None where the workers that had it died, or the one that could say it."""
        from distributed.scheduler import KilledWorker

        error = None
        try:
            if future.status == "finished":
                said = future.result(timeout=_LOOK_SECONDS)
                if "error" in said:
                    raise SweepError(f"a worker of {_scheduler(self.client)}: {said['error']}")
                return said["done"]
            if future.status == "error":
                error = future.exception(timeout=_LOOK_SECONDS)
        except (OSError, CancelledError):  # TimeoutError, too: who knew it died as it was asked
            pass
        except KilledWorker as killed:  # and so did those who did it once more
            error = killed
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


class _Workers:
    """How many workers there are, asked now and then."""

    def __init__(self, client: Any) -> None:
        self.client, self.last, self.look, self.seen = client, 1, 0.0, monotonic()

    def count(self) -> int:
        """At least 1, for one that is gone may come back; SweepError where none does, or nobody answers."""
        now = monotonic()
        if now > self.look:
            try:
                workers = len(self.client.scheduler_info(n_workers=-1)["workers"])
            except (OSError, TypeError):
                said = "its scheduler has gone; what is committed stays: run the same sweep again"
                raise SweepError(f"{_scheduler(self.client)}: {said}") from None
            self.last, self.look = max(workers, 1), monotonic() + _LOOK_SECONDS
            self.seen = now if workers else self.seen
        if now - self.seen > _WAIT_FOR_WORKERS:
            raise SweepError(
                f"{_scheduler(self.client)}: no worker for {_WAIT_FOR_WORKERS} s; what is committed stays: "
                "start workers, and run the same sweep again"
            )
        return self.last


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
        yield DaskCrew(client, order, _examined(client, order), pace_of(place(order.root)))
    finally:
        with suppress(Exception):
            client.unregister_worker_plugin(plugin.name)


def _patiently(ask: Callable[[], T]) -> T:
    """What is asked of all workers, again where one of them dies meanwhile; OSError where that never ends."""
    end = monotonic() + _WAIT_FOR_WORKERS
    while True:
        stop_if_requested()
        try:
            return ask()
        except OSError:
            if monotonic() > end:
                raise
            sleep(_PAUSE)


def _examined(client: Any, order: Order) -> Device:
    devices: dict[str, Device] = {}
    end = monotonic() + _WAIT_FOR_WORKERS
    while not devices and monotonic() < end:
        said = _patiently(lambda: client.run(on_worker.examine, order.token, on_error="return"))
        # One that has just died, or has just come and not taken the order yet, says nothing.
        said = {worker: one for worker, one in said.items() if not isinstance(one, OSError | KeyError)}
        for worker, one in said.items():
            if isinstance(one, BaseException) or "error" in one:
                why = one["error"] if isinstance(one, dict) else f"{type(one).__name__}: {one}"
                raise SweepError(f"worker {worker}: {why}")
            devices[worker] = Device(one["device"], one["platform"], one["memory"])
        if not devices:
            stop_if_requested()
            sleep(_PAUSE)
    kinds = {device.platform: worker for worker, device in devices.items()}
    if len(kinds) > 1:
        alike = ", ".join(f"{worker} on {platform}" for platform, worker in sorted(kinds.items()))
        raise SweepError(
            f"{_scheduler(client)}: workers compute on devices of several kinds ({alike}); name one with ",
            Argument("device", "cpu"),
        )
    if not devices:
        raise SweepError(f"{_scheduler(client)}: no worker is left that lives long enough to answer")
    return min(devices.values(), key=lambda device: device.memory or 0)


def _scheduler(client: Any) -> str:
    return f"the cluster {client.scheduler.address}" if client.scheduler else "the cluster"
