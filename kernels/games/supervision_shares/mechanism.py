"""What is paid and fined as functions of both shares, and what acting then gains.

The reward is rho = r g(y) G(x) and the fine phi = f h(1-y) H(x). g and h are constant, linear or a power of
their argument, or a step of y; G and H are that of x or, where the name ends in "falling", of 1-x. The gains

    A(x, y) = -c1 - y rho + (1-y) (phi + K),    B(x, y) = -c2 + p2 Le + x (rho + phi - Q)

are those of `supervision_shapes`, in which G = H = 1. A falls in y for every x; in x it may do anything.
Every formula holds of numbers and of intervals alike (`numerics.interval`).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ...numerics.interval import rising
from ..supervision_shapes.mechanism import clear, of_logit, power

Array = Any
Parameters = Mapping[str, Array]

IN_Y = ("constant", "linear", "power", "step")
FALLING = "_falling"
IN_X = (*IN_Y, *(f"{shape}{FALLING}" for shape in ("linear", "power", "step")))


class On(NamedTuple):
    """Whether x has passed the thresholds of reward and fine, and which steps in y are in force: 0 or 1."""

    reward: Array
    fine: Array
    reward_in_y: Array
    fine_in_y: Array


class Rules(NamedTuple):
    """The static choices of a scenario, in the model's words."""

    reward: str
    punishment: str
    reward_in_x: str
    punishment_in_x: str


class Mechanism:
    """A reward and a fine, and the gains that follow, at shares that are numbers, arrays or intervals."""

    def __init__(self, p: Parameters, rules: Rules) -> None:
        self.p, self.rules = p, rules
        self.averted = (p["p2"] - p["p1"]) * p["Lg"] + p["p2"] * p["S"]
        self.safer = (p["p2"] - p["p1"]) * p["Le"]
        self.alone = p["p2"] * p["Le"] - p["c2"]

    def on(self, x: Array, y: Array) -> On:
        """Which thresholds are passed, and which steps in y in force, at shares."""
        p = self.p
        passed = x >= p["reward_x_threshold"], x >= p["fine_x_threshold"]
        in_force = y >= p["reward_threshold"], y < p["fine_threshold"]
        return On(*(jnp.where(holds, 1.0, 0.0) for holds in (*passed, *in_force)))

    def differ(self, one: On, other: On) -> Array:
        """Whether what is paid or fined is not the same where these are passed."""
        rules = self.rules
        names = rules.reward_in_x, rules.punishment_in_x, rules.reward, rules.punishment
        differs = jnp.zeros_like(one.reward, bool)
        for shape, cap, before, behind in zip(names, ("r", "f", "r", "f"), one, other, strict=True):
            if steps(shape):
                differs |= (before != behind) & (self.p[cap] > 0)
        return differs

    def without_derivatives(self) -> "Mechanism":
        """The same of parameters that are not differentiated."""
        return Mechanism({name: lax.stop_gradient(value) for name, value in self.p.items()}, self.rules)

    def reward_in_x(self, x: Any, on: On) -> Any:
        """G(x)."""
        return _in_x(self.rules.reward_in_x, x, self.p["reward_x_exponent"], on.reward)

    def fine_in_x(self, x: Any, on: On) -> Any:
        """H(x)."""
        return _in_x(self.rules.punishment_in_x, x, self.p["fine_x_exponent"], on.fine)

    def rho(self, x: Any, y: Any, on: On) -> Any:
        """The reward, money."""
        in_y = _in_y(self.rules.reward, y, self.p["reward_exponent"], on.reward_in_y)
        return self.p["r"] * self.reward_in_x(x, on) * in_y

    def phi(self, x: Any, y: Any, on: On) -> Any:
        """The fine, money."""
        in_y = _in_y(self.rules.punishment, 1.0 - y, self.p["fine_exponent"], on.fine_in_y)
        return self.p["f"] * self.fine_in_x(x, on) * in_y

    def supervising(self, x: Any, y: Any, on: On) -> Any:
        """A: what a government gains by supervising, money."""
        return (1.0 - y) * (self.phi(x, y, on) + self.averted) - y * self.rho(x, y, on) - self.p["c1"]

    def managing(self, x: Any, y: Any, on: On) -> Any:
        """B: what an enterprise gains by managing, money."""
        return x * self.lure(x, y, on) + self.alone

    def lure(self, x: Any, y: Any, on: On) -> Any:
        """What a supervising government adds to the gain by managing, money."""
        return self.rho(x, y, on) + self.phi(x, y, on) - self.safer

    def slopes(self, x: Any, y: Any, on: On) -> tuple[Any, Any, Any, Any]:
        """Derivatives x (1-x) A_x, A_y, x (1-x) B_x and y (1-y) B_y: all finite at the corners."""
        p, rho, phi = self.p, self.rho(x, y, on), self.phi(x, y, on)
        paid_x = rho * _stretch_in_x(self.rules.reward_in_x, x, p["reward_x_exponent"])
        fined_x = phi * _stretch_in_x(self.rules.punishment_in_x, x, p["fine_x_exponent"])
        paid_y = _exponent(self.rules.reward, p["reward_exponent"]) * rho
        fined_y = _exponent(self.rules.punishment, p["fine_exponent"]) * phi
        a_x = (1.0 - y) * fined_x - y * paid_x
        a_y = -(rho + phi + paid_y + fined_y + self.averted)
        b_x = x * ((1.0 - x) * self.lure(x, y, on) + (paid_x + fined_x))
        b_y = x * ((1.0 - y) * paid_y - y * fined_y)
        return a_x, a_y, b_x, b_y

    def turning(self, x: Any, y: Any, on: On) -> Any:
        """Determinant of the Jacobian where A = B = 0."""
        a_x, a_y, b_x, b_y = self.slopes(x, y, on)
        return a_x * b_y - (y * (1.0 - y)) * (a_y * b_x)

    def jacobian(self, x: Array, y: Array, on: On) -> Array:
        """Derivative of (x', y') in (x, y) away from thresholds and from x = 1, shape (2, 2)."""
        a_x, a_y, b_x, b_y = self.slopes(x, y, on)
        inside = (x > 0) & (x < 1)
        own_x = (1 - 2 * x) * self.supervising(x, y, on) + a_x
        own_y = (1 - 2 * y) * self.managing(x, y, on) + b_y
        cross = (
            y * (1 - y) * jnp.where(inside, b_x / jnp.where(inside, x * (1 - x), 1.0), self.lure(x, y, on))
        )
        return jnp.stack([jnp.stack([own_x, x * (1 - x) * a_y]), jnp.stack([cross, own_y])])

    @property
    def a_terms(self) -> Array:
        """Size of the terms of A, money."""
        return self.p["c1"] + self.p["r"] + self.p["f"] + jnp.abs(self.averted)

    @property
    def b_terms(self) -> Array:
        """Size of the terms of B, money."""
        return self.p["c2"] + self.p["p2"] * self.p["Le"] + self.p["r"] + self.p["f"]

    def a_is_clear(self, value: Array) -> Array:
        """Whether a value of A is neither zero nor lost in the rounding of its terms."""
        return clear(value, self.a_terms)

    def b_is_clear(self, value: Array) -> Array:
        """The same of a value of B."""
        return clear(value, self.b_terms)


def logit_gains(p: Parameters, logits: Array, rules: Rules) -> Array:
    """(A, B) at logits (u, w), shape (2,): the field of the orbits."""
    u, w = logits
    x, y = jax.nn.sigmoid(logits)
    paid = _of_logit_of_x(rules.reward_in_x, u, p["reward_x_exponent"], p["reward_x_threshold"])
    fined = _of_logit_of_x(rules.punishment_in_x, u, p["fine_x_exponent"], p["fine_x_threshold"])
    in_y = (
        of_logit(rules.reward, w, p["reward_exponent"], p["reward_threshold"], above=True),
        of_logit(rules.punishment, -w, p["fine_exponent"], 1 - p["fine_threshold"], above=False),
    )
    rho, phi = p["r"] * paid * in_y[0], p["f"] * fined * in_y[1]
    averted = (p["p2"] - p["p1"]) * p["Lg"] + p["p2"] * p["S"]
    a = -p["c1"] - y * rho + jax.nn.sigmoid(-w) * (phi + averted)
    b = -p["c2"] + p["p2"] * p["Le"] + x * (rho + phi - (p["p2"] - p["p1"]) * p["Le"])
    return jnp.stack([a, b])


def _of_logit_of_x(shape: str, u: Array, exponent: Array, threshold: Array) -> Array:
    """G or H at the logit of x."""
    if shape.endswith(FALLING):
        return of_logit(shape.removesuffix(FALLING), -u, exponent, 1 - threshold, above=False)
    return of_logit(shape, u, exponent, threshold, above=True)


def steps(shape: str) -> bool:
    """Whether a reward or a fine begins or ends at a threshold."""
    return shape.startswith("step")


def _in_y(shape: str, share: Any, exponent: Array, on: Array) -> Any:
    return on if steps(shape) else _value(shape, share, exponent)


def _in_x(shape: str, x: Any, exponent: Array, on: Array) -> Any:
    if shape == "step":
        return on
    if shape == f"step{FALLING}":
        return 1 - on
    falling = shape.endswith(FALLING)
    return _value(shape.removesuffix(FALLING), 1.0 - x if falling else x, exponent)


def _value(shape: str, share: Any, exponent: Array) -> Any:
    if shape == "constant":
        return 1.0
    return share if shape == "linear" else rising(lambda s: power(s, exponent), share)


def _exponent(shape: str, exponent: Array) -> Array | float:
    """Slope of the logarithm of a shape in that of its argument."""
    return {"constant": 0.0, "step": 0.0, "linear": 1.0}.get(shape, exponent)


def _stretch_in_x(shape: str, x: Any, exponent: Array) -> Any:
    """Slope of the logarithm of G or H in x, times x (1-x)."""
    if shape.startswith(("constant", "step")):
        return 0.0 * x
    times = _exponent(shape.removesuffix(FALLING), exponent)
    return -times * x if shape.endswith(FALLING) else times * (1.0 - x)
