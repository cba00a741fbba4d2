"""Where the rest point near a state lies, and whether it attracts: Newton's method and the Jacobian there.

Asked between the steps, of orbits that look as if they had arrived. Eigenvalues are not computed (XLA has
none of nonsymmetric matrices on GPUs): whether one has a positive real part is
seen from exp(T J), by squaring.
Reference for the balancing: Parlett and Reinsch (1969), "Balancing a matrix for calculation of
eigenvalues and eigenvectors".
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

Array = Any
Rates = Callable[[Array], Array]
Loop = Callable[..., Any]

_NEWTON, _BALANCING = 3, 8
# A matrix of this size, 2**-8, has an exponential that four terms give to rounding.
_HALVINGS = 8
# exp(T J) of a rest point that attracts stays below this, after T of up to 1e-3/eps time constants.
_GROWTH = 1e4


class Nearest(NamedTuple):
    """The rest point near a state, shape (d,); how far it is, in units of the scale; whether it attracts."""

    rest: Array
    distance: Array
    attracts: Array


class _Newton(NamedTuple):
    """A step of Newton's method: where it began, the Jacobian there, where it led, its length."""

    tries: Array
    begin: Array
    jacobian: Array
    end: Array
    error: Array


def nearest_rest(
    rates: Callable[[Any, Array], Array], p: Any, state: Array, scale: Array, left_out: Array, loop: Loop
) -> Nearest:
    """The rest point near a state.

    Parameters
    ----------
    rates : rates(p, state), what has to vanish, shape (m,): the state's rates, m = d; or the growth rates of
        m = d + 1 shares, whose log ratios to the last one are the state.
    p : what they depend on.
    state, scale : shape (d,).
    left_out : shape (m,), whether a component may move as it likes, and counts for nothing.
    loop : repeats a step, as `lane_loop` does.
    """

    def cond(last: _Newton, _fixed: Any) -> Array:
        return last.tries < _NEWTON

    def body(last: _Newton, fixed: Any) -> _Newton:
        p, scale, left_out = fixed
        at = _Chart(lambda state: rates(p, state), scale, left_out)
        jacobian = at.jacobian(last.end)
        step = at.towards_rest(jacobian, last.end)
        return _Newton(last.tries + 1, last.end, jacobian, last.end + step, jnp.max(jnp.abs(step / scale)))

    count, begin = len(left_out), lax.stop_gradient(state)
    first = _Newton(
        jnp.int32(0), begin, jnp.zeros((count, count), state.dtype), begin, jnp.zeros((), state.dtype)
    )
    last = loop(cond, body, first, lax.stop_gradient((p, scale, left_out)))
    # The last step again, to be differentiated: by the implicit function theorem, so is the rest point then.
    at = _Chart(lambda state: rates(p, state), lax.stop_gradient(scale), left_out)
    rest = last.begin + at.towards_rest(last.jacobian, last.begin)
    distance = apart(lax.stop_gradient(rest) - begin, lax.stop_gradient(scale), left_out)
    grows = _grows(last.jacobian, last.error)
    return Nearest(rest, jnp.where(jnp.isfinite(distance), distance, jnp.inf), jnp.logical_not(grows))


class _Chart:
    """Coordinates, in units of the scale, each of which may be left out: m, as in `nearest_rest`."""

    def __init__(self, rates: Rates, scale: Array, left_out: Array) -> None:
        self._rates, self._scale, self._left_out = rates, scale, left_out
        self._units = scale if len(left_out) == len(scale) else jnp.ones(len(left_out), scale.dtype)

    def jacobian(self, state: Array) -> Array:
        """The Jacobian of the rates, shape (m, m)."""
        jacobian = jax.jacfwd(self._rates)(state)
        if len(self._units) != len(
            state
        ):  # of the logarithms of shares, of which the state holds differences
            jacobian = jnp.concatenate([jacobian, -jnp.sum(jacobian, axis=1, keepdims=True)], axis=1)
        gone = jnp.logical_or(self._left_out[:, None], self._left_out[None, :])
        return jnp.where(gone, 0.0, jacobian * self._units[None, :] / self._units[:, None])

    def towards_rest(self, jacobian: Array, state: Array) -> Array:
        """The step to where the linear flow goes in a long time: none along a line of rest points."""
        now = jnp.where(self._left_out, 0.0, self._rates(state)) / self._units
        slow = jnp.finfo(state.dtype).eps ** 0.5 * _size(jacobian)
        step = _solved(slow * jnp.eye(len(now), dtype=state.dtype) - jacobian, now) * self._units
        return step if len(step) == len(state) else step[:-1] - step[-1:]


def apart(step: Array, scale: Array, left_out: Array) -> Array:
    """The length of a step of the state in units of its scale, but for what is `left_out`."""
    if len(left_out) == len(step):
        return jnp.max(jnp.abs(jnp.where(left_out, 0.0, step / scale)))
    logarithms = jnp.append(step, jnp.zeros(1, step.dtype))  # of shares, but for one number added to all
    top = jnp.max(jnp.where(left_out, -jnp.inf, logarithms))
    return jnp.maximum(top - jnp.min(jnp.where(left_out, jnp.inf, logarithms)), 0.0)


def rounding_noise(rates: Rates, state: Array) -> Array:
    """How wrong rounding makes each rate, shape (d,): by more than eps of it where large terms cancel."""
    jacobian = jax.jacfwd(rates)(state)
    terms = jnp.sum(jnp.abs(jacobian) * jnp.abs(state)[None, :], axis=1) + jnp.abs(rates(state))
    # Terms may cancel in the Jacobian too. Second differences this small hold nothing but rounding.
    width = 5.0 * jnp.finfo(state.dtype).eps ** 0.5 / 100
    parts = width * jnp.asarray([0.0, 1.0, 1.7, 2.3, -1.0, -1.7, -2.3], state.dtype)
    around = lax.map(lambda part: rates(state * (1 + part)), parts)
    bends = jnp.abs(around[1:4] + around[4:] - 2 * around[:1])
    return 8 * (jnp.finfo(state.dtype).eps * terms + jnp.max(bends, axis=0))


def _size(matrix: Array) -> Array:
    """The largest sum of a row, in the units that suit a 2 x 2 matrix best; 1 where there is nothing."""
    if len(matrix) == 2:
        size = jnp.max(jnp.abs(jnp.diag(matrix))) + jnp.sqrt(jnp.abs(matrix[0, 1])) * jnp.sqrt(
            jnp.abs(matrix[1, 0])
        )
    else:
        size = jnp.max(jnp.sum(jnp.abs(matrix), axis=1))
    return jnp.where(size > 0, size, 1.0)


def _solved(matrix: Array, right: Array) -> Array:
    """The solution of a small linear system, by elimination with the largest pivot."""
    count = len(right)
    positions = jnp.arange(count)

    def body(i: Any, whole: Array) -> Array:
        column = jnp.where(positions < i, -1.0, jnp.abs(jnp.take(whole, i, axis=1)))
        pivot = jnp.argmax(column)
        swapped = jnp.where(positions == i, pivot, jnp.where(positions == pivot, i, positions))
        whole = whole[swapped]
        row = jnp.take(whole, i, axis=0)
        row = row / jnp.take(row, i)
        others = whole - jnp.take(whole, i, axis=1)[:, None] * row[None, :]
        return jnp.where((positions == i)[:, None], row[None, :], others)

    if count == 1:
        return right / matrix[0]
    if count == 2:
        (a, b), (c, d) = matrix
        return jnp.stack([d * right[0] - b * right[1], a * right[1] - c * right[0]]) / (a * d - b * c)
    return lax.fori_loop(0, count, body, jnp.concatenate([matrix, right[:, None]], axis=1))[:, -1]


def _grows(jacobian: Array, error: Array) -> Array:
    """Whether a direction grows: an eigenvalue with a real part above rounding.

    `error` is how far, in units of the scale, the Jacobian is from where it is meant to be.
    """
    balanced = jacobian if len(jacobian) <= 2 else _balanced(jacobian)
    small = balanced / (2**_HALVINGS * _size(balanced))
    doublings = int(np.log2(2**_HALVINGS * 1e-3 / np.finfo(small.dtype).eps))
    if len(small) <= 2:
        # No longer than this: a Jacobian that is wrong says nothing of later times.
        longest = jnp.minimum(2.0**doublings, 2**_HALVINGS / jnp.maximum(error, 1e-300))
        return ~(_largest_real_part(small) * longest < np.log(_GROWTH))
    eye = jnp.eye(len(small), dtype=small.dtype)
    flow = eye + small / 4
    for k in (3, 2, 1):
        flow = eye + _times(small, flow) / k

    def doubled(k: Array, flow: Array) -> Array:
        known = error * 2.0 ** (k - _HALVINGS).astype(small.dtype) < 1
        return jnp.where(known, _times(flow, flow), flow)

    flow = lax.fori_loop(0, doublings, doubled, flow)
    return ~(jnp.max(jnp.abs(flow)) < _GROWTH)


def _largest_real_part(matrix: Array) -> Array:
    """Of the eigenvalues of a 1 x 1 or 2 x 2 matrix."""
    if len(matrix) == 1:
        return matrix[0, 0]
    mean = (matrix[0, 0] + matrix[1, 1]) / 2
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    apart = jnp.sqrt(jnp.maximum(((matrix[0, 0] - matrix[1, 1]) / 2) ** 2 + matrix[0, 1] * matrix[1, 0], 0.0))
    lower = jnp.where(mean < 0, mean - apart, -1.0)
    return jnp.where(mean < 0, jnp.where(apart > 0, determinant / lower, mean), mean + apart)


def _times(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, precision=lax.Precision.HIGHEST)


def _balanced(matrix: Array) -> Array:
    """The same in units in which its rows and columns are about equally large."""

    def body(_: Array, matrix: Array) -> Array:
        off = jnp.abs(matrix) * (1 - jnp.eye(len(matrix), dtype=matrix.dtype))
        rows, columns = jnp.sum(off, axis=1), jnp.sum(off, axis=0)
        tiny = jnp.finfo(matrix.dtype).tiny
        unit = (jnp.maximum(rows, tiny) / jnp.maximum(columns, tiny)) ** 0.25
        unit = jnp.where((rows > 0) | (columns > 0), jnp.clip(unit, 1e-2, 1e2), 1.0)
        return matrix * unit[None, :] / unit[:, None]

    return lax.fori_loop(0, _BALANCING, body, matrix)
