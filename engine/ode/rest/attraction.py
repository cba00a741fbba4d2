"""Where the rest point near a state lies, and whether it attracts: Newton's method and the Jacobian there.

Asked between the steps, of orbits that look as if they had arrived. Eigenvalues are not computed (XLA has
none of nonsymmetric matrices on GPUs): whether one has a positive real part is
seen from exp(T J), by squaring.
Reference for the balancing: Parlett and Reinsch (1969), "Balancing a matrix for calculation of
eigenvalues and eigenvectors".
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from .chart import Chart, probed, size_of
from .distance import Swing, no_swing, square_of_distance, swing_of

Array = Any
Loop = Callable[..., Any]

# At least so many steps of Newton's method are taken, and at most.
_NEWTON, _MOST, _BALANCING = 3, 64, 8
# Where it ends up so many times `settle` away, or leads so far in one step, there is no rest point.
NONE = 100.0
# Beside a line of rest points Newton's method leads along it, too, where the flow itself does not. It begins
# anew where that is more than this part of the way: from where the flow leads by the last Jacobian, or from
# the begin if it was lost. The first two steps then move nothing that is slower than this part of the fastest
# motion, and than its square.
_ASTRAY, _DAMPED = 0.01, 1e-3
# A matrix of this size, 2**-8, has an exponential that four terms give to rounding.
_HALVINGS = 8
# So wrong a Jacobian, found by differences, says nothing.
_TOO_WRONG = 1e-5
# exp(T J) of a rest point that attracts stays below this, after T of up to 1e-3/eps time constants.
_GROWTH = 1e4


class Nearest(NamedTuple):
    """The rest point near a state, shape (d,), and whether it attracts.

    How far it is: the square, in units of the scale, as by `square_of_distance`; how the orbit swings about
    it; and whether it moves there as its Jacobian says. Beside a line of rest points it does not, and which
    of them it comes to is not known before. The Jacobian, shape (m, m), is that of what is not left out.
    """

    rest: Array
    square: Array
    attracts: Array
    swing: Swing
    linear: Array
    jacobian: Array


class _Newton(NamedTuple):
    """A step of Newton's method: where it began, the Jacobian there, where it led, its length.

    And whether those before it have converged; what the first Jacobian makes of the probe, and whether the
    last one makes the same of it; and whether it has begun anew, and after how many tries.
    """

    tries: Array
    begin: Array
    jacobian: Array
    end: Array
    error: Array
    converged: Array
    probed: Array
    linear: Array
    anew: Array
    before: Array


def nearest_rest(
    rates: Callable[[Any, Array], Array],
    p: Any,
    state: Array,
    scale: Array,
    left_out: Array,
    loop: Loop,
    ahead: Array,
    settle: float,
    switches: bool = False,
    exact: bool = True,
    seen: Array | bool = False,
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
    ahead : the time that the orbit has. Where it drifts by more than `settle` in some of those, however
        slowly beside its fastest motion, it is not at rest.
    settle : as of `Method`.
    switches : whether the field switches on the state. At a rest point that lies on a switch, as 0 does
        behind a guard against negative amounts, it may have the Jacobian of the side where no orbit goes.
    exact : whether JAX differentiates the rates. If differences do, and are too far off, the point does not
        attract: an orbit goes on to its horizon.
    seen : whether the orbit was here before, and the rest point did not attract. That nothing moves any
        more is then rounding, on the way into a saddle that is no line of components.
    """

    def cond(last: _Newton, _fixed: Any) -> Array:
        goes_on = (last.tries < _MOST) & ~last.converged & (last.error <= NONE * settle)
        if count > 1:
            goes_on |= ~last.anew & ~(last.error <= NONE * settle) & (last.tries < _MOST // 2)
        return (last.tries - last.before < _NEWTON) | goes_on

    def body(last: _Newton, fixed: Any) -> _Newton:
        p, scale, left_out, ahead, begin = fixed
        at = Chart(lambda state: rates(p, state), scale, left_out, ahead, settle, exact)
        jacobian = at.jacobian(last.end)
        former = probed(last.jacobian)
        first = jnp.where(last.tries == 0, probed(jacobian), last.probed)
        since, anew, before = last.tries - last.before, last.anew, last.before
        damped = jnp.where(anew & (since < 2), jnp.where(since == 0, _DAMPED, _DAMPED**2), 0.0)
        step, converged, linear, along = at.next_newton(jacobian, last.end, former, first, begin, damped)
        end = last.end + step
        if count > 1:
            lost = (last.tries >= _NEWTON) & ~(last.error <= NONE * settle)
            astray = jnp.max(jnp.abs(along / scale)) > _ASTRAY * jnp.max(jnp.abs((begin - last.end) / scale))
            turns = ~anew & (lost | (converged & astray)) & (last.tries < _MOST // 2)
            end = jnp.where(turns, jnp.where(lost, begin, last.end + along), end)
            step = jnp.where(turns, end - begin, step)
            converged, anew = converged & ~turns, anew | turns
            before = jnp.where(turns, last.tries + 1, before)
        error = jnp.max(jnp.abs(step / scale))
        return _Newton(last.tries + 1, last.end, jacobian, end, error, converged, first, linear, anew, before)

    count, begin = len(left_out), lax.stop_gradient(state)
    zero, no = jnp.zeros((), state.dtype), jnp.asarray(False)
    nothing = jnp.zeros((count, count), state.dtype)
    first = _Newton(jnp.int32(0), begin, nothing, begin, zero, no, nothing[0], no, no, jnp.int32(0))
    last = loop(cond, body, first, lax.stop_gradient((p, scale, left_out, ahead, begin)))
    # The last step again, to be differentiated: by the implicit function theorem, so is the rest point then.
    at = Chart(
        lambda state: rates(p, state), lax.stop_gradient(scale), left_out, lax.stop_gradient(ahead), settle,
        exact,
    )  # fmt: skip
    # It moves with the state along a line of rest points, and so as far as what is slow is damped.
    moved = last.begin + (state - begin)
    rest = moved + at.towards_rest(last.jacobian, moved)
    away, now = begin - lax.stop_gradient(rest), lax.stop_gradient(rates(p, begin))
    scale, swing = lax.stop_gradient(scale), no_swing(state.dtype)
    if count == len(state):
        swing = swing_of(last.jacobian, jnp.where(left_out, 0.0, away / scale))
    square = square_of_distance(away, now, scale, left_out, swing)
    varies = jnp.logical_not(stay_constant(last.jacobian, now == 0)) | (seen & jnp.all(left_out | (now == 0)))
    varies = varies[:, None] & varies[None, :]
    doubt = 0.0 if exact else at.wrong(last.jacobian, last.begin)
    leaves = grows(
        jnp.where(varies, last.jacobian, 0.0), last.error if exact else jnp.maximum(last.error, doubt)
    )
    leaves |= not exact and ~(doubt < _TOO_WRONG)
    if switches:
        here = lax.stop_gradient(at.jacobian(begin))
        leaves |= grows(jnp.where(varies, here, 0.0), jnp.max(jnp.abs(away / scale)))
    leaves |= at.is_phantom(last.jacobian, begin, lax.stop_gradient(rest))
    square = jnp.where(last.converged & jnp.isfinite(square), square, jnp.inf)
    return Nearest(rest, square, jnp.logical_not(leaves), swing, last.linear, last.jacobian)


def stay_constant(jacobian: Array, still: Array) -> Array:
    """Which components keep the value that they have: they are `still`, and none that moves pushes them.

    An orbit that starts on the way into a saddle, exactly, goes into it.
    """

    def body(_: Any, still: Array) -> Array:
        return still & jnp.all((jacobian == 0) | still[None, :], axis=1)

    return repeated(len(still), body, still)


def grows(jacobian: Array, error: Array) -> Array:
    """Whether a direction grows: an eigenvalue with a real part above rounding.

    `error` is how far, in units of the scale, the Jacobian is from where it is meant to be.
    """
    # No longer than this: a Jacobian that is wrong says nothing of later times.
    return _grows_in(balanced(jacobian), 1 / jnp.maximum(error, 1e-300))


def _grows_in(matrix: Array, longest: Array) -> Array:
    """The same in units of the time that the fastest motion takes, as far as rounding allows."""
    small = matrix / (2**_HALVINGS * size_of(matrix))
    doublings = int(np.log2(2**_HALVINGS * 1e-3 / np.finfo(small.dtype).eps))
    if len(small) <= 2:
        longest = jnp.minimum(2.0**doublings, 2**_HALVINGS * longest)
        return ~(largest_real_part(small) * longest < np.log(_GROWTH))
    eye = jnp.eye(len(small), dtype=small.dtype)
    flow = eye + small / 4
    for k in (3, 2, 1):
        flow = eye + _times(small, flow) / k

    def doubled(k: Array, flow: Array) -> Array:
        known = 2.0 ** (k - _HALVINGS).astype(small.dtype) < longest
        return jnp.where(known, _times(flow, flow), flow)

    flow = lax.fori_loop(0, doublings, doubled, flow)
    return ~(jnp.max(jnp.abs(flow)) < _GROWTH)


def largest_real_part(matrix: Array) -> Array:
    """Of the eigenvalues of a 1 x 1 or 2 x 2 matrix."""
    if len(matrix) == 1:
        return matrix[0, 0]
    mean = (matrix[0, 0] + matrix[1, 1]) / 2
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    apart = jnp.sqrt(jnp.maximum(_square_apart(matrix), 0.0))
    lower = jnp.where(mean < 0, mean - apart, -1.0)
    return jnp.where(mean < 0, jnp.where(apart > 0, determinant / lower, mean), mean + apart)


def square_of_swing(matrix: Array) -> Array:
    """The square of the imaginary part of the eigenvalues of a 1 x 1 or 2 x 2 matrix."""
    return jnp.zeros_like(matrix[0, 0]) if len(matrix) == 1 else jnp.maximum(-_square_apart(matrix), 0.0)


def _square_apart(matrix: Array) -> Array:
    """The square of half of what lies between the eigenvalues of a 2 x 2 matrix."""
    return ((matrix[0, 0] - matrix[1, 1]) / 2) ** 2 + matrix[0, 1] * matrix[1, 0]


def _times(a: Array, b: Array) -> Array:
    return jnp.matmul(a, b, precision=lax.Precision.HIGHEST)


def balanced(matrix: Array) -> Array:
    """The same in units in which its rows and columns are about equally large."""
    if len(matrix) <= 2:
        return matrix

    def once(_: Array, matrix: Array) -> Array:
        off = jnp.abs(matrix) * (1 - jnp.eye(len(matrix), dtype=matrix.dtype))
        rows, columns = jnp.sum(off, axis=1), jnp.sum(off, axis=0)
        tiny = jnp.finfo(matrix.dtype).tiny
        unit = jnp.sqrt(jnp.sqrt(jnp.maximum(rows, tiny) / jnp.maximum(columns, tiny)))
        unit = jnp.where((rows > 0) | (columns > 0), jnp.clip(unit, 1e-2, 1e2), 1.0)
        return matrix * unit[None, :] / unit[:, None]

    return repeated(_BALANCING, once, matrix)


def repeated(count: int, step: Callable[[Array, Any], Any], value: Any) -> Any:
    """A step for each number below `count`: a loop, where `lax.fori_loop` of so few would be written out."""
    first = (jnp.int32(0), value)
    return lax.while_loop(lambda at: at[0] < count, lambda at: (at[0] + 1, step(*at)), first)[1]
