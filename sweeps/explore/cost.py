"""What a picture of a large cube costs to read, and how far it is thinned so that nobody waits."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

# Pieces of a variable that are decoded for a picture: while a slider moves, and once it rests.
QUICK, FULL = 40, 500
_FEWEST = 8


def chunks_along(array: Any) -> dict[str, int]:
    """Length along each dimension of what is read at once of a stored variable; empty of one in memory."""
    stored = getattr(array.variable, "_data", None)
    reader = getattr(stored, "reader", None)
    if reader is not None and array.name in getattr(reader.cube, "forms", {}):
        whole = reader.cube.array(array.name)
        return dict(zip(map(str, whole.dims), reader.cube.forms[array.name].chunk, strict=True))
    return {str(dim): int(size) for dim, size in dict(array.encoding.get("preferred_chunks", {})).items()}


def limits(
    array: Any, drawn: Mapping[str, str], others: Sequence[str], most: int, budget: int
) -> dict[str, int]:
    """How many values along each drawn axis are read: at most `most`, and no more than `budget` chunks.

    `drawn` leads from options to dimensions; of the dimensions `others` all values are read.
    """
    chunks = chunks_along(array)
    sizes = _sizes(array)
    counts = {option: min(sizes.get(dim, 1), most) for option, dim in drawn.items()}
    fixed = prod(
        _touched(sizes[dim], sizes[dim], chunks.get(dim, sizes[dim])) for dim in others if dim in sizes
    )

    def touched(option: str) -> int:
        dim = drawn[option]
        return _touched(counts[option], sizes.get(dim, 1), chunks.get(dim, sizes.get(dim, 1)))

    while fixed * prod(map(touched, counts)) > budget:
        option = max(counts, key=touched, default="")
        if not option or touched(option) <= _FEWEST:
            break
        counts[option] = max(min(counts[option], touched(option)) * 3 // 4, _FEWEST)
    return counts


def _sizes(array: Any) -> dict[str, int]:
    return {str(dim): int(size) for dim, size in zip(array.dims, array.shape, strict=True)}


def _touched(count: int, size: int, chunk: int) -> int:
    """How many chunks hold so many values, evenly spread over an axis."""
    return min(count, -(-size // max(chunk, 1)))


def cheapest(array: Any, pairs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The dimensions to begin with: the longest that are read quickly, else those that are most quickly."""
    chunks, sizes = chunks_along(array), _sizes(array)

    def rank(dims: tuple[str, ...]) -> tuple[bool, int]:
        cost = prod(_touched(sizes[dim], sizes[dim], chunks.get(dim, sizes[dim])) for dim in dims)
        return (True, -cost) if cost > QUICK else (False, prod(sizes[dim] for dim in dims))

    quick = [dims for dims in pairs if not rank(dims)[0]]
    return max(quick or pairs, key=lambda dims: rank(dims)[1])
