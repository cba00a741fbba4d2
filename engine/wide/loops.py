"""Loops and branches over numbers: each value of a trace beside the same in 64 bits where it may be cut off.

The loop as it was written stays beside it, for what is no count. Where nobody knows whether a loop goes on,
or which branch is taken, nobody knows what they give.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from ..scan_counts import scan_counts
from .numbers import (
    Array,
    Evaluate,
    Number,
    flat,
    lost,
    may_be_none,
    nothing_where,
    unflat,
    wide_of,
    without_side,
)
from .sizes import counted

# Of what a loop gives: the number in 64 bits, None where it is as it was, and how large it can be.
Given = tuple[Array | None, float]


def scan(params: dict[str, Any], operands: Sequence[Number], evaluate: Evaluate) -> list[Given] | None:
    """What a scan gives in 64 bits; None where nobody knows how large that is."""
    body = params["jaxpr"]
    consts, carried = scan_counts(params, len(operands))
    fixed, begin, xs = operands[:consts], operands[consts : consts + carried], operands[consts + carried :]
    if not params["length"]:
        return [*map(_given, begin), *[(None, inf)] * (len(body.jaxpr.outvars) - carried)]
    sizes = counted(body.jaxpr, consts, [number.size for number in begin])
    wide_xs, sizes_of_xs = [number.wide is not None for number in xs], [number.size for number in xs]

    def step(wide: Sequence[bool], carry: Sequence[Array], x: Sequence[Array]) -> list[Number]:
        given = [*unflat(carry, wide, sizes), *unflat(x, wide_xs, sizes_of_xs)]
        return evaluate(body.jaxpr, body.consts, [*fixed, *given])

    def first(wide: Sequence[bool]) -> list[Number]:
        return step(wide, flat(begin, wide), [array[0] for array in flat(xs, wide_xs)])

    wide, rest = _settled(first, begin)
    wide_ys = [number.wide is not None for number in rest]
    if not any(wide) and not any(wide_ys):
        return [(None, size) for size in (*sizes, *(number.size for number in rest))]

    def over(carry: list[Array], x: list[Array]) -> tuple[list[Array], list[Array]]:
        new = step(wide, carry, x)
        return flat(new[:carried], wide), [wide_of(number) for number in new[carried:]]

    end, ys = lax.scan(
        over, flat(begin, wide), flat(xs, wide_xs), params["length"], params["reverse"], params["unroll"]
    )
    ends = unflat(end, wide, sizes)
    given = [*ends, *(Number(y, y, number.size) for y, number in zip(ys, rest, strict=True))]
    return [
        (wide_of(number) if is_wide else None, number.size)
        for number, is_wide in zip(given, [*wide, *wide_ys], strict=True)
    ]


def loop(params: dict[str, Any], operands: Sequence[Number], evaluate: Evaluate) -> list[Given] | None:
    """The same of a while loop, which goes on as long as its numbers in 64 bits say."""
    test, body = params["cond_jaxpr"], params["body_jaxpr"]
    of_test, of_body = params["cond_nconsts"], params["body_nconsts"]
    fixed, others = operands[:of_test], operands[of_test : of_test + of_body]
    begin = operands[of_test + of_body :]
    sizes = counted(body.jaxpr, of_body, [number.size for number in begin])

    def step(wide: Sequence[bool], carry: Sequence[Array]) -> list[Number]:
        return evaluate(body.jaxpr, body.consts, [*others, *unflat(carry, wide, sizes)])

    def answer_of(wide: Sequence[bool], carry: Sequence[Array]) -> Number:
        (answer,) = evaluate(test.jaxpr, test.consts, [*fixed, *unflat(carry, wide, sizes)])
        return answer

    wide, _ = _settled(lambda wide: step(wide, flat(begin, wide)), begin)
    answer = _shaped(lambda: answer_of(wide, flat(begin, wide)))
    if not any(wide) and answer.wide is None:
        return [(None, size) for size in sizes]
    if answer.wide is None:
        end = lax.while_loop(
            lambda carry: answer_of(wide, carry).value,
            lambda carry: flat(step(wide, carry), wide), flat(begin, wide),
        )  # fmt: skip
        return [_given(number) for number in unflat(end, wide, sizes)]
    read = {v for equation in test.jaxpr.eqns for v in equation.invars if not isinstance(v, core.Literal)}
    looks_at = [variable in read for variable in test.jaxpr.invars[of_test:]]

    def goes_on(now: tuple[list[Array], Array]) -> Array:
        return (wide_of(answer_of(wide, now[0])) == 1) & ~now[1]

    def go_on(now: tuple[list[Array], Array]) -> tuple[list[Array], Array]:
        before, new = unflat(now[0], wide, sizes), step(wide, now[0])
        seen = [i for i, looked_at in enumerate(looks_at) if looked_at]
        return flat(new, wide), _stands_still([before[i] for i in seen], [new[i] for i in seen])

    end, _ = lax.while_loop(goes_on, go_on, (flat(begin, wide), jnp.asarray(False)))
    # Another number of steps changes all that it ends with.
    numbers = unflat(end, wide, sizes)
    if not may_be_none(answer):
        return [(wide_of(number), number.size) for number in numbers]
    unknown = wide_of(answer_of(wide, end)) != 0
    return [(nothing_where(unknown, wide_of(number)), inf) for number in numbers]


def _stands_still(before: Sequence[Number], new: Sequence[Number]) -> Array:
    """Whether what a loop looks at is no integer in part, and otherwise as before: it would never end."""
    changed, none = jnp.asarray(False), jnp.asarray(False)
    for old, now in zip(before, new, strict=True):
        if not may_be_none(now) or old.wide is None:
            changed |= jnp.any(wide_of(old) != wide_of(now))
            continue
        of_old, of_now = lost(old), lost(now)
        changed |= jnp.any((of_old != of_now) | (~of_now & (wide_of(old) != wide_of(now))))
        none |= jnp.any(of_now)
    return none & ~changed


def _given(number: Number) -> Given:
    return (None if number.wide is None else wide_of(number)), number.size


def branches(params: dict[str, Any], operands: Sequence[Number], evaluate: Evaluate) -> list[Given] | None:
    """The same of a branch, the one that numbers in 64 bits choose."""
    index, *given = operands
    bodies = params["branches"]
    wide_in, sizes_in = [number.wide is not None for number in given], [number.size for number in given]
    count = len(bodies[0].jaxpr.outvars)
    wide, sizes = [index.wide is not None] * count, [0.0] * count

    def numbers_of(body: Any, values: Sequence[Array]) -> list[Number]:
        return evaluate(body.jaxpr, body.consts, unflat(values, wide_in, sizes_in))

    def noted(body: Any, values: Sequence[Array]) -> list[Array]:
        numbers = numbers_of(body, values)
        wide[:] = [one or number.wide is not None for one, number in zip(wide, numbers, strict=True)]
        sizes[:] = [max(size, number.size) for size, number in zip(sizes, numbers, strict=True)]
        return [number.value for number in numbers]

    values = flat(given, wide_in)
    for body in bodies:
        jax.eval_shape(lambda *values, body=body: noted(body, values), *values)
    if not any(wide):
        return [(None, size) for size in sizes]
    ways = [
        lambda *values, body=body: [
            wide_of(number) if is_wide else number.value
            for number, is_wide in zip(numbers_of(body, values), wide, strict=True)
        ]
        for body in bodies
    ]
    results = lax.switch(
        index.value if index.wide is None else _branch(index.wide, len(bodies)), ways, *values
    )
    if may_be_none(index):
        unknown = without_side(index)
        return [(nothing_where(unknown, value), inf) for value in results]
    return [
        (value if is_wide else None, size) for value, is_wide, size in zip(results, wide, sizes, strict=True)
    ]


def _branch(index: Array, count: int) -> Array:
    return jnp.clip(index, 0, count - 1).astype(jnp.int32)


def _shaped(make: Callable[[], Number]) -> Number:
    """A number as it is traced: whether it stands in 64 bits, and how large it can be."""
    noted: list[Number] = []

    def traced() -> Array:
        noted.append(make())
        return noted[0].value

    jax.eval_shape(traced)
    return noted[0]


def _settled(
    step: Callable[[Sequence[bool]], list[Number]], begin: Sequence[Number]
) -> tuple[list[bool], list[Number]]:
    """Which of the carried numbers are wide, step after step, and what else a step gives, as it is traced."""
    wide = [number.wide is not None for number in begin]
    while True:
        noted: list[Number] = []

        def traced(wide: Sequence[bool] = tuple(wide), noted: list[Number] = noted) -> list[Array]:
            noted.extend(step(wide))
            return [number.value for number in noted]

        jax.eval_shape(traced)
        new = [a or number.wide is not None for a, number in zip(wide, noted, strict=False)]
        if new == wide:
            return wide, noted[len(begin) :]
        wide = new
