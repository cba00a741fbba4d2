"""Read the values of one axis as a sweep file writes them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor, isfinite, log10
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown

MOST_VALUES = 10**7
_KEYS = ("start", "stop", "num", "step", "scale")

# Powers of 10 and integers below these are exact. As large as 10^15, a product is off by at most a
# sixteenth: below this distance it is nearer to no other.
_MOST_DECIMALS, _MOST_EXACT, _CLEAR = 22, 2.0**50, 0.43


def grid_values(where: str, spec: Any, repeat: bool = False) -> list[float] | list[str]:
    """Values of an axis: a list, one value, or a table with start, stop and num or step.

    With `repeat` a list may hold a value twice. Raises SweepError, beginning with `where`, for anything else.
    """
    if isinstance(spec, Mapping):
        return _range(where, spec)
    if isinstance(spec, str | int | float) and not isinstance(spec, bool):
        spec = [spec]
    if isinstance(spec, np.ndarray):
        spec = spec.tolist()
    if not isinstance(spec, Sequence) or isinstance(spec, str):
        raise SweepError(f"{where}: {shown(spec)} is no axis; give a list of values or {{start, stop, num}}")
    if not spec:
        raise SweepError(f"{where}: is empty; give at least one value")
    names = all(isinstance(value, str) for value in spec)
    values = list(spec) if names else [_listed(where, value) for value in spec]
    return values if repeat else _distinct(where, values)


def _range(where: str, spec: Mapping[str, Any]) -> list[float]:
    for key in spec:
        if key not in _KEYS:
            raise SweepError(f"{where}.{key}: unknown; a range has {', '.join(_KEYS)}")
    for key in ("start", "stop"):
        if key not in spec:
            raise SweepError(f"{where}: a range needs {key}")
    start, stop = _number(f"{where}.start", spec["start"]), _number(f"{where}.stop", spec["stop"])
    scale = spec.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise SweepError(f'{where}.scale: {shown(scale)} is neither "linear" nor "log"')
    if ("num" in spec) == ("step" in spec):
        raise SweepError(f"{where}: a range needs either num or step")
    if "step" in spec:
        if scale == "log":
            raise SweepError(f"{where}: a log scale takes num, not step")
        return _distinct(where, _steps(where, start, stop, _number(f"{where}.step", spec["step"])))
    num = spec["num"]
    if isinstance(num, bool) or not isinstance(num, int) or num < 1:
        raise SweepError(f"{where}.num: {shown(num)} is no count; give a whole number of at least 1")
    if num > MOST_VALUES:
        many = f"{num:,}" if num < 10**18 else shown(num)
        raise SweepError(f"{where}.num: {many} values are too many; an axis holds at most {MOST_VALUES:,}")
    if num > 1 and start == stop:
        raise SweepError(f"{where}: {num} points from {start:g} to {stop:g} are all the same; give num = 1")
    if scale == "log":
        if start <= 0 or stop <= 0:
            raise SweepError(f"{where}: a log scale needs start and stop above 0")
        values = np.geomspace(start, stop, num).tolist()
        return _distinct(where, [start, *(float(f"{v:.14e}") for v in values[1:-1]), stop][:num])
    return _distinct(where, _tidy(np.linspace(start, stop, num), start, stop))


def _steps(where: str, start: float, stop: float, step: float) -> list[float]:
    if step == 0 or (stop - start) * step < 0:
        raise SweepError(f"{where}.step: {step:g} never leads from {start:g} to {stop:g}")
    if (stop - start) / step >= MOST_VALUES:
        raise SweepError(f"{where}.step: {step:g} is too small; an axis holds at most {MOST_VALUES:,} values")
    count = floor((stop - start) / step + 1e-9) + 1
    return _tidy(start + step * np.arange(count), start, stop)


def _tidy(values: np.ndarray, start: float, stop: float) -> list[float]:
    """Drop the last rounding errors (0.30000000000000004), so that values can be asked for by name."""
    size = max(abs(start), abs(stop))
    decimals = max(14 - floor(log10(size)), 0) if size else 0
    return _rounded(values, decimals)


def _rounded(values: np.ndarray, decimals: int) -> list[float]:
    """Each value to so many decimals, as its text has it: an integer over a power of 10, both exact."""
    unit = 10.0 ** min(decimals, _MOST_DECIMALS)
    scaled = values * unit
    whole = np.rint(scaled)
    result = (whole / unit).tolist()
    # Near the middle of two decimals, and where either is not exact, the text decides.
    known = (np.abs(scaled - whole) < _CLEAR) & (np.abs(whole) < _MOST_EXACT) & (decimals <= _MOST_DECIMALS)
    for at in np.flatnonzero(~known):
        result[at] = float(f"{values[at]:.{decimals}f}")
    return result


def _number(where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise SweepError(f"{where}: {shown(value)} is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise SweepError(f"{where}: {shown(value)} is too large") from None
    if not isfinite(number):
        raise SweepError(f"{where}: {number} is not a finite number")
    return number


def _listed(where: str, value: Any) -> float:
    """The same; a whole number that double precision does not hold stays as it is, for a count is refused."""
    number = _number(where, value)
    return int(value) if isinstance(value, int | np.integer) and number != value else number


def _distinct(where: str, values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        counts = Counter(values)
        value = next(value for value in values if counts[value] > 1)
        raise SweepError(f"{where}: {shown(value)} stands there twice; every value of an axis is its own")
    return values
