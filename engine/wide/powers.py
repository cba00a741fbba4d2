"""Powers of integers with exponents of more than six bits, which `jnp.power` leaves out of sight.

It multiplies the squares that the six lowest bits of the exponent name: 3**64 is 1 there. A trace shows it by
two equations at its end that nothing reads, the next square and the bits that remain.
"""

from typing import Any

import jax.numpy as jnp
from jax.extend import core

from .checked import ABOVE, BELOW, LOST, NAN, is_none
from .numbers import Number, wide_of

# How many squares are taken, and bits shifted out, before the last ones.
_BEFORE = 5


def powers(jaxpr: Any) -> dict[int, tuple[Any, Any, Any]]:
    """Power, base and exponent of each power of integers, by the place of its last equation."""
    shifts = [i for i, e in enumerate(jaxpr.eqns) if i > 1 and e.primitive.name == "shift_right_logical"]
    if not shifts:
        return {}
    read = {id(v) for e in jaxpr.eqns for v in e.invars} | {id(v) for v in jaxpr.outvars}
    made = {v: e for e in jaxpr.eqns for v in e.outvars}
    by_index = {}
    for i in shifts:
        last, square, bits = jaxpr.eqns[i - 2 : i + 1]
        idle = not {id(square.outvars[0]), id(bits.outvars[0])} & read
        squares = square.primitive.name == "mul" and square.invars[0] is square.invars[1]
        if idle and squares:
            by_index[i] = last.outvars[0], _first(made, square.invars[0]), _first(made, bits.invars[0])
    return by_index


def _first(made: dict[Any, Any], atom: Any) -> Any:
    """What was squared, or shifted, so many times."""
    for _ in range(_BEFORE):
        if isinstance(atom, core.Literal) or atom not in made:
            return atom
        atom = made[atom].invars[0]
    return atom


def of_any_exponent(power: Number, base: Number, exponent: Number) -> Number:
    """The power: beyond all integers where the exponent has more bits, unless the base is 0, 1 or -1.

    Its sign is that of the base where the exponent is odd. Of a negative exponent there is none.
    """
    value, number, to = wide_of(power), wide_of(base), wide_of(exponent).astype(jnp.int64)
    nothing, nobody = jnp.asarray(NAN, jnp.int64), is_none(to)
    odd = nobody | (to % 2 != 0)  # what is none may be odd
    far = jnp.where((number < 0) & odd, jnp.where(nobody, nothing, BELOW), jnp.where(to > 0, ABOVE, nothing))
    far = jnp.where(is_none(number) & (number <= LOST), nothing, far)
    far = jnp.where((number == 0) & (to > 0), 0, jnp.where((number == 1) & (to > BELOW), 1, far))
    far = jnp.where((number == -1) & ~nobody, jnp.where(odd, -1, 1), far)
    return Number(power.value, jnp.where((to < 0) | (to > 63), far, value))
