"""Menus over sub-types written out in full, every pair of sub-types and free rewards: HiGHS, and Clarabel."""

from functools import cache

import clarabel
import jax
import numpy as np
from equisweep.kernels.games.menu.game import menu
from scipy.optimize import linprog
from scipy.sparse import csc_matrix

_TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}


FREE = ("linear", "power", "log")


@cache
def solver(terms):
    return jax.jit(lambda p: menu(p, terms=terms))


def solve(p, terms):
    return {name: np.asarray(value) for name, value in solver(terms)(p).items()}


def point(types, levels, rng=None, **change):
    """A scenario of so many types and levels: round numbers, or drawn at random."""
    if rng is None:
        theta, phi = np.arange(1.0, types + 1), 1 + 0.1 * np.arange(levels)
        p, q = np.full(types, 1 / types), np.full(levels, 1 / levels)
        least, number = 20 + 40.0 * np.arange(types), np.ones(types)
        rates, by_level = 2.0 * theta, 1 + 0.05 * np.arange(levels)
    else:
        # Levels so near that vulnerability ranks first, or so far that criticality overtakes it.
        apart = rng.choice([0.04, 2.0])
        theta, phi = (
            np.cumsum(rng.uniform(0.4, 1.5, types)),
            1 + np.cumsum(rng.uniform(0.2, 1, levels)) * apart,
        )
        p, q = rng.dirichlet(np.full(types, 2.0)), rng.dirichlet(np.full(levels, 2.0))
        least, number = rng.permutation(rng.uniform(0, 60, types)), rng.integers(1, 5, types).astype(float)
        rates, by_level = 1 + 2 * theta * rng.uniform(0.8, 1.2), phi / phi[0] * rng.choice([1.0, 1.02])
    floor = np.max(least) * number.sum()
    scalars = {"T_total": 1.3 * floor if rng is None else floor * rng.uniform(0.9, 3), "value_rate": 2.0}
    scalars |= {"unit_cost": 0.5, "kappa": 0.8, "value_scale": 100.0}
    if rng is not None:
        scalars |= {"unit_cost": rng.uniform(0.1, 0.9), "kappa": rng.uniform(0.2, 0.95)}
        scalars |= {"value_rate": rng.uniform(1, 6), "value_scale": rng.uniform(5, 300)}
    return {
        "theta": theta, "probability": p, "reward_rate": rates, "T_min": least, "infrastructures": number,
        "phi": phi, "criticality_probability": q, "level_rate": by_level,
    } | {name: np.float64(value) for name, value in scalars.items()} | change  # fmt: skip


def forms(p, terms):
    """V of resources, and 1 / V'."""
    a, kappa, scale = (float(p[name]) for name in ("value_rate", "kappa", "value_scale"))
    return {
        "linear": (lambda t: a * t, lambda t: np.full(np.shape(t), 1 / a)),
        "power": (lambda t: a * t**kappa, lambda t: t ** (1 - kappa) / (a * kappa)),
        "log": (lambda t: a * scale * np.log1p(t / scale), lambda t: (1 + t / scale) / a),
    }[terms]


class Full:
    """All sub-types of one scenario in the order of the table, row by row."""

    def __init__(self, p):
        pairs = [(i, j) for i in range(len(p["theta"])) for j in range(len(p["phi"]))]
        self.size = len(pairs)
        self.worth = np.array([p["theta"][i] * p["phi"][j] for i, j in pairs])
        share = np.array([p["probability"][i] * p["criticality_probability"][j] for i, j in pairs])
        self.weight = share * self.worth
        self.number = np.array([p["infrastructures"][i] * p["criticality_probability"][j] for i, j in pairs])
        self.least = np.array([p["T_min"][i] for i, _ in pairs])
        self.rate = np.array([p["reward_rate"][i] * p["level_rate"][j] for i, j in pairs])
        self.group = np.array([i for i, _ in pairs])
        self.cost, self.total = float(p["unit_cost"]), float(p["T_total"])

    def between(self, value_of, reward_of):
        """Rows of IR and of every IC, as row . x >= 0, from the rows that value and reward are of x."""
        rows = []
        for k in range(self.size):
            own = self.worth[k] * value_of(k) - self.cost * reward_of(k)
            rows.append(own)
            rows += [
                own - self.worth[k] * value_of(m) + self.cost * reward_of(m)
                for m in range(self.size)
                if m != k
            ]
        return np.array(rows)


def alike(full, by_type, width):
    """Rows that say, as row . x = 0, that sub-types of one type have the same contract."""
    rows = []
    for k in range(1, full.size if by_type else 0):
        if full.group[k] == full.group[k - 1]:
            for block in range(width):
                row = np.zeros(width * full.size)
                row[[block * full.size + k, block * full.size + k - 1]] = 1, -1
                rows.append(row)
    return np.array(rows).reshape(-1, width * full.size)


def at_rates(p):
    """The best menu at rewards at rates, by HiGHS: (result, resources); x is T / T_total."""
    f, unit = Full(p), np.eye(len(p["theta"]) * len(p["phi"]))
    rows = f.between(lambda k: p["value_rate"] * unit[k], lambda k: f.rate[k] * unit[k])
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)
    best = linprog(-f.weight * (f.rate - 1), -rows, np.zeros(len(rows)), f.number[None, :], [1],
                   bounds=[(low, None) for low in f.least / f.total], options=_TIGHT)  # fmt: skip
    return best, None if best.x is None else best.x * f.total


def bound(p, at, value, inverse_slope, by_type=False):
    """No less than what any menu can have, by HiGHS: resources are bounded from below, touching at `at`.

    Variables are V, R and T of every sub-type. T is convex in V, so T >= at + (V - V(at)) / V'(at) for every
    menu: what is found is no less than the optimum, and a menu at `at` that reaches it is optimal. HiGHS'
    multipliers then fulfil the conditions of Karush, Kuhn and Tucker at that menu.
    """
    f, n = Full(p), len(at)
    unit = np.eye(3 * n)
    rows = f.between(lambda k: unit[k], lambda k: unit[n + k])
    slopes = inverse_slope(at)
    touch = unit[2 * n :] - slopes[:, None] * unit[:n]
    spent = np.concatenate([np.zeros(2 * n), f.number])
    same = alike(f, by_type, 3)
    best = linprog(
        np.concatenate([np.zeros(n), -f.weight, f.weight]),
        A_ub=np.vstack([-rows, -touch, spent]),
        b_ub=np.concatenate([np.zeros(len(rows)), slopes * value(at) - at, [f.total]]),
        A_eq=same if len(same) else None, b_eq=np.zeros(len(same)) if len(same) else None,
        bounds=[(v, None) for v in value(f.least)] + [(None, None)] * n + [(0, None)] * n, options=_TIGHT,
    )  # fmt: skip
    return best


def certificate(p, terms, resources, by_type=False):
    """How far HiGHS' bound on every menu lies above the utility of the one with these resources [K]."""
    value, inverse_slope = forms(p, terms)
    best = bound(p, resources, value, inverse_slope, by_type)
    assert best.status == 0, best.message
    return -best.fun


def clarabel_menu(p, terms):
    """The optimum by Clarabel, with a cone for V of every sub-type: (utility, resources, rewards)."""
    f = Full(p)
    n, a = f.size, float(p["value_rate"])
    unit = np.eye(3 * n)  # V, R, T
    value, _ = forms(p, terms)
    rows = f.between(lambda k: unit[k], lambda k: unit[n + k])
    spent = np.concatenate([np.zeros(2 * n), f.number])
    a_rows = [*(-rows), *(-unit[:n]), spent]
    b_rows = [*np.zeros(len(rows)), *(-value(f.least)), f.total]
    cones = [clarabel.NonnegativeConeT(len(a_rows))]
    for k in range(n):
        # A x + s = b with s in the cone: s is (T, 1, V / a), or (V / (a s), 1, 1 + T / s).
        if terms == "power":
            a_rows += [-unit[2 * n + k], np.zeros(3 * n), -unit[k] / a]
            b_rows += [0, 1, 0]
            cones.append(clarabel.PowerConeT(float(p["kappa"])))
        else:
            scale = float(p["value_scale"])
            a_rows += [-unit[k] / (a * scale), np.zeros(3 * n), -unit[2 * n + k] / scale]
            b_rows += [0, 1, 1]
            cones.append(clarabel.ExponentialConeT())
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-11
    cost = np.concatenate([np.zeros(n), -f.weight, f.weight])
    solved = clarabel.DefaultSolver(
        csc_matrix((3 * n, 3 * n)),
        cost,
        csc_matrix(np.array(a_rows)),
        np.array(b_rows, float),
        cones,
        settings,
    ).solve()
    x = np.array(solved.x)
    return str(solved.status), -solved.obj_val, x[2 * n :], x[n : 2 * n]
