"""Lanes in blocks, one thread a core: a block keeps one core busy, and calls from one thread queue up."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Array = Any
Arrays = Mapping[str, Array]

# A block's last lanes leave places empty, and a small block pays for its call; a large one leaves the other
# cores without work at the end.
_LARGEST, _SMALLEST, _PER_CORE = 8192, 512, 4


def block_size(lanes: int) -> int:
    """Into how many lanes a block so many are best cut."""
    wanted = -(-lanes // (_PER_CORE * cores()))
    return max(min(wanted, _LARGEST), min(lanes, _SMALLEST), 1)


def cores() -> int:
    return os.cpu_count() or 1


def lane_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="equisweep-lanes")


def in_blocks(function: Callable[[Arrays], Arrays], lanes: Arrays) -> Arrays:
    """`function` of arrays with a leading lane axis, block by block, and the blocks' results joined.

    The last block is filled up with copies of the last lane, so that all are compiled once.
    """
    count = len(next(iter(lanes.values())))
    size = block_size(count)
    if size >= count:
        return function(lanes)
    missing = -count % size
    host = {name: np.asarray(values) for name, values in lanes.items()}
    host = {
        name: np.pad(values, [(0, missing), *[(0, 0)] * (values.ndim - 1)], mode="edge")
        for name, values in host.items()
    }

    def block(first: int) -> Arrays:
        part = {name: values[first : first + size] for name, values in host.items()}
        return jax.block_until_ready(function(part))

    starts = range(0, count, size)
    first = block(0)  # compiles, once
    with lane_threads() as threads:
        done = [first, *threads.map(block, starts[1:])]
    # Joined by NumPy: JAX would compile the joining of every output.
    return {
        name: jnp.asarray(np.concatenate([np.asarray(part[name]) for part in done])[:count]) for name in first
    }
