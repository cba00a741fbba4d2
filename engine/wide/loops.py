"""Loops and branches over pairs: each value of a trace beside the same in 64 bits where it may be cut off.

A loop over pairs carries one number of each: the wide one where there is one, of which the narrow one is what
its lowest bits say. The loop as it was written stays beside it, for what is no count.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

Array = Any
# A value, and the same in 64 bits where it is an integer that may have been cut off, or follows from one.
Pair = tuple[Array, Array | None]
# evaluate(jaxpr, constants, pairs) -> pairs
Evaluate = Callable[[Any, Sequence[Array], Sequence[Pair]], list[Pair]]
NARROW = frozenset({"int8", "int16", "int32", "uint8", "uint16"})


def merged(pairs: Sequence[Pair], wide: Sequence[bool]) -> list[Array]:
    """One number of each pair: the wide one where it is to be `wide`."""
    return [wide_of(pair) if is_wide else pair[0] for pair, is_wide in zip(pairs, wide, strict=True)]


def split(values: Sequence[Array], wide: Sequence[bool], kinds: Sequence[Any]) -> list[Pair]:
    """The pairs again, of these dtypes."""
    return [
        (
            value.astype(kind.dtype) if is_wide and value.dtype != kind.dtype else value,
            value if is_wide else None,
        )
        for value, is_wide, kind in zip(values, wide, kinds, strict=True)
    ]


def scan(params: dict[str, Any], operands: Sequence[Pair], evaluate: Evaluate) -> list[Array | None] | None:
    """What a scan gives in 64 bits, None for what stays as it was; None where all of it does."""
    body, consts, carried = params["jaxpr"], params["num_consts"], params["num_carry"]
    fixed, begin, xs = operands[:consts], operands[consts : consts + carried], operands[consts + carried :]
    kinds = [v.aval for v in body.jaxpr.invars]
    wide_xs = [wide is not None for _, wide in xs]
    wide_ys: list[bool] = []

    def step(wide: Sequence[bool], carry: Sequence[Array], x: Sequence[Array]) -> list[Pair]:
        given = split(carry, wide, kinds[consts : consts + carried])
        given += split(x, wide_xs, kinds[consts + carried :])
        return evaluate(body.jaxpr, body.consts, [*fixed, *given])

    def first(wide: Sequence[bool]) -> list[Pair]:
        heads = [jax.tree.map(lambda a: a[0], pair) for pair in xs]
        return step(wide, merged(begin, wide), merged(heads, wide_xs))

    if not params["length"]:
        return None
    wide = _settled(first, [w is not None for _, w in begin], carried, wide_ys)
    if not any(wide) and not any(wide_ys):
        return None

    def over(carry: list[Array], x: list[Array]) -> tuple[list[Array], list[Array]]:
        new = step(wide, carry, x)
        return merged(new[:carried], wide), merged(new[carried:], wide_ys)

    end, ys = lax.scan(
        over, merged(begin, wide), merged(xs, wide_xs), params["length"], params["reverse"], params["unroll"]
    )
    results = zip([*end, *ys], [*wide, *wide_ys], strict=True)
    return [value if is_wide else None for value, is_wide in results]


def loop(params: dict[str, Any], operands: Sequence[Pair], evaluate: Evaluate) -> list[Array | None] | None:
    """The same of a while loop, which goes on as long as its numbers in 64 bits say."""
    test, body = params["cond_jaxpr"], params["body_jaxpr"]
    of_test, of_body = params["cond_nconsts"], params["body_nconsts"]
    fixed, others = operands[:of_test], operands[of_test : of_test + of_body]
    begin = operands[of_test + of_body :]
    kinds = [v.aval for v in body.jaxpr.invars[of_body:]]

    def step(wide: Sequence[bool], carry: Sequence[Array]) -> list[Pair]:
        return evaluate(body.jaxpr, body.consts, [*others, *split(carry, wide, kinds)])

    wide = _settled(
        lambda wide: step(wide, merged(begin, wide)), [w is not None for _, w in begin], len(begin)
    )
    if not any(wide) and all(w is None for _, w in fixed):
        return None
    counted: list[bool] = []

    def goes_on(carry: list[Array]) -> Array:
        ((narrow, known),) = evaluate(test.jaxpr, test.consts, [*fixed, *split(carry, wide, kinds)])
        counted.append(known is not None)
        return narrow if known is None else known

    end = lax.while_loop(goes_on, lambda carry: merged(step(wide, carry), wide), merged(begin, wide))
    # Another number of steps changes all that it ends with.
    results = zip(end, wide, strict=True)
    return [wide_of((value, None)) if is_wide or any(counted) else None for value, is_wide in results]


def branches(
    params: dict[str, Any], operands: Sequence[Pair], evaluate: Evaluate
) -> list[Array | None] | None:
    """The same of a branch, the one that numbers in 64 bits choose."""
    (index, chosen), *given = operands
    bodies = params["branches"]
    wide_in = [wide is not None for _, wide in given]
    kinds = [v.aval for v in bodies[0].jaxpr.invars]
    count = len(bodies[0].jaxpr.outvars)
    wide = [chosen is not None] * count

    def pairs_of(body: Any, values: Sequence[Array]) -> list[Pair]:
        return evaluate(body.jaxpr, body.consts, split(values, wide_in, kinds))

    values = merged(given, wide_in)
    for body in bodies:
        jax.eval_shape(lambda *values, body=body: _note(pairs_of(body, values), wide), *values)
    if not any(wide):
        return None
    ways = [lambda *values, body=body: merged(pairs_of(body, values), wide) for body in bodies]
    results = lax.switch(index if chosen is None else chosen, ways, *values)
    return [value if is_wide else None for value, is_wide in zip(results, wide, strict=True)]


def _settled(
    step: Callable[[Sequence[bool]], list[Pair]],
    wide: list[bool],
    carried: int,
    rest: list[bool] | None = None,
) -> list[bool]:
    """Which of the carried numbers are wide, step after step; the rest of what a step gives is noted, too."""
    while True:
        noted: list[bool] = []

        def traced(wide: Sequence[bool] = tuple(wide), noted: list[bool] = noted) -> list[Array]:
            pairs = step(wide)
            noted.extend(known is not None for _, known in pairs)
            return [value for value, _ in pairs]

        jax.eval_shape(traced)
        new = [a or b for a, b in zip(wide, noted[:carried], strict=True)]
        if new == wide:
            if rest is not None:
                rest[:] = noted[carried:]
            return wide
        wide = new


def _note(pairs: Sequence[Pair], wide: list[bool]) -> list[Array]:
    wide[:] = [is_wide or known is not None for is_wide, (_, known) in zip(wide, pairs, strict=True)]
    return [value for value, _ in pairs]


def wide_of(pair: Pair) -> Array:
    """The wide number of a pair, of the dtype that wide numbers of its kind have."""
    value, wide = pair
    if wide is not None:
        return wide
    value = jnp.asarray(value)
    return value.astype(jnp.int64) if str(value.dtype) in NARROW else value
