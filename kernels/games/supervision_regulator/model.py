"""The supervision game under a regulator as a model: its parameters, outputs, and its motion in logits."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ...flow import Flow, Observable
from ...model import Dim, Domain, Model, Output, Parameter
from ...numerics.stability import RestClass, attracts
from ...replicator import PURE, logit_motion, to_logits
from ...status import Status
from ..supervision.game import check as of_two
from ..supervision.model import OF_THE_DYNAMICS, SHARES, SUPERVISION
from .ends import attractor
from .gains import Gains
from .rest import INTERIOR, REST_POINTS, rest_points

Array = Any
Parameters = Mapping[str, Array]


def kernel(p: Parameters, *, reward: str, punishment: str) -> dict[str, Array]:
    """Rest points, their stability and what they are worth, without integration (see `model`)."""
    rest, status = rest_points(p, Gains(p, reward, punishment)), check(p)
    sound = status != Status.out_of_domain
    x, y, z = rest.shares.T
    stable = attracts(rest.rest_class)
    incident = (1 - y) * (x * p["p1"] + (1 - x) * p["p2"])
    worst = jnp.max(jnp.where(stable, incident, -1.0))
    real = {
        "rest_x": x,
        "rest_y": y,
        "rest_z": z,
        "jacobian": rest.jacobian,
        "eigenvalue_1_real": rest.spectrum.first,
        "eigenvalue_2_real": rest.spectrum.second,
        "eigenvalue_3_real": rest.spectrum.third,
        "eigenvalue_imag": rest.spectrum.imaginary,
        "incident": incident,
        "worst_incident": jnp.where(worst < 0, jnp.nan, worst),
    }
    kinds = rest.rest_class
    inside = jnp.sum(kinds[INTERIOR:] != RestClass.absent)
    return {name: jnp.where(sound, value, jnp.nan) for name, value in real.items()} | {
        "rest_class": jnp.where(sound, kinds, 0).astype(jnp.int8),
        "interior_count": jnp.where(sound, inside, 0).astype(jnp.int16),
        "stable_count": jnp.where(sound, jnp.sum(stable), 0).astype(jnp.int16),
        "status": status,
    }


def check(p: Parameters, **_static: str) -> Array:
    """`Status` number (uint8) of the scenario itself: out_of_domain, boundary_start or ok."""
    of_both, z = of_two(p), p["z0"]
    pure = (z == 0) | (z == 1)
    return jnp.where((of_both == Status.ok) & pure, jnp.uint8(Status.boundary_start), of_both)


def start(p: Parameters, **_static: str) -> Array:
    """The start (x0, y0, z0) in logits."""
    return to_logits(jnp.stack([p["x0"], p["y0"], p["z0"]]))


def field(_t: Array, logits: Array, p: Parameters, *, reward: str, punishment: str) -> Array:
    """Derivative of the logits in time. A pure strategy stays."""
    velocity = Gains(p, reward, punishment).all(jax.nn.sigmoid(logits))
    # No orbit turns pure on its way: behind stop_gradient this is no switch to look for.
    return jnp.where(jnp.abs(lax.stop_gradient(logits)) < PURE, velocity, 0.0)


def observe(logits: Array, _p: Parameters, **_static: str) -> dict[str, Array]:
    """The shares."""
    return dict(zip("xyz", jax.nn.sigmoid(logits), strict=True))


def motion(_t: Array, logits: Array, rates: Array, _p: Parameters, **_static: str) -> tuple[Array, Array]:
    """What still moves, and which of it only nears a pure strategy."""
    return logit_motion(logits, rates)


def decide(p: Parameters, *, reward: str, punishment: str) -> Array:
    """What mathematics says of the orbit (see `ends`)."""
    return attractor(p, Gains(p, reward, punishment))


FLOW = Flow(
    start=start,
    field=field,
    observe=observe,
    observables=(
        *SHARES,
        Observable("z", "z", "1", "share of regulators that inspect"),
    ),
    swings=("x", "y", "z"),
    faces=True,
    motion=motion,
    check=check,
    decide=decide,
)

_MONEY, _OPEN = Domain(0.0), Domain(0.0, low_open=True)

PARAMETERS = (
    *OF_THE_DYNAMICS,
    Parameter("c3", "c_3", "money", 1.0, _OPEN, "cost of inspecting, to the regulator"),
    Parameter("P", "P", "money", 8.0, _OPEN, "penalty on an inspected government that does not supervise"),
    Parameter("D", "D", "money", 10.0, _MONEY, "blame on a regulator for an incident that nobody looked at"),
    Parameter("z0", "z_0", "1", 0.5, Domain(0.0, 1.0), "share of regulators that inspect, at the start"),
)


def _of_each(name: str, symbol: str, unit: str, meaning: str, *more: str) -> Output:
    return Output(name, symbol, unit, meaning, dims=("rest_point", *more), may_be_nan=True)


OUTPUTS = (
    _of_each("rest_x", "x*", "1", "share that supervises at the rest point; NaN where there is none"),
    _of_each("rest_y", "y*", "1", "share that manages at the rest point; NaN where there is none"),
    _of_each("rest_z", "z*", "1", "share that inspects at the rest point; NaN where there is none"),
    _of_each("jacobian", "J", "1/time", "derivative of x', y', z' in x, y, z", "equation", "variable"),
    _of_each("eigenvalue_1_real", "Re l_1", "1/time", "largest real part of an eigenvalue"),
    _of_each("eigenvalue_2_real", "Re l_2", "1/time", "real part of the second eigenvalue"),
    _of_each("eigenvalue_3_real", "Re l_3", "1/time", "smallest real part"),
    _of_each("eigenvalue_imag", "|Im l|", "1/time", "imaginary part of a pair, +- this; 0 of real ones"),
    Output(
        "rest_class", "", "", "stability of the rest point", ("rest_point",), kind="class",
        classes={c.name: c.value for c in RestClass},
    ),
    Output("interior_count", "", "1", "number of rest points inside, two at most", kind="count"),
    Output("stable_count", "", "1", "number of asymptotically stable rest points", kind="count"),
    _of_each("incident", "i", "1", "probability of an incident at the rest point"),
    Output("worst_incident", "max i", "1", "the highest of them at rest points that attract; NaN of none",
           may_be_nan=True),
)  # fmt: skip

SUPERVISION_REGULATOR = Model(
    name="supervision_regulator",
    title="Supervision under a regulator above the governments: three populations",
    source=(
        "own: the regulator. Governments and enterprises are those of `supervision`: Discrete Dynamics in "
        "Nature and Society 2022, article 8122630"
    ),
    formulas=(
        "x' = x (1-x) (A + z P),  A = -c1 - y rew + (1-y) (pun + (p2-p1) Lg + p2 S)",
        "y' = y (1-y) B,  B = -c2 + p2 Le + x (rew + pun - (p2-p1) Le)",
        "z' = z (1-z) C,  C = -c3 + (1-x) (P + (1-y) p2 D)",
        "rew = r or r y (dynamic),  pun = f or f (1-y) (dynamic); integrated in logits",
    ),
    kernel=kernel,
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    choices=SUPERVISION.choices,
    dims=(
        Dim("rest_point", "the rest points the cube can hold", labels=REST_POINTS),
        Dim("equation", "row of the Jacobian", labels=("x", "y", "z")),
        Dim("variable", "column of the Jacobian", labels=("x", "y", "z")),
    ),
    reconstructed="c1, p1, p2 and the horizon, as in `supervision`; the regulator is not the paper's.",
    flow=FLOW,
)
