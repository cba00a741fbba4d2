"""Boxes that are the leaves of a classification tree. Source: Breiman, Friedman, Olshen, Stone, 1984."""

from typing import Any

import numpy as np

from ...engine.errors import SweepError
from .box import Box
from .inputs import Inputs

_LEAVES, _LEAST = 8, 0.01


def leaves(inputs: Inputs) -> list[Box]:
    """The leaves in which the condition holds at most of the points, those that hold most of all first.

    Raises SweepError where scikit-learn is not there.
    """
    try:
        from sklearn.tree import DecisionTreeClassifier
    except ImportError:
        raise SweepError(
            "rules of a tree need scikit-learn: pip install 'equisweep[sensitivity]'; or take boxes by prim"
        ) from None
    columns = [(name, None) for name in inputs.values if name not in inputs.labels]
    columns += [(name, option) for name, all_ in inputs.labels.items() for option in range(len(all_))]
    # scikit-learn compares in single precision. A tree asks for the order of values alone, and their ranks it
    # can tell from each other, whatever their size and however near they are.
    table = np.stack([_ranks(inputs, name, option) for name, option in columns], axis=1).astype(np.float32)
    fewest = max(int(_LEAST * len(table)), 1)
    fitted = DecisionTreeClassifier(max_leaf_nodes=_LEAVES, min_samples_leaf=fewest, random_state=0)
    tree: Any = fitted.fit(table, inputs.inside).tree_
    boxes: list[Box] = []

    def descend(node: int, box: Box, holds: np.ndarray) -> None:
        if tree.children_left[node] < 0:
            if inputs.inside[holds].mean() > 0.5:
                boxes.append(box)
            return
        name, option = columns[tree.feature[node]]
        less = table[:, tree.feature[node]] <= tree.threshold[node]
        for child, side in ((tree.children_left[node], less), (tree.children_right[node], ~less)):
            inside = holds & side
            descend(child, _cut(inputs, box, name, option, side, side is less), inside)

    descend(0, Box({}, {}), np.ones(len(table), bool))
    return sorted(boxes, key=lambda box: -int((box.holds(inputs) & inputs.inside).sum()))


def _ranks(inputs: Inputs, name: str, option: int | None) -> np.ndarray:
    """The place of each value among those of its input; of a choice whether it is the option."""
    values = inputs.values[name]
    return np.unique(values, return_inverse=True)[1] if option is None else values == option


def _cut(inputs: Inputs, box: Box, name: str, option: int | None, side: np.ndarray, less: bool) -> Box:
    """The box on one side of a cut."""
    values = inputs.values[name]
    if option is None:
        low, high = box.limits.get(name, (float(values.min()), float(values.max())))
        ends = (
            (low, min(high, float(values[side].max())))
            if less
            else (max(low, float(values[side].min())), high)
        )
        return box.limited(name, *ends)
    options = box.options.get(name, frozenset(range(len(inputs.labels[name]))))
    left = options - {option} if less else options & {option}
    return Box(box.limits, {**box.options, name: left})
