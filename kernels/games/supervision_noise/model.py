"""The supervision game with noise as a model: one point is one path, and the seed is a parameter."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ...model import Dim, Domain, Model, Output, Parameter
from ...replicator import to_logits
from ...status import Status
from ..supervision.game import CORNERS, check
from ..supervision.game import REST_POINTS as OF_THE_PAPER
from ..supervision.model import OF_THE_DYNAMICS, SUPERVISION
from .shocks import COARSEST, Shocks

Array = Any
Parameters = Mapping[str, Array]

CORNER_NAMES = OF_THE_PAPER[: len(CORNERS)]
INSIDE = len(CORNERS)
ENDS: dict[str, int] = {name: k for k, name in enumerate(CORNER_NAMES)} | {"inside": INSIDE}
HOLDS = {"no": 0, "yes": 1}


def kernel(p: Parameters, *, seed_max: int, reward: str, punishment: str) -> dict[str, Array]:
    """One path: where it ends, and what its later half is like (see `shocks`)."""
    del seed_max
    shocks, status = Shocks(p, reward, punishment), check(p)
    coarse = p["step"] * shocks.rate() > COARSEST
    status = jnp.where(coarse, Status.out_of_domain, status).astype(jnp.uint8)
    sound = status != Status.out_of_domain
    start = to_logits(jnp.stack([p["x0"], p["y0"]]))
    key = jax.random.key(p["seed"].astype(jnp.uint32))
    path = shocks.run(jnp.where(sound, start, 0.0), key)
    x, y = jax.nn.sigmoid(path.logits)
    deviation = jnp.sqrt(_nonzero(path.squares / jnp.maximum(path.count, 1.0)))
    near = _near(p, x, y)
    later = path.count > 0
    real = {
        "x_final": x,
        "y_final": y,
        "x_mean": jnp.where(later, path.mean[0], x),
        "y_mean": jnp.where(later, path.mean[1], y),
        "x_spread": jnp.where(path.squares[0] > 0, deviation[0], 0.0),
        "y_spread": jnp.where(path.squares[1] > 0, deviation[1], 0.0),
        "at_corner": jnp.where(near, 1.0, 0.0).astype(x.dtype),
        "corner_rate": _rates(shocks),
    }
    return {name: jnp.where(sound, value, jnp.nan) for name, value in real.items()} | {
        "end": jnp.where(jnp.any(near), jnp.argmax(near), INSIDE).astype(jnp.int8),
        "corner_holds": jnp.all(_rates(shocks) < 0, axis=1).astype(jnp.int8),
        "status": status,
    }


def _near(p: Parameters, x: Array, y: Array) -> Array:
    """By which corner a path ends, shape (corners,): both shares nearer to it than `near`."""
    corners = jnp.asarray(CORNERS, x.dtype)
    return (jnp.abs(x - corners[:, 0]) < p["near"]) & (jnp.abs(y - corners[:, 1]) < p["near"])


def _rates(shocks: Shocks) -> Array:
    """Mean growth of the rarer strategy beside each corner, shape (corners, populations)."""
    zero = jnp.zeros((), shocks.variance.dtype)
    rates = []
    for x, y in CORNERS:
        drift = shocks.gains(jnp.stack([zero + x, zero + y])) - shocks.correction
        rates.append(drift * jnp.asarray([1 - 2 * x, 1 - 2 * y], zero.dtype))
    return jnp.stack(rates)


def _nonzero(value: Array) -> Array:
    """The value; 1 in place of 0, of which the root has no derivative."""
    return jnp.where(value > 0, value, 1.0)


_NOISE = Domain(0.0)
_UNIT = "1/time^(1/2)"

PARAMETERS = (
    *(q for q in OF_THE_DYNAMICS if q.name != "horizon"),
    Parameter("horizon", "T", "time", 100.0, Domain(0.0), "time at which a path ends"),
    Parameter("noise_supervise", "σ_1", _UNIT, 0.3, _NOISE, "noise in what supervising pays a government"),
    Parameter("noise_leave", "σ_2", _UNIT, 0.3, _NOISE, "noise in what a government gets that does not"),
    Parameter("noise_manage", "τ_1", _UNIT, 0.3, _NOISE, "noise in what managing pays an enterprise"),
    Parameter("noise_neglect", "τ_2", _UNIT, 0.3, _NOISE, "noise in what an enterprise gets that does not"),
    Parameter(
        "step",
        "h",
        "time",
        0.05,
        Domain(0.0, low_open=True),
        "time step of a path, rounded so that whole steps lead to the horizon",
    ),
    Parameter(
        "near", "ε", "1", 0.05, Domain(0.0, 0.5), "shares as near as this to a corner have ended there"
    ),
    Parameter("seed", "s", "1", 0, Domain(0, 2**24), "seed of the random numbers", integer=True),
)


def _share(name: str, symbol: str, meaning: str) -> Output:
    return Output(name, symbol, "1", meaning)


OUTPUTS = (
    _share("x_final", "x(T)", "share that supervises, at the horizon"),
    _share("y_final", "y(T)", "share that manages, at the horizon"),
    _share("x_mean", "mean x", "mean of the share that supervises, over the later half of the path"),
    _share("y_mean", "mean y", "mean of the share that manages, over the later half of the path"),
    _share("x_spread", "sd x", "standard deviation of the share that supervises over the later half"),
    _share("y_spread", "sd y", "standard deviation of the share that manages over the later half"),
    Output("at_corner", "1_c", "1", "1 where the path ends by the corner, else 0: the mean is a share",
           ("corner",)),
    Output("corner_rate", "g", "1/time", "mean growth of the rarer strategy beside a corner",
           ("corner", "population")),
    Output("end", "", "", "the corner by which the path ends", kind="class", classes=ENDS),
    Output("corner_holds", "", "", "whether paths near enough to the corner stay there, most likely for good",
           ("corner",), kind="class", classes=HOLDS),
)  # fmt: skip

SUPERVISION_NOISE = Model(
    name="supervision_noise",
    title="Supervision with noisy payoffs: stochastic replicator dynamics",
    source=(
        "own: the noise, as in Fudenberg and Harris 1992, Journal of Economic Theory 57, 420-441. The game "
        "is that of `supervision`: Discrete Dynamics in Nature and Society 2022, article 8122630"
    ),
    formulas=(
        "du = [A - (sigma_1^2 - sigma_2^2)/2] dt + sigma_1 dW_1 - sigma_2 dW_2,  u = ln x/(1-x)",
        "dw = [B - (tau_1^2 - tau_2^2)/2] dt + tau_1 dW_3 - tau_2 dW_4,  w = ln y/(1-y)",
        "A, B as of supervision; Ito; Heun's method with horizon/step equal steps",
    ),
    kernel=kernel,
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    choices=SUPERVISION.choices,
    dims=(
        Dim("corner", "the corners of the square", labels=CORNER_NAMES),
        Dim("population", "whose strategies", labels=("x", "y")),
    ),
    reconstructed="c1, p1 and p2, as in `supervision`; the noise is not the paper's.",
)
