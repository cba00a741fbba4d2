"""The supervision game whose rules follow both shares, in NumPy and SciPy: rest points by dense scans."""

from itertools import pairwise
from math import hypot, inf

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, linprog
from scipy.special import expit

from .supervision import CASE as OF_THE_PAPER
from .supervision import random_case as of_the_paper

EXPONENTS = ("reward_exponent", "fine_exponent", "reward_x_exponent", "fine_x_exponent")
IN_X = ("reward_x_threshold", "fine_x_threshold")
IN_Y = ("reward_threshold", "fine_threshold")
THRESHOLDS = (*IN_X, *IN_Y)
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
    reward = p["r"] * factor(shapes[0], y, p["reward_exponent"], p["reward_threshold"])
    reward = reward * factor(shapes[2], x, p["reward_x_exponent"], p["reward_x_threshold"])
    if shapes[1] == "step":
        fine = p["f"] * factor("step_falling", y, None, p["fine_threshold"])
    else:
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


def curve(p, shapes, x, low=0.0, high=1.0):
    """The share y between two thresholds at which A = 0, by halving; NaN where A has one sign there."""
    x = np.asarray(x, float)
    # Beside thresholds, not on them.
    low, high = low + 1e-13 * (low > 0), high - 1e-13 * (high < 1)
    there = (gains(p, shapes, x, low)[0] > 0) & ((gains(p, shapes, x, high)[0] < 0) | (high == 1))
    result = np.full_like(x, np.nan)
    x = x[there]
    low, high = np.full_like(x, low), np.full_like(x, high)
    for _ in range(60 if x.size else 0):
        middle = (low + high) / 2
        up = gains(p, shapes, x, middle)[0] > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    result[there] = low
    return result


def cuts(p, shapes):
    """Thresholds of x that there are."""
    return _cuts(p, IN_X, shapes[2:])


def cuts_of_y(p, shapes):
    """Thresholds of y that there are."""
    return _cuts(p, IN_Y, shapes[:2])


def _cuts(p, names, shapes):
    return sorted({p[name] for name, shape in zip(names, shapes, strict=True) if shape.startswith("step")})


def inside(p, shapes):
    """Rest points inside and off thresholds, by sign changes of B along the curve A = 0."""
    columns = list(pairwise([0.0, *cuts(p, shapes), 1.0]))
    rows = pairwise([0.0, *cuts_of_y(p, shapes), 1.0])
    return [result for row in rows for column in columns for result in _in_area(p, shapes, column, row)]


def _in_area(p, shapes, column, row):
    start, stop = column
    near = 10.0 ** np.arange(-12, -3.5, 0.25)
    x = np.concatenate([start + (stop - start) * near, np.linspace(start, stop, 2_001)[1:-1]])
    x = np.unique(np.append(x, stop - (stop - start) * near))

    def along(x):
        y = curve(p, shapes, x, *row)
        return gains(p, shapes, x, y)[1] + 0 * y  # steps of NaN are numbers

    value = along(x)
    for k in np.flatnonzero(value[:-1] * value[1:] < 0):
        root = brentq(along, x[k], x[k + 1], xtol=1e-15)
        yield root, float(curve(p, shapes, root, *row))


def on_line(p, shapes, x):
    """Points of a threshold of x where a mixture of both sides rests, (y, class), by a scan."""

    def sides(y):
        return *gains(p, shapes, x - 1e-13, y), *gains(p, shapes, x + 1e-13, y)

    def sliding(y):
        a, b, c, d = sides(y)
        apart = np.where(a * c < 0, a - c, np.nan)
        return (a * d - c * b) / apart  # B of the mixture of which A is zero

    for y, rising in _changes(sliding, cuts_of_y(p, shapes)):
        class_ = "sliding_saddle" if rising else "sliding_node"
        yield y, "escaping" if sides(y)[0] < 0 else class_


def on_row(p, shapes, y):
    """Points of a threshold of y where a mixture of both sides rests, (x, class), by a scan."""

    def sides(x):
        return *gains(p, shapes, x, y - 1e-13), *gains(p, shapes, x, y + 1e-13)

    def sliding(x):
        a, b, c, d = sides(x)
        apart = np.where(b * d < 0, b - d, np.nan)
        return (c * b - a * d) / apart  # A of the mixture of which B is zero

    for x, rising in _changes(sliding, cuts(p, shapes)):
        class_ = "sliding_saddle" if rising else "sliding_node"
        yield x, "escaping" if sides(x)[1] < 0 else class_


def _changes(function, breaks):
    """Zeros within (0, 1) but for breaks, by a scan, and whether the function rises there."""
    share = np.linspace(1e-9, 1 - 1e-9, 10_001)
    share = np.unique([*share, *(cut + side for cut in breaks for side in (-1e-11, 1e-11))])
    value = function(share)
    for k in np.flatnonzero(value[:-1] * value[1:] < 0):
        if not any(share[k] < cut < share[k + 1] for cut in breaks):
            yield brentq(function, share[k], share[k + 1], xtol=1e-14), value[k] < 0


def at_crossing(p, shapes, x, y):
    """Class of a crossing of thresholds; None where no mixture of the four values round it is zero."""
    quarters = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    values = [gains(p, shapes, x + 1e-13 * i, y + 1e-13 * j) for i, j in quarters]
    mixture = linprog(np.zeros(4), A_eq=np.vstack([np.transpose(values), np.ones(4)]), b_eq=[0, 0, 1])
    return class_of_quarters(np.array(values)) if mixture.success else None


def class_of_quarters(values):
    """What a field that is constant in each quarter does round 0, by following paths; values (4, 2)."""
    starts = [np.array([np.cos(t), np.sin(t)]) for t in np.linspace(0.01, 2 * np.pi, 40)]
    starts += [-value / np.hypot(*value) for value in values]
    starts += [np.array(unit, float) for unit in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    ends = [_comes(values, start) for start in starts]
    return "crossing_node" if all(ends) else "crossing_saddle" if any(ends) else "crossing_source"


def _quarter(at):
    return {(1, 1): 0, (-1, 1): 1, (-1, -1): 2, (1, -1): 3}[int(np.sign(at[0])), int(np.sign(at[1]))]


def _comes(values, at):
    """Whether a path ends in 0. Where both sides drive to a half-line, or from it, the path stays on it."""
    for _ in range(3_000):
        if not 1e-6 < hypot(*at) < 1e6:
            return hypot(*at) < 1
        flat = np.argmin(np.abs(at))
        if at[flat] != 0:
            value = values[_quarter(at)]
        else:
            off = np.zeros(2)
            off[flat] = 1.0
            one, other = values[_quarter(at + off)], values[_quarter(at - off)]
            if one[flat] * other[flat] < 0:
                part = other[flat] / (other[flat] - one[flat])
                mixed = part * one + (1 - part) * other
                return mixed[1 - flat] * at[1 - flat] < 0
            value = one if one[flat] > 0 else other
        # Until a share is 0 that was not; never if both go away from it.
        times = [-a / v if a * v < 0 else np.inf for a, v in zip(at, value, strict=True)]
        if min(times) == inf:
            return False
        if max(times) < inf and abs(times[0] - times[1]) <= 1e-8 + 1e-12 * times[1]:
            return True
        crossed = int(np.argmin(times))
        at = at + min(times) * value
        at[crossed] = 0.0
    raise AssertionError("a path that goes round for ever")


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
    solution = solve_ivp(field, (0, times[-1]), z, "LSODA", times, rtol=1e-9, atol=1e-9)
    assert solution.success
    return expit(solution.y)
