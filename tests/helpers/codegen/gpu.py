"""What is made for GPUs, without one: NVIDIA's assembler, and a kernel's thread run by this processor."""

import ctypes
import re
import subprocess
from functools import cache
from math import prod
from pathlib import Path
from typing import NamedTuple

import jax
import llvmlite.binding as llvm
import numpy as np
import nvidia
from equisweep.engine.codegen.cpu.float_state import in_own_state
from equisweep.engine.codegen.gpu.backend import Gpu
from equisweep.engine.codegen.gpu.fold_code import fold_kernel, fold_thread
from equisweep.engine.codegen.gpu.fold_code import parameters as fold_parameters
from equisweep.engine.codegen.gpu.fold_program import GpuFoldProgram
from equisweep.engine.codegen.gpu.grid_code import parameters, stage_code, stage_kernel
from equisweep.engine.codegen.gpu.grid_program import GpuGridProgram
from equisweep.engine.codegen.gpu.kernel import BLOCK, CELL, SHARED_CELLS
from equisweep.engine.codegen.gpu.lane_code import LaneCode
from equisweep.engine.codegen.gpu.launch import WORK, carried
from equisweep.engine.codegen.gpu.record import WARP, words_of
from equisweep.engine.codegen.gpu.route_code import _KEPT, route_thread, shareable
from equisweep.engine.codegen.gpu.route_code import parameters as route_parameters
from equisweep.engine.codegen.gpu.route_program import require_small_record

CARDS = ("sm_80", "sm_90", "sm_100")
_LINKED = []
# The address of what is read or written there.
_IN_LOCAL_MEMORY = re.compile(r"\b(?:ld|st)(?:\.volatile)?\.local\.\w+\s[^\[\n]*\[(%\w+)")


def assembler() -> str:
    """Where ptxas lies; it needs no GPU."""
    return str(next(p for folder in nvidia.__path__ for p in Path(folder).glob("cu*/bin/ptxas")))


class Assembled(NamedTuple):
    """What a thread takes: registers, bytes that the assembler spilled, bytes of local and shared memory."""

    registers: int
    spilled: int
    local: int
    shared: int


def assembled(ptx: str, card: str, folder: Path) -> Assembled:
    """What the assembler says of a kernel. Fails where the text is not valid."""
    source = folder / "kernel.ptx"
    source.write_text(ptx, encoding="utf-8")
    command = [assembler(), "-v", f"-arch={card}", "-o", str(folder / "kernel.cubin"), str(source)]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    number = r"(\d+) bytes "
    # Of the kernel, then of each function that it calls.
    frames = re.findall(f"{number}stack frame, {number}spill stores, {number}spill loads", said.stderr)
    registers = re.search(r"Used (\d+) registers", said.stderr)
    shared = re.search(f"{number}smem", said.stderr)
    assert frames, said.stderr
    assert registers, said.stderr
    spilled = sum(int(stored) + int(loaded) for _, stored, loaded in frames)
    local = int(frames[0][0])  # what it calls included
    return Assembled(int(registers[1]), spilled, local, int(shared[1]) // BLOCK if shared else 0)


def assert_offsets_in_local_memory(ptx: str) -> None:
    """Where a cell lies is an offset within the instruction, from one address.

    An address for each would take two registers from where it is made to the end of a function. What a kernel
    has to know between its functions is no cell, and has such addresses.
    """
    for function in re.split(r"^(?=\.func|\.visible)", ptx, flags=re.MULTILINE):
        most = 1 if function.startswith(".func") else len(_KEPT)
        for block in re.split(r"^\$L\w+:", function, flags=re.MULTILINE):
            assert len({*_IN_LOCAL_MEMORY.findall(block)}) <= most


@cache
def _linker():
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0, jit=True)
    return llvm.create_lljit_compiler(machine, use_jit_link=False, suppress_errors=False)


def thread_on_this_processor(code, arrays):
    """The work of a thread as a function: thread(first, threads, arrays). `code(name)` is its LLVM code."""
    name = f"thread_{len(_LINKED)}"
    pointers = ["ptr addrspace(3) %shared", *(f"ptr addrspace(1) %a{k}" for k in range(arrays))]
    given = ["i32 %first", "i32 %threads", *pointers]
    # A GPU never takes tiny numbers for 0; a thread of XLA, which may call this, does.
    called = in_own_state("work", f"define void @{name}({', '.join(given)})", "void", given)
    builder = llvm.JITLibraryBuilder().add_ir(code("work") + called).export_symbol(name)
    library = builder.add_current_process().link(_linker(), name)
    _LINKED.append(library)
    function = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_int32, *[ctypes.c_void_p] * (1 + arrays))
    call = function(library[name])
    shared = np.full((SHARED_CELLS, BLOCK), np.nan)  # of a block, a column a thread

    def run(first, threads, arrays):
        own = shared.ctypes.data + first % BLOCK * CELL
        call(first, threads, own, *[a.ctypes.data for a in arrays])

    return run


class GridOnThisProcessor(GpuGridProgram):
    """The kernels of a grid, whose threads this processor runs, one after another; they are so many."""

    def __init__(self, grid, threads):
        self.threads, self.kernels = threads, []
        super().__init__(grid)

    def _compiled(self, work):
        self.kernels.append(stage_kernel(self._grid, work, "kernel"))
        count = len(parameters(self._grid, work))
        return thread_on_this_processor(lambda name: stage_code(self._grid, work, name), count)

    def _launched(self, text, work, arrays, results, lengths):
        if any(isinstance(a, jax.core.Tracer) for a in arrays):  # as the engine has it, within jax.jit
            return jax.pure_callback(
                lambda *a: self._launched(text, work, [*map(np.asarray, a)], results, lengths),
                list(results), *arrays,
            )  # fmt: skip
        given = [np.ascontiguousarray(a) for a in arrays]
        written = [np.empty(r.shape, r.dtype) for r in results]
        for first in range(self.threads):
            text(first, self.threads, [*given, np.array(lengths, np.int32), *written])
        return written


class FoldOnThisProcessor(GpuFoldProgram):
    """The kernel of a fold, whose threads this processor runs, one after another; they are so many."""

    def __init__(self, folding, threads):
        self.threads, self.kernel = threads, fold_kernel(folding, "kernel")
        super().__init__(folding)

    def _compiled(self):
        count = len(fold_parameters(self._folding))
        return thread_on_this_processor(lambda name: fold_thread(self._folding, name), count)

    def _launched(self, lanes, given, results):
        if any(isinstance(a, jax.core.Tracer) for a in given):
            return jax.pure_callback(
                lambda *a: self._launched(lanes, [*map(np.asarray, a)], results), list(results), *given
            )
        *given, zeros = (np.array(a) for a in given)
        written = [np.empty(r.shape, r.dtype) for r in results[1:]]
        for first in range(self.threads):
            self._text(first, self.threads, [*given, zeros, *written])
        return [zeros, *written]


# A thread is alone here; with `others` it takes itself for one of a warp whose others are busy elsewhere.
_WARP = """
define internal i32 @together() {{ ret i32 {mask} }}
define internal i32 @ballot(i32 %mask, i1 %holds) {{ %one = zext i1 %holds to i32  ret i32 %one }}
define internal i32 @greatest(i32 %number, i32 %mask) {{ ret i32 %number }}
"""


class RouteOnThisProcessor:
    """The kernel of a route, of which so many threads run one after another until all lanes are done.

    `work` is what a thread does in a launch, `others`: it leaves its steps after each, to look for others.
    `launches` is how many there were the last time.
    """

    def __init__(self, route, threads, work=WORK, *, others=False):
        require_small_record(route)
        self.route, self.threads, self.work, self.launches = route, threads, work, 0
        warp = _WARP.format(mask=-1 if others else 1)
        self.thread = thread_on_this_processor(
            lambda name: warp + route_thread(route, name), len(route_parameters(route))
        )

    def __call__(self, arrays, shapes):
        return jax.pure_callback(
            lambda *a: self.run([*map(np.asarray, a)], shapes), list(shapes), *arrays,
            vmap_method="broadcast_all",
        )  # fmt: skip

    def run(self, arrays, shapes):
        outer = arrays[0].shape[: arrays[0].ndim - len(self.route.inputs[0].shape)]
        own = [int(arrays[k].ndim > len(self.route.inputs[k].shape)) for k in shareable(self.route)]
        lanes, warps = prod(outer), -(-self.threads // WARP)
        given = [np.ascontiguousarray(a) for a in arrays if a.size or not lanes]
        shapes = [((*outer, *one.shape), one.dtype) for one in shapes]
        # What is not written yet may hold anything.
        made = [np.full(shape, 77).astype(dtype) for shape, dtype in shapes]
        begin = [np.zeros(one.shape, one.dtype) for one in carried(words_of(self.route), warps * WARP)]
        begin[0][...] = 0x7FF4DEADBEEFDEAD
        begin[1] = begin[1].ravel()[: 2 * self.threads]
        counts = np.array([lanes, self.work, *own], np.int32)
        self.launches = 0
        while begin[2][1] < lanes:
            self.launches += 1
            assert self.launches < 100_000
            for first in range(self.threads):
                self.thread(first, self.threads, [*given, counts, *begin, *(m for m in made if m.size)])
        return made


class OnThisProcessor(Gpu):
    """The GPU's back end, whose threads this processor runs, one after another; they are so many.

    `written`: the code of each loop that it was given.
    """

    platform = "cpu"

    def __init__(self, threads: int = 3) -> None:
        self.threads = threads
        self.written = []

    def grid(self, grid):
        return GridOnThisProcessor(grid, self.threads)

    def folded(self, folding):
        return FoldOnThisProcessor(folding, self.threads)

    def route(self, route):
        return RouteOnThisProcessor(route, self.threads)

    def lanes(self, loop):
        code = LaneCode(loop)
        self.written.append(code)
        arrays = sum(leaf.used for leaf in loop.leaves) + 2 + len(loop.changing)
        thread = thread_on_this_processor(code.thread, arrays)

        def run(*arrays):
            lanes = arrays[0].shape[: arrays[0].ndim - loop.leaves[0].rank]
            given = [
                np.ascontiguousarray(a) for a, leaf in zip(arrays, loop.leaves, strict=True) if leaf.used
            ]
            results = [np.empty(arrays[k].shape, arrays[k].dtype) for k in loop.changing]
            counts = [np.array([np.prod(lanes, dtype=int)], np.int32), np.zeros(1, np.int32)]
            for first in range(self.threads):
                thread(first, self.threads, [*given, *counts, *results])
            return loop.whole(arrays, results)

        def program(arrays):
            shapes = [jax.ShapeDtypeStruct(a.shape, a.dtype) for a in arrays[: loop.split]]
            return jax.pure_callback(
                lambda *a: run(*map(np.asarray, a)), shapes, *arrays, vmap_method="broadcast_all"
            )

        return program
