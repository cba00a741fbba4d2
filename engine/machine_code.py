"""LLVM code to machine code of this very processor."""

from functools import cache
from typing import Any

import llvmlite.binding as llvm


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True
    )


@cache
def _linker() -> Any:
    return llvm.create_lljit_compiler(_target(), use_jit_link=False, suppress_errors=False)


def link(text: str, name: str) -> tuple[int, Any]:
    """The address of function `name` of this LLVM code, and what must live as long as it is called."""
    library = llvm.JITLibraryBuilder().add_ir(text).export_symbol(name).add_current_process()
    tracker = library.link(_linker(), name)
    return tracker[name], tracker
