"""Whether the text of a model file says all that the model computes, read from its syntax and never run.

It does where it uses nothing but mathematics: jax.numpy, NumPy and the like, declarations of equisweep, plain
Python. What could bring in the time, a file, the environment, another module of the user's own or what an
earlier call has left behind is none of that. A file with anything that is not known here counts as one that
has it: its functions are traced by every process.
"""

import ast
import builtins
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules of which every public name is taken, but other modules.
_PURE = _words("""
    math cmath functools typing dataclasses collections collections.abc enum operator numbers __future__
    jax.lax jax.lax.linalg jax.nn jax.random jax.tree jax.tree_util jax.typing jax.scipy jax.scipy.special
    jax.scipy.linalg jax.scipy.stats jax.numpy.linalg jax.numpy.fft numpy.linalg numpy.fft
    numpy.polynomial numpy.polynomial.polynomial numpy.polynomial.legendre numpy.polynomial.chebyshev
    numpy.polynomial.hermite numpy.polynomial.hermite_e numpy.polynomial.laguerre
    diffrax equinox lineax optimistix
""")
_OF_JAX = _words("""
    numpy lax nn random scipy tree tree_util typing Array ShapeDtypeStruct vmap jit grad value_and_grad
    jacfwd jacrev hessian jvp vjp linearize linear_transpose custom_jvp custom_vjp checkpoint remat eval_shape
""")
# Of the modules above: what finds names in text, reads files, or remembers.
_BY_TEXT = _words("""
    attrgetter methodcaller get_type_hints make_dataclass ForwardRef RLock FunctionType
    tree_deserialise_leaves tree_serialise_leaves clear_caches filter_pure_callback set_default_printstyle
""")
_FROM_FILES = _words(
    "load save savez fromfile from_dlpack printoptions set_printoptions set_default_printstyle ufunc"
)
_BUILTINS = _words("""
    abs all any bool complex dict divmod enumerate filter float frozenset int isinstance issubclass len list
    map max min pow range repr reversed round set slice sorted str sum tuple zip True False None Ellipsis
    ValueError TypeError NotImplementedError AssertionError KeyError IndexError ArithmeticError
""")
_CHANGING = _words("""
    append extend insert remove pop clear add update setdefault popitem discard sort reverse appendleft
    popleft send throw
""")
_ABOUT_DEVICES = _words("device devices sharding addressable_shards unsafe_buffer_pointer")
_REFUSED = (
    ast.Global,
    ast.Nonlocal,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
    ast.AsyncFunctionDef,
    ast.With,
    ast.AsyncWith,
    ast.NamedExpr,
)
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)

_KNOWN: set[str] = set()


def note(digest: str, source: bytes) -> None:
    """Remember of a model file, by its sweep's digest of it, whether it is self-contained."""
    if self_contained(source):
        _KNOWN.add(digest)


def known_self_contained(digest: str) -> bool:
    """Whether the model file of this digest was found to be self-contained."""
    return digest in _KNOWN


def self_contained(source: bytes) -> bool:
    """Whether this text of a Python file alone decides what its functions compute."""
    try:
        tree = ast.parse(source)
        _Names(tree).require()
    except (_Other, SyntaxError, ValueError, RecursionError, ImportError):
        return False
    return True


class _Other(Exception):
    """Something that is not known to depend on the text alone."""


class _Names:
    """The names of a file: modules, what the file itself binds, and all that it uses."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.modules: dict[str, str] = {}
        self.bound = set(_bound(tree))

    def require(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, _REFUSED):
                raise _Other(type(node).__name__)
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.require_import(node)
        if self.bound & set(self.modules):
            raise _Other("a name that is a module and something else")
        inner = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                self.require_attribute(node)
            elif isinstance(node, ast.Name):
                self.require_name(node, id(node) in inner)
            elif isinstance(node, _FUNCTIONS):
                self.require_no_memory(node)

    def require_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for one in node.names:
                _require_module(one.name)
                if one.asname is None and "." in one.name:
                    _require_module(one.name.partition(".")[0])
                self.modules[one.asname or one.name.partition(".")[0]] = (
                    one.name if one.asname else one.name.partition(".")[0]
                )
            return
        if node.level or node.module is None:
            raise _Other("a relative import")
        _require_module(node.module)
        for one in node.names:
            inside = _taken(node.module, one.name)
            if inside is not None:
                self.modules[one.asname or one.name] = inside
            else:
                self.bound.add(one.asname or one.name)

    def require_name(self, node: ast.Name, whole: bool) -> None:
        name = node.id
        if name in self.modules:
            if not whole:
                raise _Other("a module as a value")
        elif name not in (_BUILTINS if hasattr(builtins, name) else self.bound):
            # Where it is bound, perhaps, and where it is not it is Python's own all the same.
            raise _Other(name)

    def require_attribute(self, node: ast.Attribute) -> None:
        if node.attr.startswith("_") or node.attr in _ABOUT_DEVICES:
            raise _Other(node.attr)
        self.module_of(node)

    def module_of(self, node: ast.expr) -> str | None:
        """The module that an expression names; None of something else. Raises _Other if that is not known."""
        if isinstance(node, ast.Name):
            return self.modules.get(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        module = self.module_of(node.value)
        return None if module is None else _taken(module, node.attr)

    def require_no_memory(self, function: ast.FunctionDef | ast.Lambda) -> None:
        """A function must not change what outlives its call."""
        defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
        if any(isinstance(d, ast.List | ast.Dict | ast.Set | ast.Call | ast.ListComp) for d in defaults):
            raise _Other("a default that may change")
        own = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        for node in ast.walk(function):
            changed = _changed(node)
            if changed is not None and changed not in own:
                raise _Other(f"{changed} changes")


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that a file binds by anything but imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name


def _changed(node: ast.AST) -> str | None:
    """The name of what a piece of code changes in place; None where it changes nothing."""
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        return _root(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
        if _is_update_of_array(node.func.value):
            return None
        return _root(node.func.value)
    return None


def _is_update_of_array(node: ast.expr) -> bool:
    """Whether it is ``x.at[i]``, of which ``add`` and the like make a new array."""
    return (
        isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "at"
    )


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _require_module(name: str) -> None:
    if name in _PURE or name in ("jax", "numpy", "jax.numpy") or _is_ours(name):
        return
    raise _Other(f"module {name}")


def _is_ours(name: str) -> bool:
    package = __name__.partition(".")[0]
    return name in (package, f"{package}.kernels") or name.startswith(f"{package}.kernels.")


def _taken(module: str, name: str) -> str | None:
    """The module that a name of a module is; None of something else. Raises _Other if it may not be used."""
    value: Any = getattr(import_module(module), name, None)
    if isinstance(value, ModuleType):
        _require_module(value.__name__)
        return value.__name__
    if module == "jax":
        known = name in _OF_JAX
    elif module in ("numpy", "jax.numpy"):
        known = name not in _FROM_FILES and hasattr(import_module("jax.numpy"), name)
    else:
        known = not name.startswith("_") and value is not None and name not in ("*", *_BY_TEXT)
        if _is_ours(module):
            known = known and _is_ours(getattr(value, "__module__", module))
    if not known:
        raise _Other(f"{module}.{name}")
    return None
