"""What XLA has compiled, as bytes, and back: a program of flat arrays for one device.

The bytes hold machine code: only those that this user's own processes made may be loaded. Of a program that
jax had from its own store, not compiled, jaxlib writes bytes that lack the code: `compiled_anew` tells.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import jax
import jax.monitoring
from jax.sharding import SingleDeviceSharding

from ..grid.windows import Coordinates

Array = Any
Program = Callable[[Sequence[Any]], list[Array]]


class Keep(Protocol):
    """Keeps what XLA compiled, for other processes."""

    def load(
        self, coordinates: Coordinates, described: Mapping[str, Any], lowered: Any
    ) -> tuple[Program, int] | None:
        """What XLA once made of the same: a program of flat arrays, and bytes it takes besides outputs."""
        ...

    def can_keep(
        self, coordinates: Coordinates, described: Mapping[str, Any], lowered: Any, compiled: Any
    ) -> bool:
        """Whether it would keep that, if it were compiled anew and not found in jax's own store."""
        ...

    def keep(
        self,
        coordinates: Coordinates,
        described: Mapping[str, Any],
        temporary: int,
        lowered: Any,
        compiled: Any,
    ) -> None:
        """Keep what was lowered for these coordinates and compiled, and what is said of it."""
        ...


class NotLoadable(Exception):
    """Of a program or bytes that jaxlib cannot write or read."""


class _Seen(threading.local):
    """How often this thread found in jax's store what it wanted compiled."""

    hits = 0


_seen = _Seen()


@cache
def _listen() -> None:
    def hear(event: str, **_: Any) -> None:
        _seen.hits += event == "/jax/compilation_cache/cache_hits"

    jax.monitoring.register_event_listener(hear)


def compiled_anew(lowered: Any) -> tuple[Any, bool]:
    """What was lowered, compiled; and whether XLA has compiled it, now."""
    _listen()
    before = _seen.hits
    return lowered.compile(), _seen.hits == before


def bytes_of_compiled(compiled: Any, arguments: int) -> bytes:
    """The bytes of a compiled function that is called with so many arrays and with nothing else.

    Raises NotLoadable where it takes others, or has none.
    """
    try:
        executable = compiled.runtime_executable()
        if len(executable.get_parameter_layouts()) != arguments:
            raise NotLoadable("constants are given to it")
        return bytes(executable.serialize())
    except (AttributeError, TypeError, RuntimeError) as error:
        raise NotLoadable(str(error)) from error


def program_of(code: bytes, device: Any) -> Program:
    """The function of flat arrays that such bytes are. Raises NotLoadable where this jaxlib cannot read them.

    Whatever it calls by name must have been registered.
    """
    try:
        devices = SingleDeviceSharding(device)._internal_device_list  # pyright: ignore
        executable = device.client.deserialize_executable(code, devices, None)
    except (AttributeError, TypeError, RuntimeError) as error:
        raise NotLoadable(str(error)) from error

    def run(arguments: Sequence[Any]) -> list[Array]:
        given = [jax.device_put(a, device) for a in arguments]
        results = executable.execute_sharded(given).disassemble_into_single_device_arrays()
        return [shards[0] for shards in results]

    return run
