"""Loops and branches over numbers: each value of a trace beside the same in 64 bits where it may be cut off.

The loop as it was written stays beside it, for what is no count. Where nobody knows whether a loop goes on,
or which branch is taken, nobody knows what they give.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core

from ..scan_counts import scan_counts
from .carried import settled
from .numbers import (
    Array,
    Evaluate,
    Number,
    apart,
    flat,
    known,
    lost,
    may_be_none,
    plain,
    unflat,
    unknown_where,
    wide_of,
    without_side,
)
from .quick import quick


def scan(params: dict[str, Any], operands: Sequence[Number], evaluate: Evaluate) -> list[Number]:
    """What a scan gives."""
    body = params["jaxpr"]
    consts, carried = scan_counts(params, len(operands))
    fixed, begin, xs = operands[:consts], operands[consts : consts + carried], operands[consts + carried :]
    if not params["length"]:
        shapes = [v.aval for v in body.jaxpr.outvars[carried:]]
        return [*begin, *(known(jnp.zeros((0, *a.shape), a.dtype)) for a in shapes)]
    of_xs = [apart(number) for number in xs]

    def step(carry: Sequence[Number], x: Sequence[Array]) -> list[Number]:
        return evaluate(body.jaxpr, body.consts, [*fixed, *carry, *unflat(x, of_xs, xs)])

    def first(carry: Sequence[Number], *xs: Array) -> list[Number]:
        return step(carry, [x[0] for x in xs])

    two, like, rest = settled(first, body.jaxpr, consts, begin, flat(xs, of_xs))
    of_ys = [apart(number) for number in rest]

    def over(carry: list[Array], x: list[Array]) -> tuple[list[Array], list[Array]]:
        new = step(unflat(carry, two, like), x)
        return flat(new[:carried], two), flat(new[carried:], of_ys)

    end, ys = lax.scan(
        over, flat(begin, two), flat(xs, of_xs), params["length"], params["reverse"], params["unroll"]
    )
    return [*unflat(end, two, like), *unflat(ys, of_ys, rest)]


def loop(params: dict[str, Any], operands: Sequence[Number], evaluate: Evaluate) -> list[Number]:
    """The same of a while loop, which goes on as long as its numbers in 64 bits say."""
    test, body = params["cond_jaxpr"], params["body_jaxpr"]
    of_test, of_body = params["cond_nconsts"], params["body_nconsts"]
    consts, begin = operands[: of_test + of_body], list(map(plain, operands[of_test + of_body :]))

    def step(consts: Sequence[Number], carry: Sequence[Number]) -> list[Number]:
        return evaluate(body.jaxpr, body.consts, [*consts[of_test:], *carry])

    def answer_of(consts: Sequence[Number], carry: Sequence[Number]) -> Number:
        return evaluate(test.jaxpr, test.consts, [*consts[:of_test], *carry])[0]

    two, like, _ = settled(lambda carry: step(consts, carry), body.jaxpr, of_body, begin)
    answer = _shaped(lambda carry: answer_of(consts, unflat(carry, two, like)), flat(begin, two))
    if not any(two) and not apart(answer):
        end = lax.while_loop(
            lambda carry: answer_of(consts, unflat(carry, two, like)).value,
            lambda carry: flat(step(consts, unflat(carry, two, like)), two), flat(begin, two),
        )  # fmt: skip
        return unflat(end, two, like)
    begin = quick(step, answer_of, consts, begin, like)
    looks_at = _looked_at(test.jaxpr, of_test) if apart(answer) else []

    def goes_on(now: tuple[list[Array], Array]) -> Array:
        answer = answer_of(consts, unflat(now[0], two, like))
        return (answer.value if not apart(answer) else wide_of(answer) == 1) & ~now[1]

    def go_on(now: tuple[list[Array], Array]) -> tuple[list[Array], Array]:
        before = unflat(now[0], two, like)
        new = flat(step(consts, before), two)
        after = unflat(new, two, like)
        return new, _stands_still([before[i] for i in looks_at], [after[i] for i in looks_at])

    end, _ = lax.while_loop(goes_on, go_on, (flat(begin, two), jnp.asarray(False)))
    numbers = unflat(end, two, like)
    if not may_be_none(answer):
        return numbers
    # Another number of steps changes all that it ends with.
    unknown = wide_of(answer_of(consts, numbers)) != 0
    return [unknown_where(unknown, number) for number in numbers]


def _looked_at(test: Any, first: int) -> list[int]:
    """Which of the numbers that a loop carries its condition reads."""
    read = {v for equation in test.eqns for v in equation.invars if not isinstance(v, core.Literal)}
    return [i for i, variable in enumerate(test.invars[first:]) if variable in read]


def _stands_still(before: Sequence[Number], new: Sequence[Number]) -> Array:
    """Whether what a loop looks at is no integer in part, and otherwise as before: it would never end."""
    changed, none = jnp.asarray(False), jnp.asarray(False)
    for old, now in zip(before, new, strict=True):
        if not may_be_none(now):
            changed |= jnp.any(wide_of(old) != wide_of(now))
            continue
        of_old, of_now = lost(old), lost(now)
        changed |= jnp.any((of_old != of_now) | (~of_now & (wide_of(old) != wide_of(now))))
        none |= jnp.any(of_now)
    return none & ~changed


def branches(params: dict[str, Any], operands: Sequence[Number], evaluate: Evaluate) -> list[Number]:
    """The same of a branch, the one that numbers in 64 bits choose."""
    index, *given = operands
    bodies = params["branches"]
    two_in = [apart(number) for number in given]
    noted: list[list[Number]] = []

    def numbers_of(body: Any, values: Sequence[Array]) -> list[Number]:
        return evaluate(body.jaxpr, body.consts, unflat(values, two_in, given))

    def traced(body: Any, values: Sequence[Array]) -> list[Array]:
        noted.append(numbers_of(body, values))
        return [number.value for number in noted[-1]]

    values = flat(given, two_in)
    for body in bodies:
        jax.eval_shape(lambda *values, body=body: traced(body, values), *values)
    two = [any(map(apart, of)) for of in zip(*noted, strict=True)]
    like = [_wider(of) for of in zip(*noted, strict=True)]
    ways = [lambda *values, body=body: flat(numbers_of(body, values), two) for body in bodies]
    which = index.value if index.wide is None else jnp.clip(index.wide, 0, len(bodies) - 1).astype(jnp.int32)
    numbers = unflat(lax.switch(which, ways, *values), two, like)
    if not may_be_none(index):
        return numbers
    return [unknown_where(without_side(index), number) for number in numbers]


def _wider(numbers: Sequence[Number]) -> Number:
    """What is as large as any of these."""
    positive = all(number.positive for number in numbers)
    return numbers[0]._replace(size=max(number.size for number in numbers), positive=positive)


def _shaped(make: Callable[[Sequence[Array]], Number], arrays: Sequence[Array]) -> Number:
    """A number as it is traced: whether it stands in 64 bits, and how large it can be."""
    noted: list[Number] = []

    def traced(*arrays: Array) -> Array:
        noted.append(make(arrays))
        return noted[0].value

    jax.eval_shape(traced, *arrays)
    return noted[0]
