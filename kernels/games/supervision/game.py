"""The supervision game: a local government supervises or not, an enterprise manages its security or not.

Source: "Study on the Evolutionary Game of Information Security Supervision in Smart Cities under Different
Reward and Punishment Mechanisms", Discrete Dynamics in Nature and Society 2022, article 8122630, sections 2-4
(its symbols are lost from the text; what was reconstructed is marked [recon]). Payoffs (government,
enterprise):

    |                | manage                   | not managed                     |
    | supervise      | R1 - c1 - rew, R2-c2+rew | -c1 + pun - p1 Lg, R2-pun-p1 Le |
    | not supervised | R1, R2 - c2              | -p2 (Lg + S), R2 - p2 Le        |

static reward: rew = r, dynamic reward: rew = r y. Static punishment: pun = f, dynamic: pun = f (1 - y).
The dynamics are derived from these payoffs alone, by `replicator`.
"""

from collections.abc import Collection, Mapping
from functools import partial
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp

from ...numerics.roots import falling_root, line_root
from ...numerics.stability import attracts, classify, eigenvalues, jacobian_at
from ...replicator import PURE, advantages, share_field, to_logits
from ...status import Status
from .payoffs import PUNISHMENT, REWARD, payoffs
from .signs import Advantage, conserves

Array = Any
Parameters = Mapping[str, Array]

MECHANISMS: tuple[tuple[str, str], ...] = tuple(product(REWARD, PUNISHMENT))

# Every rest point the square can hold, besides whole edges of them. There is at most one interior point:
# A does not depend on x, and never rises in y while r, f, p2 - p1 >= 0 (every term of its derivative is
# <= 0), so it has at most one root; B is linear in x. A rest point inside an edge needs B(1, y) = 0,
# linear in y: B(0, y), A(0) and A(1) do not change along the other three edges.
CORNERS: tuple[tuple[float, float], ...] = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
REST_POINTS = ("(0,0)", "(0,1)", "(1,0)", "(1,1)", "interior", "edge x=1")

_INTERIOR = REST_POINTS.index("interior")

NO_MECHANISM = len(MECHANISMS)
TIED = NO_MECHANISM + 1
BEST: dict[str, int] = {f"{r}_{f}": i for i, (r, f) in enumerate(MECHANISMS)} | {
    "none": NO_MECHANISM,
    "tied": TIED,
}


def rest_points(p: Parameters, reward: str, punishment: str) -> Array:
    """All rest points in the square, shape (6, 2), in the order of `REST_POINTS`; NaN where absent."""
    game = payoffs(p, reward, punishment)

    def gain(y: Array) -> Array:
        return advantages(game, jnp.zeros_like(y), y)[0]

    def lure(x: float, y: Array) -> Array:
        return advantages(game, jnp.full_like(y, x), y)[1]

    zero = jnp.zeros((), jnp.result_type(*p.values()))
    y, y_exists = falling_root(gain, zero.dtype)
    x, x_exists = line_root(lure(0.0, y), lure(1.0, y))
    edge, edge_exists = line_root(lure(1.0, zero), lure(1.0, zero + 1))
    # A root within rounding of a corner is that corner, one within rounding of an edge lies on it.
    A, B = Advantage(p, reward, punishment, 0), Advantage(p, reward, punishment, 1)
    edge_exists &= B.has_sign(1.0, 0.0) & B.has_sign(1.0, 1.0)
    y_exists &= A.has_sign(0.0, 0.0) & A.has_sign(0.0, 1.0)
    x_exists &= B.has_sign(0.0, y) & B.has_sign(1.0, y)
    interior = jnp.where(y_exists & x_exists, jnp.stack([x, y]), jnp.nan)
    on_edge = jnp.where(edge_exists, jnp.stack([zero + 1, edge]), jnp.nan)
    return jnp.concatenate([jnp.array(CORNERS, zero.dtype), interior[None], on_edge[None]])


def jacobians(p: Parameters, points: Array, reward: str, punishment: str) -> Array:
    """Jacobian of (x', y') at each of the points, shape (6, 2, 2): [point][equation][variable]."""
    game = payoffs(p, reward, punishment)
    return jax.vmap(lambda point: jacobian_at(lambda shares: share_field(game, shares), point))(points)


def classes(jacobian: Array) -> Array:
    """`RestClass` number of each rest point, shape (6,), from the Jacobians (6, 2, 2)."""
    return jax.vmap(classify)(jacobian, jnp.arange(len(jacobian)) < len(CORNERS))


def incident_probability(p: Parameters, points: Array) -> Array:
    """Probability of an incident at shares (x, y): (1 - y)(x p1 + (1 - x) p2), shape (points,)."""
    x, y = points[:, 0], points[:, 1]
    return (1 - y) * (x * p["p1"] + (1 - x) * p["p2"])


def best_mechanism(p: Parameters) -> Array:
    """Number in `BEST` (int8) of the mechanism with the best asymptotically stable rest point.

    The paper ranks mechanisms by the shares that supervise and manage at the stable point (section 4.2.2)
    and calls the one where both are higher the best. Where only one of them is higher that says nothing,
    so the ranking here is by the probability of an incident at the rest point, which falls in
    both shares: it agrees with the paper wherever the paper's comparison decides. A mechanism with several
    stable points counts with its worst: what it can be relied on for. Mechanisms without
    a stable point (closed orbits, boundary cycles) do not compete. Equal to rounding: ``tied``.
    """
    risk = jnp.stack([_worst_risk(p, reward, punishment) for reward, punishment in MECHANISMS])
    least = jnp.min(risk)
    close = risk <= least + 100 * jnp.finfo(risk.dtype).eps * p["p2"]
    best = jnp.where(jnp.sum(close) > 1, TIED, jnp.argmin(risk))
    return jnp.where(jnp.isfinite(least), best, NO_MECHANISM).astype(jnp.int8)


@partial(jax.jit, static_argnums=(1, 2))  # traced once for all mechanisms of a sweep
def _worst_risk(p: Parameters, reward: str, punishment: str) -> Array:
    """Probability of an incident at the mechanism's worst stable rest point; infinite where it has none."""
    points = rest_points(p, reward, punishment)
    stable = attracts(classes(jacobians(p, points, reward, punishment)))
    worst = jnp.max(jnp.where(stable, incident_probability(p, points), -1.0))
    return jnp.where(worst < 0, jnp.inf, worst)


def first_integral(p: Parameters, logits: Array, reward: str = "static", punishment: str = "static") -> Array:
    """Conserved quantity at logits (u, w), in money, of a game that `conserves` one.

    There A depends on y alone and B on x alone, both linearly: under static/static, and where the caps of a
    dynamic reward and a dynamic fine are equal, A = a0 + a1 y and B = b0 + b1 x. So u' = A(y), w' = B(x)
    keeps H = integral of B du - integral of A dw; with the integral of x(u) du = ln(1 + e^u),
    H = b0 u + b1 ln(1 + e^u) - a0 w - a1 ln(1 + e^w).
    """
    game = payoffs(p, reward, punishment)
    zero = jnp.zeros((), logits.dtype)
    a0, b0 = advantages(game, zero, zero)
    a_end, b_end = advantages(game, zero + 1, zero + 1)
    u, w = logits
    government = b0 * u + (b_end - b0) * jax.nn.softplus(u)
    return government - a0 * w - (a_end - a0) * jax.nn.softplus(w)


def first_integral_or_nan(p: Parameters, logits: Array, reward: str, punishment: str) -> Array:
    """`first_integral`; NaN where nothing is conserved, and at pure strategies."""
    kept = conserves(p, reward, punishment) & jnp.all(jnp.abs(logits) < PURE)
    return jnp.where(kept, first_integral(p, jnp.where(kept, logits, 0.0), reward, punishment), jnp.nan)


def check(p: Parameters, **_static: str) -> Array:
    """`Status` number (uint8) of the scenario itself: out_of_domain, boundary_start or ok."""
    x, y = p["x0"], p["y0"]
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1) & (p["horizon"] >= 0)
    pure = (x == 0) | (x == 1) | (y == 0) | (y == 1)
    started = jnp.where(pure, Status.boundary_start, Status.ok)
    return jnp.where(inside & _ordered(p), started, Status.out_of_domain).astype(jnp.uint8)


def start(p: Parameters, **_static: str) -> Array:
    """The start (x0, y0) in logits."""
    return to_logits(jnp.stack([p["x0"], p["y0"]]))


def kernel(
    p: Parameters, *, reward: str, punishment: str, wanted: Collection[str] | None = None
) -> dict[str, Array]:
    """Rest points, their stability and the best mechanism, without integration (see `model`).

    `wanted` are the outputs that somebody looks at, all if None: the best mechanism, which takes the rest
    points of all of them, is left out where it is none.
    """
    points = rest_points(p, reward, punishment)
    points = jnp.where(_ordered(p), points, jnp.nan)
    jacobian = jacobians(p, points, reward, punishment)
    larger, smaller, imaginary = jax.vmap(eigenvalues)(jacobian)
    rest_class = classes(jacobian)
    result = {
        "rest_x": points[:, 0],
        "rest_y": points[:, 1],
        "jacobian": jacobian,
        "trace": jacobian[:, 0, 0] + jacobian[:, 1, 1],
        "determinant": jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0],
        "eigenvalue_1_real": larger,
        "eigenvalue_2_real": smaller,
        "eigenvalue_imag": imaginary,
        "rest_class": rest_class,
        "interior_class": rest_class[_INTERIOR],
        "stable_count": jnp.sum(attracts(rest_class)).astype(jnp.int16),
        "first_integral": first_integral_or_nan(p, start(p), reward, punishment),
        "status": check(p),
    }
    if wanted is None or "best_mechanism" in wanted:
        result["best_mechanism"] = jnp.where(_ordered(p), best_mechanism(p), jnp.int8(NO_MECHANISM))
    return result


def _ordered(p: Parameters) -> Array:
    """Whether supervision does not raise the probability of an incident."""
    return p["p2"] >= p["p1"]
