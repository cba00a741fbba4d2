"""The part of a cube where coordinates have given values, or the nearest to them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Argument, SweepError
from ...engine.gate.text import shown
from ..text import nearest, short
from .label_lists import quoted, split_labels
from .printed import as_printed

if TYPE_CHECKING:
    import xarray as xr

# ["n=3", "alpha=0.1:0.5", "beta~0.33"], or {"n": 3, "alpha": slice(0.1, 0.5)}.
Selections = Iterable[str] | Mapping[str, Any]
NEAREST = "nearest"
# A name ends where the first of these stands: values may hold either.
_OPERATOR = re.compile("[=~]")


@dataclass(frozen=True)
class Selection:
    """What is selected of one coordinate: `text` says the values, `nearest` whether others near them do."""

    name: str
    text: str
    nearest: bool

    @property
    def argument(self) -> Argument:
        """How a message names it."""
        return Argument("selections", f"{self.name}{'~' if self.nearest else '='}{self.text}")


def select(dataset: "xr.Dataset", selections: Selections, method: str | None = None) -> "xr.Dataset":
    """The part of a cube where coordinates have the given values; reads nothing.

    Parameters
    ----------
    dataset : a cube, or a part of one.
    selections : a value for each coordinate, in the coordinate's unit: texts such as ``["n=3"]``, or a
        mapping. A value is a number or label (``0.3``), several (``0.1,0.2``, or a list) or a closed range
        (``0.1:0.5``, or a slice). Labels may hold commas: ``rest_point=(1,1)``; double quotes around one say
        where it ends. ``alpha~0.33`` takes the value nearest to 0.33.
    method : "nearest" takes the nearest value wherever a number is given; ranges and labels stay as they are.

    Returns
    -------
    A Dataset in which a single value has dropped its dimension. Raises SweepError naming the coordinate
    and the nearest value where there is none like it; the nearest of a number that lies further beyond the
    ends of its axis than half the step there is none either.
    """
    for wanted in _all_wanted(dataset, selections, method):
        coordinate = dataset.coords[wanted.name]
        if not coordinate.dims:
            raise SweepError(wanted.argument, ": its dimension was already selected away")
        positions, single = _positions(wanted, coordinate.values)
        dataset = dataset.isel({coordinate.dims[0]: positions[0] if single else positions})
    return free(dataset.copy()) if dataset.variables else dataset


def free(dataset: "xr.Dataset") -> "xr.Dataset":
    """The Dataset without the sizes of shards and chunks on its disk, so that any part of it can be written.

    xarray keeps them where a dimension is selected away, and then cannot write what is left. How the cube is
    best read (``preferred_chunks``) stays.
    """
    for variable in dataset.variables.values():
        for key in ("shards", "chunks"):
            variable.encoding.pop(key, None)
    return dataset


def nearest_values(
    dataset: "xr.Dataset", selections: Selections, method: str | None = None
) -> dict[str, tuple[str, list[Any]]]:
    """What nearest selections take: name to what was asked for, as text, and the values that were taken.

    Raises SweepError as `select` does.
    """
    return {
        wanted.name: (
            wanted.text,
            [value for _, value in _nearest(wanted, dataset.coords[wanted.name].values)],
        )
        for wanted in _all_wanted(dataset, selections, method)
        if wanted.nearest and dataset.coords[wanted.name].dims
    }


def parse_selections(selections: Selections, known: Iterable[str] = ()) -> list[Selection]:
    """Selections one by one; SweepError where one is none, or a coordinate stands there twice.

    A name ends where the first ``=`` or ``~`` stands; one that is `known` may hold them itself.
    """
    parsed: dict[str, Selection] = {}
    odd = sorted((name for name in known if _OPERATOR.search(name)), key=len, reverse=True)
    for text in _texts(selections):
        begun = next((len(name) for name in odd if text.startswith((f"{name}=", f"{name}~"))), 0)
        operator = _OPERATOR.search(text, begun)
        at = operator.start() if operator else 0
        name, value = text[:at].strip(), text[at + 1 :].strip()
        here = Argument("selections", text)
        if not name or not value:
            raise SweepError(here, ": write NAME=VALUE, such as alpha=0.3 or alpha=0.1:0.5, or alpha~0.3")
        if name in parsed:
            raise SweepError(here, f": {name} stands there twice; write {name}=A,B for both")
        parsed[name] = Selection(name, value, text[at] == "~")
    return list(parsed.values())


def _all_wanted(dataset: "xr.Dataset", selections: Selections, method: str | None) -> list[Selection]:
    """Selections, checked against the coordinates that there are."""
    if method not in (None, NEAREST):
        raise SweepError(f"method={method!r}: no such method; the only one is {NEAREST!r}")
    result = []
    for wanted in parse_selections(selections, map(str, dataset.coords)):
        if wanted.name not in dataset.coords:
            known = [str(coordinate) for coordinate in dataset.coords]
            raise SweepError(wanted.argument, f": no axis {wanted.name!r}{nearest(wanted.name, known)}")
        numbers = dataset.coords[wanted.name].dtype.kind in "iuf"
        if wanted.nearest and not numbers:
            raise SweepError(wanted.argument, f": {wanted.name} has names, and none is near another; write =")
        if wanted.nearest and ":" in wanted.text:
            raise SweepError(wanted.argument, ": a range takes what lies in it; write =")
        by_method = method == NEAREST and numbers and ":" not in wanted.text
        result.append(Selection(wanted.name, wanted.text, wanted.nearest or by_method))
    return result


def selection(name: str, *values: Any, operator: str = "=") -> Argument:
    """How a message names the selection of these values of a coordinate."""
    return Argument("selections", f"{name}{operator}{','.join(map(str, values))}")


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


def _positions(wanted: Selection, values: np.ndarray) -> tuple[list[int], bool]:
    """Indices of what is selected, and whether that is a single value, which drops the dimension."""
    text = wanted.text
    if values.dtype.kind in "iuf":
        if wanted.nearest:
            positions = [i for alike, _ in _nearest(wanted, values) for i in alike]
        else:
            positions = _range(wanted, values) if ":" in text else _numbers(wanted, values)
        return positions, len(positions) == 1 and "," not in text and ":" not in text
    known = [str(value) for value in values]
    labels = split_labels(text, known)
    for label in labels:
        if label not in known:
            raise SweepError(wanted.argument, f": no value {shown(label)}{nearest(label, known)}")
    positions = [i for label in labels for i, other in enumerate(known) if other == label]
    return positions, len(positions) == 1


def _range(wanted: Selection, values: np.ndarray) -> list[int]:
    low, _, high = wanted.text.partition(":")
    inside = np.ones(len(values), bool)
    if low:
        least = _end(wanted, low, values)
        inside &= values >= least - 1e-12 * abs(least)
    if high:
        most = _end(wanted, high, values)
        inside &= values <= most + 1e-12 * abs(most)
    if not inside.any():
        raise SweepError(wanted.argument, f": selects nothing; {_ends(wanted.name, values)}")
    return np.flatnonzero(inside).tolist()


def _numbers(wanted: Selection, values: np.ndarray) -> list[int]:
    positions: list[int] = []
    for part in wanted.text.split(","):
        number = _number(wanted, part)
        meant = as_printed(number, values)
        if meant is None:
            there = short(values[int(np.argmin(np.abs(values - number)))].item())
            other = selection(wanted.name, part.strip(), operator="~")
            raise SweepError(
                wanted.argument,
                f": no such value; the nearest is {wanted.name}={there}, which ",
                other,
                " takes",
            )
        positions.extend(np.flatnonzero(values == meant).tolist())
    return positions


def _end(wanted: Selection, part: str, values: np.ndarray) -> float:
    number = _number(wanted, part)
    meant = as_printed(number, values)
    return number if meant is None else meant


def _nearest(wanted: Selection, values: np.ndarray) -> list[tuple[list[int], Any]]:
    """The values nearest to the numbers asked for, each once: where they stand, and the value."""
    taken: dict[Any, list[int]] = {}
    for part in wanted.text.split(","):
        number = _number(wanted, part)
        if not isfinite(number):
            raise SweepError(wanted.argument, f": nothing is near {part.strip()}")
        best = values[int(np.argmin(np.abs(values - number)))]
        beyond = max(values.min() - number, number - values.max())
        if beyond > _half_step(values, best):
            far = f": lies beyond the axis, more than half a step; {_ends(wanted.name, values)}"
            raise SweepError(wanted.argument, far)
        taken[best.item()] = np.flatnonzero(values == best).tolist()
    return [(positions, value) for value, positions in taken.items()]


def _half_step(values: np.ndarray, at: Any) -> float:
    """Half the distance from one value to its neighbour; a value that stands alone is its own step."""
    others = values[values != at]
    return float(np.abs(others - at).min() if others.size else abs(at)) / 2


def _ends(name: str, values: np.ndarray) -> str:
    return f"{name} runs from {values.min():g} to {values.max():g}"


def _number(wanted: Selection, part: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise SweepError(wanted.argument, f": {shown(part)} is not a number") from None
