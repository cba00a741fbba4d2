"""Robertson's three reactions, whose rates span nine orders of magnitude: the classical stiff system.

Source: H. H. Robertson, "The solution of a set of reaction rate equations" (1966); see Hairer and Wanner,
"Solving ordinary differential equations II", section IV.1.

An example of a stiff flow: `solver = "rodas5p"` takes some hundred steps, explicit solvers millions.
"""

from equisweep.kernels.declare import flow_model
from equisweep.kernels.flow import Observable
from equisweep.kernels.model import Domain, Parameter

POSITIVE = Domain(0, low_open=True)


@flow_model(
    title="Robertson's stiff reactions",
    source="Robertson: The solution of a set of reaction rate equations, 1966",
    parameters=[
        Parameter("k1", "k_1", "1/s", 0.04, POSITIVE, "rate of A -> B"),
        Parameter("k2", "k_2", "l/(mol s)", 3e7, POSITIVE, "rate of B + B -> B + C"),
        Parameter("k3", "k_3", "l/(mol s)", 1e4, POSITIVE, "rate of B + C -> A + C"),
        Parameter("horizon", "T", "s", 1e5, Domain(0), "end"),
    ],
    start=lambda p: [1.0 + 0 * p["k1"], 0.0, 0.0],
    observables=[Observable(name, f"[{name}]", "mol/l", f"amount of {name}") for name in "ABC"],
)
def robertson(t, state, p):
    """A' = -k1 A + k3 B C,  B' = k1 A - k3 B C - k2 B^2,  C' = k2 B^2."""
    a, b, c = state
    slow, fast, back = p["k1"] * a, p["k2"] * b**2, p["k3"] * b * c
    return [back - slow, slow - back - fast, fast]
