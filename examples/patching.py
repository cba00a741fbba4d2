"""A worm in a network: machines are patched faster once an alarm goes off, and what it all costs.

Susceptible machines S are infected at rate beta S I and patched at rate u, a fifth of it below the alarm;
infected ones are repaired; patches wear out. After Kephart and White, "Directed-graph epidemiological
models of computer viruses" (1991), with a switch.

An example of a field that switches, and of a quadrature: steps end where I crosses the alarm (status
`sliding` where patching then holds I at it), and the cost, on which no rate depends, goes on to the horizon
after the machines have come to rest.
"""

import jax.numpy as jnp
from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

RATE, SHARE = Domain(0), Domain(0, 1, low_open=True, high_open=True)


@flow_model(
    title="Patching against a worm, faster above an alarm, with its cost",
    source="the user's own, after Kephart and White 1991",
    parameters=[
        Parameter("beta", "β", "1/day", 0.8, RATE, "rate of infection"),
        Parameter("u", "u", "1/day", 0.05, RATE, "rate of patching above the alarm"),
        Parameter("alarm", "a", "1", 0.05, SHARE, "share of infected machines that sets off the alarm"),
        Parameter("i0", "I_0", "1", 0.01, SHARE, "infected share at the start"),
        Parameter("horizon", "T", "day", 365.0, Domain(0), "end"),
    ],
    start=lambda p: [1 - p["i0"], p["i0"], 0.0],
    observables=[
        Observable("susceptible", "S", "1", "share of machines that can be infected"),
        Observable("infected", "I", "1", "share of infected machines"),
        Observable(
            "cost", "C", "days", "infected machines and, at a tenth, patched ones, added up over time"
        ),
    ],
)
def patching(t, state, p):
    """S' = -beta S I - v S + 0.02 (1 - S - I),  I' = beta S I - 0.1 I,  C' = I + 0.1 v S;  v = u or u/5."""
    susceptible, infected, _ = state
    patched = p["u"] * jnp.where(infected > p["alarm"], 1.0, 0.2) * susceptible
    caught = p["beta"] * susceptible * infected
    return [
        0.02 * (1 - susceptible - infected) - caught - patched,
        caught - 0.1 * infected,
        infected + 0.1 * patched,
    ]
