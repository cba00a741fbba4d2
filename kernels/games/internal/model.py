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

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jax import Array, lax

from ...flow import Flow, Observable
from ...model import Dim, Domain, Model, Output, Parameter
from ...replicator import from_log_ratios, log_ratio_field, log_ratio_motion, to_log_ratios
from ...status import Status


def expected_loss(share: Array, p: Mapping[str, Array]) -> Array:
    """Loss C(x) of holding the shares `share` [factor], in the unit of money of L and M."""
    return jnp.sum(p["beta"] * p["L"] * _breach_factor(share, p)) + p["M"]


def payoff(share: Array, p: Mapping[str, Array]) -> Array:
    """Payoff of each factor, u_i = -dC/dx_i [factor], the growth rate a replicator flow needs.

    Along x_i' = x_i (u_i - sum_k x_k u_k) the loss C falls at the rate of the variance of u over x:
    it is a Lyapunov function of the flow.
    """
    return -jax.grad(expected_loss)(share, p)


def marginal_benefit(share: Array, p: Mapping[str, Array]) -> Array:
    """Loss avoided by the next unit of money at each factor [factor], a pure number: u_i / M."""
    return p["beta"] * p["L"] * p["E"] * -jnp.log(p["v"]) * _breach_factor(share, p)


def optimal_share(p: Mapping[str, Array]) -> tuple[Array, Array]:
    """Shares [factor] that minimise the loss, and the multiplier of the fund (a scalar).

    With g_i = ln(first unit's marginal benefit) and h_i = -1/(E_i ln v_i), money at factor i is
    h_i max(g_i - level, 0). The level solves a sum of hinges, which is linear between the g_i: they
    are sorted, the funded set is read off, and the level is that piece's closed form. Nothing is
    iterated, and derivatives of the closed form are the implicit function theorem's. Where a factor
    is just about to be funded the derivative is the one-sided one, the factor left out.
    """
    decay = -p["E"] * jnp.log(p["v"])
    width = 1 / decay
    log_benefit = jnp.log(p["beta"] * p["L"] * p["v"] * decay)
    top = jnp.max(lax.stop_gradient(log_benefit))
    # Depth below the most attractive factor: subtracting first keeps digits when all g_i are large.
    depth = top - log_benefit
    funded = _funded(lax.stop_gradient(depth), lax.stop_gradient(width), lax.stop_gradient(p["M"]))
    total_width = jnp.sum(jnp.where(funded, width, 0))
    level = (jnp.sum(jnp.where(funded, width * depth, 0)) + p["M"]) / total_width
    # Rounding may put a factor that is funded by a hair below the level: it gets nothing, not less.
    money = jnp.where(funded & (level > depth), width * (level - depth), 0)
    return money / p["M"], jnp.exp(top - level)


def best_fund(p: Mapping[str, Array]) -> tuple[Array, Array]:
    """The fund at which the whole loss, the fund included, is least, and that loss; in money.

    dC/dM = 1 - multiplier: each factor is worth money until its marginal benefit is 1, whatever the others
    get, so M° = sum of max(g_i, 0) / (E_i (-ln v_i)), g_i being the logarithm of the first unit's marginal
    benefit. Nothing is iterated. 0 where no factor is worth its first unit.
    """
    decay = -p["E"] * jnp.log(p["v"])
    money = jnp.maximum(jnp.log(p["beta"] * p["L"] * p["v"] * decay), 0) / decay
    fund = jnp.sum(money)
    return fund, jnp.sum(p["beta"] * p["L"] * p["v"] ** (p["E"] * money + 1)) + fund


def internal(p: Mapping[str, Array]) -> dict[str, Array]:
    """Optimal split of the fund at one point; keys and shapes as `INTERNAL` declares them."""
    share, multiplier = optimal_share(p)
    outputs = {
        "share": share,
        "multiplier": multiplier,
        "marginal_benefit": marginal_benefit(share, p),
        "expected_loss": expected_loss(share, p),
        "loss_slope_in_fund": 1 - multiplier,
    }
    outputs["best_fund"], outputs["least_loss"] = best_fund(p)
    return outputs | {"status": jnp.where(jnp.all(share > 0), Status.ok, Status.corner)}


def start(p: Mapping[str, Array]) -> Array:
    """Log ratios of the shares at time 0, shape (m - 1,)."""
    return to_log_ratios(p["start_share"])


def field(_t: Array, ratios: Array, p: Mapping[str, Array]) -> Array:
    """Derivative of the log ratios in time: differences of the factors' payoffs."""
    return log_ratio_field(lambda share: payoff(share, p), ratios)


def observe(ratios: Array, p: Mapping[str, Array]) -> dict[str, Array]:
    """The shares [factor], and the loss of holding them."""
    share = from_log_ratios(ratios)
    return {"share": share, "expected_loss": expected_loss(share, p)}


def motion(_t: Array, ratios: Array, rates: Array, _p: Mapping[str, Array]) -> tuple[Array, Array]:
    """What still moves, and which of it is a share on its way out."""
    return log_ratio_motion(ratios, rates)


def _breach_factor(share: Array, p: Mapping[str, Array]) -> Array:
    return p["v"] ** (p["E"] * share * p["M"] + 1)


def _funded(depth: Array, width: Array, fund: Array) -> Array:
    """Which factors the fund reaches: bool [factor]. The shallowest is always among them."""
    order = jnp.argsort(depth)
    d, w = depth[order], width[order]
    # Money spent when the level just touches the k-th factor. It grows with k, so comparing it with
    # the fund finds the set; written as a sum of positive steps it loses no digits.
    steps = jnp.cumsum(w)[:-1] * jnp.diff(d)
    to_reach = jnp.concatenate([jnp.zeros(1, d.dtype), jnp.cumsum(steps)])
    return jnp.zeros(depth.shape, bool).at[order].set((to_reach < fund).at[0].set(True))


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
        "minimise C(x) = sum over i of β_i L_i v_i^(E_i x_i M + 1) + M over shares x_i >= 0 that sum to 1",
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
    ),
    dims=(Dim("factor", "what the fund is split over"),),
    reconstructed=(
        "The paper's loss function, units and most numbers are lost. The loss follows the external "
        "paper's breach probability; beta = 0.5 and a fund of 10 billion CNY are the paper's, the "
        "other defaults are chosen (data worth more, and money working slightly better there). The start "
        "and the horizon of the replicator dynamics are chosen too."
    ),
    flow=FLOW,
)
