"""The supervision game whose rules follow both shares, in NumPy and SciPy: rest points by dense scans."""

from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.special import expit

from .supervision import CASE as OF_THE_PAPER
from .supervision import random_case as of_the_paper

EXPONENTS = ("reward_exponent", "fine_exponent", "reward_x_exponent", "fine_x_exponent")
THRESHOLDS = ("reward_x_threshold", "fine_x_threshold")
OWN = dict.fromkeys(EXPONENTS, 2.0) | dict.fromkeys(THRESHOLDS, 0.5)
CASE = {name: value for name, value in OF_THE_PAPER.items() if name not in ("R1", "R2")} | OWN


def random_case(rng):
    """A random parameter point; exponents on both sides of 1, caps and costs such that much happens."""
    case = {name: value for name, value in of_the_paper(rng).items() if name not in ("R1", "R2")}
    case |= {name: np.exp(rng.uniform(np.log(0.3), np.log(4))) for name in EXPONENTS}
    case |= {name: rng.uniform(0.1, 0.9) for name in THRESHOLDS}
    return case | {"r": rng.uniform(2, 40), "f": rng.uniform(2, 40), "c1": rng.uniform(0.1, 8)}


def factor(shape, share, exponent, threshold):
    """The part of a reward or a fine that follows one share."""
    base = shape.removesuffix("_falling")
    if base == "step":
        passed = np.asarray(share) >= threshold
        return 1.0 * (~passed if shape.endswith("falling") else passed)
    argument = 1 - np.asarray(share, float) if shape.endswith("falling") else np.asarray(share, float)
    return argument ** {"constant": 0, "linear": 1, "power": exponent}[base]


def gains(p, shapes, x, y):
    """(A, B) from the table of payoffs; shapes: of the reward and fine in y, then in x."""
    reward = p["r"] * factor(shapes[0], y, p["reward_exponent"], None)
    reward = reward * factor(shapes[2], x, p["reward_x_exponent"], p["reward_x_threshold"])
    fine = p["f"] * factor(shapes[1], 1 - np.asarray(y), p["fine_exponent"], None)
    fine = fine * factor(shapes[3], x, p["fine_x_exponent"], p["fine_x_threshold"])
    supervise = y * (-p["c1"] - reward) + (1 - y) * (-p["c1"] + fine - p["p1"] * p["Lg"])
    leave = y * 0 - (1 - y) * p["p2"] * (p["Lg"] + p["S"])
    manage = x * (-p["c2"] + reward) + (1 - x) * (-p["c2"])
    neglect = x * (-fine - p["p1"] * p["Le"]) - (1 - x) * p["p2"] * p["Le"]
    return supervise - leave, manage - neglect


def velocity(p, shapes, shares):
    x, y = shares
    a, b = gains(p, shapes, x, y)
    return np.array([x * (1 - x) * a, y * (1 - y) * b])


def curve(p, shapes, x):
    """The share y at which A = 0, by halving; NaN where A is negative at y = 0."""
    x = np.asarray(x, float)
    low, high = np.zeros_like(x), np.ones_like(x)
    for _ in range(60):
        middle = (low + high) / 2
        up = gains(p, shapes, x, middle)[0] > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return np.where(gains(p, shapes, x, np.zeros_like(x))[0] > 0, low, np.nan)


def cuts(p, shapes):
    """Thresholds of x that there are."""
    names = zip(THRESHOLDS, shapes[2:], strict=True)
    return sorted({p[name] for name, shape in names if shape.startswith("step")})


def inside(p, shapes):
    """Rest points inside and off thresholds, by sign changes of B along the curve A = 0."""
    ends, found = [0.0, *cuts(p, shapes), 1.0], []
    for start, stop in pairwise(ends):
        near = 10.0 ** np.arange(-12, -3.5, 0.25)
        x = np.concatenate([start + (stop - start) * near, np.linspace(start, stop, 8_001)[1:-1]])
        x = np.unique(np.append(x, stop - (stop - start) * near))
        value = gains(p, shapes, x, curve(p, shapes, x))[1]
        for k in np.flatnonzero(value[:-1] * value[1:] < 0):
            root = brentq(lambda x: gains(p, shapes, x, curve(p, shapes, x))[1], x[k], x[k + 1], xtol=1e-15)
            found.append((root, float(curve(p, shapes, root))))
    return found


def on_line(p, shapes, x):
    """Points of a threshold where a mixture of both sides rests, (y, class), by a scan."""

    def sides(y):
        return *gains(p, shapes, x - 1e-13, y), *gains(p, shapes, x + 1e-13, y)

    def sliding(y):
        a, b, c, d = sides(y)
        apart = np.where(a * c < 0, a - c, np.nan)
        return (a * d - c * b) / apart  # B of the mixture of which A is zero

    y, found = np.linspace(1e-9, 1 - 1e-9, 10_001), []
    value = sliding(y)
    for k in np.flatnonzero(value[:-1] * value[1:] < 0):
        root = brentq(sliding, y[k], y[k + 1], xtol=1e-14)
        away = sides(root)[0] < 0
        class_ = "sliding_node" if value[k] > 0 else "sliding_saddle"
        found.append((root, "escaping" if away else class_))
    return found


def solve(p, shapes, times, width=0.0):
    """Shares at the given times, shape (2, times), in logits; `width` makes each step of x a slope."""

    def field(_t, z):
        x, y = expit(z)
        if not width:
            return gains(p, shapes, x, y)
        q, still = dict(p), list(shapes)
        for k, name in ((2, "reward_x_threshold"), (3, "fine_x_threshold")):
            if shapes[k].startswith("step"):
                soft = expit(np.clip((x - p[name]) / width, -500, 500))
                q["rf"[k - 2]] *= 1 - soft if shapes[k].endswith("falling") else soft
                still[k] = "constant"
        return gains(q, still, x, y)

    z = [np.log(p[s]) - np.log1p(-p[s]) for s in ("x0", "y0")]
    found = solve_ivp(field, (0, times[-1]), z, "LSODA", times, rtol=1e-9, atol=1e-9)
    assert found.success
    return expit(found.y)
