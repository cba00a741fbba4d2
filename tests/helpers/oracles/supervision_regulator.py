"""The game of three populations again, in NumPy and SciPy: payoffs by enumeration, shares no code."""

from itertools import product

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve
from scipy.special import expit

from .supervision import CASE as OF_THE_PAPER
from .supervision import random_case as of_the_paper

CASE = {name: value for name, value in OF_THE_PAPER.items() if name not in ("R1", "R2")}
CASE |= {"c3": 1.0, "P": 8.0, "D": 10.0, "z0": 0.5}


def random_case(rng):
    """A random parameter point with a mixed start."""
    case = {name: value for name, value in of_the_paper(rng).items() if name not in ("R1", "R2")}
    return case | {"c3": rng.uniform(0.1, 4), "P": rng.uniform(0.5, 15), "D": rng.uniform(0, 60),
                   "z0": rng.uniform(0.05, 0.95)}  # fmt: skip


def payoffs(p, mechanism, y, supervises, manages, inspects):
    """What (government, enterprise, regulator) get of one encounter; y sets a dynamic reward and fine."""
    rew = p["r"] * (y if mechanism[0] == "dynamic" else 1.0)
    pun = p["f"] * ((1 - y) if mechanism[1] == "dynamic" else 1.0)
    likely = 0.0 if manages else p["p1"] if supervises else p["p2"]
    government = enterprise = regulator = 0.0
    if supervises:
        government -= p["c1"] + (rew if manages else -pun) + likely * p["Lg"]
        enterprise += rew if manages else -pun
    else:
        government -= likely * (p["Lg"] + p["S"]) + (p["P"] if inspects else 0.0)
    enterprise -= (p["c2"] if manages else 0.0) + likely * p["Le"]
    if inspects:
        regulator += (0.0 if supervises else p["P"]) - p["c3"]
    elif not supervises:
        regulator -= likely * p["D"]
    return np.array([government, enterprise, regulator])


def gains(p, mechanism, shares):
    """Mean payoff of each player's first strategy less that of the second, over what the others do."""
    result = np.zeros(3)
    for player in range(3):
        for acts in product((1, 0), repeat=3):
            others = [k for k in range(3) if k != player]
            weight = np.prod([shares[k] if acts[k] else 1 - shares[k] for k in others])
            sign = 1 if acts[player] else -1
            result[player] += sign * weight * payoffs(p, mechanism, shares[1], *acts)[player]
    return result


def velocity(p, mechanism, shares):
    shares = np.asarray(shares)
    return shares * (1 - shares) * gains(p, mechanism, shares)


def rest_from(p, mechanism, begin):
    """The rest point that a root finder comes to, or None."""
    root, _, ok, _ = fsolve(lambda s: velocity(p, mechanism, s), begin, xtol=1e-13, full_output=True)
    inside = ok == 1 and (root > -1e-9).all() and (root < 1 + 1e-9).all()
    return root if inside and np.abs(velocity(p, mechanism, root)).max() < 1e-11 else None


def jacobian(p, mechanism, at, h=1e-6):
    columns = [velocity(p, mechanism, at + h * e) - velocity(p, mechanism, at - h * e) for e in np.eye(3)]
    return np.stack(columns, axis=1) / (2 * h)


def solve(p, mechanism, times):
    """Shares at the given times, shape (3, times), by DOP853 in logits."""
    start = [np.log(p[k]) - np.log1p(-p[k]) for k in ("x0", "y0", "z0")]
    solution = solve_ivp(
        lambda t, w: gains(p, mechanism, expit(w)),
        (0, times[-1]),
        start,
        "DOP853",
        times,
        rtol=1e-10,
        atol=1e-10,
    )
    assert solution.success
    return expit(solution.y)
