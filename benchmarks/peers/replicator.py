"""The replicator problem by diffrax and by a loop over SciPy."""

import math
from typing import Any

import numpy as np
from replicator import U0, W0, X0, Y0, achieved, field_logits, field_shares, problem
from tools.in_blocks import in_blocks


def diffrax_vmap(
    kind: str, size: int, solver: str, tol: float, coordinates: str, block: int | None = None
) -> tuple[Any, Any]:
    """Case: `diffeqsolve` under vmap, as diffrax's documentation says: jitted whole, only the end saved.

    Tolerances are arguments, so nothing is compiled again for another one. `block`: lanes of one call; the
    calls are spread over one thread per core.
    """
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    start = (U0, W0) if coordinates == "logits" else (X0, Y0)

    def field(_t: Any, state: Any, p: Any) -> Any:
        x, y = jax.nn.sigmoid(state) if coordinates == "logits" else state
        form = field_logits if coordinates == "logits" else field_shares
        return jnp.stack(form(x, y, p["r"], p["f"], p["c1"]))

    def one(p: Any) -> Any:
        done = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            getattr(diffrax, solver)(),
            0.0,
            p["horizon"],
            None,
            jnp.asarray(start),
            args=p,
            saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=diffrax.PIDController(rtol=p["tol"], atol=p["tol"]),
            max_steps=100_000,
            throw=False,
        )
        end = done.ys[0]
        return {
            "end": jax.nn.sigmoid(end) if coordinates == "logits" else end,
            "steps": done.stats["num_steps"],
        }

    values = problem(kind, size) | {"tol": np.full(size, tol)}
    run = in_blocks(jax.jit(jax.vmap(one)), values, block)
    return run, lambda result: achieved(kind, result["end"]) | {"steps": float(result["steps"].sum())}


def scipy_loop(
    kind: str,
    size: int,
    solver: str,
    tol: float,
    lanes: int,
    coordinates: str = "shares",
    odeint: bool = False,
) -> tuple[Any, Any]:
    """Case: `solve_ivp`, or `odeint`, one lane after the other; only the first `lanes` of them."""
    from scipy import integrate

    p = problem(kind, size)
    logits = coordinates == "logits"
    start = (U0, W0) if logits else (X0, Y0)

    def in_logits(_t: float, s: np.ndarray, r: float, f: float, c1: float) -> Any:
        x, y = 1 / (1 + math.exp(-s[0])), 1 / (1 + math.exp(-s[1]))
        return field_logits(x, y, r, f, c1)

    def in_shares(_t: float, s: np.ndarray, r: float, f: float, c1: float) -> Any:
        return field_shares(float(s[0]), float(s[1]), r, f, c1)

    field = in_logits if logits else in_shares

    def run() -> np.ndarray:
        end = np.empty((lanes, 2))
        for i in range(lanes):
            given = float(p["r"][i]), float(p["f"][i]), float(p["c1"][i])
            span, more = (0.0, float(p["horizon"][i])), {"args": given, "rtol": tol, "atol": tol}
            if odeint:
                end[i] = integrate.odeint(field, start, span, tfirst=True, mxstep=100_000, **more)[-1]
            else:
                end[i] = integrate.solve_ivp(field, span, start, method=solver, **more).y[:, -1]
        return 1 / (1 + np.exp(-end)) if logits else end

    return run, lambda shares: achieved(kind, shares, size)
