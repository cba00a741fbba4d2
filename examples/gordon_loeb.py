"""The Gordon-Loeb model: how much to invest in protecting one information set.

Source: L. A. Gordon, M. P. Loeb, "The economics of information security investment", ACM TISSEC 5
(2002): their breach functions of class I, S = v / (a z + 1)**b, and class II, S = v**(a z + 1), and
their result that the best investment never exceeds 1/e of the expected loss v L.

An example of a user's own model: one JAX function of one scenario, and its declaration.
"""

import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Choice, Domain, Output, Parameter
from equisweep.kernels.status import Status

POSITIVE = Domain(0, low_open=True)


@model(
    title="Gordon-Loeb: optimal investment in information security",
    source="Gordon and Loeb: The economics of information security investment, ACM TISSEC 5(4), 2002, "
    "doi:10.1145/581271.581274",
    parameters=[
        Parameter("v", "v", "1", 0.5, Domain(0, 1, True, True), "breach probability without investment"),
        Parameter("L", "L", "money", 1e6, POSITIVE, "loss on a breach"),
        Parameter("a", "α", "1/money", 1e-5, POSITIVE, "productivity of investment"),
        Parameter("b", "β", "1", 1.0, Domain(1), "second productivity; class I only"),
    ],
    choices=[Choice("breach_class", ("class_1", "class_2"), "class_1", "form of the breach function")],
    outputs=[
        Output("investment", "z*", "money", "investment of greatest net benefit"),
        Output("breach_probability", "S", "1", "breach probability at that investment"),
        Output("net_benefit", "ENBIS", "money", "expected loss avoided, less the investment"),
        Output("share_of_expected_loss", "z*/vL", "1", "investment over v L; at most 1/e"),
    ],
)
def gordon_loeb(p, breach_class):
    """Best investment z >= 0, from the closed form of the first-order condition -S'(z) L = 1."""
    v, a, b, loss = p["v"], p["a"], p["b"], p["L"]
    if breach_class == "class_1":
        best = ((v * a * b * loss) ** (1 / (b + 1)) - 1) / a
    else:
        best = jnp.log(-1 / (a * v * loss * jnp.log(v))) / (a * jnp.log(v))
    # Where the first unit saves less than it costs, the best is to invest nothing.
    z = jnp.maximum(best, 0)
    breach = v / (a * z + 1) ** b if breach_class == "class_1" else v ** (a * z + 1)
    return {
        "investment": z,
        "breach_probability": breach,
        "net_benefit": (v - breach) * loss - z,
        "share_of_expected_loss": z / (v * loss),
        "status": jnp.where(best > 0, Status.ok, Status.corner),
    }
