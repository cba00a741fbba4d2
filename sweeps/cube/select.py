"""The part of a cube where coordinates have given values."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ..text import nearest, short
from .labels import quoted, split_labels
from .open import free

if TYPE_CHECKING:
    import xarray as xr

# ["n=3", "alpha=0.1:0.5"], or {"n": 3, "alpha": slice(0.1, 0.5)}.
Selections = Iterable[str] | Mapping[str, Any]


def select(dataset: "xr.Dataset", selections: Selections) -> "xr.Dataset":
    """The part of a cube where coordinates have the given values; reads nothing.

    Parameters
    ----------
    dataset : a cube, or a part of one.
    selections : a value for each coordinate, in the coordinate's unit: texts such as ``["n=3"]``, or a
        mapping. A value is a number or label (``0.3``), several (``0.1,0.2``, or a list) or a closed range
        (``0.1:0.5``, or a slice). Labels may hold commas: ``rest_point=(1,1)``; double quotes around one say
        where it ends.

    Returns
    -------
    A Dataset in which a single value has dropped its dimension. Raises SweepError naming the coordinate
    and the nearest value where there is none like it.
    """
    for name, text in parse_selections(selections).items():
        if name not in dataset.coords:
            known = [str(coordinate) for coordinate in dataset.coords]
            raise SweepError(selection(name, text), f": no axis {name!r}{nearest(name, known)}")
        coordinate = dataset.coords[name]
        if not coordinate.dims:
            raise SweepError(selection(name, text), ": its dimension was already selected away")
        positions, single = _positions(name, text, coordinate.values)
        dataset = dataset.isel({coordinate.dims[0]: positions[0] if single else positions})
    return free(dataset.copy()) if dataset.variables else dataset


def parse_selections(selections: Selections) -> dict[str, str]:
    """Selections as a mapping from name to text; SweepError where one has no "="."""
    parsed: dict[str, str] = {}
    for text in _texts(selections):
        name, equals, value = text.partition("=")
        here = Argument("selections", text)
        if not equals or not name or not value:
            raise SweepError(here, ": write NAME=VALUE, such as alpha=0.3 or alpha=0.1:0.5")
        if name in parsed:
            raise SweepError(here, f": {name} stands there twice; write {name}=A,B for both")
        parsed[name] = value
    return parsed


def selection(name: str, *values: Any) -> Argument:
    """How a message names the selection of these values of a coordinate."""
    return Argument("selections", f"{name}={','.join(map(str, values))}")


def _texts(selections: Selections) -> list[str]:
    """Selections as a command line writes them; a list becomes ``A,B`` and a slice ``A:B``."""
    if isinstance(selections, str):
        return [selections]
    if not isinstance(selections, Mapping):
        return list(selections)
    return [f"{name}={_text(value)}" for name, value in selections.items()]


def _text(value: Any) -> str:
    if isinstance(value, slice):
        return f"{'' if value.start is None else value.start}:{'' if value.stop is None else value.stop}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(quoted(one) for one in value)
    return str(value)


def _positions(name: str, text: str, values: np.ndarray) -> tuple[list[int], bool]:
    """Indices of what is selected, and whether that is a single value, which drops the dimension."""
    if values.dtype.kind in "iuf":
        positions = _range(name, text, values) if ":" in text else _numbers(name, text, values)
        return positions, len(positions) == 1 and "," not in text and ":" not in text
    known = [str(value) for value in values]
    labels = split_labels(text, known)
    for label in labels:
        if label not in known:
            raise SweepError(selection(name, text), f": no value {label!r}{nearest(label, known)}")
    positions = [i for label in labels for i, other in enumerate(known) if other == label]
    return positions, len(positions) == 1


def _range(name: str, text: str, values: np.ndarray) -> list[int]:
    low, _, high = text.partition(":")
    inside = np.ones(len(values), bool)
    if low:
        least = _number(name, text, low)
        inside &= values >= least - 1e-12 * abs(least)
    if high:
        most = _number(name, text, high)
        inside &= values <= most + 1e-12 * abs(most)
    if not inside.any():
        ends = f"{name} runs from {values.min():g} to {values.max():g}"
        raise SweepError(selection(name, text), f": selects nothing; {ends}")
    return np.flatnonzero(inside).tolist()


def _numbers(name: str, text: str, values: np.ndarray) -> list[int]:
    positions: list[int] = []
    for part in text.split(","):
        wanted = _number(name, text, part)
        # Coordinates are decimal fractions that went through binary: match to their printed digits.
        best = int(np.argmin(np.abs(values - wanted)))
        if not np.isclose(values[best], wanted, rtol=1e-9, atol=0):
            there = f"{name}={short(values[best].item())}"
            raise SweepError(selection(name, text), f": no such value; the nearest is {there}")
        positions.extend(np.flatnonzero(values == values[best]).tolist())
    return positions


def _number(name: str, text: str, part: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise SweepError(selection(name, text), f": {part!r} is not a number") from None
