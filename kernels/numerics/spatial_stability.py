"""Linear stability of a rest point of a three-dimensional flow: eigenvalues, and a class.

A cubic with real coefficients has a real zero, which is closed in by bisection; what is left is a quadratic.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp

from .roots import bisect, safe_sqrt
from .stability import RestClass

Array = Any


class Spectrum(NamedTuple):
    """Real parts of three eigenvalues, falling, and the imaginary part >= 0 that two may share; 0 without."""

    first: Array
    second: Array
    third: Array
    imaginary: Array
    # Real part of the two that are a pair, and the eigenvalue beside them; of three real ones any.
    pair: Array
    single: Array


def spectrum(jacobian: Array) -> Spectrum:
    """Eigenvalues of a 3 x 3 matrix of numbers."""
    (a, b, c), (d, e, f), (g, h, i) = jacobian
    trace = a + e + i
    minors = a * e - b * d + a * i - c * g + e * i - f * h
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    # Within this bound lie all eigenvalues (Gershgorin), and the cubic passes from negative to positive.
    bound = 1.01 * jnp.max(jnp.sum(jnp.abs(jacobian), axis=1)) + jnp.finfo(jacobian.dtype).tiny
    single = bisect(lambda x: ((x - trace) * x + minors) * x - determinant, -bound, bound)
    middle = (trace - single) / 2
    # The other two have the sum 2 middle and the product minors - single (trace - single).
    discriminant = middle**2 - (minors - single * (trace - single))
    return joined(middle, discriminant, single)


def joined(middle: Array, discriminant: Array, single: Array) -> Spectrum:
    """Of two eigenvalues, middle +- sqrt(discriminant), and a third one."""
    root = safe_sqrt(jnp.abs(discriminant))
    half_gap, turning = jnp.where(discriminant > 0, root, 0.0), jnp.where(discriminant < 0, root, 0.0)
    one, two = middle + half_gap, middle - half_gap
    second = jnp.maximum(two, jnp.minimum(one, single))
    return Spectrum(jnp.maximum(one, single), second, jnp.minimum(two, single), turning, middle, single)


def classify(s: Spectrum, size: Array, corner: Array) -> Array:
    """`RestClass` number (int8) of a rest point that is there, or of many; `corner`: whether it is one.

    Eigenvalues on both sides of 0 make a `saddle`, on one a node or focus. `centre`: two are imaginary, and
    the third is negative. What is below 1,000 roundings of the Jacobian's largest entry, `size`, counts as
    zero: `degenerate`, unless others lie on both sides already.
    """
    rest = RestClass
    small = 1000 * jnp.finfo(s.first.dtype).eps * size
    turns = s.imaginary > small
    flat = (jnp.abs(s.first) <= small) | (jnp.abs(s.second) <= small) | (jnp.abs(s.third) <= small)
    neutral = turns & (jnp.abs(s.pair) <= small)
    stable = jnp.where(corner, rest.ess, rest.stable_node)
    cases = [
        (neutral & (s.single < -small), rest.centre),
        ((s.first > small) & (s.third < -small), rest.saddle),
        (flat, rest.degenerate),
        (turns & (s.first < 0), rest.stable_focus),
        (turns, rest.unstable_focus),
        (s.first < 0, stable),
    ]
    result = jnp.int8(rest.unstable_node)
    for condition, number in reversed(cases):
        result = jnp.where(condition, jnp.asarray(number, jnp.int8), result)
    return result
