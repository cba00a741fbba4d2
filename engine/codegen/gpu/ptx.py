"""LLVM code to PTX, the text that a GPU's driver compiles for its card; kept where compilations are kept."""

import hashlib
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ...feedback.compiler_clock import compiler_at_work
from ...kept.folder import keep, kept
from .libdevice import libdevice_digest, needs_libdevice, with_libdevice

# Of the oldest card and driver that are asked for: a newer driver compiles it for what it has.
OLDEST = 8, 0
CARD, VERSION = "sm_{}{}".format(*OLDEST), "ptx70"


def ptx(text: str) -> str:
    """PTX of a module of LLVM code. Raises RuntimeError where LLVM fails."""
    made_by = (llvmlite.__version__, CARD, VERSION, text)
    if needs_libdevice(text):
        made_by = (*made_by, libdevice_digest())
    name = f"lanes-{hashlib.sha256(repr(made_by).encode()).hexdigest()}.ptx"
    result = kept(name)
    if result is None:
        with compiler_at_work():
            result = _compile(text).encode()
        keep(name, result)
    return result.decode()


@cache
def _target() -> Any:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple("nvptx64-nvidia-cuda")
    return target.create_target_machine(cpu=CARD, features=f"+{VERSION}", opt=3)


def _compile(text: str) -> str:
    machine = _target()
    module = with_libdevice(text) if needs_libdevice(text) else llvm.parse_assembly(text)
    module.data_layout = str(machine.target_data)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    return machine.emit_assembly(module)
