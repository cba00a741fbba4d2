"""Powers of integers with exponents of more than six bits, which `jnp.power` leaves out of sight.

It multiplies the squares that the six lowest bits of the exponent name: 3**64 is 1 there. A trace shows it by
two equations at its end that nothing reads, the next square and the bits that remain.
"""

from typing import Any

import jax.numpy as jnp
from jax import lax
from jax.extend import core

from .checked import ABOVE, BELOW, LOST, NAN
from .numbers import Number, wide_of


def powers(jaxpr: Any) -> dict[int, tuple[Any, Any, Any]]:
    """Power, last square and last bits of each power of integers, by the place of its last equation."""
    shifts = [i for i, e in enumerate(jaxpr.eqns) if i > 1 and e.primitive.name == "shift_right_logical"]
    if not shifts:
        return {}
    read = {id(v) for e in jaxpr.eqns for v in e.invars} | {id(v) for v in jaxpr.outvars}
    found = {}
    for i in shifts:
        last, square, bits = jaxpr.eqns[i - 2 : i + 1]
        idle = not {id(square.outvars[0]), id(bits.outvars[0])} & read
        squares = square.primitive.name == "mul" and square.invars[0] is square.invars[1]
        if idle and squares and not isinstance(bits.invars[0], core.Literal):
            found[i] = last.outvars[0], square.invars[0], bits.invars[0]
    return found


def of_any_exponent(power: Number, square: Number, bits: Number) -> Number:
    """The power, which is beyond all integers where bits remain, unless the base is 0, 1 or -1.

    It has the sign of what the lowest bits made: the others are even. A negative exponent, of which five bits
    were shifted out, is beyond any that is not.
    """
    rest = jnp.asarray(bits.value)
    remain = lax.shift_right_logical(rest, jnp.ones_like(rest)) != 0
    lost = remain & (jnp.abs(wide_of(square).astype(jnp.float64)) > 1)
    value, negative = wide_of(power), rest > jnp.iinfo(rest.dtype).max >> 5
    beyond = jnp.where(negative | (value <= LOST), NAN, jnp.where(value < 0, BELOW, ABOVE))
    return Number(power.value, jnp.where(lost, beyond, value))
