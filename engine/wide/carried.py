"""What a loop carries from step to step: which of it may be other than written, and how large it can be."""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import jax

from .numbers import Array, Number, apart, flat, unflat
from .sizes import counted


def settled(
    step: Callable[..., list[Number]],
    body: Any,
    first: int,
    begin: Sequence[Number],
    along: Sequence[Array] = (),
) -> tuple[list[bool], list[Number], list[Number]]:
    """Which of the carried numbers may be other than written, how large they are, and what else a step gives.

    `step(numbers, *along)` is a step, whose variables in `body` begin with `first`. A number stays as large
    as it begins where no step makes it larger while all others are as large as they can be.
    """
    two = [apart(number) for number in begin]
    sizes = counted(body, first, [number.size for number in begin])
    by_steps = [size < inf for size in sizes]
    like = [
        number._replace(size=size) if counts else number
        for number, size, counts in zip(begin, sizes, by_steps, strict=True)
    ]
    while True:
        new = _traced(step, begin, two, like, along)
        now = [one or apart(number) for one, number in zip(two, new, strict=False)]
        larger = [
            old._replace(
                size=old.size if counts or number.size <= old.size else inf,
                positive=old.positive and number.positive,
            )
            for old, number, counts in zip(like, new, by_steps, strict=False)
        ]
        if now == two and _facts(larger) == _facts(like):
            return two, like, new[len(begin) :]
        two, like = now, larger


def _facts(numbers: Sequence[Number]) -> list[tuple[float, bool]]:
    return [(number.size, number.positive) for number in numbers]


def _traced(
    step: Callable[..., list[Number]],
    begin: Sequence[Number],
    two: Sequence[bool],
    like: Sequence[Number],
    along: Sequence[Array],
) -> list[Number]:
    """What a step gives as it is traced, of numbers that are no constants."""
    noted: list[Number] = []
    arrays = flat(begin, two)

    def traced(*given: Array) -> list[Array]:
        noted.extend(step(unflat(given[: len(arrays)], two, like), *given[len(arrays) :]))
        return [number.value for number in noted]

    jax.eval_shape(traced, *arrays, *along)
    return noted
