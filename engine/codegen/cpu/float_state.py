"""How the processor rounds and what it does with tiny numbers is set where machine code is entered.

A thread may have been told to take subnormal numbers for 0, or to round otherwise, by whoever called before:
the numbers of a cube would depend on it. Code here sets what IEEE 754 says, and puts back what it found.
"""

import platform
from collections.abc import Sequence

# Of x86: no exception is signalled, results are rounded to nearest, no number is flushed to 0 (Intel's
# manual, volume 1, 10.2.3). Of ARM: the same, where all bits are 0.
_X86, _ARM = 0x1F80, 0


def in_own_state(inner: str, head: str, result: str, arguments: Sequence[str], machine: str = "") -> str:
    """LLVM code of the function that `head` defines: `inner` called with these arguments in that state.

    `result` is its type, "void" where there is none; `machine` the processor's family, this one's if empty.
    """
    call = f"call {result} @{inner}({', '.join(arguments)})"
    outcome, returned = ("", "ret void") if result == "void" else ("%result = ", f"ret {result} %result")
    declared, before, after = _around(machine or platform.machine())
    lines = [*before, f"{outcome}{call}", *after, returned]
    return "\n".join([*declared, f"{head} {{", *(f"  {line}" for line in lines), "}", ""])


def _around(machine: str) -> tuple[list[str], list[str], list[str]]:
    """Declarations, and lines before and after the call; none for a processor that is not known here."""
    if machine.lower() in ("x86_64", "amd64"):
        return (
            ["declare void @llvm.x86.sse.stmxcsr(ptr)", "declare void @llvm.x86.sse.ldmxcsr(ptr)"],
            [
                "%saved = alloca i32", "%own = alloca i32", f"store i32 {_X86}, ptr %own",
                "call void @llvm.x86.sse.stmxcsr(ptr %saved)", "call void @llvm.x86.sse.ldmxcsr(ptr %own)",
            ],
            ["call void @llvm.x86.sse.ldmxcsr(ptr %saved)"],
        )  # fmt: skip
    if machine.lower() in ("aarch64", "arm64"):
        return (
            ["declare i64 @llvm.aarch64.get.fpcr()", "declare void @llvm.aarch64.set.fpcr(i64)"],
            ["%saved = call i64 @llvm.aarch64.get.fpcr()", f"call void @llvm.aarch64.set.fpcr(i64 {_ARM})"],
            ["call void @llvm.aarch64.set.fpcr(i64 %saved)"],
        )
    return [], [], []
