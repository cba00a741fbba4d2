"""Constants of modules as their files have them: a number or a text under a name in capitals.

They are read from the bytecode that lies beside a file, where the assignment is two instructions; what is
computed, or assigned twice, is no such constant. Without bytecode nobody knows: nothing is compiled for this.
"""

import opcode
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

_PACKAGE = __name__.partition(".")[0]
# Where what is kept is made of; of sweeps it holds what they say.
_FOLDERS = (f"{_PACKAGE}.engine.", f"{_PACKAGE}.kernels.")
# What is another one at times, and stands in the name of all that is kept.
_IN_THE_KEY = {f"{_PACKAGE}.engine.codegen.cpu.jit.OPTIMISE"}
_WRITTEN = (int, float, complex, str, bytes, tuple)
_STORE, _HIGHER = opcode.opmap["STORE_NAME"], opcode.opmap["EXTENDED_ARG"]
# A number is put into a name; before either stands the higher byte of where it lies, if there is one.
_ASSIGNED = re.compile(
    b"(%b)(?:%b)?(%b)" % tuple(re.escape(bytes([n])) for n in (opcode.opmap["LOAD_CONST"], _HIGHER, _STORE))
)


_OFF = [False]


def in_a_command() -> None:
    """From now on no constant is looked at: this process runs one command, and nobody changes any.

    To read the bytecode of 350 modules takes 40 ms, of a warm run's 900.
    """
    _OFF[0] = True


def other_constants(name: str, module: Mapping[str, object]) -> list[str]:
    """The names of constants of a module that are not what its file says; `module`: what it holds."""
    if _OFF[0] or not name.startswith(_FOLDERS):
        return []
    return [key for key, written in _constants_of(name).items() if _text(module.get(key)) != written]


@cache  # what a process runs was loaded once
def _constants_of(name: str) -> dict[str, str]:
    """The constants of a module of this name, as texts."""
    code = _code_of(name)
    if code is None:
        return {}
    what, result = code.co_code[::2], {}
    for match in _ASSIGNED.finditer(what):
        key = code.co_names[_operand(code, match.start(2))]
        value = code.co_consts[_operand(code, match.start(1))]
        if key.isupper() and isinstance(value, _WRITTEN) and f"{name}.{key}" not in _IN_THE_KEY:
            result[key] = _text(value)
    stored = [code.co_names[_operand(code, at)] for at, one in enumerate(what) if one == _STORE and result]
    return {key: text for key, text in result.items() if stored.count(key) == 1}


def _operand(code: CodeType, at: int) -> int:
    """What the instruction of this number is done with: the number of a name, or of a constant."""
    raw, at = code.co_code, 2 * at
    return raw[at + 1] | (raw[at - 1] << 8 if at and raw[at - 2] == _HIGHER else 0)


def _code_of(name: str) -> CodeType | None:
    """The program of a module, as it was compiled for its import."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    loader, compiled = getattr(spec, "loader", None), getattr(spec, "cached", None)
    if not isinstance(loader, SourceFileLoader) or not compiled or not Path(compiled).is_file():
        return None
    try:
        return loader.get_code(name)
    except (OSError, ImportError, SyntaxError, EOFError):
        return None


def _text(value: object) -> str:
    """What tells constants apart: 1 from 1.0 and True, 0.0 from -0.0."""
    return f"{type(value).__name__} {value!r}"
