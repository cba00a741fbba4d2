"""Code for a processor with AVX2, beside that for one with AVX-512: both run on the latter."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import llvmlite.binding as llvm
from equisweep.engine.codegen.cpu import jit
from equisweep.engine.codegen.cpu.backend import Cpu

# Of a processor with AVX2, as LLVM calls it.
WITH_AVX2 = "haswell"


@contextmanager
def compiled_for_avx2(optimise: int = 0) -> Iterator[None]:
    """Code that is made meanwhile is for AVX2; for this very processor, where that has none."""
    if not llvm.get_host_cpu_features().get("avx2"):
        yield
        return
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=WITH_AVX2, opt=optimise, jit=True)
    with (
        patch.object(jit, "_target", lambda _: machine),
        patch.object(jit, "processor", lambda: (WITH_AVX2, "")),
        patch.object(jit, "PREFIX", f"{jit.PREFIX}{WITH_AVX2}_"),
    ):
        yield


class Avx2(Cpu):
    """The back end of a processor with AVX2: eight numbers side by side, in other instructions."""

    def __init__(self) -> None:
        super().__init__(8)

    def grid(self, grid):
        with compiled_for_avx2():
            return super().grid(grid)

    def lanes(self, loop):
        with compiled_for_avx2():
            return super().lanes(loop)

    def route(self, route):
        with compiled_for_avx2():
            return super().route(route)
