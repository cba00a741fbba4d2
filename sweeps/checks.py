"""Checks of a stated sweep's types, and of numbers against their parameter's domain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.errors import SweepError
from ..kernels.model import Parameter
from .sweep import Sweep


def require_types(sweep: Sweep) -> None:
    """Refuse parts of a sweep that are not of the kind they should be."""
    tables = ("axes", "fixed", "derivatives", "integrator", "design")
    kinds: dict[str, tuple[Any, str]] = dict.fromkeys(tables, (Mapping, "a table"))
    kinds |= dict.fromkeys(("outputs", "zip"), (Sequence, "a list of names"))
    kinds |= dict.fromkeys(("model", "dtype"), (str, "a name"))
    for name, (kind, wanted) in kinds.items():
        value = getattr(sweep, name)
        if not isinstance(value, kind) or (kind is Sequence and isinstance(value, str)):
            raise SweepError(f"{sweep.origin}: {name}: {value!r} should be {wanted}")
        for key in value if kind is Mapping else ():
            if not isinstance(key, str):
                raise SweepError(f"{sweep.origin}: {name}: the key {key!r} should be a name")


def parameter_values(where: str, values: Iterable[Any], parameter: Parameter, dtype: str) -> np.ndarray:
    """Numbers inside the parameter's domain as an array (integers where it is one); SweepError otherwise.

    They are checked as what they become in `dtype`: in float32, 0.99999999 is 1 and two close values
    are one.
    """
    values = list(values)
    for value in values:
        if isinstance(value, str | bool) or not isinstance(value, int | float | np.number):
            raise SweepError(f"{where}: {value!r} is not a number")
        cast = _cast(where, value, dtype)
        if not parameter.domain.contains(cast):
            told = f"{value:g}" if dtype == "float64" else f"{value!r}, in {dtype} {cast:g},"
            raise SweepError(f"{where}: {told} lies outside {parameter.domain} ({parameter.meaning})")
        if parameter.integer and value != int(value):
            raise SweepError(f"{where}: {value:g} is not a whole number; {parameter.name} counts something")
    if len({_cast(where, value, dtype) for value in values}) < len(values):
        raise SweepError(f"{where}: some values are too close to be told apart in {dtype}")
    return np.asarray(values, dtype=np.int64 if parameter.integer else np.float64)


def inside_domain(where: str, values: np.ndarray, parameter: Parameter, dtype: str, hint: str) -> None:
    """Refuse sampled numbers that, in `dtype`, lie outside the parameter's domain; SweepError with `hint`."""
    for end in (values.min(), values.max()):
        cast = _cast(where, end, dtype)
        if not parameter.domain.contains(cast):
            told = f"a sample of {cast:g} lies outside {parameter.domain} ({parameter.meaning})"
            raise SweepError(f"{where}: {told}{hint}")


def _cast(where: str, value: Any, dtype: str) -> float:
    try:
        with np.errstate(over="ignore"):
            return float(np.dtype(dtype).type(float(value)))
    except OverflowError:
        raise SweepError(f"{where}: a number of {len(str(value))} digits is too large") from None
