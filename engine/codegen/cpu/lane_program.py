"""Running the machine code of lanes from functions that JAX traces."""

from collections.abc import Sequence
from typing import Any

import jax

from ..lanes import Loop
from . import ffi, jit
from .lane_code import lane_code

Array = Any


class CpuLaneProgram:
    """A loop over lanes in machine code, which XLA calls."""

    def __init__(self, loop: Loop, width: int) -> None:
        self._loop = loop
        self._used = [k for k, leaf in enumerate(loop.leaves) if leaf.used]
        if loop.changing:
            self._name, address = jit.link(lane_code(loop, "NAME", width))
            ffi.register(self._name, address)

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The leaves that change, once the lane is done; many lanes under `jax.vmap` are one call."""
        changed = [arrays[k] for k in self._loop.changing]
        if not changed:
            return list(arrays[: self._loop.split])
        shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in changed]
        call = jax.ffi.ffi_call(self._name, shapes, vmap_method="broadcast_all")
        return self._loop.whole(arrays, call(*[arrays[k] for k in self._used]))
