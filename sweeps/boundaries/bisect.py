"""Close in on where a class changes: bisection of many brackets at once."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

# Class at brackets ``index``, at a position within each: (brackets,) int.
Classifier = Callable[[np.ndarray, np.ndarray], np.ndarray]

_MOST_HALVINGS = 120
_MOST_CHANGES = 8  # found within one cell of the grid, before it is given up as unresolved


@dataclass(frozen=True)
class Changes:
    """Changes of class, one per row: `below` holds at `low`, `above` at `high`, nothing else is known.

    `low` may be greater than `high` where the axis falls. `of` says in which bracket a change lies.
    """

    of: np.ndarray
    low: np.ndarray
    high: np.ndarray
    below: np.ndarray
    above: np.ndarray

    def take(self, rows: np.ndarray) -> "Changes":
        """Only these rows, in this order."""
        return Changes(*(getattr(self, f.name)[rows] for f in fields(self)))


def refine(
    classify: Classifier, low: np.ndarray, high: np.ndarray, rtol: float, integer: bool
) -> tuple[Changes, np.ndarray]:
    """Every change found between `low` and `high`, and how many changes each bracket had (-1: unresolved).

    A bracket is halved until it is shorter than `rtol` of its position (or of its first length, near 0), or,
    where positions are integers, until they are neighbours. Where another class than that at `high`
    lies beyond the first change, the search goes on from there.
    """
    every = np.arange(len(low))
    cell = np.abs(high - low)
    start = Changes(every, low, high, classify(every, low), classify(every, high))
    result, counts = [], np.zeros(len(low), int)
    pending = start.take(np.flatnonzero(start.below != start.above))
    for _ in range(_MOST_CHANGES):
        if not len(pending.of):
            break
        first = _first_change(classify, pending, cell[pending.of], rtol, integer)
        result.append(first)
        np.add.at(counts, first.of, 1)
        more = np.flatnonzero(first.above != pending.above)
        pending = replace(pending, low=first.high, below=first.above).take(more)
    counts[pending.of] = -1
    if not result:
        return start.take(np.zeros(0, int)), counts
    return Changes(*(np.concatenate([getattr(c, f.name) for c in result]) for f in fields(Changes))), counts


def merge_close(changes: Changes, line: np.ndarray, reach: np.ndarray) -> tuple[Changes, np.ndarray]:
    """Join changes of one line whose brackets lie within `reach` of each other into a single one.

    A class that holds only on the boundary itself (a centre between two foci) is met on both sides of it:
    what counts is the classes beyond. Brackets are numbered along their lines; so are the changes returned,
    with their lines.
    """
    order = np.lexsort((np.arange(len(line)), changes.of, line))
    changes, line, reach = changes.take(order), line[order], reach[order]
    kept: list[list[int]] = []
    for row in range(len(line)):
        group = kept[-1] if kept else None
        if (
            group
            and line[group[0]] == line[row]
            and abs(changes.low[row] - changes.high[group[-1]]) <= reach[row]
            and changes.below[group[0]] != changes.above[row]
        ):
            group.append(row)
        else:
            kept.append([row])
    first, last = (np.array([group[i] for group in kept], int) for i in (0, -1))
    merged = replace(changes.take(first), high=changes.high[last], above=changes.above[last])
    return merged, line[first]


def _first_change(
    classify: Classifier, brackets: Changes, cell: np.ndarray, rtol: float, integer: bool
) -> Changes:
    low, high, above = brackets.low.copy(), brackets.high.copy(), brackets.above.copy()
    for _ in range(_MOST_HALVINGS):
        middle = np.floor((low + high) / 2) if integer else (low + high) / 2
        wide = 1.0 if integer else rtol * np.maximum(np.minimum(np.abs(low), np.abs(high)), cell)
        open_ = np.flatnonzero((np.abs(high - low) > wide) & (middle != low) & (middle != high))
        if not len(open_):
            break
        codes = classify(brackets.of[open_], middle[open_])
        same = codes == brackets.below[open_]
        low[open_[same]] = middle[open_[same]]
        high[open_[~same]], above[open_[~same]] = middle[open_[~same]], codes[~same]
    return Changes(brackets.of, low, high, brackets.below, above)
