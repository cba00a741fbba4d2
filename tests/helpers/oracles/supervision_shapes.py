"""The supervision game with shapes again, in NumPy and SciPy: rest points by dense scans, shares no code."""

from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import expit

from .supervision import CASE as OF_THE_PAPER
from .supervision import random_case as of_the_paper

OWN = {"reward_exponent": 2.0, "fine_exponent": 2.0, "reward_threshold": 0.5, "fine_threshold": 0.5}
CASE = {name: value for name, value in OF_THE_PAPER.items() if name not in ("R1", "R2")} | OWN
SHAPES = ("constant", "linear", "power", "step")


def random_case(rng):
    """A random parameter point; exponents on both sides of 1."""
    case = {name: value for name, value in of_the_paper(rng).items() if name not in ("R1", "R2")}
    case |= {name: np.exp(rng.uniform(np.log(0.2), np.log(5))) for name in OWN if "exponent" in name}
    return case | {name: rng.uniform(0.1, 0.9) for name in OWN if "threshold" in name}


def rho(p, shape, y):
    """The reward at a share y."""
    if shape == "step":
        return p["r"] * (np.asarray(y) >= p["reward_threshold"])
    return p["r"] * np.asarray(y, float) ** {"constant": 0, "linear": 1, "power": p["reward_exponent"]}[shape]


def phi(p, shape, y):
    """The fine at a share y."""
    if shape == "step":
        return p["f"] * (np.asarray(y) < p["fine_threshold"])
    exponent = {"constant": 0, "linear": 1, "power": p["fine_exponent"]}[shape]
    return p["f"] * (1 - np.asarray(y, float)) ** exponent


def gains(p, shapes, x, y):
    """Expected payoffs of both strategies subtracted, (A, B), from the table of payoffs."""
    reward, fine = rho(p, shapes[0], y), phi(p, shapes[1], y)
    supervise = y * (-p["c1"] - reward) + (1 - y) * (-p["c1"] + fine - p["p1"] * p["Lg"])
    leave = y * 0 - (1 - y) * p["p2"] * (p["Lg"] + p["S"])
    manage = x * (-p["c2"] + reward) + (1 - x) * (-p["c2"])
    neglect = x * (-fine - p["p1"] * p["Le"]) - (1 - x) * p["p2"] * p["Le"]
    return supervise - leave, manage - neglect


def velocity(p, shapes, shares):
    x, y = shares
    a, b = gains(p, shapes, x, y)
    return np.array([x * (1 - x) * a, y * (1 - y) * b])


def crossings(function, cuts):
    """Shares in (0, 1) where a function passes or jumps over zero, and whether it jumps: (y, sign, jumps).

    `cuts` are the shares at which it may jump; sign is that of its change.
    """
    ends = np.unique([0.0, *cuts, 1.0])
    result = []
    for start, stop in pairwise(ends):
        y = np.concatenate(
            [start + (stop - start) * 10.0 ** np.arange(-14, -3.5), np.linspace(start, stop, 4001)[1:-1]]
        )
        y = np.unique(np.append(y, stop - (stop - start) * 1e-12))
        value = function(y)
        for k in np.flatnonzero(value[:-1] * value[1:] < 0):
            result.append((brentq(function, y[k], y[k + 1], xtol=1e-16), np.sign(value[k + 1]), False))
    for cut in cuts:
        before, after = function(cut - 1e-12), function(cut + 1e-12)
        if before * after < 0:
            result.append((cut, np.sign(after), True))
    return sorted(result)


def cuts(p, shapes):
    """Thresholds of the steps there are."""
    names = ("reward_threshold", "fine_threshold")
    return [p[name] for name, shape in zip(names, shapes, strict=True) if shape == "step"]


def solve(p, shapes, times, width=0.0, start=None):
    """Shares at the given times, shape (2, times), by an implicit method in logits.

    `width` makes each step a slope as wide: the orbits that it tends to are those of Filippov.
    """

    def field(_t, z):
        x, y = expit(z)
        if not width:
            return gains(p, shapes, x, y)
        soft = [
            expit(np.clip((y - p[name]) / width, -500, 500))
            for name in ("reward_threshold", "fine_threshold")
        ]
        q, still = dict(p), list(shapes)
        for k, part in enumerate((soft[0], 1 - soft[1])):
            if shapes[k] == "step":
                q["rf"[k]], still[k] = p["rf"[k]] * part, "constant"
        return gains(q, still, x, y)

    begin = start if start is not None else (p["x0"], p["y0"])
    z = [np.log(s) - np.log1p(-s) for s in begin]
    solution = solve_ivp(field, (0, times[-1]), z, "LSODA", times, rtol=1e-9, atol=1e-9)
    assert solution.success
    return expit(solution.y)
