"""The supervision game as a model: its parameters, outputs, and its motion in logits.

The mathematics is in `game`. Parameter values are the paper's case (its Table 4 and section 4.1);
the text lost c1, p1, p2 and the time range of its figures, which are [recon]: they were chosen to agree with
what it says about its figures.
"""

from collections.abc import Mapping
from typing import Any

import jax

from ...flow import Flow, Observable
from ...model import Choice, Dim, Domain, Model, Output, Parameter
from ...numerics.stability import RestClass
from ...replicator import logit_field, logit_motion
from .ends import attractor
from .game import BEST, REST_POINTS, check, first_integral_or_nan, kernel, start
from .payoffs import PUNISHMENT, REWARD, payoffs

Array = Any
Parameters = Mapping[str, Array]


def field(_t: Array, logits: Array, p: Parameters, *, reward: str, punishment: str) -> Array:
    """Derivative of the logits in time."""
    return logit_field(payoffs(p, reward, punishment), logits)


def observe(logits: Array, p: Parameters, *, reward: str, punishment: str) -> dict[str, Array]:
    """The shares, their logits (which tell how near a face they are) and the conserved quantity."""
    x, y = jax.nn.sigmoid(logits)
    constant = first_integral_or_nan(p, logits, reward, punishment)
    return {"x": x, "y": y, "x_logit": logits[0], "y_logit": logits[1], "invariant": constant}


def motion(_t: Array, logits: Array, rates: Array, _p: Parameters, **_static: str) -> tuple[Array, Array]:
    """What still moves, and which of it only nears a pure strategy."""
    return logit_motion(logits, rates)


SHARES = (
    Observable("x", "x", "1", "share of local governments that supervise"),
    Observable("y", "y", "1", "share of enterprises that manage"),
)
LOGITS = (
    Observable("x_logit", "ln x/(1-x)", "1", "logit of the share that supervises"),
    Observable("y_logit", "ln y/(1-y)", "1", "logit of the share that manages"),
)

FLOW = Flow(
    start=start,
    field=field,
    observe=observe,
    observables=(
        *SHARES,
        *LOGITS,
        Observable("invariant", "H", "money", "first integral; NaN where none exists", may_be_nan=True),
    ),
    swings=("x", "y"),
    faces=True,
    motion=motion,
    check=check,
    decide=attractor,
)

_MONEY = Domain(0.0)
_ANY = Domain()
_PROBABILITY = Domain(0.0, 1.0)


def _money(name: str, symbol: str, default: float, meaning: str) -> Parameter:
    return Parameter(name, symbol, "money", default, _MONEY, meaning)


PARAMETERS = (
    _money("c1", "c_1", 2.5, "cost of supervising, to the government [recon]"),
    _money("c2", "c_2", 6.0, "cost of managing, to the enterprise"),
    _money("r", "r", 2.0, "reward to a managing enterprise that is supervised; the cap of a dynamic reward"),
    _money("f", "f", 10.0, "fine on a non-managing enterprise that is supervised; the cap of a dynamic one"),
    _money("Lg", "L_g", 8.0, "loss of the government on an incident"),
    _money("Le", "L_e", 50.0, "loss of the enterprise on an incident"),
    _money("S", "S", 2.0, "loss of society on an incident, borne by a government that did not supervise"),
    Parameter("p1", "p_1", "1", 0.08, _PROBABILITY, "incident probability, supervised, not managed [recon]"),
    Parameter("p2", "p_2", "1", 0.10, _PROBABILITY, "incident probability, neither; >= p1 [recon]"),
    Parameter("R1", "R_1", "money", 0.0, _ANY, "benefit of the government; cancels from the dynamics"),
    Parameter("R2", "R_2", "money", 0.0, _ANY, "benefit of the enterprise; cancels from the dynamics"),
    Parameter("x0", "x_0", "1", 0.4, _PROBABILITY, "share of governments that supervise, at the start"),
    Parameter("y0", "y_0", "1", 0.25, _PROBABILITY, "share of enterprises that manage, at the start"),
    Parameter("horizon", "T", "time", 200.0, Domain(0.0), "time at which the trajectory ends [recon]"),
)
# What moves orbits: the benefits cancel.
OF_THE_DYNAMICS = tuple(q for q in PARAMETERS if q.name not in ("R1", "R2"))


def _of_each(name: str, symbol: str, unit: str, meaning: str, *more: str) -> Output:
    return Output(name, symbol, unit, meaning, dims=("rest_point", *more), may_be_nan=True)


OUTPUTS = (
    _of_each("rest_x", "x*", "1", "share that supervises at the rest point; NaN where there is none"),
    _of_each("rest_y", "y*", "1", "share that manages at the rest point; NaN where there is none"),
    _of_each("jacobian", "J", "1/time", "derivative of x', y' in x, y", "equation", "variable"),
    _of_each("trace", "tr J", "1/time", "trace of the Jacobian"),
    _of_each("determinant", "det J", "1/time^2", "determinant of the Jacobian"),
    _of_each(
        "eigenvalue_1_real", "Re l_1", "1/time", "real part of the eigenvalue with the larger real part"
    ),
    _of_each("eigenvalue_2_real", "Re l_2", "1/time", "real part of the other eigenvalue"),
    _of_each("eigenvalue_imag", "|Im l|", "1/time", "imaginary part: +- this; 0 where both are real"),
    Output(
        "rest_class",
        "",
        "",
        "stability of the rest point",
        dims=("rest_point",),
        kind="class",
        classes={c.name: c.value for c in RestClass},
    ),
    Output(
        "interior_class",
        "",
        "",
        "stability of the interior rest point (there is at most one)",
        kind="class",
        classes={c.name: c.value for c in RestClass},
    ),
    Output("stable_count", "", "1", "number of asymptotically stable rest points", kind="count"),
    Output(
        "best_mechanism",
        "",
        "",
        "reward_punishment mechanism whose (worst) stable rest point has the fewest incidents",
        kind="class",
        classes=BEST,
    ),
    Output(
        "first_integral",
        "H",
        "money",
        "conserved quantity at the start: static/static, or both dynamic with r = f; else NaN",
        may_be_nan=True,
    ),
)

SUPERVISION = Model(
    name="supervision",
    title="Supervision of smart-city information security: two-population replicator dynamics",
    source=(
        "Study on the Evolutionary Game of Information Security Supervision in Smart Cities under Different "
        "Reward and Punishment Mechanisms, Discrete Dynamics in Nature and Society 2022, article 8122630: "
        "sections 2-4, Tables 2, 4"
    ),
    formulas=(
        "x' = x (1-x) A,  A = -c1 - y rew + (1-y) (pun + (p2-p1) Lg + p2 S)",
        "y' = y (1-y) B,  B = -c2 + p2 Le + x (rew + pun - (p2-p1) Le)",
        "rew = r or r y (dynamic),  pun = f or f (1-y) (dynamic); integrated in logits: u' = A, w' = B",
    ),
    kernel=kernel,
    parameters=PARAMETERS,
    outputs=OUTPUTS,
    choices=(
        Choice("reward", tuple(REWARD), "dynamic", "the reward is r, or r*y"),
        Choice("punishment", tuple(PUNISHMENT), "dynamic", "the fine is f, or f*(1-y)"),
    ),
    dims=(
        Dim("rest_point", "the rest points the square can hold", labels=REST_POINTS),
        Dim("equation", "row of the Jacobian", labels=("x", "y")),
        Dim("variable", "column of the Jacobian", labels=("x", "y")),
    ),
    reconstructed=(
        "c1 = 2.5, p1 = 0.08, p2 = 0.10 and the horizon: the text lost these numbers. Those chosen meet what "
        "it says of the period and size of swings and of Figures 8-11; `equisweep reproduce supervision` "
        "says over which range of them each sentence holds."
    ),
    flow=FLOW,
)
