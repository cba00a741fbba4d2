"""Running the machine code of routes from functions that JAX traces."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import jax

from ..route.part import Part
from ..route.route import Route
from . import ffi, jit
from .route_code import Widths
from .route_lanes import route_code

Array = Any
# Name and object code of a part's function.
Begun = tuple[str, "Future[bytes]"]


class CpuRouteProgram:
    """A route in machine code, which XLA calls; each long part is compiled by itself, once."""

    def __init__(self, route: Route, width_of: Widths, code_of: Callable[[Part], Begun]) -> None:
        text, apart = route_code(route, width_of, len(route.inputs[0].shape))
        blocks, code = jit.begun(text)
        lines, parts = _entered(blocks), {blocks: code}
        for part, symbol in apart.items():
            name, code = code_of(part)
            # Calls of different places may be the same code.
            lines += [] if name in parts else [f"declare void @{name}()"]
            lines.append(f"@{symbol} = constant ptr @{name}")
            parts[name] = code
        self._name, address = jit.link_together("\n".join(lines), list(parts.values()))
        ffi.register(self._name, address)

    def __call__(self, arrays: Sequence[Array], shapes: Sequence[jax.ShapeDtypeStruct]) -> list[Array]:
        """Arrays of these shapes, of one lane; many lanes under `jax.vmap` are one call."""
        call = jax.ffi.ffi_call(self._name, list(shapes), vmap_method="broadcast_all")
        return list(call(*arrays))


def _entered(blocks: str) -> list[str]:
    """The function that XLA calls is that of the blocks, which is the same for all alike routes."""
    return [
        f"declare ptr @{blocks}(ptr)",
        "define ptr @NAME(ptr %frame) {",
        f"  %result = call ptr @{blocks}(ptr %frame)",
        "  ret ptr %result",
        "}",
    ]
