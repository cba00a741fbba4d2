"""Whether functions of equisweep were replaced in memory, by a test, a notebook or a script.

This is asked for every sweep, and whenever something is kept. So a module that holds the very objects that it
held when nothing in it was foreign is passed over but for what can change inside them: the code of functions,
what registries hold, and methods.
"""

import builtins
import os
import sys
import sysconfig
from collections.abc import Collection, Mapping
from functools import cache, partial
from itertools import chain
from operator import attrgetter, is_
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "entry", "kernels", "sweeps")
_PACKAGE = __name__.partition(".")[0]
# What may be foreign; everything else is passed over.
_JUDGED = (type, FunctionType, partial)


class _Sound(NamedTuple):
    """A module, or the built-ins, when nothing in it was foreign.

    `views` are of what it and its own classes hold, by which one sees what they hold now; `values` is what
    they held. `codes` are of all functions among these, and `registries` what else may get others.
    """

    views: tuple[Collection[object], ...]
    values: tuple[object, ...]
    functions: tuple[FunctionType, ...]
    codes: tuple[CodeType, ...]
    registries: tuple[tuple[str, Collection[object]], ...]

    def still(self) -> bool:
        """Whether all is as it was. Of 10,000 values: none is looked at by a loop of Python's."""
        try:
            same = all(map(is_, chain.from_iterable(self.views), self.values))
        except RuntimeError:  # another thread puts something into one of them
            return False
        return (
            same
            and sum(map(len, self.views)) == len(self.values)
            and all(map(is_, map(_CODE, self.functions), self.codes))
            and not any(_inside(*held) for held in self.registries)
        )


_CODE = attrgetter("__code__")
_SOUND: dict[str, tuple[Mapping[str, object], _Sound]] = {}


def replaced() -> list[str]:
    """Functions that a test, a notebook or a script has put into modules of equisweep, or built-ins."""
    result = _foreign("builtins", vars(builtins))
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{_PACKAGE}.") and isinstance(module, ModuleType):
            result += _foreign(name, vars(module))
    return result


def _foreign(name: str, module: Mapping[str, object]) -> list[str]:
    """The names of a module, and of methods in it, that hold what is foreign."""
    known, sound = _SOUND.get(name, (None, None))
    if known is module and sound is not None and sound.still():
        return []
    # Each module holds all built-ins, and they have been looked at.
    items = [(key, value) for key, value in list(module.items()) if key != "__builtins__"]
    holders = [(key, value) for key, value in items if _holds(name, value)]
    result = [f"{name}.{key}" for key, value in items if _is_foreign(value)]
    result += [f"{name}.{key}" for held in holders for key in _inside(*held)]
    if not result:
        _SOUND[name] = module, _sound(module, dict(holders))
    return result


def _sound(module: Mapping[str, object], holders: Mapping[str, Any]) -> _Sound:
    """A module in which nothing is foreign. What a tuple holds stays, but for the codes of its functions."""
    classes = [vars(holder).values() for holder in holders.values() if isinstance(holder, type)]
    views = (module.values(), *classes)
    values = tuple(chain.from_iterable(views))
    tuples = chain.from_iterable(holder for holder in holders.values() if isinstance(holder, tuple))
    functions = tuple(one for one in map(_bound, chain(values, tuples)) if isinstance(one, FunctionType))
    registries = [(key, holder) for key, holder in holders.items() if isinstance(holder, dict | list)]
    return _Sound(views, values, functions, tuple(map(_CODE, functions)), tuple(registries))


def _holds(module: str, value: object) -> bool:
    """Whether functions may be put into it: a registry, or a class of that module."""
    return isinstance(value, dict | list | tuple) or (isinstance(value, type) and value.__module__ == module)


def _inside(key: str, holder: Any) -> list[str]:
    """The name of a registry that holds what is foreign, and of each such method of a class."""
    if isinstance(holder, type):
        methods = [value for value in list(vars(holder).values()) if isinstance(value, _JUDGED)]
        return [f"{key}.{getattr(method, '__name__', '')}" for method in methods if _is_foreign(method)]
    values = list(holder.values()) if isinstance(holder, dict) else list(holder)
    if not any(map(_is_judged, set(map(type, values)))):
        return []
    return [key] if any(isinstance(value, _JUDGED) and _is_foreign(value) for value in values) else []


@cache
def _is_judged(kind: type) -> bool:
    return issubclass(kind, _JUDGED)


def _bound(value: object) -> object:
    """What is called in the end, of something that is bound to arguments."""
    while isinstance(value, partial):
        value = value.func
    return value


def _is_foreign(value: object) -> bool:
    """Whether it is a function or a class, bound to arguments perhaps, that no package holds."""
    value = _bound(value)
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        file = getattr(module, "__file__", None)
        return value.__module__ == "__main__" or (file is not None and not _is_of_a_package(file))
    return isinstance(value, FunctionType) and not _is_of_a_package(value.__code__.co_filename)


@cache
def _is_of_a_package(file: str) -> bool:
    """Whether code stands in a file of equisweep, of Python or of an installed package, or in none."""
    if file.startswith("<"):
        return not file.startswith("<ipython") and file != "<stdin>"
    path = os.path.realpath(file)
    return path.startswith(_of_packages()) or "site-packages" in Path(path).parts


@cache
def _of_packages() -> tuple[str, ...]:
    """Folders of equisweep, of Python and of installed packages."""
    inside = [str(ROOT / folder) for folder in FOLDERS]
    installed = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(os.path.realpath(folder) + os.sep for folder in (*inside, *installed))
