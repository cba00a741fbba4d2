"""Large libraries, loaded without what the process of a command has no use for: it is to end within a second.

Elsewhere, in a notebook or under test, they are loaded whole: others look at them there.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ALONE = [False]


def alone() -> None:
    """From now on this process is a command's own."""
    _ALONE[0] = True


def load_tables() -> None:
    """pandas, on which xarray rests, without pyarrow, which would be for columns that no cube has."""
    if _ALONE[0] and not {"pandas", "pyarrow"} & sys.modules.keys():
        sys.modules["pyarrow"] = None  # pyright: ignore[reportArgumentType]  (importing it fails)
        try:
            import pandas  # noqa: F401
        finally:
            del sys.modules["pyarrow"]


def load_figures() -> None:
    """matplotlib, without the texts of ``help(artist.set)`` that it composes for each of 100 classes."""
    if _ALONE[0] and "matplotlib" not in sys.modules:
        with _without_help():
            import matplotlib.figure  # noqa: F401


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
