"""A game whose payoffs stand in a CSV file: fictitious play between a defender and an attacker.

The defender's payoffs are read once, when the model is loaded; `files` makes them part of the sweep, so
that a cube is not gone on with after the table has changed. The attacker gains what the defender loses, so
that average play tends to the value of the game (Robinson, "An iterative method of solving a game", 1951).
"""

import csv
from pathlib import Path

import jax
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Dim, Domain, Output, Parameter

with Path(__file__).with_name("payoffs.csv").open(newline="") as file:
    TABLE = list(csv.reader(file))
ATTACKS, DEFENCES = tuple(TABLE[0][1:]), tuple(row[0] for row in TABLE[1:])
PAYOFFS = [[float(cell) for cell in row[1:]] for row in TABLE[1:]]


@model(
    title="Defender against attacker, payoffs from payoffs.csv, by fictitious play",
    source="the user's own; Robinson: An iterative method of solving a game, 1951",
    files=["payoffs.csv"],
    parameters=[
        Parameter("loss", "k", "1", 1.0, Domain(0), "factor on the payoffs that are negative"),
        Parameter("rounds", "n", "1", 2000, Domain(1), "rounds of play", integer=True),
    ],
    outputs=[
        Output(
            "defence", "x", "1", "share of rounds in which each defence was played", dims=("defence_kind",)
        ),
        Output("attack", "y", "1", "share of rounds in which each attack was played", dims=("attack_kind",)),
        Output("worst", "v-", "money", "what the defender's average play gains at least"),
        Output("best", "v+", "money", "what the attacker's average play concedes at most"),
    ],
    dims=[
        Dim("defence_kind", "what the defender does", labels=DEFENCES),
        Dim("attack_kind", "what the attacker does", labels=ATTACKS),
    ],
)
def table_game(p, rounds_max):
    """Either side answers what the other has played on average; the value lies between worst and best."""
    del rounds_max  # the loop takes as many rounds as each point has
    payoffs = jnp.asarray(PAYOFFS)
    payoffs = jnp.where(payoffs < 0, p["loss"] * payoffs, payoffs)

    def play(i, counts):
        defences, attacks = counts
        answer = jnp.arange(len(DEFENCES)) == jnp.argmax(payoffs @ attacks)
        attack = jnp.arange(len(ATTACKS)) == jnp.argmin(defences @ payoffs)
        return defences + answer, attacks + attack

    start = jnp.zeros(len(DEFENCES)).at[0].set(1.0), jnp.zeros(len(ATTACKS)).at[0].set(1.0)
    defences, attacks = jax.lax.fori_loop(1, p["rounds"].astype(int), play, start)
    defence, attack = defences / defences.sum(), attacks / attacks.sum()
    return {
        "defence": defence,
        "attack": attack,
        "worst": jnp.min(defence @ payoffs),
        "best": jnp.max(payoffs @ attack),
    }
