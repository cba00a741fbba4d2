"""Every zero of a function of one number on stretches of it, by a march in cells.

The function and its slope have bounds on a cell, by intervals (`interval`). A cell is done where the
function has no zero in it, or where it only rises or only falls, so that the signs at its ends tell whether
it has one; else it is halved. What is still open at the least width may hold two zeros that all but
coincide, and is reported as such.

Source: Moore, "Interval Analysis" (1966); Hansen and Walster, "Global Optimization Using Interval Analysis".
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from .interval import Interval
from .roots import bisect

# On a cell of stretch k: whether it holds no zero, and whether the function only rises or only falls in it.
Known = Callable[[Interval, Array], tuple[Array, Array]]
# The function at numbers within stretch k, or at one number each within stretches k.
Function = Callable[[Array, Array], Array]

_WIDEST = 1 / 8
_MOST_CELLS = 2000


class Roots(NamedTuple):
    """Zeros in order of their stretches, which stretch each lies in, and whether they are shown to be all."""

    at: Array
    within: Array
    exists: Array
    complete: Array


class _March(NamedTuple):
    at: Array
    width: Array
    stretch: Array
    cells: Array
    number: Array
    low: Array
    high: Array
    within: Array
    complete: Array


def every_root(starts: Array, stops: Array, known: Known, function: Function, most: int) -> Roots:
    """All zeros within stretches of (0, 1), without derivatives.

    Parameters
    ----------
    starts, stops
        Ends of the stretches, shape (stretches,); those that are no wider than 0 are passed over.
    known, function
        See `Known` and `Function`.
    most
        How many zeros are listed; more are not shown to be all.
    """
    end = _march(starts, stops, known, function, most)
    up = jnp.where(function(end.high, end.within) > 0, 1.0, -1.0)
    at = bisect(lambda x: up * function(x, end.within), end.low, end.high)
    return Roots(at, end.within, jnp.arange(most) < end.number, end.complete)


def _march(starts: Array, stops: Array, known: Known, function: Function, most: int) -> _March:
    zero, whole = jnp.zeros_like(starts[0]), jnp.zeros((), jnp.int32)
    slots = jnp.zeros(most, zero.dtype)
    eps = float(jnp.finfo(zero.dtype).eps)
    last = starts.shape[0]

    def unfinished(s: _March) -> Array:
        return (s.stretch < last) & (s.cells < _MOST_CELLS)

    def advance(s: _March) -> _March:
        stop = _pick(stops, s.stretch)
        right = jnp.where(s.at + 1.5 * s.width >= stop, stop, s.at + s.width)
        holds_none, monotone = known(Interval(s.at, right), s.stretch)
        ends = function(jnp.stack([s.at, right]), s.stretch) > 0
        sure = holds_none | monotone | (right <= s.at)
        # Powers are steep beside the sides: there cells are as narrow as they are near.
        near = jnp.minimum(s.at + s.width, 1 - s.at)
        done = sure | (s.width <= jnp.maximum(eps**0.5 * near, 4 * eps))
        one_more = done & monotone & ~holds_none & (ends[0] != ends[1])
        here = (jnp.arange(most) == s.number) & one_more
        full = s.number >= most
        leaves = done & (right >= stop)
        following = _pick(starts, s.stretch + 1)
        return _March(
            jnp.where(leaves, following, jnp.where(done, right, s.at)),
            jnp.where(done, jnp.minimum(2 * s.width, _WIDEST), s.width / 2),
            s.stretch + leaves.astype(jnp.int32),
            s.cells + 1,
            s.number + (one_more & ~full).astype(jnp.int32),
            jnp.where(here, s.at, s.low),
            jnp.where(here, right, s.high),
            jnp.where(here, s.stretch, s.within),
            s.complete & (sure | ~done) & ~(one_more & full),
        )

    start = _March(
        starts[0],
        zero + _WIDEST,
        whole,
        whole,
        whole,
        slots,
        slots + 1,
        jnp.zeros(most, jnp.int32),
        zero == 0,
    )
    end = lax.while_loop(unfinished, advance, start)
    return end._replace(complete=end.complete & (end.stretch >= last))


def _pick(values: Array, index: Array) -> Array:
    return jnp.take(values, index, mode="clip")
