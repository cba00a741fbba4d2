"""Whether shares that are gone stay so: what falls by no more than a rounding of its growth may return.

Where the growth of a share at a face is 0 but for rounding, what it is beside the face says whether the share
falls or rises, as y' = y (B + s y) with B = 0. Of 1e-20 that is lost, so it is asked at a size where it still
counts.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

Array = Any
Motion = Callable[[Array], tuple[Array, Array]]

# Logarithms of the share that is asked, and of the others that are gone meanwhile.
_ASKED, _GONE = 33.0, 600.0
# A logit beyond this is that of a pure strategy, which stays. Orbits do not come so far.
_PURE = 1e11
# A growth of so many roundings of what moves fastest is rounding itself.
_ROUNDINGS = 4.0


def stays_gone(motion: Motion, rest: Array, velocity: Array, gone: Array) -> Array:
    """Whether of all shares that are gone beside a rest point that which falls slowest does so from exp(-33).

    Parameters
    ----------
    motion : motion(state) -> what still moves, and which of it is outbound, as `Flow.motion` has it.
    rest : logits, shape (d,) and m = d; or log ratios to the last of m = d + 1 shares.
    velocity, gone : what moves where the orbit is, and which of the shares are gone, shape (m,).
    """
    count, ratios = len(gone), len(gone) != len(rest)
    logarithms = jnp.append(rest, jnp.zeros(1, rest.dtype)) if ratios else rest
    gone &= jnp.abs(logarithms) < _PURE
    asked = jnp.arange(count) == jnp.argmin(jnp.where(gone, jnp.abs(velocity), jnp.inf))
    small = jnp.where(asked, _ASKED, _GONE).astype(rest.dtype)
    top = jnp.max(jnp.where(gone, -jnp.inf, logarithms)) if ratios else 0.0
    there = jnp.where(gone, top - small if ratios else jnp.sign(rest) * small, logarithms)
    moves, outbound = motion(there[:-1] - there[-1:] if ratios else there)
    size = jnp.abs(moves)
    counts = size > _ROUNDINGS * jnp.finfo(size.dtype).eps * jnp.max(size)
    return ~jnp.any(gone & asked & ~outbound & counts)
