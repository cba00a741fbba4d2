"""Functions of grids that this process has made: a later run of the same kernel traces and compiles nothing.

Of a small run tracing is most of the time. Kept are a few, of models that ship: what a model of the user's
own computes may change between two runs though its text is the same, as he may reload what it imports.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np

from ..codegen.grid_loop import GridLoop
from ..codegen.how_compiled import Compiled
from ..identity import ByIdentity
from ..kept.program import KeptProgram
from ..point import Point
from ..space import Space
from .vmap import GridVmap

# What a grid is computed by: machine code of its own, XLA, or what an earlier process kept of it.
GridFunction = GridLoop | GridVmap | KeptProgram
# A function, and how it computes.
Made = tuple[GridFunction, frozenset[Compiled]]

# Each holds its program and, through XLA, the trace: up to some megabytes.
MOST = 16

_LOCK = threading.Lock()
MADE: OrderedDict[Hashable, Made] = OrderedDict()
_AT_ONCE: ContextVar[set[Hashable] | None] = ContextVar("keys of own models", default=None)


@contextmanager
def own_models_too() -> Iterator[None]:
    """Within it functions of a user's own model are kept as well, and dropped afterwards.

    For one piece of work that makes the same function twice: nothing reloads what a model imports meanwhile.
    """
    keys: set[Hashable] = set()
    token = _AT_ONCE.set(keys)
    try:
        yield
    finally:
        _AT_ONCE.reset(token)
        with _LOCK:
            for key in keys:
                MADE.pop(key, None)


def find(key: Hashable, coordinates: Sequence[Point], smaller: Sequence[Point] | None = None) -> Made | None:
    """What was kept under a key, for a grid of these lengths; None where nothing was.

    Through XLA it is of the lengths of `smaller`, if that is given.
    """
    with _LOCK:
        if key not in MADE:
            return None
        MADE.move_to_end(key)
        function, ways = MADE[key]
    if smaller is not None and not isinstance(function, GridLoop):
        coordinates = smaller
    return function.of_lengths(coordinates), ways


def ways_before(key: Hashable) -> frozenset[Compiled] | None:
    """How what was kept under a key computes; None where nothing was."""
    with _LOCK:
        return MADE[key][1] if key in MADE else None


def keep(key: Hashable, function: GridFunction, ways: Iterable[Compiled]) -> None:
    """Keep a function under a key, unless that is None or its machine code failed: it may work next time."""
    ways = frozenset(ways)
    if key is None or any(way.failed for way in ways):
        return
    with _LOCK:
        MADE[key] = function, ways
        MADE.move_to_end(key)
        while len(MADE) > MOST:
            MADE.popitem(last=False)


def key_of(
    space: Space, choices: Mapping[str, str], coordinates: Sequence[Point], device: Any, native: bool
) -> Hashable:
    """All that a function of a grid is made of but its lengths; None for a model of the user's own.

    The model itself stands in the key, and not its name: no other takes its place as long as the key is kept.
    """
    at_once = _AT_ONCE.get()
    if space.model_digest and at_once is None:
        return None
    key = (
        ByIdentity(space.model),
        tuple(sorted(choices.items())),
        tuple(tuple((n, np.dtype(v.dtype).str) for n, v in sorted(c.items())) for c in coordinates),
        tuple((name, *_content(value)) for name, value in sorted(space.fixed.items())),
        tuple((q.name, int(space.largest(q.name))) for q in space.model.parameters if q.integer),
        tuple((dim, tuple(labels)) for dim, labels in space.labels.items()),
        (space.outputs, space.derivatives, space.dtype.str, tuple(space.times)),
        repr(sorted(space.integrator.items())),
        (device, native, bool(jax.config.jax_enable_x64), repr(sorted(jax.config.values.items()))),  # pyright: ignore
    )
    if space.model_digest and at_once is not None:
        at_once.add(key)
    return key


def _content(value: Any) -> tuple[Hashable, ...]:
    array = np.asarray(value)
    return array.dtype.str, array.shape, array.tobytes()
