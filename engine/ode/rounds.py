"""Rounds of an orbit that may be closed: what stands in each, and whether the state returns with them."""

from typing import Any

import jax.numpy as jnp
import numpy as np

Array = Any

# Most loops of a cycle that are looked for. Three rounds of them are compared.
MOST_LOOPS = 8
KEPT = 3 * MOST_LOOPS
# From round to round a cycle that is neared repeats itself ever better: one that the orbit leaves does not.
LEAVING = 2.0
# What is still to come is less than this part of a swing, where an orbit nears a cycle.
_TO_COME = 1e-3
# What grows by this part from round to round, and by no less than this part of what it grew before, goes on.
_GROWS, _STILL = 1e-3, 0.5
# Extremes that rise or fall so many times in a row are of an orbit that spirals.
_SPIRAL = 5
# A state is found to so many errors of an extreme, whose value does not change with its time at first.
OF_STATES = 3.0

# Of the last, the second last and the third last round of each length: which of the kept extremes stand
# in it, and whether the round has so many, shape (lengths, most loops).
_OFFSETS = np.arange(MOST_LOOPS)[None, :]
_LENGTHS = np.arange(1, MOST_LOOPS + 1)[:, None]
ROUNDS = [np.maximum(KEPT - 1 - _OFFSETS - i * _LENGTHS, 0) for i in range(3)]
IN_ROUND = _OFFSETS < _LENGTHS
ENDS = [KEPT - 1 - i * _LENGTHS[:, 0] for i in range(3)]
# Numbers of loops, and those that a prime divides them by: all less one, as indices of a length.
_LOOPS, _DIVIDED = (
    np.array([(n, n // q) for n in range(2, MOST_LOOPS + 1) for q in (2, 3, 5, 7) if n % q == 0]).T - 1
)
# Of two loops that come to differ by this many times what is still to come of each, none is the other.
_APART = 4.0


def at(values: Array, index: Any, axis: int = 0) -> Array:
    """Values at an index inside an axis: nothing is made for what lies outside."""
    return jnp.take(values, index, axis=axis, mode="clip")


def largest_in(change: Array) -> Array:
    """The largest change between extremes of two rounds, (..., lengths, most loops), of each length."""
    return jnp.max(jnp.where(IN_ROUND, jnp.abs(change), 0.0), axis=-1)


def stays(change: Array, former: Array, exact: Array | float) -> Array:
    """Whether what changed by this in the last round, and by `former` in the one before, stays.

    Both are parts of the swing. What changes in a constant ratio q from round to round has change q / (1 - q)
    still to come. Rounds of several periods tell a ratio close to 1 better.
    """
    less = former - change
    known = less > exact
    to_come = change * change / jnp.where(known, less, 1.0)
    return (jnp.maximum(change, former) <= exact) | (known & (to_come <= _TO_COME))


def spirals(maxima: Array, same: Array) -> Array:
    """Whether the last maxima of a quantity rise, or fall, one after another, by more than what is the same.

    No cycle does that.
    """
    steps = jnp.diff(maxima[-_SPIRAL - 1 :])
    return (jnp.all(steps > 0) | jnp.all(steps < 0)) & (jnp.abs(jnp.sum(steps)) > same)


def unseen_grow(states: Array, unseen: Array, close: Array | float) -> Array:
    """Which components too small to be seen in a round grow with the rounds, shape (d, lengths).

    A competitor that invades the cycle leaves it alone for long. What nears a cycle changes by ever less.

    Parameters
    ----------
    states : at the last maxima of one quantity, shape (d, kept).
    unseen : the scale of a component, shape (d,), of which less than a part `close` does not count.
    """
    last, before, earlier = (at(jnp.abs(states), which, -1) for which in ROUNDS)
    change, former = last / before - 1, before / earlier - 1
    grows = (last < close * unseen[:, None, None]) & (change > _GROWS) & (change > _STILL * former)
    return jnp.any(jnp.where(IN_ROUND, grows, False), axis=2)


def states_return(
    states: Array, units: Array, faces: bool, close: Array | float, exact: Array | float
) -> tuple[Array, Array]:
    """For which numbers of loops, and no part of them, the whole state repeats, (lengths,); whether it stays.

    A component that decays slowly beside another that swings does not stay; the halves of a symmetric cycle
    differ by the sign of some. An angle goes on by the same from round to round, and so does the logit of a
    share that dies out beside a cycle. That of one that invades rises by the same, too, but only for now.

    Parameters
    ----------
    states : at the last maxima of one quantity, shape (d, kept).
    units : the scale of each component, infinite where it does not matter, shape (d,).
    faces : whether the components are logits or log ratios, which only on their way outwards go on for ever.
    close, exact : parts of a swing by which extremes may differ in a cycle, and do whatever happens.
    """
    last, before, earlier = (at(states / units[:, None], which, -1) for which in ROUNDS)
    change, former, exact = largest_in(last - before), largest_in(before - earlier), OF_STATES * exact
    repeats = jnp.maximum(change, former) <= close + exact
    repeats &= change <= LEAVING * jnp.maximum(former, exact)
    goes_on = largest_in(last - 2 * before + earlier) <= exact * jnp.minimum(change, former)
    if faces:
        goes_on &= jnp.all(jnp.where(IN_ROUND, (last - before) * last, 0.0) >= 0, axis=-1)
    still = jnp.any(goes_on | (repeats & stays(change, former, exact)), axis=1)
    return jnp.all(repeats | goes_on, axis=0) & _have_no_part(change, former), jnp.all(still)


def _have_no_part(change: Array, former: Array) -> Array:
    """Which numbers of loops are no multiple of one that the state comes to repeat after, (lengths,).

    Where a cycle is neared from either side in turn, the state of two loops ago is nearer than that of one
    loop ago, and is seen to repeat first. Both go to one limit, though: loops of a cycle stay apart.

    Parameters
    ----------
    change, former : largest ones in the last round of each length and the one before, shape (d, lengths).
    """
    less = former - change
    to_come = jnp.where(less > 0, change * change / jnp.where(less > 0, less, 1.0), change)
    apart = jnp.any(at(change, _DIVIDED, -1) > _APART * at(to_come, _LOOPS, -1), axis=0)
    return jnp.stack([jnp.all(apart[n == _LOOPS]) for n in range(MOST_LOOPS)])
