"""The work of `field_baselines`: by equisweep, Nashpy, egttools, xyzpy and plain loops."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from replicator import FIXED, whole_case

from . import loss_sweep as loss

TIMES = {"bimatrix": 2.0, "rock-paper-scissors": 10.0}
MOST_CHECKED = 50


def problem(game: str, size: int) -> dict[str, np.ndarray]:
    """Parameters of each lane; the first lanes are the same whatever the size."""
    random = np.random.default_rng(5)
    if game == "bimatrix":
        draws = random.uniform(size=(size, 3))
        return {"r": 0.5 + 11.5 * draws[:, 0], "f": 5 + 20 * draws[:, 1], "c1": 2 + 6 * draws[:, 2]}
    draws = random.uniform(size=(size, 4))
    start = 0.05 + draws[:, 1:]
    return {"win": 0.5 + 1.5 * draws[:, 0], "start": start / start.sum(axis=1, keepdims=True)}


def matrices(game: str, p: dict[str, np.ndarray], i: int) -> tuple[np.ndarray, np.ndarray]:
    """Payoffs of rows and of columns in lane i."""
    if game == "bimatrix":
        r, f, c1 = (float(p[k][i]) for k in ("r", "f", "c1"))
        q = FIXED
        row = [[-c1 - r, -c1 + f - q["p1"] * q["Lg"]], [0.0, -q["p2"] * (q["Lg"] + q["S"])]]
        column = [[-q["c2"] + r, -f - q["p1"] * q["Le"]], [-q["c2"], -q["p2"] * q["Le"]]]
        # A constant changes no dynamics, but where payoffs are negative, shares that are integrated
        # strategy by strategy drift off their sum of one: Nashpy overflows.
        return np.array(row) - np.min(row), np.array(column) - np.min(column)
    win = float(p["win"][i])
    payoff = np.array([[0, -1, win], [win, 0, -1], [-1, win, 0]])
    return payoff, payoff.T


def start_of(game: str, p: dict[str, np.ndarray], i: int) -> list[np.ndarray]:
    """Shares of each population at time 0."""
    if game == "bimatrix":
        x, y = FIXED["x0"], FIXED["y0"]
        return [np.array([x, 1 - x]), np.array([y, 1 - y])]
    return [p["start"][i]]


def exact(game: str, lanes: int) -> np.ndarray:
    """Final shares of the first lanes, from DOP853 at 3e-14; the bimatrix game in logits."""
    from scipy.integrate import solve_ivp

    p = problem(game, lanes)
    result = []
    for i in range(lanes):
        a, b = matrices(game, p, i)
        both = start_of(game, p, i)
        start = np.array([np.log(s[0] / s[1]) for s in both]) if game == "bimatrix" else both[0]

        def field(_t: float, s: np.ndarray, a: np.ndarray = a, b: np.ndarray = b) -> np.ndarray:
            if game != "bimatrix":
                gain = a @ s
                return s * (gain - s @ gain)
            x, y = 1 / (1 + np.exp(-s))
            gain, lure = (a[0] - a[1]) @ [y, 1 - y], [x, 1 - x] @ (b[:, 0] - b[:, 1])
            return np.array([gain, lure])

        span = (0, TIMES[game])
        end = solve_ivp(field, span, start, method="DOP853", rtol=3e-14, atol=1e-15).y[:, -1]
        result.append(1 / (1 + np.exp(-end)) if game == "bimatrix" else end)
    return np.array(result)


def errors(game: str, end: np.ndarray) -> dict[str, float]:
    """Largest error of the final shares of up to 50 lanes. Those of a large problem are its first."""
    some = min(len(end), MOST_CHECKED)
    return {"error": float(np.abs(end[:some] - exact(game, some)).max())}


def ours(game: str, size: int, solver: str, tol: float) -> tuple[Any, Any]:
    """Case: `lanes`, of the supervision model or of the example that a user might write."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from equisweep.engine.ode.method import Method
    from equisweep.engine.ode.trajectory import lanes

    p = problem(game, size)
    method = Method(solver, tol, tol, 100_000, settle=min(10 * tol, 1e-3))
    if game == "bimatrix":
        from equisweep.kernels.games.supervision.model import SUPERVISION

        values = whole_case(p | {"horizon": np.full(size, TIMES[game])})
        function = lanes(SUPERVISION.flow, method, reward="static", punishment="static")
        names = ("x_final", "y_final")
    else:
        sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
        from rock_paper_scissors import rock_paper_scissors

        values = {"win": p["win"], "start_share": p["start"], "horizon": np.full(size, TIMES[game])}
        function = lanes(rock_paper_scissors.flow, method)
        names = ("share_final",)

    def check(out: dict[str, np.ndarray]) -> dict[str, float]:
        end = np.stack([out[k] for k in names], 1) if len(names) > 1 else out[names[0]]
        return errors(game, end) | {"steps": float(out["steps"].sum())}

    def run() -> dict[str, np.ndarray]:
        return {k: np.asarray(v) for k, v in function(values).items() if k in (*names, "steps")}

    return run, check


def nashpy_loop(game: str, size: int) -> tuple[Any, Any]:
    """Case: Nashpy's replicator dynamics, lane after lane."""
    import nashpy

    p = problem(game, size)
    times = np.array([0.0, TIMES[game]])

    def run() -> np.ndarray:
        result = []
        for i in range(size):
            a, b = matrices(game, p, i)
            start = start_of(game, p, i)
            if game == "bimatrix":
                rows, columns = nashpy.Game(a, b).asymmetric_replicator_dynamics(
                    x0=start[0], y0=start[1], timepoints=times
                )
                result.append([rows[-1][0], columns[-1][0]])
            else:
                result.append(nashpy.Game(a).replicator_dynamics(y0=start[0], timepoints=times)[-1])
        return np.array(result)

    return run, lambda end: errors(game, end)


def egttools_loop(size: int) -> tuple[Any, Any]:
    """Case: egttools' replicator equation in SciPy's odeint, as its documentation does."""
    from egttools.analytical import replicator_equation
    from scipy.integrate import odeint

    game = "rock-paper-scissors"
    p = problem(game, size)
    times = np.array([0.0, TIMES[game]])

    def run() -> np.ndarray:
        result = []
        for i in range(size):
            payoff = matrices(game, p, i)[0]
            result.append(odeint(lambda x, _t, a=payoff: replicator_equation(x, a), p["start"][i], times)[-1])
        return np.array(result)

    return run, lambda end: errors(game, end)


def our_grid(side: int) -> tuple[Any, Any]:
    """Case: as in `loss_sweep`."""
    return loss.ours(side)


def one_point(alpha: float, beta: float) -> tuple[float, float]:
    """Investment and expected loss at one point of the grid, by SciPy's brentq."""
    from scipy.optimize import brentq

    def pays(p: float) -> float:
        return loss.K * p * (1 - alpha * p) * (1 - alpha**2 * p) - 1

    # The smallest root lies left of the maximum, where the slope vanishes.
    s, q = alpha + alpha**2, alpha**3
    top = (s - (s * s - 3 * q) ** 0.5) / (3 * q)
    end = beta * loss.V
    p = brentq(pays, 1 / loss.K, min(top, 1.0), xtol=1e-15, rtol=1e-14) if pays(min(top, 1.0)) > 0 else 1.0
    p, invested = (p, np.log(end / p) / loss.RATE) if p < end else (end, 0.0)
    arrives = 1 - (1 - p) * (1 - alpha * p) * (1 - alpha**2 * p)
    return float(invested), float(loss.L * arrives + invested)


def _grid_errors(side: int, investment: Any, expected: Any) -> dict[str, float]:
    status = np.where(np.asarray(investment) > 0, loss.OK, loss.CORNER).astype(np.uint8)
    result = loss.errors(side, [np.ravel(investment), np.ravel(expected), status.reshape(-1)])
    return {"error": result["error"]}


def xyzpy_grid(side: int) -> tuple[Any, Any]:
    """Case: xyzpy's Runner over the same grid."""
    import xyzpy

    alpha, beta = loss.grid(side)
    runner = xyzpy.Runner(one_point, var_names=["investment", "loss"])

    def run() -> Any:
        return runner.run_combos({"alpha": alpha, "beta": beta}, verbosity=0)

    return run, lambda ds: _grid_errors(side, ds["investment"].values, ds["loss"].values)


def plain_grid(side: int) -> tuple[Any, Any]:
    """Case: two loops that fill an xarray Dataset."""
    import xarray as xr

    alpha, beta = loss.grid(side)

    def run() -> Any:
        values = np.array([[one_point(float(a), float(b)) for b in beta] for a in alpha])
        coords, dims = {"alpha": alpha, "beta": beta}, ("alpha", "beta")
        return xr.Dataset({"investment": (dims, values[..., 0]), "loss": (dims, values[..., 1])}, coords)

    return run, lambda ds: _grid_errors(side, ds["investment"].values, ds["loss"].values)
