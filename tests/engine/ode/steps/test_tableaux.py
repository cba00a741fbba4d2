"""Coefficients of Runge-Kutta methods: those of diffrax, bit for bit, and what any such method fulfils."""

import diffrax
import numpy as np
import pytest
from equisweep.engine.ode.steps import tableaux
from helpers.tolerance import assert_close

METHODS = ("Heun", "Bosh3", "Tsit5", "Dopri5", "Dopri8", "Kvaerno5")


@pytest.mark.parametrize("name", METHODS)
def test_coefficients_are_those_of_diffrax(name):
    ours, solver = getattr(tableaux, name.upper()), getattr(diffrax, name)()
    theirs = solver.tableau
    assert ours.order == solver.order(diffrax.ODETerm(lambda t, y, _: y))
    assert ours.last_is_first == theirs.fsal
    assert list(ours.c) == theirs.c.tolist()
    assert [list(row) for row in ours.a] == [row.tolist() for row in theirs.a_lower]
    assert list(ours.b) == theirs.b_sol.tolist()
    assert list(ours.b_error) == theirs.b_error.tolist()
    if ours.guess:
        assert set(theirs.a_diagonal[1:]) == {ours.diagonal}
        assert [list(row) for row in ours.guess] == [row.tolist() for row in theirs.a_predictor]


@pytest.mark.parametrize("name", METHODS)
def test_weights_fulfil_the_first_conditions_of_order(name):
    """Hairer, Norsett and Wanner, "Solving ordinary differential equations I", II.1."""
    method = getattr(tableaux, name.upper())
    nodes, b = np.array([0.0, *method.c]), np.array(method.b)
    for power in range(method.order):
        assert_close(b @ nodes**power, 1 / (power + 1), multiplier=50)
    assert_close(1 + sum(method.b_error), 1.0, multiplier=50)
    for node, row in zip(method.c, method.a, strict=True):
        assert_close(sum(row) + method.diagonal, node, multiplier=200)
