"""Where the gain by managing turns: shares between which B(1, y) only rises or only falls.

Steps turn it at their thresholds. Of two smooth shapes, with exponents a and b (1 of a linear one), its slope
s(y) = r a y^(a-1) - f b (1-y)^(b-1) has the sign of

    l(y) = ln(r a / (f b)) + (a-1) ln y - (b-1) ln(1-y),

whose own slope vanishes at most once, at y = (a-1)/(a-b): so s has at most two zeros, one on each side of it,
and B(1, y) at most three.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from ...numerics.roots import bisect
from .mechanism import Mechanism, On

Array = Any
Parameters = Mapping[str, Array]

# Between these lie all shares that are told from 0 and 1.
_LEAST = 1e-18


class Pieces(NamedTuple):
    """Two shares that part [0, 1] in three, and what is known of the slope of B(1, y) between.

    Attributes
    ----------
    ends
        0, both shares (1 where there is none), and 1, shape (4,).
    on
        Which steps are in force within each piece, shape (3,) each.
    one_sign
        Whether rho + phi only rises, or only falls, on all of (0, 1): +1, -1; 0 where it does neither, or is
        constant.
    constant
        Whether rho + phi is the same everywhere.
    """

    ends: Array
    on: On
    one_sign: Array
    constant: Array


def pieces(p: Parameters, m: Mechanism) -> Pieces:
    """The pieces of a mechanism. Those of powers only bracket roots, and have no derivatives."""
    rises, falls = lax.stop_gradient(m.rises), lax.stop_gradient(m.falls)
    one = jnp.ones((), jnp.result_type(rises))
    smooth = m.reward != "step" and m.punishment != "step"
    if smooth and "constant" not in (m.reward, m.punishment):
        still = {name: lax.stop_gradient(value) for name, value in p.items()}
        low, high, middle, same = _turns_of_powers(still, m, one)
        alike = jnp.where(low < 1, 0, jnp.sign(middle))
        constant = same
    else:
        stepped = [
            p[name] if shape == "step" else one
            for shape, name in ((m.reward, "reward_threshold"), (m.punishment, "fine_threshold"))
        ]
        low, high = jnp.minimum(*stepped), jnp.maximum(*stepped)
        # Both at once may be one jump; a step beside a rise or another step changes the sign.
        joint = (m.reward == m.punishment == "step") & (low == high)
        alike = jnp.where(joint, jnp.sign(rises - falls), 0)
        constant = joint & (jnp.abs(rises - falls) <= 1e3 * jnp.finfo(one.dtype).eps * rises)
    only_rises, only_falls = (falls == 0) & (rises > 0), (rises == 0) & (falls > 0)
    alike = jnp.where(only_rises, 1, jnp.where(only_falls, -1, alike))
    constant |= (rises == 0) & (falls == 0)
    ends = jnp.stack([0 * one, low, high, one])
    return Pieces(ends, m.on(ends[:3]), jnp.where(constant, 0, alike), constant)


def _turns_of_powers(p: Parameters, m: Mechanism, one: Array) -> tuple[Array, Array, Array, Array]:
    """Both zeros of s, the smaller first and 1 for none; l midway; and whether s is 0 everywhere."""
    a = p["reward_exponent"] if m.reward == "power" else one
    b = p["fine_exponent"] if m.punishment == "power" else one
    paid = (p["r"] > 0) & (p["f"] > 0)
    level = jnp.log(jnp.where(paid, p["r"] * a, 1.0)) - jnp.log(jnp.where(paid, p["f"] * b, 1.0))
    level = jnp.where(jnp.abs(level) <= 1e3 * jnp.finfo(one.dtype).eps, 0.0, level)

    def log_ratio(y: Array) -> Array:
        return level + (a - 1) * jnp.log(y) - (b - 1) * jnp.log1p(-y)

    turns = (a - 1) * (b - 1) < 0
    middle = jnp.where(turns, (a - 1) / jnp.where(turns, a - b, 1.0), one)
    least, most = one * _LEAST, one - jnp.finfo(one.dtype).epsneg
    middle = jnp.clip(middle, least, most)
    zeros = []
    for start, stop in ((least, middle), (middle, most)):
        at_start, at_stop = log_ratio(start), log_ratio(stop)
        crosses = paid & (at_start * at_stop < 0)
        up = jnp.where(at_stop > 0, 1.0, -1.0)
        root = bisect(lambda y, up=up: up * log_ratio(y), start, stop)
        zeros.append(jnp.where(crosses, root, one))
    same = paid & (a == 1) & (b == 1) & (level == 0)
    return jnp.minimum(*zeros), jnp.maximum(*zeros), log_ratio(one / 2), same
