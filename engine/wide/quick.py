"""The steps of a loop in which no integer can wrap, computed as they were written.

As long as all integers are below a bound that one step cannot take out of their types, nothing needs a second
look. Where one is beyond it, the loop goes on from there with all integers looked at.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from math import inf
from operator import and_

import jax
import jax.numpy as jnp
from jax import lax

from .numbers import Array, Number, apart, is_whole, known, limit_of, lost, wide_of

# Below which of these all integers are, the larger the better: what a step adds, or multiplies, decides.
_BOUNDS = (2.0**60, 2.0**45, 2.0**30, 2.0**20, 2.0**12, 2.0**6)

Step = Callable[[Sequence[Number], Sequence[Number]], list[Number]]
Answer = Callable[[Sequence[Number], Sequence[Number]], Number]


def quick(
    step: Step, answer_of: Answer, consts: Sequence[Number], begin: Sequence[Number], like: Sequence[Number]
) -> list[Number]:
    """Where a loop is after its first steps; it may have ended. `like`: how large what it carries can be."""
    bound = next((b for b in _BOUNDS if _suffices(b, step, answer_of, consts, begin, like)), None)
    if bound is None:
        return list(begin)
    fixed = [_below(number, number.size, bound) for number in consts]
    fits = _inside([*consts, *begin], [*(n.size for n in consts), *(n.size for n in like)], bound)
    sizes = [number.size for number in like]

    def numbers(carry: Sequence[Array]) -> list[Number]:
        return [_below(known(v), size, bound) for v, size in zip(carry, sizes, strict=True)]

    def goes_on(carry: list[Array]) -> Array:
        inside = _inside([known(value, inf) for value in carry], sizes, bound)
        return answer_of(fixed, numbers(carry)).value & fits & inside

    end = lax.while_loop(
        goes_on,
        lambda carry: [number.value for number in step(fixed, numbers(carry))],
        [jnp.asarray(_written(number)) for number in begin],
    )
    return [_after(fits, old, value) for old, value in zip(begin, end, strict=True)]


def _suffices(
    bound: float,
    step: Step,
    answer_of: Answer,
    consts: Sequence[Number],
    begin: Sequence[Number],
    like: Sequence[Number],
) -> bool:
    """Whether nothing can wrap in a step from below this bound."""
    made: list[Number] = []

    def traced(*values: Array) -> list[Array]:
        fixed = [_below(number, number.size, bound) for number in consts]
        carry = [_below(known(v), number.size, bound) for v, number in zip(values, like, strict=True)]
        made.extend([answer_of(fixed, carry), *step(fixed, carry)])
        return [number.value for number in made]

    jax.eval_shape(traced, *(number.value for number in begin))
    return not any(map(apart, made))


def _needs_bound(value: Array, size: float) -> bool:
    return is_whole(value) and (size == inf or size > limit_of(value))


def _below(number: Number, size: float, bound: float) -> Number:
    """A number as it was written, which is inside."""
    value = jnp.asarray(_written(number)) if apart(number) else number.value
    if _needs_bound(value, size):
        size = min(bound, limit_of(value))
    return known(value, size, number.positive and not apart(number))


def _written(number: Number) -> Array:
    """A number as it would be written, where it can be."""
    if number.wide is None or not (is_whole(number.value) or number.value.dtype == bool):
        return number.value
    return number.wide == 1 if number.value.dtype == bool else number.wide.astype(number.value.dtype)


def _inside(numbers: Sequence[Number], sizes: Sequence[float], bound: float) -> Array:
    """Whether all these are integers below the bound, or rest on such."""
    inside = [jnp.asarray(True)]
    for number, size in zip(numbers, sizes, strict=True):
        if apart(number):
            inside.append(~jnp.any(lost(number)))
        if is_whole(number.value) and (apart(number) or _needs_bound(number.value, size)):
            whole, top = wide_of(number), int(min(bound, limit_of(number.value)))
            inside.append(jnp.all((whole <= top) & (whole >= -top)))
    return reduce(and_, inside)


def _after(fits: Array, old: Number, value: Array) -> Number:
    """A number after the steps, if there were any."""
    if old.wide is None:
        return (
            old._replace(value=value, size=inf, positive=False)
            if not apart(old)
            else old._replace(value=value)
        )
    new = jnp.asarray(value).astype(jnp.int64)
    return Number(jnp.where(fits, value, old.value), jnp.where(fits, new, old.wide), old.size)
