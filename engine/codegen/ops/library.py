"""Functions that have no formula here: a back end takes them from a library, or has none."""

from functools import partial

import jax.numpy as jnp
from jax import lax

from . import library_series as series
from .operation import define

_define = partial(define, by_library=True)

# --- powers ----------------------------------------------------------------------------------------------

_define("exp2", 1, primitive=True, value=jnp.exp2, series=series.power_of_2_series)
_define("cbrt", 1, primitive=True, value=lax.cbrt, series=series.cube_root_series)


# --- of angles -------------------------------------------------------------------------------------------

_define("tan", 1, primitive=True, value=jnp.tan, series=series.tangent_series)
_define("asin", 1, primitive=True, value=jnp.arcsin, series=series.arcsine_series)
_define("acos", 1, primitive=True, value=jnp.arccos, series=series.arccosine_series)
_define("atan", 1, primitive=True, value=jnp.arctan, series=series.arctangent_series)
_define("atan2", 2, primitive=True, value=jnp.arctan2, series=series.angle_series)


# --- hyperbolic ------------------------------------------------------------------------------------------

_define("sinh", 1, primitive=True, value=jnp.sinh, series=series.beside_each_other(jnp.cosh))
_define("cosh", 1, primitive=True, value=jnp.cosh, series=series.beside_each_other(jnp.sinh))
_define("asinh", 1, primitive=True, value=jnp.arcsinh, series=series.inverse_sinh_series)
_define("acosh", 1, primitive=True, value=jnp.arccosh, series=series.inverse_cosh_series)
_define("atanh", 1, primitive=True, value=jnp.arctanh, series=series.inverse_tanh_series)


# --- integrals -------------------------------------------------------------------------------------------

_define("erf", 1, primitive=True, value=lax.erf, series=series.error_function_series(1.0))
_define("erfc", 1, primitive=True, value=lax.erfc, series=series.error_function_series(-1.0))
_define("lgamma", 1, primitive=True, value=lax.lgamma)
