"""Signs of the supervision game's advantages, told from rounding, and when the game conserves a quantity."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from ...replicator import advantages
from .payoffs import payoffs

Array = Any
Parameters = Mapping[str, Array]

# What is smaller than this many roundings of its terms has no sign.
_ROUNDINGS = 1000.0


def slope(p: Parameters, reward: str, punishment: str) -> Array:
    """Slope s of B(1, y) in y: the cap r where the reward is dynamic less the cap f where the fine is."""
    rises, falls = _caps(p, reward, punishment)
    return rises - falls


def conserves(p: Parameters, reward: str, punishment: str) -> Array:
    """Whether the game keeps a quantity: where s = 0, A depends on y alone, B on x alone, both linearly."""
    rises, falls = _caps(p, reward, punishment)
    return jnp.abs(rises - falls) <= _ROUNDINGS * jnp.finfo(rises.dtype).eps * (rises + falls)


def _caps(p: Parameters, reward: str, punishment: str) -> tuple[Array, Array]:
    r, f = jnp.asarray(p["r"]), jnp.asarray(p["f"])
    rises = r if reward == "dynamic" else jnp.zeros_like(r)
    return rises, f if punishment == "dynamic" else jnp.zeros_like(f)


class Advantage:
    """A (`which` 0) or B (1) of one scenario, and the size of its terms."""

    def __init__(self, p: Parameters, reward: str, punishment: str, which: int) -> None:
        self._payoffs, self._which = payoffs(p, reward, punishment), which
        own = ("c1", "R1", "Lg", "S") if which == 0 else ("c2", "R2", "Le")
        self._terms = sum((jnp.abs(p[name]) for name in own), p["r"] + p["f"])

    def at(self, x: Array | float, y: Array | float) -> Array:
        """Its value where the two populations have these shares."""
        dtype = self._terms.dtype
        return advantages(self._payoffs, jnp.asarray(x, dtype), jnp.asarray(y, dtype))[self._which]

    def has_sign(self, x: Array | float, y: Array | float) -> Array:
        """Whether it is neither zero nor lost in the rounding of its terms there."""
        return jnp.abs(self.at(x, y)) > _ROUNDINGS * jnp.finfo(self._terms.dtype).eps * self._terms
