"""A step of a stochastic differential equation whose noise does not depend on the state.

Source: Kloeden and Platen (1992), "Numerical solution of stochastic differential equations", chapter 15:
Heun's method is of weak order 2 where noise is additive, and of strong order 1. Additive noise needs no
choice between the calculus of Ito and that of Stratonovich.
"""

from collections.abc import Callable
from typing import Any

Array = Any


def heun_step(drift: Callable[[Array], Array], state: Array, step: Array, shock: Array) -> Array:
    """The state one step later.

    Parameters
    ----------
    drift : the rate of the mean at a state, shape (d,).
    step : its length in time.
    shock : what the noise adds in this step: normal, of variance sigma^2 step, shape (d,).
    """
    slope = drift(state)
    ahead = state + step * slope + shock
    return state + 0.5 * step * (slope + drift(ahead)) + shock
