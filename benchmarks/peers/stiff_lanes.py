"""Robertson's reactions by equisweep and diffrax."""

from functools import cache
from typing import Any

import numpy as np
from tools.in_blocks import in_blocks

END, CHECKED = 1e4, 20


def rates(size: int) -> np.ndarray:
    """The rate of the first reaction of each lane."""
    return np.geomspace(0.02, 0.08, size)


def slopes(a: Any, b: Any, c: Any, k: Any) -> tuple[Any, Any, Any]:
    """Derivatives of the amounts."""
    slow, back, fast = k * a, 1e4 * b * c, 3e7 * b * b
    return back - slow, slow - back - fast, fast


def errors(end: np.ndarray) -> dict[str, float]:
    """Largest relative error of the final amounts, (lanes, 3), at lanes spread over all."""
    size = len(end)
    some = np.unique(np.linspace(0, size - 1, CHECKED).astype(int))
    exact = _exact(tuple(rates(size)[some]))
    return {"error": float((np.abs(end[some] - exact) / exact).max())}


@cache
def _exact(values: tuple[float, ...]) -> np.ndarray:
    from scipy.integrate import solve_ivp

    def one(k: float) -> np.ndarray:
        def field(_t: float, s: np.ndarray) -> Any:
            return slopes(*s.tolist(), k)

        return solve_ivp(field, (0, END), (1.0, 0.0, 0.0), method="Radau", rtol=1e-12, atol=1e-18).y[:, -1]

    return np.array([one(float(k)) for k in values])


def ours(size: int, solver: str, tol: float) -> tuple[Any, Any]:
    """Case: a model of the user's own, through `lanes`."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from equisweep.engine.ode.method import Method
    from equisweep.engine.ode.trajectory import lanes
    from equisweep.kernels.declare import flow_model
    from equisweep.kernels.flow import Observable
    from equisweep.kernels.model import Domain, Parameter

    @flow_model(
        parameters=[
            Parameter("k", "k_1", "1/s", 0.04, Domain(0), "rate of the first reaction"),
            Parameter("horizon", "T", "s", END, Domain(0), "end"),
        ],
        start=lambda p: jnp.stack([1.0 + 0 * p["k"], 0 * p["k"], 0 * p["k"]]),
        observables=[Observable(name, name, "mol/l", f"amount of {name}") for name in "abc"],
    )
    def robertson(_t: Any, state: Any, p: Any) -> Any:
        """Robertson's reactions."""
        return jnp.stack(slopes(*state, p["k"]))

    function = lanes(robertson.flow, Method(solver, tol, 1e-4 * tol, 100_000, settle=0.0))
    values = {"k": rates(size), "horizon": np.full(size, END)}

    def run() -> dict[str, np.ndarray]:
        out = function(values)
        return {
            name: np.asarray(value)
            for name, value in out.items()
            if name.endswith("final") or name == "steps"
        }

    def check(out: dict[str, np.ndarray]) -> dict[str, float]:
        end = np.stack([out[f"{name}_final"] for name in "abc"], 1)
        return errors(end) | {"steps": float(out["steps"].sum())}

    return run, check


def diffrax_vmap(size: int, tol: float, block: int | None) -> tuple[Any, Any]:
    """Case: diffrax's Kvaerno5 under vmap, all lanes in one call or in blocks by one thread per core."""
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def one(p: Any) -> Any:
        done = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _t, s, k: jnp.stack(slopes(*s, k))),
            diffrax.Kvaerno5(),
            0.0,
            END,
            1e-4,
            jnp.asarray([1.0, 0.0, 0.0]),
            args=p["k"],
            saveat=diffrax.SaveAt(t1=True),
            stepsize_controller=diffrax.PIDController(rtol=tol, atol=1e-4 * tol),
            max_steps=100_000,
            throw=False,
        )
        return {"end": done.ys[0], "steps": done.stats["num_steps"]}

    run = in_blocks(jax.jit(jax.vmap(one)), {"k": rates(size)}, block)
    return run, lambda out: errors(out["end"]) | {"steps": float(out["steps"].sum())}
