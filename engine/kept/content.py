"""What a value holds, as text that is the same in every process: for functions, all that they are made of.

Of a function these are its code, what it closes over, its defaults and the globals that it names, so far as
they are not a library's, whose version stands for it.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from dis import get_instructions
from enum import Enum
from functools import partial
from types import BuiltinFunctionType, CodeType, FunctionType, GenericAlias, MethodType, ModuleType
from typing import Any

import jax
import numpy as np

_PACKAGE = __name__.partition(".")[0]
LIBRARIES = frozenset(sys.stdlib_module_names) | {"jax", "jaxlib", "numpy", "diffrax", "equinox"}
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))


class Unknown(Exception):
    """A value of which nobody can say what it holds."""


def content_of(value: Any, alone: bool = False) -> str:
    """What `value` holds. Raises Unknown where that cannot be said.

    `alone`: nothing else stands for it, as the text of a model file does, so that all must be read that
    decides what it computes. Unknown are then classes of others and their instances, objects of libraries
    that hold something, and modules of others.
    """
    return _Alone().of(value) if alone else _Reading().of(value)


class _Reading:
    """Follows functions to others; each is read once."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, Any]] = {}  # values, too: what is forgotten gives its id to others

    def of(self, value: Any) -> str:
        if isinstance(value, Enum):
            return f"{type(value).__qualname__}.{value.name}"
        if isinstance(value, _PLAIN):
            return f"{type(value).__name__}:{value!r}"
        if isinstance(value, np.ndarray | np.generic | jax.Array):
            array = np.asarray(value)
            if array.dtype.hasobject:
                raise Unknown(f"an array of {array.dtype}")
            return f"array:{array.dtype.str}{array.shape}{array.tobytes().hex()}"
        if id(value) in self.seen:
            return f"again:{self.seen[id(value)][0]}"
        self.seen[id(value)] = len(self.seen), value
        return self._of_parts(value)

    def _of_parts(self, value: Any) -> str:
        if isinstance(value, np.dtype):
            return f"dtype:{value.str}"
        if isinstance(value, tuple | list):
            return f"{type(value).__name__}({self._all(value)})"
        if isinstance(value, slice | range):
            return f"{type(value).__name__}({self._all([value.start, value.stop, value.step])})"
        if isinstance(value, frozenset | set):
            return f"set({', '.join(sorted(map(self.of, value)))})"
        if isinstance(value, Mapping):
            return f"mapping({self._all(part for pair in value.items() for part in pair)})"
        if isinstance(value, partial):
            return f"partial({self._all([value.func, value.args, value.keywords])})"
        if isinstance(value, ModuleType):
            return f"module:{value.__name__}"
        if _of_a_library(value):
            return f"library:{value.__module__}.{getattr(value, '__qualname__', type(value).__qualname__)}"
        if isinstance(value, MethodType):
            return f"method({self._all([value.__self__, value.__func__])})"
        if is_dataclass(value) and not isinstance(value, type):
            return f"{type(value).__qualname__}({self._all(getattr(value, f.name) for f in fields(value))})"
        if isinstance(value, FunctionType):
            return self._of_function(value)
        if isinstance(value, type):
            return f"class {value.__qualname__}({self._all(self._members(value))})"
        if isinstance(value, jax.custom_jvp):
            return f"custom_jvp({self._all([value.fun, value.jvp, value.nondiff_argnums])})"
        if callable(getattr(value, "__wrapped__", None)):  # of jax.jit and the like
            return f"{type(value).__qualname__}({self.of(value.__wrapped__)})"
        raise Unknown(f"a {type(value).__module__}.{type(value).__qualname__}")

    def _all(self, values: Iterable[Any]) -> str:
        return ", ".join(map(self.of, values))

    def _members(self, class_: type) -> list[Any]:
        if any(base is not object and not _of_a_library(base) for base in class_.__mro__[1:]):
            raise Unknown(f"a class that inherits from one of its own, {class_.__qualname__}")
        inside = {k: v for k, v in vars(class_).items() if isinstance(v, (FunctionType, *_PLAIN))}
        return [[base.__qualname__ for base in class_.__mro__], inside]

    def _of_function(self, function: FunctionType) -> str:
        inside = [_cell(cell) for cell in function.__closure__ or ()]
        named = {n: function.__globals__[n] for n in _names(function.__code__) if n in function.__globals__}
        name = f"{function.__module__}.{function.__qualname__}"
        rest = [inside, function.__defaults__, function.__kwdefaults__, named]
        return f"function {name}({_code(function.__code__)}, {self._all(rest)})"


class _Alone(_Reading):
    """Takes nothing on trust."""

    _trusted = frozenset({"builtins", _PACKAGE, *LIBRARIES})

    def of(self, value: Any) -> str:
        kind = value if isinstance(value, type) else type(value)
        module = value.__name__ if isinstance(value, ModuleType) else kind.__module__
        if module.partition(".")[0] not in self._trusted:
            raise Unknown(f"a {kind.__module__}.{kind.__qualname__}")
        text = super().of(value)
        if text[:6] != "array:":
            return text
        # The same numbers are computed with otherwise where their array is weakly typed, or a matrix.
        return f"{kind.__qualname__} {getattr(value, 'weak_type', '')}{text}"

    def _of_parts(self, value: Any) -> str:
        if _of_a_library(value) and not isinstance(value, ModuleType | partial | jax.custom_jvp):
            return self._named(value)
        if isinstance(value, FunctionType) and not vars(value).keys() <= {"__wrapped__"}:
            raise Unknown(f"a function with attributes, {value.__qualname__}")
        return super()._of_parts(value)

    def _of_function(self, function: FunctionType) -> str:
        own = function.__globals__.get("__name__", "").partition(".")[0] not in self._trusted
        for module in _imported(function.__code__) if own else ():
            if module.partition(".")[0] not in self._trusted:
                raise Unknown(f"a function that imports {module or 'what is beside it'}")
        return super()._of_function(function)

    def _named(self, value: Any) -> str:
        """A thing of a library, which its module holds under its name: whatever it holds is the library's."""
        if isinstance(value, Mapping | frozenset | set | np.dtype | slice | range):
            return super()._of_parts(value)
        if isinstance(value, GenericAlias):
            return f"alias({self._all([value.__origin__, value.__args__])})"
        module = getattr(value, "__module__", None) or "builtins"
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        attribute: Any = sys.modules.get(module)
        for part in str(name).split("."):
            attribute = getattr(attribute, part, None)
        if attribute is not value and isinstance(value, FunctionType):
            return self._of_function(value)
        if isinstance(value, type) and "<locals>" not in value.__qualname__:  # what its library calls so
            return f"library:{module}.{name}"
        if attribute is not value:
            raise Unknown(f"a {type(value).__module__}.{type(value).__qualname__}")
        return f"library:{module}.{name}"


def _of_a_library(value: Any) -> bool:
    """Whether a library holds it, as a function or a class, and its version says what it is."""
    module = getattr(value, "__module__", None)
    if isinstance(value, BuiltinFunctionType) and module is None:
        return True
    return isinstance(module, str) and module.partition(".")[0] in {"builtins", *LIBRARIES}


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        raise Unknown("a function that is not finished") from None


def _names(code: CodeType) -> list[str]:
    inner = [name for one in code.co_consts if isinstance(one, CodeType) for name in _names(one)]
    return sorted({*code.co_names, *inner})


def _imported(code: CodeType) -> list[str]:
    """The modules that a function imports when it is called; empty names of those beside its own."""
    inner = [name for one in code.co_consts if isinstance(one, CodeType) for name in _imported(one)]
    here = [one.argval for one in get_instructions(code) if one.opname == "IMPORT_NAME"]
    return [*here, *inner]


def _code(code: CodeType) -> str:
    """What a function does, wherever it stands in its file."""
    constants = list(map(_constant, code.co_consts))
    parts = (
        code.co_code.hex(),
        code.co_exceptiontable.hex(),
        code.co_names,
        (code.co_varnames, code.co_freevars, code.co_cellvars),
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags),
        constants,
    )
    return repr(parts)


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, tuple | frozenset):  # a set comes in another order in every process
        inside = [_constant(one) for one in value]
        return f"{type(value).__name__}{inside if isinstance(value, tuple) else sorted(inside)}"
    return f"{type(value).__name__}{value!r}"
