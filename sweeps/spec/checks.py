"""Checks of the types in a sweep, and of numbers against their parameter's domain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.errors import SweepError
from ...engine.gate.text import shown
from ...kernels.model import Domain, Parameter

# Each key of a sweep file to its type, and what an error calls that; times may be anything.
_TYPES: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(
        ("axes", "fixed", "derivatives", "integrator", "design", "reduce", "about", "networks"),
        (Mapping, "a table"),
    ),
    "outputs": (Sequence, "a list of names"),
    "zip": (Sequence | Mapping, "a list of groups of axes, or a table of them by name"),
    **dict.fromkeys(("model", "dtype"), (str, "a name")),
}


# Up to which every whole number is one of these.
_MOST_COUNTED = {"float64": 2**53, "float32": 2**24}
# Of an integer that a double precision number can be.
_MOST_BITS = 1023


def require_types(origin: str, table: Mapping[str, Any]) -> None:
    """Refuse a sweep's table whose values are not of the type they should be; SweepError with `origin`."""
    for name, (expected, called) in _TYPES.items():
        value = table[name]
        if not isinstance(value, expected) or (expected not in (str, Mapping) and isinstance(value, str)):
            raise SweepError(f"{origin}: {name}: {shown(value)} should be {called}")
        for key in value if expected is Mapping else ():
            if not isinstance(key, str):
                raise SweepError(f"{origin}: {name}: the key {shown(key)} should be a name")
    for name, value in table.items():
        _require_sizes(f"{origin}: {name}", value)


def _require_sizes(where: str, value: Any) -> None:
    """Refuse integers that no number of the machine holds, wherever they stand."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _require_sizes(f"{where}.{key}", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            if type(inner) is not float:
                _require_sizes(where, inner)
    elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise SweepError(f"{where}: {shown(value)} is too large")


def parameter_values(where: str, values: Iterable[Any], parameter: Parameter, dtype: str) -> np.ndarray:
    """Numbers inside the parameter's domain as an array (integers where it is one); SweepError otherwise.

    They are checked as what they become in `dtype`: in float32, 0.99999999 is 1, and two close values
    are equal.
    """
    values, domain = list(values), parameter.domain
    types = set(map(type, values))  # of ten million values each need not be looked at
    for value in () if types <= {float, int} else values:
        if isinstance(value, str | bool) or not isinstance(value, int | float | np.number):
            raise SweepError(f"{where}: {shown(value)} is not a number")
    cast = _cast(where, values, dtype)
    # The least and the largest of ten million values decide; only where one is bad, the first is searched.
    if not (domain.contains(cast.min()) and domain.contains(cast.max())):
        value, bad = next(
            (v, c) for v, c in zip(values, cast.tolist(), strict=True) if not domain.contains(c)
        )
        written = _shown(value) if dtype == "float64" else f"{shown(value)}, in {dtype} {bad:g},"
        raise SweepError(f"{where}: {written} lies outside {domain} ({parameter.meaning})")
    for value in values if parameter.integer else ():
        if value != int(value):
            raise SweepError(f"{where}: {value:g} is not a whole number; {parameter.name} counts something")
        if abs(value) > _MOST_COUNTED["float64"]:
            raise SweepError(f"{where}: {value:g} is too large for {parameter.name}, which counts something")
    if parameter.integer:
        _require_whole(where, np.array(values, np.float64), cast, dtype)
    if dtype == "float32":
        _require_held(where, values, cast)
    same = types == {float} and dtype == "float64"
    if not same and len(np.unique(cast)) < len(set(values)):
        raise SweepError(f"{where}: some values are too close to be told apart in {dtype}")
    return np.asarray(values, dtype=np.int64 if parameter.integer else np.float64)


def _shown(value: Any) -> str:
    """Short where that is the number itself: 1.0000001 must not be shown as 1."""
    short = f"{value:g}"
    return short if float(short) == value or value != value else repr(float(value))


def inside_domain(where: str, values: np.ndarray, parameter: Parameter, dtype: str, hint: str) -> None:
    """Refuse sampled numbers that, in `dtype`, lie outside the parameter's domain; SweepError with `hint`."""
    for end in _cast(where, [values.min(), values.max()], dtype).tolist():
        if not parameter.domain.contains(end):
            raise SweepError(
                f"{where}: a sample of {end:g} lies outside {parameter.domain} ({parameter.meaning}){hint}"
            )


def ends_inside(domain: Domain, dtype: str) -> tuple[float, float]:
    """The least and the largest number of `dtype` inside a domain, as doubles; infinite where it has none."""
    number_type = np.dtype(dtype).type
    with np.errstate(over="ignore"):
        low, high = number_type(domain.low), number_type(domain.high)
    if float(low) < domain.low or (domain.low_open and float(low) == domain.low):
        low = np.nextafter(low, number_type(np.inf))
    if float(high) > domain.high or (domain.high_open and float(high) == domain.high):
        high = np.nextafter(high, number_type(-np.inf))
    return (
        float(low) if np.isfinite(domain.low) else -np.inf,
        float(high) if np.isfinite(domain.high) else np.inf,
    )


def count(where: str, value: Any, least: int) -> int:
    """A whole number of at least `least`; SweepError, beginning with `where`, for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        reason = "is missing" if value is None else f"{shown(value)} is no count"
        raise SweepError(f"{where}: {reason}; give a whole number of at least {least}")
    return value


def require_counted(where: str, values: Sequence[float], dtype: str, between: bool) -> None:
    """Refuse whole numbers, or those `between` two, which a design draws and `dtype` does not hold."""
    numbers, most = np.array(values, np.float64), _MOST_COUNTED[dtype if between else "float64"]
    if np.abs(numbers).max() > most:
        raise SweepError(f"{where}: {_most_of(dtype)}")
    _require_whole(where, numbers, numbers.astype(dtype).astype(np.float64), dtype)


def _require_whole(where: str, values: np.ndarray, cast: np.ndarray, dtype: str) -> None:
    for i in np.flatnonzero(values != cast).tolist()[:1]:
        raise SweepError(f"{where}: {values[i]:.0f} would be {cast[i]:.0f}: {_most_of(dtype)}")


def _most_of(dtype: str) -> str:
    other = ', or take dtype = "float64"' if dtype == "float32" else ""
    return f"{dtype} holds all whole numbers up to {_MOST_COUNTED[dtype]:,}; count in thousands, say{other}"


def _require_held(where: str, values: Sequence[Any], cast: np.ndarray) -> None:
    """Refuse numbers that are 0 in single precision, or lose digits there, and are not 0."""
    least = float(np.finfo(np.float32).tiny)
    for i in np.flatnonzero(np.abs(cast) < least).tolist():
        if values[i] != 0:
            raise SweepError(
                f"{where}: {_shown(values[i])} is too small for float32, which holds 0 and {least:.2e} or"
                ' more; take another unit, or dtype = "float64"'
            )


def _cast(where: str, values: Sequence[Any], dtype: str) -> np.ndarray:
    """The numbers as they are in `dtype`, as doubles."""
    try:
        numbers = np.array(values, np.float64)
    except OverflowError:
        longest = max((value for value in values if isinstance(value, int)), key=abs)
        raise SweepError(f"{where}: {shown(longest)} is too large") from None
    with np.errstate(over="ignore"):
        return numbers.astype(dtype).astype(np.float64)
