"""Running the machine code of routes from functions that JAX traces."""

from collections.abc import Sequence
from typing import Any

import jax

from ..route.route import Route
from . import ffi, jit
from .route_code import Widths
from .route_lanes import route_code
from .row_code import part_code

Array = Any


class CpuRouteProgram:
    """A route in machine code, which XLA calls; each long part is compiled by itself, once."""

    def __init__(self, route: Route, width_of: Widths) -> None:
        text, apart = route_code(route, width_of, len(route.inputs[0].shape))
        parts: dict[str, bytes] = {}
        declared = []
        for part, placeholder in apart.items():
            written = part_code(part, width_of(part))
            name, code = jit.compiled(written.module("NAME"))
            # Calls of different places may be the same code.
            declared += [] if name in parts else [written.declaration(name)]
            parts[name] = code
            text = text.replace(f"@{placeholder}(", f"@{name}(")
        self._name, address = jit.link_together("\n".join([*declared, text]), parts)
        ffi.register(self._name, address)

    def __call__(self, arrays: Sequence[Array], shapes: Sequence[jax.ShapeDtypeStruct]) -> list[Array]:
        """Arrays of these shapes, of one lane; many lanes under `jax.vmap` are one call."""
        call = jax.ffi.ffi_call(self._name, list(shapes), vmap_method="broadcast_all")
        return list(call(*arrays))
