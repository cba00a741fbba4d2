"""Sums of products that several scalars of a field share: made once, and as right as each by itself."""

from collections import Counter

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from equisweep.engine.ode.steps.series import LoweredField
from equisweep.kernels.games.supervision.model import FLOW

MONEY = ("r", "f", "c1", "c2", "Lg", "Le", "S", "R1", "R2")


def products_of_arrays(function, *arguments):
    """How many products of two numbers, neither of which is known, a function takes."""
    trace = jax.make_jaxpr(function)(*arguments)
    names = Counter()
    for equation in trace.jaxpr.eqns:
        moving = [v for v in equation.invars if not hasattr(v, "val")]
        names[equation.primitive.name] += len(moving) == 2
    return names["mul"]


def coefficients(field, state, order):
    return jax.jit(lambda z: LoweredField(field, jnp.zeros(()), z).series(jnp.zeros(()), z, order))(
        jnp.asarray(state)
    )


def by_hand(field, state, order):
    """The same from derivatives of a polynomial field, in numbers of 40 digits: no recursion of scalars.

    Polynomials in time are put into the field, of which one more coefficient is right each time.
    """
    with mpmath.workdps(40):
        rows = [[mpmath.mpf(float(s))] for s in state]
        for k in range(order):
            rates = field([_Polynomial(row) for row in rows])
            for row, rate in zip(rows, rates, strict=True):
                row.append((rate.items[k] if k < len(rate.items) else mpmath.mpf(0)) / (k + 1))
        return [np.array([float(row[k]) for row in rows]) for k in range(order + 1)]


class _Polynomial:
    """Sums and products of polynomials in time."""

    def __init__(self, items):
        self.items = items

    def __add__(self, other):
        other = other if isinstance(other, _Polynomial) else _Polynomial([mpmath.mpf(other)])
        size = max(len(self.items), len(other.items))
        a, b = (p.items + [mpmath.mpf(0)] * (size - len(p.items)) for p in (self, other))
        return _Polynomial([x + y for x, y in zip(a, b, strict=True)])

    def __mul__(self, other):
        other = other if isinstance(other, _Polynomial) else _Polynomial([mpmath.mpf(other)])
        items = [mpmath.mpf(0)] * (len(self.items) + len(other.items) - 1)
        for i, x in enumerate(self.items):
            for j, y in enumerate(other.items):
                items[i + j] += x * y
        return _Polynomial(items)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return (-self) + other

    __radd__, __rmul__ = __add__, __mul__


FIELDS = {
    # One square for three products, with signs and factors of all kinds.
    "one square": lambda z: [z[0] * (1 - z[0]) * 0.5 - (2.5 * z[0]) * (3 - z[0]), z[0] * z[0] - z[1]],
    "a pair twice": lambda z: [z[0] * z[1] - 2.0 * z[0], (1 - z[1]) * (0.25 * z[0] + 4) + z[0] * z[1]],
    "sums in products": lambda z: [(z[0] + z[1]) * (z[0] - 2.0 * z[1]), (z[0] + z[1]) * (z[0] + z[1])],
    "cubes": lambda z: [z[0] * z[0] * z[0] - z[1] * z[0] * z[1], (z[0] * z[1]) * (z[0] * z[1]) - z[0]],
    "what cancels": lambda z: [z[0] * z[1] - z[0] * z[1] + z[1], (z[0] - z[0]) * z[1] - z[0]],
}


@pytest.mark.parametrize("name", FIELDS)
def test_coefficients_are_those_of_polynomials_in_40_digits(name):
    state, field = [0.7, 1.3], FIELDS[name]
    values = coefficients(lambda t, z: jnp.stack(field(z)), state, 9)
    for k, (a, b) in enumerate(zip(values, by_hand(field, state, 9), strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13, err_msg=f"order {k}")


def test_a_difference_from_1_has_all_its_digits():
    """What moves as y takes its value from itself: 1 - y is 1e-13 here, and 1 - 2 y + y^2 noise."""
    gap = 2.0**-43
    values = coefficients(lambda t, z: jnp.stack([(1 - z[0]) * (1 - z[0]) * 3.0]), [1 - gap], 4)
    # y' = 3 (1 - y)^2, 1 - y = gap / (1 + 3 gap t).
    expected = [-gap * (-3 * gap) ** k for k in range(1, 5)]
    np.testing.assert_allclose([c[0] for c in values[1:]], expected, rtol=1e-13)


def test_products_that_move_as_one_share_its_sums():
    """Of supervision with dynamic reward and fine: two squares, x y, and a sum for each logistic function."""
    p = {name: jnp.asarray(0.5) for name in (*MONEY, "p1", "p2", "x0", "y0", "horizon")}
    given = {"reward": "dynamic", "punishment": "dynamic"}

    def taken(order):
        def field(t, z):
            return FLOW.field(t, z, p, **given)

        start = FLOW.start(p, **given)
        return products_of_arrays(
            lambda z: LoweredField(field, 0.0 * z[0], z).series(0.0 * z[0], z, order), start
        )

    # Coefficient k takes 4 k products and some, where each product of the field by itself made it 6 k.
    np.testing.assert_array_equal(np.diff([taken(order) for order in (8, 10, 12, 14)], 2), 4 * 2 * 2)
