"""The supervision game again, in NumPy and SciPy: shares no code with the kernels."""

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import expit

CASE = {
    "c1": 2.5, "c2": 6.0, "r": 2.0, "f": 10.0, "Lg": 8.0, "Le": 50.0, "S": 2.0, "p1": 0.08, "p2": 0.10,
    "R1": 0.0, "R2": 0.0, "x0": 0.4, "y0": 0.25, "horizon": 200.0,
}  # fmt: skip
MECHANISMS = [("static", "static"), ("static", "dynamic"), ("dynamic", "static"), ("dynamic", "dynamic")]


def gains(p, mechanism, x, y):
    """Expected payoff advantages (A, B), written out from the payoff table."""
    rew = p["r"] * (y if mechanism[0] == "dynamic" else 1.0)
    pun = p["f"] * ((1 - y) if mechanism[1] == "dynamic" else 1.0)
    d = p["p2"] - p["p1"]
    a = -p["c1"] - y * rew + (1 - y) * (pun + d * p["Lg"] + p["p2"] * p["S"])
    b = -p["c2"] + p["p2"] * p["Le"] + x * (rew + pun - d * p["Le"])
    return a, b


def velocity(p, mechanism, shares):
    x, y = shares
    a, b = gains(p, mechanism, x, y)
    return np.array([x * (1 - x) * a, y * (1 - y) * b])


def attracting(p, mechanism):
    """The rest points (x, y) that attract, by the eigenvalues at each that there is."""
    points = [(x, y) for x in (0.0, 1.0) for y in (0.0, 1.0)]
    low, high = (gains(p, mechanism, 1.0, y)[1] for y in (0.0, 1.0))  # B is linear along x = 1
    points += [(1.0, low / (low - high))] if low * high < 0 else []
    rows = [gains(p, mechanism, 0.0, y)[0] for y in (0.0, 0.5, 1.0)]
    for y in np.roots(np.polyfit((0.0, 0.5, 1.0), rows, 2)):  # A depends on y alone, as a polynomial
        if abs(y.imag) < 1e-9 and 0 < y.real < 1:
            left, right = (gains(p, mechanism, x, y.real)[1] for x in (0.0, 1.0))  # B is linear in x
            points += [(left / (left - right), y.real)] if left * right < 0 else []

    def attracts(point):
        step = 1e-5
        moved = [np.add(point, s * d) for d in step * np.eye(2) for s in (1, -1)]
        v = [velocity(p, mechanism, shares) for shares in moved]
        jacobian = np.stack([v[0] - v[1], v[2] - v[3]], axis=1) / (2 * step)
        return np.linalg.eigvals(jacobian).real.max() < 0

    return [point for point in points if attracts(point)]


def solve(p, mechanism, times, rtol=1e-11, atol=1e-11):
    """Logits (u, w) at the given times, shape (2, times), by DOP853."""
    start = [np.log(p[k]) - np.log1p(-p[k]) for k in ("x0", "y0")]
    solution = solve_ivp(
        lambda t, z: gains(p, mechanism, *expit(z)),
        (0, times[-1]),
        start,
        "DOP853",
        times,
        rtol=rtol,
        atol=atol,
    )
    assert solution.success
    return solution.y


def random_case(rng):
    """A random parameter point with a mixed start and p2 > p1."""
    p1 = rng.uniform(0.01, 0.3)
    return {
        "c1": rng.uniform(1, 9), "c2": rng.uniform(3, 20), "r": rng.uniform(0.2, 12), "f": rng.uniform(2, 25),
        "Lg": rng.uniform(0, 20), "Le": rng.uniform(10, 80), "S": rng.uniform(0, 8), "p1": p1,
        "p2": p1 + rng.uniform(0.01, 0.3), "R1": rng.uniform(-5, 5), "R2": rng.uniform(-5, 5),
        "x0": rng.uniform(0.05, 0.95), "y0": rng.uniform(0.05, 0.95), "horizon": rng.uniform(5, 60),
    }  # fmt: skip
