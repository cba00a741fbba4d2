"""Large libraries, loaded without what the process of a command has no use for: it is to end within a second.

Elsewhere, in a notebook or under test, they are loaded whole: others look at them there.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from importlib.util import LazyLoader, find_spec, module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

_LIGHTLY = [False]

# What matplotlib loads and looks at where somebody uses TeX, or dates as texts. It is loaded then.
_LATE = {"fontTools.agl", "matplotlib.dviread", "dateutil.parser"}
_PATTERNS = "matplotlib._fontconfig_pattern"
# Releases that were tried like this; others are loaded whole.
_TRIED = {"3.11"}


def import_lightly() -> None:
    """From now on this process is a command's own."""
    _LIGHTLY[0] = True


def load_tables() -> None:
    """pandas, on which xarray rests, without pyarrow, which would be for columns that no cube has."""
    if _LIGHTLY[0] and not {"pandas", "pyarrow"} & sys.modules.keys():
        with _for_now("pyarrow", None):  # importing it fails
            import pandas  # noqa: F401


def load_codec() -> None:
    """Numcodecs' blosc, without its other codecs and the packages that are searched for more."""
    if _LIGHTLY[0] and "numcodecs" not in sys.modules and (spec := find_spec("numcodecs")):
        with _for_now("numcodecs", module_from_spec(spec)):
            import_module("numcodecs.blosc")


def load_figures() -> None:
    """matplotlib, without what few pictures have or none: axes in three dimensions, TeX, texts of ``help``.

    What reads mathematics in labels and patterns of fonts is loaded for the first of those.
    """
    if not _LIGHTLY[0] or "matplotlib" in sys.modules or _series("matplotlib") not in _TRIED:
        return
    late, patterns = _Late(), _Patterns()
    sys.meta_path.insert(0, late)
    instead = {
        "mpl_toolkits.mplot3d": _module(Axes3D=None),
        "pyparsing": _module(__version__="99"),  # which is asked for, and for nothing more
        "matplotlib.mathtext": _module(MathTextParser=_Mathematics),
        _PATTERNS: _module(
            parse_fontconfig_pattern=patterns.parse, generate_fontconfig_pattern=patterns.generate
        ),
    }
    try:
        with ExitStack() as stack:
            for name, module in instead.items():
                stack.enter_context(_for_now(name, module))
            stack.enter_context(_without_help())
            import matplotlib.backends.backend_agg
            import matplotlib.figure  # noqa: F401
    finally:
        sys.meta_path.remove(late)
        patterns.loading = False


def _series(package: str) -> str:
    """The first two numbers of an installed package's version; empty where none is found."""
    for folder in sys.path:
        for dist_info in Path(folder).glob(f"{package}-*.dist-info"):
            return ".".join(dist_info.name.removesuffix(".dist-info").split("-")[1].split(".")[:2])
    return ""


class _Late(MetaPathFinder):
    """Loads the modules of `_LATE` where something of them is used."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in _LATE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


class _Patterns:
    """Reads patterns of fonts; none of those in the settings, while matplotlib is `loading`."""

    loading = True

    def parse(self, pattern: str) -> Any:
        return {} if self.loading else import_module(_PATTERNS).parse_fontconfig_pattern(pattern)

    def generate(self, font: Any) -> Any:
        return import_module(_PATTERNS).generate_fontconfig_pattern(font)


class _Mathematics:
    """Reads mathematics in labels as matplotlib's parser does, which it loads for the first of them."""

    def __init__(self, output: str) -> None:
        self._output, self._parser = output, None

    def parse(self, *text: Any, **how: Any) -> Any:
        if self._parser is None:
            self._parser = import_module("matplotlib.mathtext").MathTextParser(self._output)
        return self._parser.parse(*text, **how)


def _module(**names: Any) -> ModuleType:
    module = ModuleType("instead")
    vars(module).update(names)
    return module


@contextmanager
def _for_now(name: str, module: ModuleType | None) -> Iterator[None]:
    """Within it a module stands under this name; None: importing it fails."""
    sys.modules[name] = module  # pyright: ignore[reportArgumentType]
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def _without_help() -> Iterator[None]:
    from matplotlib import artist

    if not hasattr(artist, "kwdoc"):
        yield
        return
    compose, artist.kwdoc = artist.kwdoc, lambda _artist: ""
    try:
        yield
    finally:
        artist.kwdoc = compose
