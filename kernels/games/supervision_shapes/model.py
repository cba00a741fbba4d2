"""The supervision game with shapes as a model: its parameters, outputs, and its motion in logits.

Nothing but the game of constant and linear shapes is the paper's (`supervision`, whose words for them are
static and dynamic).
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...flow import Flow
from ...model import Choice, Dim, Domain, Model, Output, Parameter
from ...numerics.stability import eigenvalues
from ...replicator import PURE, logit_motion
from ...status import Status
from ..supervision.game import check, incident_probability, start
from ..supervision.model import LOGITS, OF_THE_DYNAMICS, SHARES
from ..supervision.model import OUTPUTS as OF_THE_PAPER
from .ends import BoundaryCycle, attractor, boundary_cycle
from .mechanism import SHAPES, Mechanism, logit_gains
from .rest import CLASSES, INTERIOR, REST_POINTS, attracts, rest_points

Array = Any
Parameters = Mapping[str, Array]


def kernel(p: Parameters, *, reward: str, punishment: str) -> dict[str, Array]:
    """Rest points, their stability and what they are worth, without integration (see `model`)."""
    m = Mechanism(p, reward, punishment)
    rest, status = rest_points(p, m), check(p)
    sound = status != Status.out_of_domain
    jacobian = rest.jacobian
    larger, smaller, imaginary = jax.vmap(eigenvalues)(jacobian)
    stable = attracts(rest.rest_class)
    incident = incident_probability(p, rest.shares)
    worst = jnp.max(jnp.where(stable, incident, -1.0))
    real = {
        "rest_x": rest.shares[:, 0],
        "rest_y": rest.shares[:, 1],
        "jacobian": jacobian,
        "trace": jacobian[:, 0, 0] + jacobian[:, 1, 1],
        "determinant": jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0],
        "eigenvalue_1_real": larger,
        "eigenvalue_2_real": smaller,
        "eigenvalue_imag": imaginary,
        "incident": incident,
        "worst_incident": jnp.where(worst < 0, jnp.nan, worst),
    }
    return {name: jnp.where(sound, value, jnp.nan) for name, value in real.items()} | {
        "rest_class": jnp.where(sound, rest.rest_class, 0).astype(jnp.int8),
        "interior_class": jnp.where(sound, rest.rest_class[INTERIOR], 0).astype(jnp.int8),
        "stable_count": jnp.where(sound, jnp.sum(stable), 0).astype(jnp.int16),
        "boundary_cycle": jnp.where(sound, boundary_cycle(m, rest), 0).astype(jnp.int8),
        "status": status,
    }


def field(_t: Array, logits: Array, p: Parameters, *, reward: str, punishment: str) -> Array:
    """Derivative of the logits in time. A pure strategy stays."""
    velocity = logit_gains(p, logits, reward, punishment)
    # No orbit turns pure on its way: behind stop_gradient this is no switch to look for.
    return jnp.where(jnp.abs(lax.stop_gradient(logits)) < PURE, velocity, 0.0)


def observe(logits: Array, _p: Parameters, **_static: str) -> dict[str, Array]:
    """The shares, and their logits, which tell how near a face they are."""
    x, y = jax.nn.sigmoid(logits)
    return {"x": x, "y": y, "x_logit": logits[0], "y_logit": logits[1]}


def motion(_t: Array, logits: Array, rates: Array, _p: Parameters, **_static: str) -> tuple[Array, Array]:
    """What still moves, and which of it only nears a pure strategy."""
    return logit_motion(logits, rates)


def decide(p: Parameters, *, reward: str, punishment: str) -> Array:
    """What mathematics says of the orbit (see `ends`)."""
    m = Mechanism(p, reward, punishment)
    return attractor(p, m, rest_points(p, m))


FLOW = Flow(
    start=start,
    field=field,
    observe=observe,
    observables=(*SHARES, *LOGITS),
    swings=("x", "y"),
    faces=True,
    motion=motion,
    check=check,
    decide=decide,
)

_SHARE = Domain(0.0, 1.0, low_open=True, high_open=True)
_EXPONENT = Domain(0.0, 100.0, low_open=True)

PARAMETERS = (
    *OF_THE_DYNAMICS,
    Parameter("reward_exponent", "a", "1", 2.0, _EXPONENT, "exponent of a reward r y^a; of power alone"),
    Parameter("fine_exponent", "b", "1", 2.0, _EXPONENT, "exponent of a fine f (1-y)^b; of power alone"),
    Parameter(
        "reward_threshold", "θ_r", "1", 0.5, _SHARE, "share y from which the reward is paid; step alone"
    ),
    Parameter("fine_threshold", "θ_f", "1", 0.5, _SHARE, "share y from which no fine is due; of step alone"),
)

_KEPT = ("rest_x", "rest_y", "jacobian", "trace", "determinant", "eigenvalue_1_real", "eigenvalue_2_real",
         "eigenvalue_imag", "stable_count")  # fmt: skip

OUTPUTS = (
    *(output for output in OF_THE_PAPER if output.name in _KEPT),
    Output(
        "rest_class", "", "", "stability of the rest point", ("rest_point",), kind="class", classes=CLASSES
    ),
    Output("interior_class", "", "", "stability of the interior rest point", kind="class", classes=CLASSES),
    Output(
        "boundary_cycle",
        "",
        "",
        "whether all four sides of the square are a cycle, and what it does to orbits beside it",
        kind="class",
        classes={c.name: c.value for c in BoundaryCycle},
    ),
    Output("incident", "i", "1", "probability of an incident at the rest point", ("rest_point",),
           may_be_nan=True),
    Output("worst_incident", "max i", "1", "the highest of them at rest points that attract; NaN of none",
           may_be_nan=True),
)  # fmt: skip

_SHAPE = "constant (the paper's static), linear (its dynamic), power, or step"

SUPERVISION_SHAPES = Model(
    name="supervision_shapes",
    title="Supervision whose reward and fine are functions of the share that manages",
    source=(
        "own: reward and fine of any shape. With shapes constant and linear it is the game of `supervision`: "
        "Discrete Dynamics in Nature and Society 2022, article 8122630"
    ),
    formulas=(
        "x' = x (1-x) A,  A = -c1 - y rho + (1-y) (phi + (p2-p1) Lg + p2 S)",
        "y' = y (1-y) B,  B = -c2 + p2 Le + x (rho + phi - (p2-p1) Le)",
        "rho = r, r y, r y^a, or r where y >= theta_r, else 0",
        "phi = f, f (1-y), f (1-y)^b, or f where y < theta_f, else 0",
    ),
    kernel=kernel,
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    choices=(
        Choice("reward", SHAPES, "power", f"shape of the reward in y: {_SHAPE}"),
        Choice("punishment", SHAPES, "power", f"shape of the fine in 1-y: {_SHAPE}"),
    ),
    dims=(
        Dim("rest_point", "the corners, the point inside, those within the side x = 1", labels=REST_POINTS),
        Dim("equation", "row of the Jacobian", labels=("x", "y")),
        Dim("variable", "column of the Jacobian", labels=("x", "y")),
    ),
    reconstructed="c1, p1, p2 and the horizon, as in `supervision`; the shapes are not the paper's.",
    flow=FLOW,
)
