"""The supervision game with rules of both shares as a model: parameters, outputs, and its motion in logits.

Nothing but the game whose rules follow y alone, constantly or linearly, is the paper's (`supervision`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...flow import Flow
from ...model import Choice, Dim, Domain, Model, Output, Parameter
from ...numerics.stability import RestClass, eigenvalues
from ...replicator import PURE
from ...status import Status
from ..supervision.game import check, incident_probability, start
from ..supervision.model import LOGITS, OF_THE_DYNAMICS, SHARES
from ..supervision.model import OUTPUTS as OF_THE_PAPER
from ..supervision_shapes.model import OUTPUTS as OUTPUTS_OF_SHAPES
from ..supervision_shapes.model import motion, observe
from .ends import attractor, boundary_cycle
from .mechanism import IN_X, IN_Y, Mechanism, Rules, logit_gains
from .rest import CLASSES, FIRST_INSIDE, REST_POINTS, attracts, rest_points

Array = Any
Parameters = Mapping[str, Array]


def kernel(p: Parameters, **static: str) -> dict[str, Array]:
    """Rest points, their stability and what they are worth, without integration (see `model`)."""
    m = Mechanism(p, Rules(**static))
    rest, status = rest_points(m), check(p)
    sound = status != Status.out_of_domain
    status = jnp.where((status == Status.ok) & ~rest.complete, Status.unresolved, status)
    jacobian = rest.jacobian
    larger, smaller, imaginary = jax.vmap(eigenvalues)(jacobian)
    stable = attracts(rest.rest_class)
    incident = incident_probability(p, rest.shares)
    worst = jnp.max(jnp.where(stable, incident, -1.0))
    real = {
        "rest_x": rest.shares[:, 0],
        "rest_y": rest.shares[:, 1],
        "trace": jacobian[:, 0, 0] + jacobian[:, 1, 1],
        "determinant": jacobian[:, 0, 0] * jacobian[:, 1, 1] - jacobian[:, 0, 1] * jacobian[:, 1, 0],
        "eigenvalue_1_real": larger,
        "eigenvalue_2_real": smaller,
        "eigenvalue_imag": imaginary,
        "incident": incident,
        "worst_incident": jnp.where(worst < 0, jnp.nan, worst),
    }
    inside = jnp.sum(rest.rest_class[FIRST_INSIDE:] != RestClass.absent)
    return {name: jnp.where(sound, value, jnp.nan) for name, value in real.items()} | {
        "rest_class": jnp.where(sound, rest.rest_class, 0).astype(jnp.int8),
        "interior_count": jnp.where(sound, inside, 0).astype(jnp.int16),
        "stable_count": jnp.where(sound, jnp.sum(stable), 0).astype(jnp.int16),
        "boundary_cycle": jnp.where(sound, boundary_cycle(m, rest), 0).astype(jnp.int8),
        "status": status.astype(jnp.uint8),
    }


def field(_t: Array, logits: Array, p: Parameters, **static: str) -> Array:
    """Derivative of the logits in time. A pure strategy stays."""
    velocity = logit_gains(p, logits, Rules(**static))
    # No orbit turns pure on its way: behind stop_gradient this is no switch to look for.
    return jnp.where(jnp.abs(lax.stop_gradient(logits)) < PURE, velocity, 0.0)


def decide(p: Parameters, **static: str) -> Array:
    """What mathematics says of the orbit (see `ends`)."""
    m = Mechanism(p, Rules(**static))
    return attractor(m, rest_points(m))


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


def _exponent(name: str, symbol: str, meaning: str) -> Parameter:
    return Parameter(name, symbol, "1", 2.0, _EXPONENT, f"exponent of {meaning}; of a power alone")


def _threshold(name: str, symbol: str, share: str, meaning: str) -> Parameter:
    return Parameter(name, symbol, "1", 0.5, _SHARE, f"share {share} at which {meaning}; of a step alone")


PARAMETERS = (
    *OF_THE_DYNAMICS,
    _exponent("reward_exponent", "a", "g(y) = y^a"),
    _exponent("fine_exponent", "b", "h(1-y) = (1-y)^b"),
    _exponent("reward_x_exponent", "a_x", "G = x^a_x, or (1-x)^a_x where it falls"),
    _exponent("fine_x_exponent", "b_x", "H = x^b_x, or (1-x)^b_x where it falls"),
    _threshold("reward_threshold", "θ_r", "y", "a reward begins"),
    _threshold("fine_threshold", "θ_f", "y", "a fine ends"),
    _threshold("reward_x_threshold", "θ_rx", "x", "a reward begins, or ends where it falls"),
    _threshold("fine_x_threshold", "θ_fx", "x", "a fine begins, or ends where it falls"),
)

_KEPT = ("rest_x", "rest_y", "trace", "determinant", "eigenvalue_1_real", "eigenvalue_2_real",
         "eigenvalue_imag", "stable_count")  # fmt: skip

_OF_SHAPES = {output.name: output for output in OUTPUTS_OF_SHAPES}

OUTPUTS = (
    *(output for output in OF_THE_PAPER if output.name in _KEPT),
    replace(_OF_SHAPES["rest_class"], classes=CLASSES),
    Output("interior_count", "", "1", "number of rest points inside, on thresholds too", kind="count"),
    *(_OF_SHAPES[name] for name in ("boundary_cycle", "incident", "worst_incident")),
)

_IN_X = "; with _falling, of 1-x"

SUPERVISION_SHARES = Model(
    name="supervision_shares",
    title="Supervision whose reward and fine are functions of both shares",
    source=(
        "own: reward and fine as functions of both shares. Those of y alone, constant or linear, are the "
        "game of `supervision`: Discrete Dynamics in Nature and Society 2022, article 8122630"
    ),
    formulas=(
        "x' = x (1-x) A,  A = -c1 - y rho + (1-y) (phi + (p2-p1) Lg + p2 S)",
        "y' = y (1-y) B,  B = -c2 + p2 Le + x (rho + phi - (p2-p1) Le)",
        "rho = r g(y) G(x),  phi = f h(1-y) H(x)",
        "g, h: 1, s or s^a of their argument s, or a step of y;  G, H: these of x or of 1-x",
    ),
    kernel=kernel,
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    choices=(
        Choice("reward", IN_Y, "constant", "g: the reward in y"),
        Choice("punishment", IN_Y, "constant", "h: the fine in 1-y"),
        Choice("reward_in_x", IN_X, "constant", f"G: the reward in x{_IN_X}"),
        Choice("punishment_in_x", IN_X, "linear", f"H: the fine in x{_IN_X}"),
    ),
    dims=(
        Dim("rest_point", "corners, sides, inside, on thresholds and their crossings", labels=REST_POINTS),
    ),
    reconstructed="c1, p1, p2 and the horizon, as in `supervision`; functions of x are not the paper's.",
    flow=FLOW,
)
