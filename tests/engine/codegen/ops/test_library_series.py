"""Taylor rules of functions from libraries, and of powers that move, against series in 40 digits."""

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from equisweep.engine.ode.steps.series import LoweredField
from helpers.products import some
from jax import lax

ORDER = 12

# The function in JAX and in mpmath, and between what its argument stays.
FUNCTIONS = {
    "exp2": (jnp.exp2, lambda x: mpmath.mpf(2) ** x, (-3, 3)),
    "cbrt": (jnp.cbrt, mpmath.cbrt, (0.5, 4)),
    "tan": (jnp.tan, mpmath.tan, (-1.2, 1.2)),
    "asin": (jnp.arcsin, mpmath.asin, (-0.95, 0.95)),
    "acos": (jnp.arccos, mpmath.acos, (-0.95, 0.95)),
    "atan": (jnp.arctan, mpmath.atan, (-30, 30)),
    "sinh": (jnp.sinh, mpmath.sinh, (-3, 3)),
    "cosh": (jnp.cosh, mpmath.cosh, (-3, 3)),
    "asinh": (jnp.arcsinh, mpmath.asinh, (-30, 30)),
    "acosh": (jnp.arccosh, mpmath.acosh, (1.1, 30)),
    "atanh": (jnp.arctanh, mpmath.atanh, (-0.95, 0.95)),
    "erf": (lax.erf, mpmath.erf, (-3, 3)),
    "erfc": (lax.erfc, mpmath.erfc, (-3, 6)),
}
TWO = {
    "atan2": (jnp.arctan2, mpmath.atan2, (-4, -0.5), (-3, 3)),
    "pow": (jnp.power, lambda x, y: mpmath.mpf(x) ** y, (0.3, 4), (-3, 3)),
}


def moving(within, sin):
    """What moves about a middle, with a series that does not end; or stands still there."""
    middle, reach, rate = within
    if not reach:
        return lambda t: middle
    return lambda t: middle + reach * sin(rate * t)


def drawn(rng, low, high):
    """The middle and the reach of what stays between two numbers, and how fast it moves."""
    middle = rng.uniform(low, high)
    return middle, rng.uniform(0.3, 0.9) * min(middle - low, high - middle), rng.uniform(0.5, 1.5)


def assert_same_series(ours, exact, arguments, start):
    """Coefficients of the rate of a flow, k + 1 times the one after: those of the function."""

    def field(t, _z):
        return jnp.stack([ours(*(moving(one, jnp.sin)(t) for one in arguments))])

    begin = jnp.asarray(start), jnp.zeros(1)
    values = LoweredField(field, *begin).series(*begin, ORDER + 1)
    values = np.array([float(c[0]) * k for k, c in enumerate(values)][1:])
    with mpmath.workdps(40):
        known = mpmath.taylor(
            lambda t: exact(*(moving(one, mpmath.sin)(t) for one in arguments)), mpmath.mpf(start), ORDER
        )
    known = np.array([float(c.real) for c in known])
    # Lower coefficients make up the higher: rounding counts by the largest beside it.
    beside = np.maximum.accumulate(np.abs(known)) + np.abs(known).max() * 1e-3
    assert (np.abs(values - known) / beside).max() < 1e-11


@pytest.mark.parametrize("name", some(FUNCTIONS, {"exp2", "tan", "acos", "acosh", "erfc"}))
def test_a_functions_series(name):
    ours, exact, within = FUNCTIONS[name]
    rng = np.random.default_rng(list(FUNCTIONS).index(name))
    for _ in range(4):
        assert_same_series(ours, exact, [drawn(rng, *within)], rng.uniform(-1, 1))


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("still", [None, 0, 1])
def test_a_series_in_two_arguments_also_where_one_stands_still(name, still):
    ours, exact, *within = TWO[name]
    rng = np.random.default_rng(3)
    for _ in range(3):
        arguments = [drawn(rng, *ends) for ends in within]
        if still is not None:
            arguments[still] = (arguments[still][0], 0.0, 1.0)
        assert_same_series(ours, exact, arguments, rng.uniform(-1, 1))
