"""Whether functions or constants of equisweep were replaced in memory, by a test, a notebook or a script.

This is asked for every sweep, and whenever something is kept. So a module that holds the very objects that it
held when nothing in it was foreign is passed over but for what can change inside them: the code of functions,
what registries hold, and methods.
"""

import builtins
import os
import sys
import sysconfig
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property, partial
from itertools import chain
from operator import attrgetter, is_
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from .constants import other_constants

ROOT = Path(__file__).parents[2]
FOLDERS = ("engine", "entry", "kernels", "sweeps")
_PACKAGE = __name__.partition(".")[0]
# What holds a function, and where.
_INSIDE: dict[type, Callable[[Any], Any]] = {
    partial: attrgetter("func"),
    property: attrgetter("fget"),
    cached_property: attrgetter("func"),
    classmethod: attrgetter("__func__"),
    staticmethod: attrgetter("__func__"),
    type(cache(len)): attrgetter("__wrapped__"),
}
# What may be foreign; everything else is passed over.
_JUDGED = (type, FunctionType, *_INSIDE)


class _Sound(NamedTuple):
    """A module, the built-ins, or all of these at once, when nothing in them was foreign.

    `views` are of what it and its own classes hold, by which one sees what they hold now; `values` is what
    they held. `codes` are of all functions among these; `defaults` of those that have some, first those by
    place. `registries` are what else may get others.
    """

    views: tuple[Collection[object], ...]
    values: tuple[object, ...]
    functions: tuple[FunctionType, ...]
    codes: tuple[CodeType, ...]
    by_place: tuple[FunctionType, ...]
    by_name: tuple[FunctionType, ...]
    defaults: tuple[object, ...]
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
            and all(
                map(is_, chain(map(_DEFAULTS, self.by_place), map(_BY_NAME, self.by_name)), self.defaults)
            )
            and not any(_inside(*held) for held in self.registries)
        )


_CODE, _DEFAULTS, _BY_NAME = map(attrgetter, ("__code__", "__defaults__", "__kwdefaults__"))
_SOUND: dict[str, tuple[Mapping[str, object], _Sound]] = {}
# All modules that were loaded, and what was sound: at most one.
_WHOLE: list[tuple[list[ModuleType], _Sound]] = []
# What the defaults of a function were when it was first seen, by the function.
_FIRST: WeakKeyDictionary[FunctionType, tuple[object, ...]] = WeakKeyDictionary()


def replaced() -> list[str]:
    """What a test, a notebook or a script has put into modules of equisweep, or functions into built-ins.

    A constant in capitals that is written as such, a number or a text, is seen to be another one; defaults
    of functions are seen to have changed since this was asked first.
    """
    modules = list(sys.modules.values())
    for known, sound in _WHOLE:
        if len(modules) == len(known) and all(map(is_, modules, known)) and sound.still():
            return []
    _WHOLE.clear()
    ours = {
        name: vars(module)
        for name, module in list(sys.modules.items())
        if name.startswith(f"{_PACKAGE}.") and isinstance(module, ModuleType)
    }
    result = [
        one for name, module in {"builtins": vars(builtins), **ours}.items() for one in _foreign(name, module)
    ]
    if not result:
        _WHOLE.append((modules, _together([_SOUND[name][1] for name in ("builtins", *ours)])))
    return result


def _together(sounds: Collection[_Sound]) -> _Sound:
    """All of these as one, which is looked at in a fifth of the time."""
    parts = zip(*sounds, strict=True)
    views, values, functions, codes, by_place, by_name, _, registries = (
        tuple(chain.from_iterable(part)) for part in parts
    )
    defaults = (*map(_DEFAULTS, by_place), *map(_BY_NAME, by_name))
    return _Sound(views, values, functions, codes, by_place, by_name, defaults, registries)


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
    result += [f"{name}.{key}" for key in other_constants(name, module)]
    if not result:
        _SOUND[name] = module, _sound(module, dict(holders))
    return result


def _sound(module: Mapping[str, object], holders: Mapping[str, Any]) -> _Sound:
    """A module in which nothing is foreign. What a tuple holds stays, but for the codes of its functions."""
    classes = [vars(holder).values() for holder in holders.values() if isinstance(holder, type)]
    held = tuple(chain(module.values(), *classes))
    tuples = chain.from_iterable(holder for holder in holders.values() if isinstance(holder, tuple))
    functions = tuple(one for one in map(_bound, chain(held, tuples)) if isinstance(one, FunctionType))
    by_place = tuple(function for function in functions if function.__defaults__)
    by_name = tuple(function for function in functions if function.__kwdefaults__)
    for function in (*by_place, *by_name):
        if function not in _FIRST:
            _FIRST[function] = _defaults_of(function)
    views = (module.values(), *classes, *(names.values() for names in map(_BY_NAME, by_name)))
    registries = [(key, holder) for key, holder in holders.items() if isinstance(holder, dict | list)]
    return _Sound(
        views, tuple(chain.from_iterable(views)), functions, tuple(map(_CODE, functions)), by_place, by_name,
        (*map(_DEFAULTS, by_place), *map(_BY_NAME, by_name)), tuple(registries),
    )  # fmt: skip


def _defaults_of(function: FunctionType) -> tuple[object, ...]:
    by_name = function.__kwdefaults__ or {}
    return (*(function.__defaults__ or ()), *(by_name[name] for name in sorted(by_name)))


def _has_other_defaults(function: FunctionType) -> bool:
    """Whether its defaults are not those that it had when it was first seen."""
    first = _FIRST.get(function)
    if first is None:
        return False
    now = _defaults_of(function)
    return len(now) != len(first) or not all(map(is_, now, first))


def _holds(module: str, value: object) -> bool:
    """Whether functions may be put into it: a registry, or a class of that module."""
    return isinstance(value, dict | list | tuple) or (isinstance(value, type) and value.__module__ == module)


def _inside(key: str, holder: Any) -> list[str]:
    """The name of a registry that holds what is foreign, and of each such method of a class."""
    if isinstance(holder, type):
        methods = [(name, value) for name, value in list(vars(holder).items()) if isinstance(value, _JUDGED)]
        return [f"{key}.{name}" for name, method in methods if _is_foreign(method)]
    values = list(holder.values()) if isinstance(holder, dict) else list(holder)
    if not any(map(_is_judged, set(map(type, values)))):
        return []
    return [key] if any(isinstance(value, _JUDGED) and _is_foreign(value) for value in values) else []


@cache
def _is_judged(kind: type) -> bool:
    return issubclass(kind, _JUDGED)


def _bound(value: object) -> object:
    """What is called in the end, of something that is bound to arguments, is a property or is cached."""
    inside = _INSIDE.get(type(value))
    while inside is not None:
        value = inside(value)
        inside = _INSIDE.get(type(value))
    return value


def _is_foreign(value: object) -> bool:
    """Whether it is a function or a class, bound to arguments perhaps, that no package holds."""
    value = _bound(value)
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        file = getattr(module, "__file__", None)
        return value.__module__ == "__main__" or (file is not None and not _is_of_a_package(file))
    if not isinstance(value, FunctionType):
        return False
    return not _is_of_a_package(value.__code__.co_filename) or _has_other_defaults(value)


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
