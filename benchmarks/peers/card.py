"""What `on_a_gpu` times: each maker returns a function of no arguments that does the work and waits for it.

Everything runs on JAX's first device: on a machine with a GPU, on that.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from replicator import problem, whole_case

from peers import lorenz, replicator

Work = Callable[[], Any]
TOL = 1e-6


def lorenz_lanes(size: int, *, fixed: bool = False, home: bool = False, single: bool = False) -> Work:
    """Lorenz trajectories by tsit5; `home`: from and to arrays of the host; `single`: in float32."""
    from equisweep.engine.ode.method import Method

    tol = 10 * TOL if single else TOL
    method = Method("tsit5", tol, tol, 100_000, lorenz.STEPS if fixed else None, settle=0.0)
    dtype = np.float32 if single else np.float64
    values = {"rho": lorenz.rhos(size).astype(dtype), "horizon": np.ones(size, dtype)}
    return _lanes(lorenz.own_flow(), method, values, ("x_final", "y_final", "z_final"), home)


def lorenz_diffrax(size: int, *, fixed: bool = False) -> Work:
    """The same by diffrax's Tsit5 under vmap, all at once."""
    return lorenz.diffrax_vmap(size, fixed, None, TOL)[0]


def replicator_lanes(size: int, *, solver: str, kind: str = "even", swings: bool = False) -> Work:
    """The supervision game with both mechanisms dynamic, at 1e-6, from device memory to device memory."""
    from equisweep.engine.ode.method import Method
    from equisweep.kernels.games.supervision.model import FLOW

    flow = FLOW if swings else replace(FLOW, swings=())
    method = Method(solver, TOL, TOL, settle=0.0, max_steps=1_000_000)
    choices = {"reward": "dynamic", "punishment": "dynamic"}
    return _lanes(flow, method, whole_case(problem(kind, size)), ("x_final", "y_final"), False, **choices)


def replicator_diffrax(size: int) -> Work:
    """The same by diffrax's Tsit5 under vmap."""
    return replicator.diffrax_vmap("even", size, "Tsit5", TOL, "logits")[0]


def _lanes(
    flow: Any, method: Any, values: dict[str, np.ndarray], kept: tuple[str, ...], home: bool, **choices: str
) -> Work:
    import jax
    import jax.numpy as jnp
    from equisweep.engine.ode.trajectory import lanes

    function = lanes(flow, method, **choices)
    if not home:
        there = {name: jnp.asarray(v) for name, v in values.items()}
        return lambda: jax.block_until_ready(_of(function(there), kept))
    return lambda: {name: np.asarray(v) for name, v in _of(function(values), kept).items()}


def _of(outputs: Mapping[str, Any], kept: tuple[str, ...]) -> dict[str, Any]:
    return {name: outputs[name] for name in kept}


def sweep(file: Path, folder: Path, device: str) -> Work:
    """A whole run of a sweep file into a new cube; returns the seconds that it computed and wrote."""
    from equisweep.sweeps import Sweep
    from equisweep.sweeps.run import run_report

    given = {"device": device, "overwrite": True, "progress": False, "durable": False}
    return partial(
        _seconds, partial(run_report, Sweep.from_file(file), folder / f"{file.stem}.zarr", **given)
    )


def _seconds(run: Callable[[], Any]) -> float:
    return run().seconds
