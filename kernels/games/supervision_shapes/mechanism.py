"""What is paid and fined as functions of the share y that manages, and what acting then gains.

The reward is rho(y) = r g(y), the fine phi(y) = f h(1 - y). Both g and h are one of the shapes

    constant: 1        linear: s        power: s^a        step: 0 below a threshold, 1 from it on

of their argument s, so that no reward falls and no fine rises as more enterprises manage. The step of the
fine ends where y reaches its threshold: the fine is f below it and 0 from it on. With K = (p2-p1) Lg + p2 S
and Q = (p2-p1) Le, the payoffs of `supervision.game` give

    A(y)    = -c1 - y rho + (1-y) (phi + K)             gain of a government by supervising
    B(x, y) = -c2 + p2 Le + x (rho + phi - Q)           gain of an enterprise by managing.

A falls in y whatever the shapes, and B is linear in x.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

Array = Any
Parameters = Mapping[str, Array]

SHAPES = ("constant", "linear", "power", "step")
# What is smaller than this many roundings of its terms has no sign.
_ROUNDINGS = 1000.0


class On(NamedTuple):
    """Which part of a reward and of a fine that are steps is in force: 0 or 1, on a threshold any between."""

    reward: Array
    fine: Array


class Mechanism:
    """A reward and a fine, and the gains that follow; y and `On` are numbers, or arrays of one shape."""

    def __init__(self, p: Parameters, reward: str, punishment: str) -> None:
        self._p, self.reward, self.punishment = p, reward, punishment
        self.averted = (p["p2"] - p["p1"]) * p["Lg"] + p["p2"] * p["S"]
        self.safer = (p["p2"] - p["p1"]) * p["Le"]
        self.alone = p["p2"] * p["Le"] - p["c2"]

    @property
    def rises(self) -> Array:
        """Rise of the reward from y = 0 to 1: its cap, or 0 where it is constant."""
        return 0.0 * self._p["r"] if self.reward == "constant" else self._p["r"]

    @property
    def falls(self) -> Array:
        """Fall of the fine from y = 0 to 1."""
        return 0.0 * self._p["f"] if self.punishment == "constant" else self._p["f"]

    def on(self, y: Array) -> On:
        """Which steps are in force at a share."""
        paid, fined = y >= self._p["reward_threshold"], y < self._p["fine_threshold"]
        return On(jnp.where(paid, 1.0, 0.0), jnp.where(fined, 1.0, 0.0))

    def rho(self, y: Array, on: On) -> Array:
        """The reward."""
        return self._p["r"] * _of_share(self.reward, y, self._p["reward_exponent"], on.reward)

    def phi(self, y: Array, on: On) -> Array:
        """The fine."""
        return self._p["f"] * _of_share(self.punishment, 1 - y, self._p["fine_exponent"], on.fine)

    def supervising(self, y: Array, on: On) -> Array:
        """A: what a government gains by supervising, money."""
        return -self._p["c1"] - y * self.rho(y, on) + (1 - y) * (self.phi(y, on) + self.averted)

    def managing(self, x: Array | float, y: Array, on: On) -> Array:
        """B: what an enterprise gains by managing, money."""
        return self.alone + x * self.lure(y, on)

    def lure(self, y: Array, on: On) -> Array:
        """Slope of B in x: what supervision adds to the gain by managing."""
        return self.rho(y, on) + self.phi(y, on) - self.safer

    def jacobian(self, x: Array, y: Array, on: On) -> Array:
        """Derivative of (x', y') in (x, y) away from thresholds, shape (2, 2).

        Written out, for y rho'(y) and (1 - y) phi'(y) are finite where rho' and phi' are not: at a corner,
        of an exponent below 1.
        """
        rho, phi = self.rho(y, on), self.phi(y, on)
        rising = self._p["r"] * _stretch(self.reward, y, self._p["reward_exponent"])
        falling = self._p["f"] * _stretch(self.punishment, 1 - y, self._p["fine_exponent"])
        a_slope = -rho - rising - phi - self.averted - falling
        own_x = (1 - 2 * x) * self.supervising(y, on)
        own_y = (1 - 2 * y) * self.managing(x, y, on) + x * ((1 - y) * rising - y * falling)
        rows = [[own_x, x * (1 - x) * a_slope], [y * (1 - y) * self.lure(y, on), own_y]]
        return jnp.stack([jnp.stack(row) for row in rows])

    def a_is_clear(self, value: Array) -> Array:
        """Whether a value of A is neither zero nor lost in the rounding of its terms."""
        p = self._p
        return clear(value, p["c1"] + p["r"] + p["f"] + jnp.abs(self.averted))

    def b_is_clear(self, value: Array) -> Array:
        """The same of a value of B."""
        p = self._p
        return clear(value, p["c2"] + p["p2"] * p["Le"] + p["r"] + p["f"])


def logit_gains(p: Parameters, logits: Array, reward: str, punishment: str) -> Array:
    """(A, B) at logits (u, w), shape (2,): the field of the orbits.

    Powers are those of the logarithm of a share, so that they have derivatives however near a face it is.
    """
    x, y = jax.nn.sigmoid(logits)
    w = logits[1]
    rho = p["r"] * of_logit(reward, w, p["reward_exponent"], p["reward_threshold"], above=True)
    phi = p["f"] * of_logit(punishment, -w, p["fine_exponent"], 1 - p["fine_threshold"], above=False)
    averted = (p["p2"] - p["p1"]) * p["Lg"] + p["p2"] * p["S"]
    a = -p["c1"] - y * rho + jax.nn.sigmoid(-w) * (phi + averted)
    b = -p["c2"] + p["p2"] * p["Le"] + x * (rho + phi - (p["p2"] - p["p1"]) * p["Le"])
    return jnp.stack([a, b])


def _of_share(shape: str, share: Array, exponent: Array, on: Array) -> Array:
    if shape == "constant":
        return jnp.ones_like(share)
    if shape == "linear":
        return share
    return power(share, exponent) if shape == "power" else on


def _stretch(shape: str, share: Array, exponent: Array) -> Array:
    """Share times the slope of a shape in it, away from thresholds."""
    if shape == "linear":
        return share
    return exponent * power(share, exponent) if shape == "power" else jnp.zeros_like(share)


def of_logit(shape: str, logit: Array, exponent: Array, threshold: Array, above: bool) -> Array:
    """A shape at the logit of its argument. At its threshold a step is 1 where `above`, else 0."""
    if shape == "constant":
        return jnp.ones_like(logit)
    if shape == "linear":
        return jax.nn.sigmoid(logit)
    if shape == "power":
        return jnp.exp(-exponent * jax.nn.softplus(-logit))
    line = jnp.log(threshold) - jnp.log1p(-threshold)
    return jnp.where(logit >= line if above else logit > line, 1.0, 0.0)


def power(share: Array, exponent: Array) -> Array:
    """share^exponent, with derivatives in both at a share of 0, where it is 0."""
    inside = share > 0
    return jnp.where(inside, jnp.exp(exponent * jnp.log(jnp.where(inside, share, 1.0))), 0.0)


def clear(value: Array, terms: Array) -> Array:
    """Whether a value is neither zero nor lost in the rounding of terms of this size."""
    return jnp.abs(value) > _ROUNDINGS * jnp.finfo(terms.dtype).eps * terms
