"""Run a compiled jax function over lanes in blocks, by one thread per core."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]


def in_blocks(function: Callable[[Arrays], Arrays], values: Arrays, block: int | None) -> Callable[[], Any]:
    """A function of no arguments: `function` of all lanes of `values`, as NumPy arrays.

    `block`: lanes of one call, the last block repeating its last lane; None: all of them in one.
    """
    import jax

    size = len(next(iter(values.values())))
    if block is None:
        on_device = {k: jax.numpy.asarray(v) for k, v in values.items()}
        return lambda: {k: np.asarray(v) for k, v in jax.block_until_ready(function(on_device)).items()}
    count = -(-size // block)
    pad = count * block - size
    padded = {
        k: np.pad(np.asarray(v), [(0, pad)] + [(0, 0)] * (np.ndim(v) - 1), mode="edge")
        for k, v in values.items()
    }
    parts = [
        {k: jax.numpy.asarray(v[i * block : (i + 1) * block]) for k, v in padded.items()}
        for i in range(count)
    ]
    threads = ThreadPoolExecutor(os.cpu_count())
    compiled: list[bool] = []

    def whole() -> dict[str, np.ndarray]:
        first = [] if compiled else [jax.block_until_ready(function(parts[0]))]
        compiled.append(True)
        done = [*first, *threads.map(lambda p: jax.block_until_ready(function(p)), parts[len(first) :])]
        return {k: np.concatenate([np.asarray(part[k]) for part in done])[:size] for k in done[0]}

    return whole
