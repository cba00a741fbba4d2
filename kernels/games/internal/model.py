"""Internal allocation: how one city splits a fund over its information-security factors.

Source: the internal-allocation paper, section 4 (evolutionary game over data and application
systems). Its formulas lost their symbols; the loss function below is a reconstruction:

    C(x) = sum_i beta_i L_i v_i**(E_i x_i M + 1) + M,     sum_i x_i = 1,  x_i >= 0.

C is convex and separable. Its optimum is water-filling: the marginal benefit of money is one number,
the multiplier, at every factor that gets any, and not above it at the others.

Replicator dynamics over the shares, x_i' = x_i (u_i - sum_k x_k u_k) with u_i = -dC/dx_i, is the
gradient flow of C in the replicator metric: C never rises along it, and it comes to rest at the optimum.
It is integrated in ln x_i/x_m, so that no share leaves (0, 1).
"""

from collections.abc import Collection, Mapping

import jax.numpy as jnp
from jax import Array

from ...flow import Flow, Observable
from ...model import Dim, Domain, Model, Output, Parameter
from ...replicator import from_log_ratios, log_ratio_field, log_ratio_motion, to_log_ratios
from ...status import Status
from .allocation import best_fund, expected_loss, marginal_benefit, optimal_share, payoff, weighted
from .participants import SPLITS, best_split, excess_loss, paid_split

_OF_PARTICIPANTS = frozenset(
    ("participant_share", "participant_loss_gap", "participant_equilibria", "paid_share", "paid_loss_gap")
)


def internal(
    p: Mapping[str, Array], *, participants_max: int = 1, wanted: Collection[str] | None = None
) -> dict[str, Array]:
    """Optimal split of the fund at one point; keys and shapes as `INTERNAL` declares them.

    Parameters
    ----------
    p
        The parameters that `INTERNAL` declares.
    participants_max
        Static upper bound of ``p["participants"]``; nothing here needs one.
    wanted
        Outputs that somebody looks at, all if None: splits among participants are left out where none is one.
    """
    del participants_max
    counted = weighted(p)
    share, multiplier = optimal_share(counted)
    outputs = {
        "share": share,
        "multiplier": multiplier,
        "marginal_benefit": marginal_benefit(share, counted),
        "expected_loss": expected_loss(share, counted),
        "loss_slope_in_fund": 1 - multiplier,
        "plain_loss": expected_loss(share, p),
    }
    outputs["best_fund"], outputs["least_loss"] = best_fund(counted)
    if wanted is None or not _OF_PARTICIPANTS.isdisjoint(wanted):
        outputs |= _among_participants(share, multiplier, counted)
    return outputs | {"status": jnp.where(jnp.all(share > 0), Status.ok, Status.corner)}


def _among_participants(share: Array, multiplier: Array, p: Mapping[str, Array]) -> dict[str, Array]:
    """Equilibria of finitely many participants, and what they lose beyond the continuum's."""
    best, paid = best_split(p), paid_split(p)
    return {
        "participant_share": best.parts / p["participants"],
        "participant_loss_gap": excess_loss(best.parts, share, multiplier, p),
        "participant_equilibria": best.several.astype(jnp.int8),
        "paid_share": paid.parts / p["participants"],
        "paid_loss_gap": excess_loss(paid.parts, share, multiplier, p),
    }


def start(p: Mapping[str, Array]) -> Array:
    """Log ratios of the shares at time 0, shape (m - 1,)."""
    return to_log_ratios(p["start_share"])


def field(_t: Array, ratios: Array, p: Mapping[str, Array]) -> Array:
    """Derivative of the log ratios in time: differences of the factors' payoffs."""
    counted = weighted(p)
    return log_ratio_field(lambda share: payoff(share, counted), ratios)


def observe(ratios: Array, p: Mapping[str, Array]) -> dict[str, Array]:
    """The shares [factor], and the loss of holding them."""
    share = from_log_ratios(ratios)
    return {"share": share, "expected_loss": expected_loss(share, weighted(p))}


def motion(_t: Array, ratios: Array, rates: Array, _p: Mapping[str, Array]) -> tuple[Array, Array]:
    """What still moves, and which of it is a share on its way out."""
    return log_ratio_motion(ratios, rates)


_OPEN_UNIT = Domain(0, 1, low_open=True, high_open=True)
_POSITIVE = Domain(0, low_open=True)

FLOW = Flow(
    start=start,
    field=field,
    observe=observe,
    observables=(
        Observable("share", "x", "1", "share of the fund that the factor gets", dims=("factor",)),
        Observable("expected_loss", "C", "100 million CNY", "expected breach losses plus the fund"),
    ),
    faces=True,
    motion=motion,
)

INTERNAL = Model(
    name="internal",
    title="Internal allocation of one city's security fund over its factors",
    source=(
        "Internal Resource Allocation to Information Security of Smart Cities Using Evolutionary Game Model, "
        "Discrete Dynamics in Nature and Society 2022, article 6932163: section 4.2, equations (6)-(10)"
    ),
    formulas=(
        "minimise C(x) = sum over i of w^(ℓ_i - 1) β_i L_i v_i^(E_i x_i M + 1) + M",
        "over shares x_i >= 0 that sum to 1",
        "participants: the same over x_i = n_i / N, n_i whole; or each is paid b_i = -dC/d(x_i M) at n_i / N",
        "replicator: x_i' = x_i (u_i - sum over k of x_k u_k) with u_i = -dC/dx_i, along which C never rises",
    ),
    kernel=internal,
    parameters=(
        Parameter(
            "beta",
            "β",
            "1",
            {"data": 0.5, "application_systems": 0.5},
            Domain(0, 1, low_open=True),
            "probability that intruders attack the factor",
            dim="factor",
        ),
        Parameter(
            "v",
            "v",
            "1",
            {"data": 0.4, "application_systems": 0.5},
            _OPEN_UNIT,
            "probability that an attack succeeds when nothing is invested in the factor",
            dim="factor",
        ),
        Parameter(
            "E",
            "E",
            "1/(100 million CNY)",
            {"data": 0.06, "application_systems": 0.05},
            _POSITIVE,
            "efficiency of money spent on the factor",
            dim="factor",
        ),
        Parameter(
            "L",
            "L",
            "100 million CNY",
            {"data": 500.0, "application_systems": 400.0},
            _POSITIVE,
            "loss when the factor is breached",
            dim="factor",
        ),
        Parameter("M", "M", "100 million CNY", 100.0, _POSITIVE, "fund to be split over the factors"),
        Parameter(
            "start_share",
            "x_0",
            "1",
            {"data": 1.0, "application_systems": 1.0},
            _POSITIVE,
            "shares at the start of the replicator dynamics, up to a common factor; equal unless given",
            dim="factor",
            fill=1.0,
        ),
        Parameter(
            "level",
            "ℓ",
            "1",
            {"data": 1.0, "application_systems": 1.0},
            Domain(1),
            "level of the factor in the structure: 1 is what the others influence in the end",
            dim="factor",
            fill=1.0,
        ),
        Parameter(
            "level_weight",
            "w",
            "1",
            1.0,
            _POSITIVE,
            "what a loss on one level counts beside the same on the level before: L counts w^(level - 1)",
        ),
        Parameter(
            "participants",
            "N",
            "1",
            100.0,
            Domain(1, 1e6),
            "equal parts of the fund, each of which is a participant of the finite games",
            integer=True,
        ),
        Parameter(
            "horizon",
            "T",
            "time",
            100.0,
            Domain(0),
            "time at which the replicator dynamics ends at the latest",
        ),
    ),
    outputs=(
        Output("share", "x", "1", "share of the fund that the factor gets", dims=("factor",)),
        Output("multiplier", "μ", "1", "loss avoided by the fund's next unit of money"),
        Output(
            "marginal_benefit",
            "b",
            "1",
            "loss avoided by the next unit spent on the factor",
            dims=("factor",),
        ),
        Output("expected_loss", "C", "100 million CNY", "expected breach losses plus the fund"),
        Output(
            "loss_slope_in_fund",
            "dC/dM",
            "1",
            "what one more unit of fund adds to the whole loss, split best: 1 - μ",
            by_name=True,
        ),
        Output("best_fund", "M°", "100 million CNY", "fund at which the whole loss is least", by_name=True),
        Output("least_loss", "C°", "100 million CNY", "the whole loss at the best fund", by_name=True),
        Output(
            "plain_loss",
            "C_1",
            "100 million CNY",
            "expected breach losses plus the fund where every loss counts once, whatever its level",
            by_name=True,
        ),
        Output(
            "participant_share",
            "n/N",
            "1",
            "share of the participants at the factor where each bears the city's loss: their best split",
            dims=("factor",),
            by_name=True,
        ),
        Output(
            "participant_loss_gap",
            "C_N - C",
            "100 million CNY",
            "what that split loses beyond the continuum's",
            by_name=True,
        ),
        Output(
            "participant_equilibria",
            "",
            "1",
            "whether another split is as good",
            kind="class",
            classes=SPLITS,
            by_name=True,
        ),
        Output(
            "paid_share",
            "ñ/N",
            "1",
            "share of the participants at the factor where each is paid its factor's marginal benefit",
            dims=("factor",),
            by_name=True,
        ),
        Output(
            "paid_loss_gap",
            "C_ñ - C",
            "100 million CNY",
            "what that split loses beyond the continuum's",
            by_name=True,
        ),
    ),
    dims=(Dim("factor", "what the fund is split over"),),
    reconstructed=(
        "The paper's loss function, units and most numbers are lost. The loss follows the external "
        "paper's breach probability; beta = 0.5 and a fund of 10 billion CNY are the paper's, the "
        "other defaults are chosen (data worth more, and money working slightly better there). The start "
        "and the horizon of the replicator dynamics are chosen too, and so is the rule by which levels weigh "
        "losses, which by default they do not."
    ),
    flow=FLOW,
)
