"""The mathematics: pure JAX functions of one scenario, and how they declare themselves."""
