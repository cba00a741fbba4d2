"""What runs on a worker: it looks whether it is as the others are, then computes and commits tiles.

A process has one member for an order, which works in a thread of its own: programs are compiled once, and
only numbers of tiles and counts travel. What computes is loaded in that thread, too: it takes seconds, and a
worker whose loop stood still for as long would be taken for dead.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any

from ...engine.errors import SweepError, UserError
from .memory import keep_freed

if TYPE_CHECKING:
    from ...engine.crew.member import Member
    from .order import Order


@dataclass
class _Held:
    """An order, the member that carries it out once there is one, and the thread in which that works."""

    order: "Order"
    cores: int
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "equisweep-member"))
    member: "Member | None" = None
    tasks: int = 0
    watched: bool = False


# A member without a task for so long gives its lease back: the process that leads may have been killed, and a
# lease that is renewed for ever would keep everybody else from the cube. The next task makes another member.
IDLE = 60.0

_HELD: dict[str, _Held] = {}
_LOCK = threading.Lock()


def take(order: "Order", cores: int) -> None:
    """Keep an order; `cores` are this worker's."""
    with _LOCK:
        _HELD.setdefault(order.token, _Held(order, cores))


async def examine(token: str) -> dict[str, Any]:
    """What a worker says of itself: {"device": ..., "platform": ..., "memory": ...}, or {"error": ...}.

    While others are still asked, it loads what it will compute.
    """
    held = _HELD[token]
    said = await asyncio.wrap_future(held.thread.submit(_examined, held))
    if "error" not in said:
        held.thread.submit(_load, held.order)  # what cannot be loaded is said with the first tile
    return said


def compute(token: str, indices: Sequence[int]) -> dict[str, Any]:
    """Compute and commit tiles: {"done": counts}, or {"error": why not}."""
    held = _HELD[token]
    return held.thread.submit(_compute, held, indices).result()


def why_not_portable(token: str, tile: Sequence[int]) -> dict[str, Any]:
    """Why what is computed in such tiles is not portable: {"done": reason}, or {"error": what failed}."""
    held = _HELD[token]
    return held.thread.submit(_why_not_portable, held, tuple(tile)).result()


async def close(token: str) -> None:
    """End in good order, once what is under way is done."""
    with _LOCK:
        held = _HELD.pop(token, None)
    if held is not None:
        await asyncio.wrap_future(held.thread.submit(_close, held))
        held.thread.shutdown(wait=False)


def _examined(held: _Held) -> dict[str, Any]:
    from ...engine.cores import xla_begins_with
    from ...engine.device import pick_device

    try:
        _require_alike(held.order)
        with xla_begins_with(held.cores):
            device = pick_device(held.order.device)
    except UserError as error:
        return {"error": str(error)}
    memory = (device.memory_stats() or {}).get("bytes_limit") if device.platform != "cpu" else None
    return {"device": str(device), "platform": device.platform, "memory": memory}


def _load(order: "Order") -> None:
    from ...engine.crew import member  # noqa: F401
    from ..reduced.reduced import resolved

    with order.at_hand() as sweep:
        resolved(sweep)


def _require_alike(order: "Order") -> None:
    from ...engine.store.shared.owner import where
    from .order import facts

    here, alike = facts(), order.alike
    if alike.get("host", where()) != where():
        raise SweepError(
            f"is on another host; a repository of Icechunk in a folder ({order.root}) takes commits of one "
            "host alone: name one in a bucket"
        )
    other = [f"{key}: {alike[key]} there, {text} here" for key, text in here.items() if alike[key] != text]
    if other:
        raise SweepError(f"is not as the process that leads ({'; '.join(other)}); numbers might differ")


def _compute(held: _Held, indices: Sequence[int]) -> dict[str, Any]:
    held.tasks += 1
    try:
        if held.member is None:
            held.member = _member(held.order, held.cores)
        return {"done": astuple(held.member.compute(indices))}
    except UserError as error:
        return {"error": str(error)}
    finally:
        if not held.watched:
            _watch(held)


def _watch(held: _Held) -> None:
    """Look in a while, in the member's thread, whether there was a task meanwhile."""
    held.watched = True
    timer = threading.Timer(IDLE, _look, (held, held.tasks))
    timer.daemon = True
    timer.start()


def _look(held: _Held, tasks: int) -> None:
    with suppress(RuntimeError):  # the thread has ended with the order
        held.thread.submit(_close_idle, held, tasks)


def _close_idle(held: _Held, tasks: int) -> None:
    if held.tasks != tasks:
        _watch(held)
        return
    held.watched = False
    _close(held)


def _why_not_portable(held: _Held, tile: tuple[int, ...]) -> dict[str, Any]:
    from ...engine.cores import use_cores
    from ...engine.device import pick_device
    from ...engine.kept.folder import keep_compiled
    from ...engine.run.ready import evaluator_of, one_of_each
    from ...engine.tiles import Layout
    from ..reduced.reduced import resolved

    use_cores(held.cores)
    keep_compiled()
    with held.order.at_hand() as sweep:
        try:
            space, _ = resolved(sweep).grid()
            layout = Layout(space.shape, tile)
            evaluator = evaluator_of(space, layout, pick_device(held.order.device))
            evaluator.make(one_of_each(space, layout))
            evaluator.batches.close()
            return {"done": evaluator.why_not_portable}
        except UserError as error:
            return {"error": str(error)}


def _member(order: "Order", cores: int) -> "Member":
    from ...engine.cores import use_cores
    from ...engine.crew.member import Member
    from ...engine.device import pick_device
    from ...engine.store.iced.at import begin_branch
    from ..file_paths import cube_path
    from ..provenance import provenance
    from ..reduced.reduced import resolved
    from ..spec.begun import as_begun_at

    use_cores(cores)
    keep_freed(True)
    _require_alike(order)
    with order.at_hand() as sweep:
        root = cube_path(order.root)
        begin_branch(root)
        attributes = provenance(sweep)
        resolved_sweep = resolved(as_begun_at(root, sweep))
        if (
            attributes["sweep_sha256"] != order.alike["sweep"]
            or resolved_sweep.space.dtype.name != order.alike["dtype"]
        ):
            raise SweepError("holds another sweep than was sent")
        space, stored = resolved_sweep.grid()
        return Member(
            space,
            stored,
            root,
            pick_device(order.device),
            durable=order.durable,
            attributes=attributes,
            name=f"worker {socket.gethostname()}-{os.getpid()}",
            reuse=None if order.reuse is None else cube_path(order.reuse),
        )


def _close(held: _Held) -> None:
    member, held.member = held.member, None
    if member is not None:
        with suppress(OSError, UserError):  # the cube has gone, perhaps: the lead says so
            member.close()
    keep_freed(False)
