"""Functions by formulas, in machine code: to 2 units of the last place, by mpmath's digits."""

import math
from itertools import product

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from equisweep.engine.codegen.grid_loop import GridLoop
from helpers.codegen.grids import filled

COUNT = 400
RANDOM = np.random.default_rng(8)
TINY, HUGE = np.finfo(float).tiny, np.finfo(float).max


def computed(function, *arguments):
    names = "ab"[: len(arguments)]
    loop = GridLoop(
        lambda c: {"y": function(*(c[name] for name in names))}, [dict.fromkeys(names, np.ones(9))]
    )
    return filled(loop, [dict(zip(names, arguments, strict=True))])["y"]


def units(actual, exact):
    """The error in units of the last place; 0 where the exact value is no normal number."""
    if exact == 0 or not TINY < abs(exact) <= HUGE:
        return 0.0
    last_place = mpmath.ldexp(1, mpmath.frexp(abs(exact))[1] - 53)
    return float(abs(mpmath.mpf(float(actual)) - exact) / last_place)


def wide(low, high):
    """Numbers of either sign, of all sizes between two powers of 10."""
    return 10.0 ** RANDOM.uniform(low, high, COUNT) * RANDOM.choice([-1, 1], COUNT)


ANGLES = np.concatenate([
    RANDOM.uniform(-10, 10, COUNT), wide(-300, 0), wide(0, 13.6), wide(13.5, 308),
    RANDOM.integers(1, 10**9, COUNT) * (math.pi / 2),  # nearly a multiple of pi/2
    [6381956970095103 * 2.0**797],  # of all doubles the nearest to one
    [2.0**45, np.nextafter(2.0**45, 1e99), HUGE],
])  # fmt: skip
AROUND_0 = np.concatenate([RANDOM.uniform(-2, 2, COUNT), wide(-300, 0), RANDOM.uniform(-60, 709.7, COUNT)])
ABOVE_MINUS_1 = np.concatenate([
    RANDOM.uniform(-0.9999, 2, COUNT), abs(wide(-300, 308)), 10.0 ** RANDOM.uniform(-15.9, -1, COUNT) - 1
])  # fmt: skip
BASES = np.exp(RANDOM.uniform(-700, 700, COUNT))
POWERS = np.concatenate([
    [RANDOM.uniform(0, 5, COUNT), RANDOM.uniform(-5, 5, COUNT)],
    [1 + RANDOM.uniform(-1e-3, 1e-3, COUNT), RANDOM.uniform(-7e5, 7e5, COUNT)],
    [BASES, RANDOM.uniform(-700, 709, COUNT) / np.log(BASES)],
    [-RANDOM.uniform(0, 5, COUNT), RANDOM.integers(-40, 40, COUNT)],
    [RANDOM.uniform(0, 1e-308, COUNT), RANDOM.uniform(-0.9, 0.9, COUNT)],
], axis=1)  # fmt: skip
CASES = {
    "sin": (jnp.sin, mpmath.sin, (ANGLES,)),
    "cos": (jnp.cos, mpmath.cos, (ANGLES,)),
    "tanh": (jnp.tanh, mpmath.tanh, (AROUND_0 / 25,)),
    "expm1": (jnp.expm1, mpmath.expm1, (AROUND_0,)),
    "log1p": (jnp.log1p, mpmath.log1p, (ABOVE_MINUS_1,)),
    "pow": (jnp.power, mpmath.power, tuple(POWERS)),
}


@pytest.mark.parametrize("name", CASES)
def test_errors_stay_below_two_units_of_the_last_place(name):
    function, exactly, arguments = CASES[name]
    outputs = computed(function, *arguments)
    with mpmath.workprec(1400):  # as many digits as the largest double has before the point, and some
        errors = [
            units(y, exactly(*map(mpmath.mpf, map(float, at))))
            for y, *at in zip(outputs, *arguments, strict=True)
        ]
    worst = int(np.argmax(errors))
    assert errors[worst] < 2, [float(a[worst]) for a in arguments]


EDGES = np.array([
    0.0, 1.0, 2.0, 3.0, 0.5, 1e300, 1e-300, np.inf, np.nan, 5e-324, 1e-310, 709.8, 710.0, 745.0, HUGE, 1e16,
    1 - 1e-16, 2.0**53, 2.0**53 + 2, 3e15 + 1,
])  # fmt: skip
EDGES = np.concatenate([EDGES, -EDGES])


def assert_as_in_numpy(actual, expected):
    """Special values and signs are the same; numbers to 2 units; 0 for what is below the smallest normal."""
    small = np.abs(expected) < TINY
    small &= actual == 0
    np.testing.assert_allclose(actual[~small], expected[~small], rtol=2 * np.finfo(float).eps, atol=0)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(actual)[known], np.signbit(expected)[known])


@pytest.mark.parametrize("name", ["sin", "cos", "tanh", "expm1", "log1p"])
def test_edges_are_those_of_the_c_library(name):
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(EDGES)
    assert_as_in_numpy(computed(getattr(jnp, name), EDGES), expected)


def test_powers_of_edges_to_edges_are_those_of_the_c_library():
    x, y = np.array(list(product(EDGES, EDGES))).T
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    assert_as_in_numpy(computed(jnp.power, x, y), expected)
