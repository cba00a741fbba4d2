"""What each primitive of JAX becomes as scalars."""
