"""LLVM code to machine code of this very processor, kept between runs where compilations are kept."""

import hashlib
import os
import struct
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from ...feedback.compiler_clock import compiler_at_work
from ...kept.folder import keep, kept

# How far LLVM optimises, from 0 to 3. The numbers do not depend on it; the suite compiles most programs at 0,
# in a quarter of the time.
OPTIMISE = 3

_LOCK = threading.Lock()
_LINKED: dict[str, Any] = {}
_FILES: dict[str, str] = {}
# What the names of all functions begin with.
PREFIX = "equisweep_"
# What several pieces of object code begin with that are kept as one.
_JOINED = b"joined\0\0"


# From so many lines on code is optimised less, to bound what compiling takes. Of 19,000 lines (20 states, 60
# steps of value iteration, two derivatives) LLVM's levels 3, 1 and 0 took 16, 6.4 and 1.7 s, and a point 0.9,
# 0.9 and 1.6 us.
_LONG, _LONGEST = 12_000, 30_000


@cache
def _target(optimise: int) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=processor()[0], features=processor()[1], opt=optimise, jit=True
    )


def _level(text: str) -> int:
    lines = text.count("\n")
    return min(OPTIMISE, 3 if lines < _LONG else 1 if lines < _LONGEST else 0)


@cache
def _linker() -> Any:
    return llvm.create_lljit_compiler(_target(OPTIMISE), use_jit_link=False, suppress_errors=False)


@cache  # asked for every piece of code; on virtual machines each question is one to what runs them
def processor() -> tuple[str, str]:
    """The name of this processor, and what it can do, as LLVM says it."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def link(text: str) -> tuple[str, int]:
    """Name and address of the function that this LLVM code calls ``NAME``; equal code is linked once."""
    digest, name = _named(text)
    with _LOCK:
        if name not in _LINKED:
            _FILES[name] = _file_of(digest)
            _add(name, _object(text.replace("@NAME(", f"@{name}("), _FILES[name]))
        return name, _LINKED[name][name]


def begun(text: str) -> tuple[str, "Future[bytes]"]:
    """Name and, once it is made by a thread beside, object code of the same, to be linked with others."""
    digest, name = _named(text)
    file = _file_of(digest)
    return name, _beside().submit(_object, text.replace("@NAME(", f"@{name}("), file)


def link_together(text: str, parts: Sequence["Future[bytes]"]) -> tuple[str, int]:
    """Name and address of a function ``NAME`` that needs others by their names, whose code is `parts`."""
    digest, name = _named(text)
    with compiler_at_work():
        others = [part.result() for part in parts]
    with _LOCK:
        if name not in _LINKED:
            _FILES[name] = _file_of(f"{digest} and others")
            code = kept(_FILES[name])
            if code is None:
                own = _object(text.replace("@NAME(", f"@{name}("), _file_of(digest))
                code = _joined([own, *others])
                keep(_FILES[name], code)
            _add(name, code)
        return name, _LINKED[name][name]


@cache
def _beside() -> ThreadPoolExecutor:
    """A thread that compiles while others go on: LLVM, as it is bound here, compiles one thing at a time."""
    return ThreadPoolExecutor(1, "equisweep-compiler")


if hasattr(os, "register_at_fork"):  # no thread goes on in the child
    os.register_at_fork(after_in_child=_beside.cache_clear)


def _named(text: str) -> tuple[str, str]:
    """Digest of a text, and the name of its function."""
    digest = hashlib.sha256(text.encode()).hexdigest()  # texts are long: this is the only one
    return digest, PREFIX + hashlib.sha256(f"{OPTIMISE} {digest}".encode()).hexdigest()[:16]


def _joined(objects: Sequence[bytes]) -> bytes:
    """Several pieces of object code as one: their number and sizes before them."""
    sizes = struct.pack(f"<{len(objects) + 1}Q", len(objects), *map(len, objects))
    return b"".join([_JOINED, sizes, *objects])


def _objects(code: bytes) -> list[bytes]:
    """The objects of which code was joined; else itself."""
    if not code.startswith(_JOINED):
        return [code]
    (count,) = struct.unpack_from("<Q", code, len(_JOINED))
    sizes = struct.unpack_from(f"<{count}Q", code, len(_JOINED) + 8)
    objects, at = [], len(_JOINED) + 8 * (count + 1)
    for size in sizes:
        objects.append(code[at : at + size])
        at += size
    return objects


def file_of_linked(name: str) -> str | None:
    """Where the code of a function that is linked is kept; None of a name that is none."""
    return _FILES.get(name)


def link_kept(name: str, file: str) -> int | None:
    """Address of a function whose code is kept in this file; None where it is there no more.

    Raises RuntimeError where it cannot be linked.
    """
    with _LOCK:
        if name not in _LINKED:
            code = kept(file)
            if code is None:
                return None
            _add(name, code)
            _FILES[name] = file
        return _LINKED[name][name] if _FILES[name] == file else None


def _add(name: str, code: bytes) -> None:
    library = llvm.JITLibraryBuilder()
    for one in _objects(code):
        library.add_object_img(one)
    library.export_symbol(name).add_current_process()
    _LINKED[name] = library.link(_linker(), name)  # must live as long as it may be called


def _file_of(digest: str) -> str:
    """The name under which code is kept: what the same compiler makes of it for the same processor."""
    made_by = (llvmlite.__version__, *processor(), OPTIMISE, digest)
    return f"lanes-{hashlib.sha256(repr(made_by).encode()).hexdigest()}.o"


def _object(text: str, name: str) -> bytes:
    """Machine code of this LLVM code, which is kept under this name."""
    code = kept(name)
    if code is None:
        with compiler_at_work():
            code = _compile(text)
        keep(name, code)
    return code


def _compile(text: str) -> bytes:
    module = llvm.parse_assembly(text)
    module.verify()
    return _target(_level(text)).emit_object(module)
