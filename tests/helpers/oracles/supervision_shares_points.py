"""Every rest point of the supervision game whose rules follow both shares, with its class, in NumPy.

Points come from scans; classes from eigenvalues of difference quotients, from the signs of gains beside a
point, or, where thresholds cross, from paths round it.
"""

from itertools import product

import numpy as np

from .supervision_shares import at_crossing, cuts, cuts_of_y, gains, inside, on_line, on_row, velocity


def by_scan(p, rules):
    """Every rest point as (x, y, class name), in order of (x, y)."""
    points = [(x, y, corner(p, rules, x, y)) for x in (0.0, 1.0) for y in (0.0, 1.0)]
    points += [(x, y, smooth(p, rules, x, y)) for x, y in inside(p, rules)]
    lines = cuts(p, rules), cuts_of_y(p, rules)
    points += [(x, y, kind) for x in lines[0] for y, kind in on_line(p, rules, x)]
    points += [(x, y, kind) for y in lines[1] for x, kind in on_row(p, rules, y)]
    points += [(x, y, kind) for x, y in product(*lines) if (kind := at_crossing(p, rules, x, y))]
    share = np.linspace(1e-9, 1 - 1e-9, 20_001)
    for k in changes(gains(p, rules, 1.0, share)[1]):
        y = refined(lambda y: gains(p, rules, 1.0, y)[1], share[k], share[k + 1])
        points.append((1.0, y, right(p, rules, y)))
    for k in changes(gains(p, rules, share, 0.0)[0]):
        x = refined(lambda x: gains(p, rules, x, 0.0)[0], share[k], share[k + 1])
        points.append((x, 0.0, bottom(p, rules, x)))
    return sorted((round(x, 8) + 0.0, round(y, 8) + 0.0, kind) for x, y, kind in points)


def changes(values):
    return np.flatnonzero(values[:-1] * values[1:] < 0)


def refined(function, low, high):
    up = np.sign(function(high))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if up * function(middle) > 0 else (middle, high)
    return (low + high) / 2


def bottom(p, rules, x):
    jump = any(abs(x - cut) < 1e-9 for cut in cuts(p, rules))
    before, after = (gains(p, rules, x + h, 0.0) for h in (-1e-7, 1e-7))
    if not jump or abs(before[0] - after[0]) < 1e-3:
        return side(gains(p, rules, x, 0.0)[1], lambda x: gains(p, rules, x, 0.0)[0], x)
    if before[0] < 0:
        return "escaping"
    part = -after[0] / (before[0] - after[0])
    return "sliding_node" if part * before[1] + (1 - part) * after[1] < 0 else "sliding_saddle"


def right(p, rules, y):
    jump = any(abs(y - cut) < 1e-9 for cut in cuts_of_y(p, rules))
    before, after = (gains(p, rules, 1.0, y + h) for h in (-1e-7, 1e-7))
    if not jump or abs(before[1] - after[1]) < 1e-3:
        return side(-gains(p, rules, 1.0, y)[0], lambda y: gains(p, rules, 1.0, y)[1], y)
    if before[1] < 0:
        return "escaping"
    part = -after[1] / (before[1] - after[1])
    return "sliding_node" if part * before[0] + (1 - part) * after[0] > 0 else "sliding_saddle"


def side(across, along, share):
    """Class of a rest point within a side, by the gain across and the slope of the one along it."""
    slope = along(share + 1e-7) - along(share - 1e-7)
    return node(across, slope, "stable_node")


def corner(p, rules, x, y):
    a, b = gains(p, rules, x, y)
    return node((1 - 2 * x) * a, (1 - 2 * y) * b, "ess")


def smooth(p, rules, x, y):
    h = min(1e-6, x / 4, y / 4, (1 - x) / 4, (1 - y) / 4)
    here, steps = np.array([x, y]), np.eye(2) * h
    columns = [velocity(p, rules, here + s) - velocity(p, rules, here - s) for s in steps]
    values = np.linalg.eigvals(np.stack(columns, axis=1) / (2 * h))
    if abs(values[0].imag) > 1e-9:
        # Between steps alone nothing depends on the own share.
        if max(abs(values.real)) < 1e-8 * abs(values[0].imag):
            return "centre"
        return "stable_focus" if values[0].real < 0 else "unstable_focus"
    return node(*values.real, "stable_node")


def node(one, two, stable):
    if one * two < 0:
        return "saddle"
    return stable if one < 0 else "unstable_node"
