"""The supervision game with noise in its payoffs, in logits.

Source: Fudenberg and Harris (1992), "Evolutionary dynamics with aggregate shocks": the number of those who
play strategy i grows by dN_i = N_i (payoff_i dt + sigma_i dW_i). By Ito's formula the logit u = ln N_1 - ln
N_2 of two strategies obeys

    du = [A - (sigma_1^2 - sigma_2^2) / 2] dt + sigma_1 dW_1 - sigma_2 dW_2,

with A the gain of the first over the second. So noise is additive there, and shares stay between 0 and 1;
of the share x it is dx = x (1-x) {[A + sigma_2^2 (1-x) - sigma_1^2 x] dt + sigma_1 dW_1 - sigma_2 dW_2}.
Both Brownian motions enter as one of variance sigma_1^2 + sigma_2^2.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ...numerics.noise import heun_step
from ...replicator import PURE, advantages
from ..supervision.payoffs import payoffs

Array = Any
Parameters = Mapping[str, Array]

# A step may be at most this part of the time in which the noiseless motion turns by a radian.
COARSEST = 0.5


class Path(NamedTuple):
    """Where a path has come, and sums over its later half: the mean of both shares, and squares about it."""

    logits: Array
    count: Array
    mean: Array
    squares: Array


class Shocks:
    """One scenario's drift and noise; reward and punishment are static or dynamic, as in the paper."""

    def __init__(self, p: Parameters, reward: str, punishment: str) -> None:
        self._p = p
        unseen = dict.fromkeys(("R1", "R2"), 0.0)  # benefits, which cancel
        self._game = payoffs({**p, **unseen}, reward, punishment)
        first = jnp.stack([p["noise_supervise"], p["noise_manage"]])
        second = jnp.stack([p["noise_leave"], p["noise_neglect"]])
        self.correction = (first**2 - second**2) / 2
        self.variance = first**2 + second**2

    def gains(self, shares: Array) -> Array:
        """(A, B) at shares (2,), money."""
        return jnp.stack(advantages(self._game, *shares))

    def drift(self, logits: Array) -> Array:
        """Rate of the mean of the logits, shape (2,)."""
        return self.gains(jax.nn.sigmoid(logits)) - self.correction

    def steps(self) -> Array:
        """How many equal steps lead to the horizon: rounded, so as not to jump where they fit exactly."""
        ratio = self._p["horizon"] / self._p["step"]
        return jnp.maximum(jnp.round(ratio), 1).astype(jnp.int32)

    def rate(self) -> Array:
        """A bound of how fast the noiseless motion turns or settles, 1/time.

        Logits turn at the root of (dA/dw) (dB/du) and settle by dB/dw; a share moves by a quarter of its
        logit at most. A is quadratic in y, so its slope is largest at an end; so is that of B, which is
        linear in each.
        """
        zero = jnp.zeros((), self.variance.dtype)
        a = [self.gains(jnp.stack([zero, zero + y]))[0] for y in (0.0, 0.5, 1.0)]
        a_slope = jnp.maximum(jnp.abs(4 * a[1] - 3 * a[0] - a[2]), jnp.abs(a[0] - 4 * a[1] + 3 * a[2]))
        b = [[self.gains(jnp.stack([zero + x, zero + y]))[1] for y in (0, 1)] for x in (0, 1)]
        in_x = jnp.maximum(jnp.abs(b[1][0] - b[0][0]), jnp.abs(b[1][1] - b[0][1]))
        in_y = jnp.maximum(jnp.abs(b[1][1] - b[1][0]), jnp.abs(b[0][1] - b[0][0]))
        return jnp.maximum(jnp.sqrt(a_slope * in_x) / 4, in_y / 4)

    def run(self, start: Array, key: Array) -> Path:
        """The path from these logits by the normal numbers of a key: two for step k, by k alone."""
        count = self.steps()
        step = self._p["horizon"] / count
        size = jnp.sqrt(self.variance * step)
        moving = jnp.abs(start) < PURE

        def advance(k: Array, path: Path) -> Path:
            shock = size * jax.random.normal(jax.random.fold_in(key, k), (2,), start.dtype)
            logits = heun_step(self.drift, path.logits, step, shock)
            logits = jnp.where(moving, logits, start)
            return _counted(path, logits, 2 * (k + 1) > count)

        nothing = jnp.zeros_like(start)
        begin = Path(start, jnp.zeros((), start.dtype), nothing, nothing)
        return jax.lax.fori_loop(0, count, advance, begin)


def _counted(path: Path, logits: Array, late: Array) -> Path:
    """A path one step later; means and squares as by Welford (1962), which lose nothing to cancellation."""
    shares = jax.nn.sigmoid(logits)
    count = path.count + jnp.where(late, 1.0, 0.0)
    gap = jnp.where(late, shares - path.mean, 0.0)
    mean = path.mean + gap / jnp.maximum(count, 1.0)
    return Path(logits, count, mean, path.squares + gap * (shares - mean))
