"""What a picture says: labels of axes with symbol and unit, what was selected, notes on what is missing."""

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from .look.symbols import plain, same, typeset, value_with_unit, with_unit

if TYPE_CHECKING:
    import xarray as xr

# Letters of a text at 8 to 10 points that fit into an inch, rounded down.
_SMALL, _LARGE = 16, 13


def axis_label(array: "xr.DataArray", name: str) -> str:
    """What is written along the axis of a variable or coordinate: "α", "investment e [money]".

    Its name, symbol and unit, from its attributes; a unit of 1 is not written. A subscript is set as one
    ("c_1"), and a symbol that is but the name stands alone.
    """
    symbol, unit = str(array.attrs.get("symbol", "")), str(array.attrs.get("units", "1"))
    text = short_name(array, name)
    if symbol and text == spoken(name) and not same(symbol, name):
        text = f"{text} {typeset(symbol)}"
    return with_unit(text, unit)


def short_name(array: "xr.DataArray", name: str) -> str:
    """A variable or coordinate in one word: its symbol where that is but the name, else the name."""
    symbol = str(array.attrs.get("symbol", ""))
    return typeset(symbol) if symbol and same(symbol, name) else spoken(name)


def spoken(name: str) -> str:
    """A name as it is read."""
    return plain(name.replace("_", " "))


def observable_label(symbol: str, meaning: str, unit: str) -> str:
    """What is written along the axis of an observable of a motion: "x, share that cooperates"."""
    return with_unit(f"{typeset(symbol)}, {plain(meaning)}", unit)


def value_text(value: Any, array: "xr.DataArray | None" = None) -> str:
    """A coordinate's value with its unit, if that is not 1."""
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    unit = "1" if array is None else str(array.attrs.get("units", "1"))
    text = f"{value:.6g}" if isinstance(value, float) else plain(str(value))
    return value_with_unit(text, unit)


def setting(name: str, value: Any, array: "xr.DataArray") -> str:
    """What a panel or a line holds: "n = 3", "β = 0.1", "c1 = 5 money"; a named choice by its name alone."""
    text = value_text(value, array)
    return text.replace("_", " ") if isinstance(value, str) else f"{short_name(array, name)} = {text}"


def selected(dataset: "xr.Dataset") -> str:
    """All that was selected to one value: "n = 3, mechanism = sharing"."""
    here = [str(name) for name in dataset.coords if not dataset[name].dims]
    return ", ".join(
        f"{short_name(dataset[name], name)} = {value_text(dataset[name].values, dataset[name])}"
        for name in here
    )


def counted(numbers: Mapping[str, int]) -> str:
    """Counts with their reasons, the most frequent first: "300 corner, 12 not finite"."""
    ordered = sorted(numbers.items(), key=lambda item: -item[1])
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in ordered if count)


def missing_note(lost: Mapping[str, int], total: int, how: str) -> str:
    """How many of the points are left out, and why; `how` says what stands in their place."""
    count = sum(lost.values())
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    return f"{count:,} of {total:,} points {verb} left out ({how}): {counted(lost)}."


def kept_note(kept: Mapping[str, int]) -> str:
    """What was drawn although its status is not ok."""
    return f"Drawn though not ok: {counted(kept)}." if sum(kept.values()) else ""


def fit(text: str, inches: float, small: bool = False) -> str:
    """Text broken into lines that are at most so long."""
    return "\n".join(wrap(text, max(int(inches * (_SMALL if small else _LARGE)), 20)))
