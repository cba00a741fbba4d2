"""Fields that switch on the time and on the state, in JAX and in NumPy, and what they add up to."""

from itertools import pairwise

import jax.numpy as jnp
import numpy as np
from scipy.integrate import quad


def decay(forcing, k=0.5, until=10.0, points=()):
    """The state at `until` of z' = -k z + forcing(t), from 0."""
    edges = [0.0, *sorted(p for p in points if 0 < p < until), until]

    def left(t):
        return np.exp(-k * (until - t)) * forcing(t)

    return sum(quad(left, a, b, epsabs=1e-13, epsrel=1e-13)[0] for a, b in pairwise(edges))


TABLE = (np.array([0.0, 5.0, 5.004, 5.01, 20.0]), np.array([0.0, 0.0, 150.0, 0.0, 1.0]))
WAVES = np.array([0.7, 2.3, 5.7])
# Where a sine is 0.9 and 0.3.
EDGES_OF_WAVES, EDGES_OF_SLOW_WAVES = ((a, np.pi - a) for a in np.arcsin([0.9, 0.3]))
# name: (forcing in JAX, forcing in NumPy, where it has corners)
FORCED = {
    "at_once": (
        lambda t: jnp.where(t > 0, 1.0, 5.0) + jnp.sign(jnp.sin(t)),
        lambda t: 1 + np.sign(np.sin(t)),
        np.pi * np.arange(1, 4),
    ),
    "periodic": (
        lambda t: jnp.where(jnp.mod(t, 0.7) < 0.03, 10.0, 0.0),
        lambda t: 10.0 * (t % 0.7 < 0.03),
        [k * 0.7 + w for k in range(15) for w in (0, 0.03)],
    ),
    "backwards": (
        lambda t: jnp.where(jnp.mod(5.3 - t, 2) < 0.03, 10.0, 0.0),
        lambda t: 10.0 * ((5.3 - t) % 2 < 0.03),
        [5.3 - 2 * k - w for k in range(-3, 4) for w in (0, 0.03)],
    ),
    "indexed": (lambda t: jnp.arange(11.0)[t.astype(int)] ** 2, lambda t: np.floor(t) ** 2, range(11)),
    "table": (lambda t: jnp.interp(t, *map(jnp.asarray, TABLE)), lambda t: np.interp(t, *TABLE), TABLE[0]),
    "triangle": (
        lambda t: jnp.maximum(0, 1 - jnp.abs(t - 6) / 0.01) * 100,
        lambda t: max(0, 1 - abs(t - 6) / 0.01) * 100,
        [5.99, 6, 6.01],
    ),
    "calendar": (lambda t: jnp.where(2020 + t / 365 > 2020.01, 1.0, 0.0), lambda t: 1.0 * (t > 3.65), [3.65]),
    "squared": (
        lambda t: jnp.where((t - 5.03) ** 2 < 1e-6, 1e3, 0.0),
        lambda t: 1e3 * (abs(t - 5.03) < 1e-3),
        [5.03 - 1e-3, 5.03 + 1e-3],
    ),
    "several at once": (
        lambda t: jnp.sum(jnp.where(jnp.sin(t * WAVES) > 0.3, 1 / WAVES, 0.0)),
        lambda t: np.sum((np.sin(t * WAVES) > 0.3) / WAVES),
        [(2 * np.pi * k + a) / w for w in WAVES for k in range(10) for a in EDGES_OF_SLOW_WAVES],
    ),
    "fast": (
        lambda t: jnp.where(jnp.sin(20 * t) > 0.9, 1.0, 0.0),
        lambda t: 1.0 * (np.sin(20 * t) > 0.9),
        [(2 * np.pi * k + a) / 20 for k in range(33) for a in EDGES_OF_WAVES],
    ),
}
for number, width in enumerate([2.0, 0.1, 1e-3, 1e-7]):
    FORCED[f"pulse_{number}"] = (
        lambda t, w=width: jnp.where((t >= 6) & (t < 6 + w), 1 / w, 0.0),
        lambda t, w=width: (6 <= t < 6 + w) / w,
        [6, 6 + width],
    )


def on_a_circle(levels):
    """The times in [0, 10] at which cos t is one of these numbers."""
    angles = np.arccos(levels)
    return sorted(
        t for k in range(3) for a in angles for t in (2 * np.pi * k + a, 2 * np.pi * (k + 1) - a) if t < 10
    )


# What is added up along x = cos t, y = -sin t: in JAX, in NumPy, and where it has corners.
ADDED = {
    "grazed": (
        lambda x, y: jnp.where(x > 0.99, 10.0, 0.0),
        lambda x, y: 10.0 * (x > 0.99),
        on_a_circle([0.99]),
    ),
    "band": (
        lambda x, y: jnp.where(jnp.abs(x - 0.5) < 1e-3, 100.0, 0.0),
        lambda x, y: 100.0 * (abs(x - 0.5) < 1e-3),
        on_a_circle([0.499, 0.501]),
    ),
    "largest": (
        lambda x, y: jnp.asarray([1.0, 2.0])[jnp.argmax(jnp.stack([x, y]))],
        lambda x, y: 1.0 + (y > x),
        np.pi * (np.arange(4) + 0.75),
    ),
    "remainder": (lambda x, y: x % 0.3, lambda x, y: x % 0.3, on_a_circle(0.3 * np.arange(-3, 4))),
    "floor": (lambda x, y: jnp.floor(4 * x), lambda x, y: np.floor(4 * x), on_a_circle(np.arange(-3, 4) / 4)),
    "kink": (
        lambda x, y: jnp.maximum(x, y) + jnp.abs(x),
        lambda x, y: max(x, y) + abs(x),
        [*np.pi * (np.arange(4) + 0.75), *on_a_circle([0.0])],
    ),
}
