"""What the C library has beyond our own formulas, for a GPU: NVIDIA's libdevice, where it is installed.

It comes with JAX's support of GPUs. Its last bits are not those of a C library, and of no use to a cube that
is to be portable: such a cube says so, as with the C library of a processor.
"""

import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from ..llvm.floats import LIBRARY

_WHERE = "*/nvvm/libdevice/libdevice.10.bc"
_CALLED = re.compile(rf"@({'|'.join(sorted(LIBRARY))})\(")


@cache
def libdevice() -> Path | None:
    """Its file; None where it is not installed."""
    spec = find_spec("nvidia")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((file for folder in folders for file in sorted(Path(folder).glob(_WHERE))), None)


def needs_libdevice(text: str) -> bool:
    """Whether LLVM code calls a function of the C library."""
    return _CALLED.search(text) is not None


@cache
def libdevice_digest() -> str:
    """Of its content: what is made with another one is something else."""
    file = libdevice()
    return "" if file is None else hashlib.sha256(file.read_bytes()).hexdigest()


def with_libdevice(text: str) -> Any:
    """A module of LLVM code in which libdevice's functions stand for those of the C library.

    Of libdevice only what is called is left. Raises RuntimeError where it cannot be read.
    """
    file = libdevice()
    if file is None:
        raise RuntimeError("libdevice is not installed")
    module = llvm.parse_assembly(_CALLED.sub(r"@__nv_\1(", text))
    own = {function.name for function in module.functions}
    library = llvm.parse_bitcode(file.read_bytes())
    library.triple, library.data_layout = module.triple, module.data_layout
    module.link_in(library)
    for function in module.functions:
        if not function.is_declaration and (function.name not in own or function.name.startswith("__nv_")):
            function.linkage = "internal"
    return module
