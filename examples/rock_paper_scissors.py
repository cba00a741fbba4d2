"""Rock-paper-scissors: the replicator dynamics of one population with three strategies.

Source: Hofbauer and Sigmund, "Evolutionary games and population dynamics", 1998, section 7.7. A win pays
`win`, a defeat costs 1. Where win = 1 the game is zero-sum and orbits are closed around (1/3, 1/3, 1/3);
where win > 1 they spiral in; where win < 1 they spiral out to the cycle along the boundary.

It is integrated in log ratios ln(x_i / x_scissors): there no orbit ever leaves the simplex, however near
the boundary it comes.
"""

import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Dim, Domain, Parameter
from equisweep.kernels.replicator import from_log_ratios, log_ratio_field, to_log_ratios

POSITIVE = Domain(0, low_open=True)
STRATEGIES = ("rock", "paper", "scissors")


def start(p):
    """Log ratios of the shares at time 0."""
    return to_log_ratios(p["start_share"])


def observe(state, p):
    """The three shares, and the two log ratios, whose swings are followed."""
    return {"share": from_log_ratios(state), "rock_ratio": state[0], "paper_ratio": state[1]}


@flow_model(
    title="Rock-paper-scissors under replicator dynamics",
    source="Hofbauer and Sigmund: Evolutionary games and population dynamics, 1998, section 7.7",
    parameters=[
        Parameter("win", "a", "1", 1.0, POSITIVE, "payoff of a win; a defeat costs 1"),
        Parameter(
            "start_share", "x_0", "1", {"rock": 0.5, "paper": 0.3, "scissors": 0.2}, POSITIVE,
            "shares at the start, up to a common factor", dim="strategy",
        ),
        Parameter("horizon", "T", "time", 200.0, Domain(0), "time at which the trajectory ends"),
    ],
    dims=[Dim("strategy", "what is played", labels=STRATEGIES)],
    start=start,
    observe=observe,
    observables=[
        Observable("share", "x", "1", "share that plays the strategy", dims=("strategy",)),
        Observable("rock_ratio", "ln x_r/x_s", "1", "log ratio of rock to scissors"),
        Observable("paper_ratio", "ln x_p/x_s", "1", "log ratio of paper to scissors"),
    ],
    swings=["rock_ratio", "paper_ratio"],
    coordinates="log_ratios",
)  # fmt: skip
def rock_paper_scissors(t, state, p):
    """The log ratios move by differences of payoffs."""
    win, none = p["win"], jnp.zeros_like(p["win"])
    rows = [[none, none - 1, win], [win, none, none - 1], [none - 1, win, none]]
    payoff = jnp.stack([jnp.stack(row) for row in rows])
    return log_ratio_field(lambda share: payoff @ share, state)
