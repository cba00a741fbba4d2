"""What full insurance against breaches is worth to somebody who is averse to risk.

A breach takes the share X of the wealth, whose logit is normal with location m and scale s. Relative risk
aversion r is constant; the premium is the share of the wealth whose certain loss is as bad. After Pratt,
"Risk aversion in the small and in the large", Econometrica 32 (1964), 122-136.

An example of a quadrature inside the kernel: expectations over X are sums over Gauss-Hermite nodes.
"""

import jax.numpy as jnp
import numpy as np
from equisweep.kernels.declare import model
from equisweep.kernels.model import Domain, Output, Parameter

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@model(
    title="Full insurance against breaches, for a constant relative risk aversion",
    source="the user's own, after Pratt 1964",
    parameters=[
        Parameter("m", "m", "1", -2.0, Domain(-10, 10), "location of the logit of the share that is lost"),
        Parameter("s", "s", "1", 1.0, Domain(0, 3), "scale of that logit"),
        Parameter("r", "r", "1", 2.0, Domain(0, 5), "relative risk aversion"),
    ],
    outputs=[
        Output("lost", "E(X)", "1", "expected share of the wealth that is lost"),
        Output("premium", "π", "1", "share of the wealth that full insurance is worth"),
    ],
)
def insurance(p):
    logit = p["m"] + p["s"] * NODES
    left = -jnp.logaddexp(0.0, logit)  # ln(1 - X)
    gain = 1 - p["r"]
    near = jnp.abs(gain) < 1e-6  # there the utility is the logarithm; the next term keeps the derivative
    power = jnp.where(near, 1.0, gain)
    mean = WEIGHTS @ left
    variance = WEIGHTS @ (left - mean) ** 2
    apart = jnp.log(WEIGHTS @ jnp.exp(power * left)) / power
    certain = jnp.where(near, mean + gain * variance / 2, apart)
    return {"lost": WEIGHTS @ (1 / (1 + jnp.exp(-logit))), "premium": -jnp.expm1(certain)}
