"""What all kernels for GPUs have in common: how many threads a block has, and which of them a thread is."""

from collections.abc import Callable, Sequence

from ..ir import Unsupported
from ..llvm.code import Code

# Threads of a block. Blocks of 64 and of 128 are equally fast on an H100; of 64 each thread may have twice as
# much of the block's shared memory.
BLOCK = 64
# Memory of a block, and bytes of it that it may have without asking the driver for more.
SHARED, _MOST_SHARED = "ptr addrspace(3)", 48 * 1024
CELL = 8  # bytes of a number there
SHARED_CELLS = _MOST_SHARED // (BLOCK * CELL)
# So many such blocks are to fit on a multiprocessor. Where this is not said NVIDIA's assembler takes a kernel
# that needs more than its 255 registers down to 32, so that several blocks fit; of 1 it takes all it likes.
_BOUNDS = '"nvvm.maxntid"="{threads}" "nvvm.minctasm"="{blocks}"'
MEMORY = "ptr addrspace(1)"
# A kernel takes 4,096 bytes of arguments.
_MOST_ARRAYS = 500
# What says which thread of how many this is: a name in the code, and the register that holds it.
_REGISTERS = {"tid": "tid.x", "block": "ctaid.x", "size": "ntid.x", "blocks": "nctaid.x"}


def pointers(names: Sequence[str]) -> list[str]:
    """Arrays that a thread is given, as LLVM declares parameters. Raises Unsupported where they are many."""
    if len(names) > _MOST_ARRAYS:
        raise Unsupported(f"more than {_MOST_ARRAYS} arrays for a GPU's kernel")
    return [f"{MEMORY} %{name}" for name in names]


def next_item(code: Code, count: Callable[[], str], work: str) -> str:
    """The head of a thread's loop over items of work, so many as `count` gives; the block `work` follows.

    The item is `%first`, then `%following`, which the block `written` has made before it jumps to `take`.
    """
    code.jump("take")
    code.block("take")
    item = code.emit("phi i32 [ %first, %entry ], [ %following, %written ]")
    code.branch(code.emit(f"icmp ult i32 {item}, {count()}"), work, "done")
    code.block("done")
    code.add("ret void")
    code.block(work)
    return item


def thread_head(name: str, linkage: str, arrays: Sequence[str]) -> str:
    """How LLVM code defines ``name(first, threads, shared, arrays...)``, the work of a thread.

    `shared` is its first cell in shared memory; the others lie `BLOCK` cells apart.
    """
    given = ["i32 %first", "i32 %threads", f"{SHARED} %shared", *arrays]
    return f"define {linkage} void @{name}({', '.join(given)})"


def kernel_code(
    name: str, given: Sequence[str], thread: str, arrays: Sequence[str], cells: int, blocks: int = 1
) -> str:
    """LLVM code of a kernel that XLA can launch, of that of a thread (`thread_head`), by the name "thread".

    `given` are the kernel's own parameters, among them those `arrays` that each thread is handed. Each thread
    has so many `cells` in shared memory; so many `blocks` are to be on a multiprocessor at once.
    """
    bounds = _BOUNDS.format(threads=BLOCK, blocks=blocks)
    reads = {name: f"i32 @llvm.nvvm.read.ptx.sreg.{register}()" for name, register in _REGISTERS.items()}
    handed = ["i32 %first", "i32 %threads", f"{SHARED} %shared", *arrays]
    return "\n".join([
        'target triple = "nvptx64-nvidia-cuda"',
        *(f"declare {read}" for read in reads.values()),
        f"@cells = internal addrspace(3) global [{cells * BLOCK} x i64] undef, align {CELL}",
        thread,
        f'define ptx_kernel void @{name}({", ".join(given)}) {bounds} {{',
        *(f"  %{name} = call {read}" for name, read in reads.items()),
        "  %before = mul i32 %block, %size",
        "  %first = add i32 %before, %tid",
        "  %threads = mul i32 %blocks, %size",
        f"  %shared = getelementptr i64, {SHARED} @cells, i32 %tid",
        f"  call void @thread({', '.join(handed)}) alwaysinline",
        "  ret void",
        "}",
        "",
    ])  # fmt: skip
