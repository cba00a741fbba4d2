"""Special functions that JAX has as one primitive, by formulas in simpler ones."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .rule import Array, Context, rule

# Giles (2010), "Approximating the erfinv function", GPU Computing Gems, vol. 2: erfinv(x) = x p(w), where
# w = -ln(1 - x^2), by three polynomials p, the highest power first: in w - 3.125, sqrt(w) - 3.25 and
# sqrt(w) - 5.
_CENTRE = (
    -3.6444120640178196996e-21, -1.685059138182016589e-19, 1.2858480715256400167e-18,
    1.115787767802518096e-17, -1.333171662854620906e-16, 2.0972767875968561637e-17,
    6.6376381343583238325e-15, -4.0545662729752068639e-14, -8.1519341976054721522e-14,
    2.6335093153082322977e-12, -1.2975133253453532498e-11, -5.4154120542946279317e-11,
    1.051212273321532285e-09, -4.1126339803469836976e-09, -2.9070369957882005086e-08,
    4.2347877827932403518e-07, -1.3654692000834678645e-06, -1.3882523362786468719e-05,
    0.0001867342080340571352, -0.00074070253416626697512, -0.0060336708714301490533,
    0.24015818242558961693, 1.6536545626831027356,
)  # fmt: skip
_OUTSIDE = (
    2.2137376921775787049e-09, 9.0756561938885390979e-08, -2.7517406297064545428e-07,
    1.8239629214389227755e-08, 1.5027403968909827627e-06, -4.013867526981545969e-06,
    2.9234449089955446044e-06, 1.2475304481671778723e-05, -4.7318229009055733981e-05,
    6.8284851459573175448e-05, 2.4031110387097893999e-05, -0.0003550375203628474796,
    0.00095328937973738049703, -0.0016882755560235047313, 0.0024914420961078508066,
    -0.0037512085075692412107, 0.005370914553590063617, 1.0052589676941592334,
    3.0838856104922207635,
)  # fmt: skip
_FAR_OUTSIDE = (
    -2.7109920616438573243e-11, -2.5556418169965252055e-10, 1.5076572693500548083e-09,
    -3.7894654401267369937e-09, 7.6157012080783393804e-09, -1.4960026627149240478e-08,
    2.9147953450901080826e-08, -6.7711997758452339498e-08, 2.2900482228026654717e-07,
    -9.9298272942317002539e-07, 4.5260625972231537039e-06, -1.9681778105531670567e-05,
    7.5995277030017761139e-05, -0.00021503011930044477347, -0.00013871931833623122026,
    1.0103004648645343977, 4.8499064014085844221,
)  # fmt: skip


def erf_inv(x: Any) -> Any:
    """The number whose error function is `x`, in double precision; +-inf at +-1, NaN outside.

    Source: Giles (2010), relative errors below 3e-16 (his figure 4), with x^2 rounded as JAX rounds it: near
    +-1 this costs digits, 1e-11 at 1 - 1e-6, and the numbers are JAX's.
    """
    w = -jnp.log1p(-x * x)
    root = jnp.sqrt(w)
    inside, middle = _polynomial(_CENTRE, w - 3.125), _polynomial(_OUTSIDE, root - 3.25)
    p = jnp.where(w < 6.25, inside, jnp.where(w < 16.0, middle, _polynomial(_FAR_OUTSIDE, root - 5.0)))
    return jnp.where(jnp.abs(x) == 1, x * jnp.inf, p * x)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    result = coefficients[0] * jnp.ones_like(x)
    for coefficient in coefficients[1:]:
        result = result * x + coefficient
    return result


# Lanczos (1964), "A precision approximation of the gamma function", SIAM Journal on Numerical Analysis B 1,
# with g = 7: the constant and the residues of eight poles, the numbers that XLA has.
_LANCZOS_G = 7.0
_LANCZOS = (
    0.99999999999980993227684700473478, 676.520368121885098567009190444019,
    -1259.13921672240287047156078755283, 771.3234287776530788486528258894, -176.61502916214059906584551354,
    12.507343278686904814458936853, -0.13857109526572011689554707, 9.984369578019570859563e-6,
    1.50563273514931155834e-7,
)  # fmt: skip


def digamma(x: Any) -> Any:
    """The slope of ln Gamma at `x`, in double precision; NaN at 0 and at negative integers.

    Source: the logarithmic derivative of Lanczos' approximation, below 1/2 reflected (Abramowitz and Stegun
    1964, 6.3.7), as XLA computes it.
    """
    reflected = x < 0.5
    z = jnp.where(reflected, -x, x - 1)
    top, bottom = jnp.zeros_like(x), _LANCZOS[0] * jnp.ones_like(x)
    for k, coefficient in enumerate(_LANCZOS[1:], 1):
        term = coefficient / (z + k)
        top, bottom = top - term / (z + k), bottom + term
    t = _LANCZOS_G + 0.5 + z
    log_t = jnp.log(_LANCZOS_G + 0.5) + jnp.log1p(z / (_LANCZOS_G + 0.5))
    right = log_t + top / bottom - _LANCZOS_G / t
    angle = jnp.pi * (x + jnp.abs(jnp.floor(x + 0.5)))  # from the nearest integer: the tangent is the same
    left = right - jnp.pi * jnp.cos(angle) / jnp.sin(angle)
    return jnp.where((x <= 0) & (x == jnp.floor(x)), jnp.nan, jnp.where(reflected, left, right))


@rule("erf_inv")
def _erf_inv(context: Context, operand: Array) -> list[Array]:
    return _in_double(context, erf_inv, operand)


@rule("digamma")
def _digamma(context: Context, operand: Array) -> list[Array]:
    return _in_double(context, digamma, operand)


def _in_double(context: Context, function: Callable[[Any], Any], operand: Array) -> list[Array]:
    dtype = context.avals_in[0].dtype

    def double(x: Any) -> Any:
        return function(x.astype(jnp.float64)).astype(dtype)

    given = jax.ShapeDtypeStruct(operand.shape, dtype)
    with jax.enable_x64(True):
        return context.lower(jax.make_jaxpr(double)(given), [operand])
