"""Parts of a condition on a dimension of outputs, such as ``rest_point == "(1,1)"``: they select along it.

A condition says of each point whether it counts. What it says of a label of an output is no property of a
point: such a part, joined by ``and``, leaves the labels that satisfy it.
"""

import ast
from collections.abc import Mapping

import numpy as np

from ...engine.errors import Argument, SweepError
from .expression import Meaning, parse_expression
from .names import spell


def along_own(
    condition: str, scope: Mapping[str, Meaning], own: Mapping[str, Meaning]
) -> tuple[dict[str, list[int]], str]:
    """Which places along dimensions of outputs satisfy a condition, and what that says of points.

    Parameters
    ----------
    condition : as of `lazy.where`.
    scope, own : what a condition may name of points; and of outputs, by dimension.

    Returns
    -------
    Places by dimension, and the rest of the condition, empty where nothing is left. Raises SweepError where
    the condition is wrong, where no label satisfies it, and where a part of it is about both.
    """
    known = {**scope, **own}
    if not set(parse_expression(condition, known).names) & set(own):
        return {}, condition
    masks: dict[str, np.ndarray] = {}
    rest = []
    for part in _joined_by_and(condition, known):
        expression = parse_expression(part, known)
        dims = set(expression.names) & set(own)
        if not dims:
            rest.append(f"({part})")
            continue
        if len(expression.names) > 1:
            names = " and ".join(expression.names)
            apart = (
                f": {part!r} is about {names}; say what is asked of {min(dims)} in a part of its own: A and B"
            )
            raise SweepError(Argument("condition"), apart)
        (dim,) = dims
        values, labels = own[dim].values, own[dim].labels
        codes = np.array(list(labels or {})) if values is None else values
        masks[dim] = masks.get(dim, True) & expression.evaluate({dim: codes})
        if not masks[dim].any():
            raise SweepError(Argument("condition"), f": no {dim} satisfies {condition!r}")
    return {dim: np.flatnonzero(mask).tolist() for dim, mask in masks.items()}, " and ".join(rest)


def _joined_by_and(condition: str, known: Mapping[str, Meaning]) -> list[str]:
    """The parts of a condition that all have to hold."""
    text = condition.strip()
    whole = ast.parse(spell(text, known, ()).text, mode="eval").body
    if not (isinstance(whole, ast.BoolOp) and isinstance(whole.op, ast.And)):
        return [text]
    code = text.encode()
    return [code[part.col_offset : part.end_col_offset].decode() for part in whole.values]
