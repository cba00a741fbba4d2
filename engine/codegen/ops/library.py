"""Functions that have no formula here: a back end takes them from a library, or has none."""

import jax.numpy as jnp
from jax import lax

from .operation import define

# --- powers ----------------------------------------------------------------------------------------------

define("exp2", 1, primitive=True, value=jnp.exp2)
define("cbrt", 1, primitive=True, value=lax.cbrt)


# --- of angles -------------------------------------------------------------------------------------------

define("tan", 1, primitive=True, value=jnp.tan)
define("asin", 1, primitive=True, value=jnp.arcsin)
define("acos", 1, primitive=True, value=jnp.arccos)
define("atan", 1, primitive=True, value=jnp.arctan)
define("atan2", 2, primitive=True, value=jnp.arctan2)


# --- hyperbolic ------------------------------------------------------------------------------------------

define("sinh", 1, primitive=True, value=jnp.sinh)
define("cosh", 1, primitive=True, value=jnp.cosh)
define("asinh", 1, primitive=True, value=jnp.arcsinh)
define("acosh", 1, primitive=True, value=jnp.arccosh)
define("atanh", 1, primitive=True, value=jnp.arctanh)


# --- integrals -------------------------------------------------------------------------------------------

define("erf", 1, primitive=True, value=lax.erf)
define("erfc", 1, primitive=True, value=lax.erfc)
define("lgamma", 1, primitive=True, value=lax.lgamma)
