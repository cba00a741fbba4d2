"""The field beside a state in units of its scale: its Jacobian, where it leads, how rounding moves that."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from ..differences import HALF, by_differences, jacobian_of

Array = Any
Rates = Callable[[Array], Array]

# So many times as far ahead as the orbit goes it is looked, unless rounding leads by this part of `settle`.
_AHEAD, _LED_ASTRAY = 10.0, 0.1
# A motion that is slower than so many times what a Jacobian may be wrong by is none.
_DOUBTED = 10.0


# After three steps of Newton's method so much of the rates is left at a rest point, even a degenerate one.
_LEFT, _ROUNDINGS = 0.03, 2**10
# A rate of no more than so many roundings vanishes.
_VANISHES = 2**4
# A Jacobian that a step of Newton's method changes by less than this part of itself stays what it is.
# On the way from where it began, if that is linear, all steps together change it by less than this part.
_STAYS, _LINEAR = 0.03, 0.3


class Chart:
    """Coordinates, in units of the scale, each of which may be left out: m, as in `nearest_rest`.

    `exact` is whether JAX differentiates the rates; else differences do.
    """

    def __init__(
        self, rates: Rates, scale: Array, left_out: Array, ahead: Array, settle: float, exact: bool = True
    ) -> None:
        self._rates, self._scale, self._left_out = rates, scale, left_out
        self._ahead, self._settle, self._exact = ahead, settle, exact
        self._units = scale if len(left_out) == len(scale) else jnp.ones(len(left_out), scale.dtype)

    def jacobian(self, state: Array) -> Array:
        """The Jacobian of the rates, shape (m, m)."""
        return self._charted(jacobian_of(self._rates, state, self._scale), state)

    def wrong(self, jacobian: Array, state: Array) -> Array:
        """By what part of its size a Jacobian may be wrong that was found by differences."""
        halved = self._charted(by_differences(self._rates, state, self._scale, HALF), state)
        return jnp.max(jnp.abs(halved - jacobian)) / size_of(jacobian)

    def _charted(self, jacobian: Array, state: Array) -> Array:
        """A Jacobian of the rates in the state as one of these coordinates."""
        if len(self._units) != len(state):  # the logarithms of shares, of which the state holds differences
            jacobian = jnp.concatenate([jacobian, -jnp.sum(jacobian, axis=1, keepdims=True)], axis=1)
        gone = jnp.logical_or(self._left_out[:, None], self._left_out[None, :])
        return jnp.where(gone, 0.0, jacobian * self._units[None, :] / self._units[:, None])

    def towards_rest(self, jacobian: Array, state: Array) -> Array:
        """The step to where the linear flow goes in a long time: none along a line of rest points."""
        now = jnp.where(self._left_out, 0.0, self._rates(state)) / self._units
        return self._in_state(
            solved(_damped(jacobian, self._slow(jacobian, state)), now) * self._units, state
        )

    def next_newton(
        self, jacobian: Array, state: Array, former: Array, first: Array, begin: Array, damped: Array
    ) -> tuple[Array, Array, Array, Array]:
        """The same step; whether steps that led here have converged; whether the flow is linear on the way.

        `former` and `first` are the Jacobians before the last step and at the `begin`, as `probed`. Last
        comes what of the way back to the begin does not move here: along a line of rest points. What is
        slower than the part `damped` of the fastest motion is not moved either.

        Converged: nothing moves but for rounding, or the Jacobian stays what it was before the last step,
        beside its slowest motion too. At a double root it halves with every step, until it is so small that
        nothing moves in the time ahead; and where there is no root, beside the ghost of a saddle-node, each
        step changes it by more than all that is left of it, for ever.
        """
        now = jnp.where(self._left_out, 0.0, self._rates(state)) / self._units
        here = probed(jacobian)
        back = begin - state
        back = back if len(now) == len(state) else jnp.append(back, jnp.zeros(1, back.dtype))
        back = jnp.where(self._left_out, 0.0, back) / self._units
        columns = jnp.stack([now, here - former, here - first, back], axis=1)
        slow = jnp.maximum(self._slow(jacobian, state), damped * size_of(jacobian))
        solutions = solved(_damped(jacobian, slow), columns)
        turned, bent = (jnp.max(jnp.abs(self._in_state(solutions[:, i], state))) for i in (1, 2))
        along = self._in_state(slow * solutions[:, 3] * self._units, state)
        converged = jnp.all(jnp.abs(now) <= _VANISHES * _rounding(jacobian)) | (turned <= _STAYS)
        return self._in_state(solutions[:, 0] * self._units, state), converged, bent <= _LINEAR, along

    def _slow(self, jacobian: Array, state: Array) -> Array:
        """The rate of the slowest motion that counts, and can be told from none."""
        return self._seen(self._slowest(jacobian, state), jacobian, state)

    def _in_state(self, step: Array, state: Array) -> Array:
        """A step in these coordinates as one of the state."""
        return step if len(step) == len(state) else step[:-1] - step[-1:]

    def is_phantom(self, jacobian: Array, begin: Array, rest: Array) -> Array:
        """Whether Newton's method leads to no rest point: the rates there are no smaller than where it began.

        So it is with a phase that goes round for ever, once its scale is large: turns are near one another.
        Rates that rounding may make, and those that lead less than `settle` away, are none.
        """
        units = jnp.where(self._left_out, jnp.inf, self._units)
        before, there = (jnp.max(jnp.abs(lax.stop_gradient(self._rates(z)) / units)) for z in (begin, rest))
        rounding = _ROUNDINGS * jnp.max(_rounding(jacobian))
        return (there > _LEFT * before) & (there * self._ahead > self._settle) & (there > rounding)

    def _seen(self, slow: Array, jacobian: Array, state: Array) -> Array:
        """A rate, if the Jacobian is right enough to tell it from 0; else the least one that is told."""
        if self._exact:
            return slow
        return jnp.maximum(slow, _DOUBTED * self.wrong(jacobian, state) * size_of(jacobian))

    def _slowest(self, jacobian: Array, state: Array) -> Array:
        """The rate of the slowest motion that counts: over all the time ahead, if rounding allows it."""
        eps = jnp.finfo(state.dtype).eps
        slow, fast = eps**0.5 * size_of(jacobian), jnp.max(jnp.abs(jacobian))
        if len(self._units) != len(state):
            return slow
        terms = jnp.max(jnp.sum(jnp.abs(jacobian) * jnp.abs(state / self._units)[None, :], axis=1))
        rounding = eps * jnp.maximum(terms / (_LED_ASTRAY * self._settle), 4 * fast)
        return jnp.minimum(slow, jnp.maximum(1 / (_AHEAD * self._ahead), rounding))

    def moved_by(self, noise: Array, state: Array) -> Array:
        """How far the state may end up from where it seems to, if each rate is wrong by `noise`: all (d,)."""
        eye = jnp.eye(len(noise), dtype=noise.dtype)
        jacobian = self.jacobian(state)
        slow = self._seen(1 / (_AHEAD * self._ahead), jacobian, state)
        effects = jnp.abs(solved(eye * slow - jacobian, eye))
        wrong = jnp.where(self._left_out, 0.0, noise) / self._units
        return jnp.sum(effects * wrong[None, :], axis=1) * self._units


def _damped(jacobian: Array, slow: Array) -> Array:
    """The negative Jacobian, by which what is slower than what counts does not move."""
    return slow * jnp.eye(len(jacobian), dtype=jacobian.dtype) - jacobian


def _rounding(jacobian: Array) -> Array:
    """What a rounding of the state makes of each rate, shape (m,)."""
    return jnp.finfo(jacobian.dtype).eps * jnp.sum(jnp.abs(jacobian), axis=1)


def probed(jacobian: Array) -> Array:
    """What a Jacobian makes of a step in no special direction, shape (m,): by that two are compared."""
    step = jnp.cos(jnp.arange(len(jacobian), dtype=jacobian.dtype) ** 2)
    return jnp.sum(jacobian * step[None, :], axis=1)


def size_of(matrix: Array) -> Array:
    """The largest sum of a row, in the units that suit a 2 x 2 matrix best; 1 where there is nothing."""
    if len(matrix) == 2:
        size = jnp.max(jnp.abs(jnp.diag(matrix))) + jnp.sqrt(jnp.abs(matrix[0, 1])) * jnp.sqrt(
            jnp.abs(matrix[1, 0])
        )
    else:
        size = jnp.max(jnp.sum(jnp.abs(matrix), axis=1))
    return jnp.where(size > 0, size, 1.0)


def solved(matrix: Array, right: Array) -> Array:
    """The solution of a small linear system, by elimination with the largest pivot.

    `right` has shape (m,), or (m, k) for k systems of one matrix.
    """
    count = len(matrix)
    positions = jnp.arange(count)

    def body(i: Any, whole: Array) -> Array:
        pivot = jnp.argmax(jnp.where(positions < i, -1.0, jnp.abs(jnp.take(whole, i, axis=1, mode="clip"))))
        swapped = jnp.where(positions == i, pivot, jnp.where(positions == pivot, i, positions))
        whole = whole[swapped]
        row = jnp.take(whole, i, axis=0, mode="clip")
        row = row / jnp.take(row, i, mode="clip")
        others = whole - jnp.take(whole, i, axis=1, mode="clip")[:, None] * row[None, :]
        return jnp.where((positions == i)[:, None], row[None, :], others)

    if count == 1:
        return right / matrix[0, 0]
    if count == 2:
        (a, b), (c, d) = matrix
        return jnp.stack([d * right[0] - b * right[1], a * right[1] - c * right[0]]) / (a * d - b * c)
    columns = right.reshape(count, -1)
    whole = lax.fori_loop(0, count, body, jnp.concatenate([matrix, columns], axis=1))
    return whole[:, count:].reshape(right.shape)


def without_errors(rest: Array, state: Array) -> Array:
    """A rest point, shape (d,), in which what is 0 but for the errors of Newton's method is 0.

    Whether a fixed cost is paid that ends where an amount is below 1e-50, no such error must decide.
    """
    near_0 = jnp.abs(rest) < jnp.sqrt(jnp.finfo(rest.dtype).eps) * jnp.abs(state)
    return jnp.where(near_0, rest - lax.stop_gradient(rest), rest)
