"""XLA's C interface for foreign functions: what code reads from a call's frame, and how it is registered.

The structures are those of xla/ffi/api/c_api.h, which has version 0.3 here: major and minor in two numbers
of 32 bits. While the major one is 0, fields are only added at the end of the structures, so any such
version suits this code; to another one it says 0.3, and XLA refuses it.
"""

import ctypes
import threading
from typing import Any

import jax

from ..llvm.code import Code

_MINOR = 3

# Where the fields lie that are read here; tested against the header that comes with jaxlib.
OFFSETS = {
    "XLA_FFI_CallFrame.extension_start": 8,
    "XLA_FFI_CallFrame.api": 16,
    "XLA_FFI_CallFrame.args.args": 72,
    "XLA_FFI_CallFrame.rets.rets": 112,
    "XLA_FFI_Buffer.data": 24,
    "XLA_FFI_Buffer.rank": 32,
    "XLA_FFI_Buffer.dims": 40,
    "XLA_FFI_Api.api_version.major_version": 32,
    "XLA_FFI_Metadata_Extension.metadata": 24,
    "XLA_FFI_Metadata.api_version.major_version": 24,
}

_LOCK = threading.Lock()
_REGISTERED: set[str] = set()


# --- in the code: a function of one pointer, %frame, that returns null where all went well ----------------


def enter(code: Code) -> None:
    """Answer XLA where it asks for the version; go on where it calls."""
    extension = _field(code, "ptr", "%frame", "CallFrame.extension_start")
    asked = code.emit(f"icmp ne ptr {extension}, null")
    code.branch(asked, "metadata", "called")
    code.block("metadata")
    api = _field(code, "ptr", "%frame", "CallFrame.api")
    theirs = _field(code, "i64", api, "Api.api_version.major_version")
    major = code.emit(f"trunc i64 {theirs} to i32")
    known = code.emit(f"icmp eq i32 {major}, 0")
    version = code.emit(f"select i1 {known}, i64 {theirs}, i64 {_MINOR << 32}")
    metadata = _field(code, "ptr", extension, "Metadata_Extension.metadata")
    code.add(f"store i64 {version}, ptr {_at(code, metadata, 'Metadata.api_version.major_version')}")
    code.add("ret ptr null")
    code.block("called")


def arguments(code: Code, count: int) -> list[str]:
    """Where the numbers of so many arguments lie."""
    return _data(code, _field(code, "ptr", "%frame", "CallFrame.args.args"), count)


def results(code: Code, count: int) -> list[str]:
    """Where the numbers of so many results are to lie."""
    return _data(code, _field(code, "ptr", "%frame", "CallFrame.rets.rets"), count)


def batch_size(code: Code, rank: int) -> str:
    """How many arrays of this rank the first argument holds: the product of the dims before theirs."""
    buffer = _buffer(code, _field(code, "ptr", "%frame", "CallFrame.args.args"), 0)
    dims = _field(code, "ptr", buffer, "Buffer.dims")
    outer = code.emit(f"sub i64 {_field(code, 'i64', buffer, 'Buffer.rank')}, {rank}")
    code.jump("size.in")
    code.block("size.in")
    code.jump("size")
    code.block("size")
    dim = code.emit("phi i64 [ 0, %size.in ], [ %size.dim, %size.more ]")
    size = code.emit("phi i64 [ 1, %size.in ], [ %size.product, %size.more ]")
    code.branch(code.emit(f"icmp sge i64 {dim}, {outer}"), "size.out", "size.more")
    code.block("size.more")
    length = code.emit(f"load i64, ptr {code.element('i64', dims, dim)}")
    code.emit_as("%size.product", f"mul i64 {size}, {length}")
    code.emit_as("%size.dim", f"add i64 {dim}, 1")
    code.jump("size")
    code.block("size.out")
    return size


def _data(code: Code, buffers: str, count: int) -> list[str]:
    return [_field(code, "ptr", _buffer(code, buffers, k), "Buffer.data") for k in range(count)]


def _buffer(code: Code, buffers: str, number: int) -> str:
    return code.emit(f"load ptr, ptr {code.element('ptr', buffers, number)}")


def _field(code: Code, type_: str, structure: str, name: str) -> str:
    return code.emit(f"load {type_}, ptr {_at(code, structure, name)}")


def _at(code: Code, structure: str, name: str) -> str:
    return code.element("i8", structure, OFFSETS[f"XLA_FFI_{name}"])


# --- in Python --------------------------------------------------------------------------------------------


def register(name: str, address: int) -> None:
    """Let XLA call a function in memory by this name, on CPUs."""
    with _LOCK:
        if name not in _REGISTERED:
            jax.ffi.register_ffi_target(name, _capsule(address), platform="cpu")
            _REGISTERED.add(name)


def _capsule(address: int) -> Any:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return new(address, None, None)
