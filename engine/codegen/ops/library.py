"""Functions that have no formula here: a back end takes them from a library, or has none."""

import jax.numpy as jnp
from jax import lax

from . import library_series as series
from .operation import define

# --- powers ----------------------------------------------------------------------------------------------

define("exp2", 1, primitive=True, value=jnp.exp2, series=series.power_of_2_series)
define("cbrt", 1, primitive=True, value=lax.cbrt, series=series.cube_root_series)


# --- of angles -------------------------------------------------------------------------------------------

define("tan", 1, primitive=True, value=jnp.tan, series=series.tangent_series)
define("asin", 1, primitive=True, value=jnp.arcsin, series=series.arcsine_series)
define("acos", 1, primitive=True, value=jnp.arccos, series=series.arccosine_series)
define("atan", 1, primitive=True, value=jnp.arctan, series=series.arctangent_series)
define("atan2", 2, primitive=True, value=jnp.arctan2, series=series.angle_series)


# --- hyperbolic ------------------------------------------------------------------------------------------

define("sinh", 1, primitive=True, value=jnp.sinh, series=series.beside_each_other(jnp.cosh))
define("cosh", 1, primitive=True, value=jnp.cosh, series=series.beside_each_other(jnp.sinh))
define("asinh", 1, primitive=True, value=jnp.arcsinh, series=series.inverse_sinh_series)
define("acosh", 1, primitive=True, value=jnp.arccosh, series=series.inverse_cosh_series)
define("atanh", 1, primitive=True, value=jnp.arctanh, series=series.inverse_tanh_series)


# --- integrals -------------------------------------------------------------------------------------------

define("erf", 1, primitive=True, value=lax.erf, series=series.error_function_series(1.0))
define("erfc", 1, primitive=True, value=lax.erfc, series=series.error_function_series(-1.0))
define("lgamma", 1, primitive=True, value=lax.lgamma)
