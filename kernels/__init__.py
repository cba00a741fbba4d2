"""The mathematics: pure JAX functions of one scenario, and how they declare themselves."""

import jax

# Shares, probabilities and losses are compared to the last printed digit: double precision throughout.
jax.config.update("jax_enable_x64", True)
