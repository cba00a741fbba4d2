"""The one value that a cube has of what is an axis of another one."""

from collections.abc import Mapping

import numpy as np

from ....engine.gate.documents import parse_json


def held_at(identity: Mapping[str, str], names: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Positions along an axis at which all its coordinates are what a cube holds fixed.

    `identity` is the cube's. None where it fixes one of these names not at all, or nobody can tell.
    """
    there = None
    for name, values in names.items():
        fixed = _fixed(identity, name)
        if fixed is None:
            return None
        same = _equal(values, fixed)
        there = same if there is None else there & same
    return None if there is None else np.flatnonzero(there)


def _equal(values: np.ndarray, fixed: str) -> np.ndarray:
    if values.dtype.kind in "iufb":
        try:
            return values.astype(np.float64) == float(fixed)
        except ValueError:
            return np.zeros(len(values), bool)
    return np.array([str(value) == fixed for value in values.tolist()])


def _fixed(identity: Mapping[str, str], name: str) -> str | None:
    """The value of a parameter, a component of one or a choice, as text; None where it is not fixed."""
    parameter, _, component = name.partition(".")
    text = identity.get(f"fixed.{parameter}")
    if text is None or not component:
        return None if text in (None, "nan") else text
    try:
        values = list(parse_json(text.replace("nan", "null")))
    except (TypeError, ValueError):
        return None
    labels = [one.split(", ") for key, one in identity.items() if key.startswith("labels.")]
    indices = {one.index(component) for one in labels if component in one and len(one) == len(values)}
    if len(indices) != 1:
        return None
    value = values[indices.pop()]
    return None if value is None else str(value)
