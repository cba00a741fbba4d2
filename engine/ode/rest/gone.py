"""Whether shares that are gone stay so: what falls by no more than a rounding of its growth may return.

Where the growth of a share at a face is 0 but for rounding, what it is beside the face says whether the share
falls or rises, as y' = y (B + s y) with B = 0. Of 1e-20 that is lost, so it is asked at sizes where it still
counts, while the shares that are not gone follow: they are at rest for that size.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from .chart import size_of, solved

Array = Any
Motion = Callable[[Array], Array]

# Logarithms of the least size at which a share is asked, and of the others that are gone meanwhile. The next
# size is larger by a factor of exp(_APART).
_ASKED, _GONE, _APART = 33.0, 600.0, 5.0
# A logit beyond this is that of a pure strategy, which stays. Orbits do not come so far.
_PURE = 1e11
# A growth of so many roundings of what moves fastest is rounding itself; of so many it may be, and is no
# answer but at the largest size.
_ROUNDINGS, _DOUBTED = 4.0, 64.0
# Depths before the first: at the rest point itself, and where all that are gone are 1/e.
_AT_REST, _AT_ONCE = np.inf, 1e6


class _Asked(NamedTuple):
    """A share, the first that is `left`, (m,), asked at exp(-depth).

    At first it is asked how fast what is gone grows at the rest point, (m,), and how fast all of 1/e would.

    `follows`: whether those that are not gone have followed by a `step` of their logarithms, shape (m,).
    `fastest`: what moves fastest. `stays`: whether all that were asked before stay gone.
    """

    left: Array
    growth: Array
    depth: Array
    follows: Array
    step: Array
    fastest: Array
    stays: Array


def may_be_gone(state: Array, outbound: Array, alone: Array) -> Array:
    """Which of the shares are so small that rounding may hide their growth, shape (m,), and not pure.

    `state` and `outbound` are as of `stays_gone`; those that live `alone`, (m,) or (), are left out.
    """
    depth = _depths(state, outbound)
    return (outbound | (depth > _asked_from(state.dtype)[1])) & (depth < _PURE) & jnp.logical_not(alone)


def stays_gone(
    motion: Motion, rest: Array, velocity: Array, jacobian: Array, outbound: Array, alone: Array
) -> Array:
    """Whether all shares that are gone beside a rest point would fall back to it if they were larger.

    Asked are those whose growth may be rounding.

    Parameters
    ----------
    motion : motion(state) -> what still moves, as `Flow.motion` has it.
    rest : logits, shape (d,) and m = d; or log ratios to the last of m = d + 1 shares.
    velocity : what moves where the orbit is, shape (m,).
    jacobian : that of the motion there in logits, or logarithms of shares, shape (m, m).
    outbound, alone : which count for nothing, and which of them only accumulate, shape (m,) or ().
    """
    ratios, count = len(outbound) != len(rest), len(outbound)
    logarithms = jnp.append(rest, jnp.zeros(1, rest.dtype)) if ratios else rest
    depths, gone = _depths(rest, outbound), may_be_gone(rest, outbound, alone)
    top = jnp.max(jnp.where(outbound, -jnp.inf, logarithms)) if ratios else 0.0
    eps = float(jnp.finfo(rest.dtype).eps)
    first, last = _asked_from(rest.dtype)
    left_out = jnp.logical_or(gone, outbound)
    beside = jnp.where(left_out[:, None] | left_out[None, :], 0.0, jacobian)
    matrix = eps**0.5 * size_of(beside) * jnp.eye(count, dtype=rest.dtype) - beside

    def body(at: _Asked) -> _Asked:
        at_rest, begins = at.depth == _AT_REST, at.depth == _AT_ONCE
        own = jnp.arange(count) == jnp.argmax(at.left)
        small = jnp.where(begins, 1.0, jnp.where(own, at.depth, _GONE)).astype(rest.dtype)
        moved = gone & (begins | own | outbound) & ~at_rest
        there = jnp.where(moved, top - small if ratios else jnp.sign(rest) * small, logarithms) + at.step
        moves = motion(there[:-1] - there[-1:] if ratios else there)
        size, rises = jnp.where(alone, 0.0, jnp.abs(moves)), (moves > 0 if ratios else moves * rest < 0)
        fastest = jnp.where(begins & jnp.isfinite(size), size, 0.0)
        fastest = jnp.maximum(at.fastest, jnp.max(fastest))
        # Where the orbit is, or at the rest point: what brought it there may hide either.
        growth = jnp.where(at_rest, jnp.fmin(size, jnp.abs(velocity)), at.growth)
        largest = at.depth - _APART < last
        counts = own & at.follows & (depths > at.depth)
        least = jnp.where(largest, _ROUNDINGS, _DOUBTED) * eps
        counts &= size > least * jnp.maximum(fastest, jnp.max(size))
        answered = at.follows & (jnp.any(counts) | largest)
        doubted = growth <= _DOUBTED * eps * fastest
        left = at.left & jnp.where(begins, doubted, ~(own & answered))
        follows = ~at_rest & ~begins & ~at.follows
        step = solved(matrix, jnp.where(left_out, 0.0, moves))
        depth = jnp.where(at.follows, at.depth - _APART, at.depth)
        depth = jnp.where(begins | answered, first, jnp.where(at_rest, _AT_ONCE, depth)).astype(rest.dtype)
        step, stays = jnp.where(follows, step, 0.0), at.stays & ~jnp.any(counts & rises)
        return _Asked(left, growth, depth, follows, step, fastest, stays)

    fastest = jnp.max(jnp.where(alone, 0.0, jnp.abs(velocity)))
    no, none = jnp.asarray(False), jnp.zeros(count, rest.dtype)
    begin = jnp.full((), _AT_REST, rest.dtype)
    asked = _Asked(gone, none, begin, no, none, fastest, jnp.asarray(True))
    return lax.while_loop(lambda at: at.stays & jnp.any(at.left), body, asked).stays


def _asked_from(dtype: Any) -> tuple[float, float]:
    """The depths at which a share is asked first, if numbers hold what it adds, and last.

    By the last one its square, which nothing here heeds, is still a rounding.
    """
    digits = -float(np.log(jnp.finfo(dtype).eps))
    return min(_ASKED, digits - 2), digits / 2 - 0.5


def _depths(state: Array, outbound: Array) -> Array:
    """How far each is out in logarithms, shape (m,): of shares, below the largest of the others."""
    if len(outbound) == len(state):
        return jnp.abs(state)
    logarithms = jnp.append(state, jnp.zeros(1, state.dtype))
    return jnp.max(jnp.where(outbound, -jnp.inf, logarithms)) - logarithms
