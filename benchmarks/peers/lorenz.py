"""Lorenz trajectories by equisweep, diffrax, jax by hand, torchdiffeq and SciPy."""

from functools import cache
from typing import Any

import numpy as np
from tools.in_blocks import in_blocks

SIGMA, BETA, STEPS, TOL = 10.0, 8 / 3, 1000, 1e-8
MOST_CHECKED = 50


def rhos(size: int) -> np.ndarray:
    """The parameter of each lane."""
    return np.linspace(0.0, 21.0, size)


def slopes(x: Any, y: Any, z: Any, rho: Any) -> tuple[Any, Any, Any]:
    """Derivatives of the state."""
    return SIGMA * (y - x), rho * x - y - x * z, x * y - BETA * z


def errors(end: np.ndarray) -> dict[str, float]:
    """Largest error of the final states, (lanes, 3), at up to 50 lanes spread over them."""
    size = len(end)
    some = np.unique(np.linspace(0, size - 1, min(size, MOST_CHECKED)).astype(int))
    return {"error": float(np.abs(end[some] - _exact(tuple(rhos(size)[some]))).max())}


@cache
def _exact(values: tuple[float, ...]) -> np.ndarray:
    return _solve(np.array(values), 3e-14)


def _solve(values: np.ndarray, tol: float) -> np.ndarray:
    from scipy.integrate import solve_ivp

    def one(rho: float) -> np.ndarray:
        def field(_t: float, s: np.ndarray) -> Any:
            return slopes(*s.tolist(), rho)

        return solve_ivp(field, (0, 1), (1.0, 0.0, 0.0), method="DOP853", rtol=tol, atol=tol).y[:, -1]

    return np.array([one(float(rho)) for rho in values])


def own_flow(sigma: float = SIGMA) -> Any:
    """The equations as a model of the user's own; with another `sigma` it is one that nobody has compiled."""
    import jax.numpy as jnp
    from equisweep.kernels.declare import flow_model
    from equisweep.kernels.flow import Observable
    from equisweep.kernels.model import Domain, Parameter

    @flow_model(
        parameters=[
            Parameter("rho", "ρ", "1", 21.0, Domain(0), "Rayleigh number over its critical value"),
            Parameter("horizon", "T", "time", 1.0, Domain(0), "time at which the trajectory ends"),
        ],
        start=lambda p: jnp.stack([1.0 + 0 * p["rho"], 0 * p["rho"], 0 * p["rho"]]),
        observables=[Observable(name, name, "1", f"component {name}") for name in "xyz"],
    )
    def lorenz(_t: Any, state: Any, p: Any) -> Any:
        """Lorenz' equations."""
        of_x, *others = slopes(*state, p["rho"])
        return jnp.stack([of_x if sigma == SIGMA else sigma * (state[1] - state[0]), *others])

    return lorenz.flow


def ours(size: int, solver: str, fixed: bool, tol: float = TOL) -> tuple[Any, Any]:
    """Case: a model of the user's own, through `lanes`."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from equisweep.engine.ode.method import Method
    from equisweep.engine.ode.trajectory import lanes

    method = Method(solver, tol, tol, 100_000, STEPS if fixed else None, settle=0.0)
    function = lanes(own_flow(), method)
    values = {"rho": rhos(size), "horizon": np.ones(size)}

    def run() -> dict[str, np.ndarray]:
        out = function(values)
        return {k: np.asarray(v) for k, v in out.items() if k.endswith("final") or k == "steps"}

    def check(out: dict[str, np.ndarray]) -> dict[str, float]:
        end = np.stack([out[f"{name}_final"] for name in "xyz"], 1)
        return errors(end) | {"steps": float(out["steps"].sum())}

    return run, check


def diffrax_vmap(size: int, fixed: bool, block: int | None = 1024, tol: float = TOL) -> tuple[Any, Any]:
    """Case: diffrax's Tsit5 under vmap, blocks spread over one thread per core."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    controller = diffrax.ConstantStepSize() if fixed else diffrax.PIDController(rtol=tol, atol=tol)

    def one(p: Any) -> Any:
        done = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _t, s, rho: jnp.stack(slopes(*s, rho))),
            diffrax.Tsit5(),
            0.0,
            1.0,
            1 / STEPS if fixed else None,
            jnp.asarray([1.0, 0.0, 0.0]),
            args=p["rho"],
            saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=controller,
            max_steps=4096,
            throw=False,
        )
        return {"end": done.ys[0], "steps": done.stats["num_steps"]}

    run = in_blocks(jax.jit(jax.vmap(one)), {"rho": rhos(size)}, block)
    return run, lambda out: errors(out["end"]) | {"steps": float(out["steps"].sum())}


def jax_rk4(size: int) -> tuple[Any, Any]:
    """Case: RK4 written out in jax over all lanes at once."""
    import jax
    from jax import lax

    jax.config.update("jax_enable_x64", True)
    h = 1 / STEPS

    @jax.jit
    def solve(rho: Any) -> Any:
        def advanced(state: Any, slope: Any, part: float) -> Any:
            return tuple(s + part * h * k for s, k in zip(state, slope, strict=True))

        def step(_i: Any, state: Any) -> Any:
            k1 = slopes(*state, rho)
            k2 = slopes(*advanced(state, k1, 0.5), rho)
            k3 = slopes(*advanced(state, k2, 0.5), rho)
            k4 = slopes(*advanced(state, k3, 1.0), rho)
            mean = tuple((a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(k1, k2, k3, k4, strict=True))
            return advanced(state, mean, 1.0)

        return lax.fori_loop(0, STEPS, step, (1.0 + 0 * rho, 0 * rho, 0 * rho))

    rho = jax.numpy.asarray(rhos(size))
    run = lambda: np.stack([np.asarray(v) for v in jax.block_until_ready(solve(rho))], 1)  # noqa: E731
    return run, lambda end: errors(end) | {"steps": float(size * STEPS)}


def torchdiffeq(size: int, fixed: bool) -> tuple[Any, Any]:
    """Case: torchdiffeq, all lanes as one state."""
    import torch
    from torchdiffeq import odeint

    rho = torch.from_numpy(rhos(size))
    start = torch.tensor([[1.0], [0.0], [0.0]], dtype=torch.float64).repeat(1, size)
    times = torch.tensor([0.0, 1.0], dtype=torch.float64)
    how: dict[str, Any] = {"method": "dopri8", "rtol": TOL, "atol": TOL}
    if fixed:
        how = {"method": "rk4", "options": {"step_size": 1 / STEPS}}

    def run() -> np.ndarray:
        with torch.no_grad():
            return odeint(lambda _t, s: torch.stack(slopes(*s, rho)), start, times, **how)[-1].numpy().T

    return run, lambda end: errors(end) | ({"steps": float(size * STEPS)} if fixed else {})


def scipy_loop(size: int) -> tuple[Any, Any]:
    """Case: SciPy's DOP853, one trajectory after the other."""
    return lambda: _solve(rhos(size), TOL), errors
