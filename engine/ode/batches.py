"""Lanes in blocks, one thread a core: a block keeps one core busy, and calls from one thread queue up."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ..windows import cut

Array = Any
Arrays = Mapping[str, Array]

# A block's last lanes leave places empty, and a small block pays for its call; a large one leaves the other
# cores without work at the end.
_LARGEST, _SMALLEST, _PER_CORE = 2048, 512, 8


def block_size(lanes: int) -> int:
    """Into how many lanes a block so many are best cut."""
    wanted = -(-lanes // (_PER_CORE * cores()))
    return max(min(wanted, _LARGEST), min(lanes, _SMALLEST), 1)


def cores() -> int:
    return os.cpu_count() or 1


def lane_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="equisweep-lanes")


class InBlocks:
    """A jitted function of arrays with a leading lane axis: on a CPU in blocks, whose results are joined."""

    def __init__(self, function: Callable[..., Arrays]) -> None:
        self._function = function
        self._compiled: set[int] = set()

    def __call__(self, lanes: Arrays, *others: Array) -> dict[str, Array]:
        """`others` are the same for all lanes."""
        count = len(next(iter(lanes.values())))
        size = block_size(count)
        traced = any(isinstance(values, Tracer) for values in lanes.values())
        if size >= count or traced or jax.default_backend() != "cpu":
            return dict(self._function(lanes, *others))
        host = {name: np.asarray(values) for name, values in lanes.items()}
        windows = cut(count, -(-count // size))

        def block(window: slice) -> Arrays:
            part = {name: values[window] for name, values in host.items()}
            return jax.block_until_ready(self._function(part, *others))

        length = windows[0].stop - windows[0].start
        if length not in self._compiled:
            block(windows[0])  # alone: else every thread would compile
            self._compiled.add(length)
        # Joined by NumPy: JAX would compile the joining of every output.
        whole: dict[str, np.ndarray] = {}
        with lane_threads() as threads:
            for window, found in zip(windows, threads.map(block, windows), strict=True):
                for name, value in found.items():
                    if name not in whole:
                        whole[name] = np.empty((count, *value.shape[1:]), value.dtype)
                    whole[name][window] = np.asarray(value)
        return {name: jnp.asarray(values) for name, values in whole.items()}
