"""LLVM code to machine code of this very processor, kept between runs where compilations are kept."""

import hashlib
import os
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ...compile_cache import compiler_at_work, kept_folder

_DIGEST = hashlib.sha256().digest_size
_LOCK = threading.Lock()
_LINKED: dict[str, Any] = {}


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=3, jit=True
    )


@cache
def _linker() -> Any:
    return llvm.create_lljit_compiler(_target(), use_jit_link=False, suppress_errors=False)


def _features() -> str:
    return llvm.get_host_cpu_features().flatten()


def link(text: str) -> tuple[str, int]:
    """Name and address of the function that this LLVM code calls ``NAME``; equal code is linked once."""
    name = "equisweep_" + hashlib.sha256(text.encode()).hexdigest()[:16]
    with _LOCK:
        if name not in _LINKED:
            code = _object(text.replace("@NAME(", f"@{name}("))
            library = llvm.JITLibraryBuilder().add_object_img(code).export_symbol(name).add_current_process()
            _LINKED[name] = library.link(_linker(), name)  # must live as long as it may be called
        return name, _LINKED[name][name]


def _object(text: str) -> bytes:
    """Machine code of this LLVM code: kept, if the same compiler made it for the same processor."""
    folder = kept_folder()
    if folder is None:
        return _compile(text)
    made_by = (llvmlite.__version__, llvm.get_host_cpu_name(), _features(), text)
    file = folder / f"lanes-{hashlib.sha256(repr(made_by).encode()).hexdigest()}.o"
    code = _kept(file)
    if code is None:
        with compiler_at_work():
            code = _compile(text)
        _keep(file, code)
    return code


def _kept(file: Path) -> bytes | None:
    """What was kept in a file, whole: half a file, linked, would end the process."""
    try:
        result = file.read_bytes()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(file)  # used now: what was not for longest is deleted first
    digest, code = result[:_DIGEST], result[_DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def _compile(text: str) -> bytes:
    module = llvm.parse_assembly(text)
    module.verify()
    return _target().emit_object(module)


def _keep(file: Path, code: bytes) -> None:
    """Digest and code. Written beside the name, then renamed: others never read half a file."""
    part = file.with_suffix(f".{os.getpid()}")
    try:
        part.write_bytes(hashlib.sha256(code).digest() + code)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
