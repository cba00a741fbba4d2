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


def new_model(size: int) -> Work:
    """Trajectories of a model that is like no other: each is traced, compiled, loaded and launched anew."""
    from random import SystemRandom

    from equisweep.engine.ode.method import Method

    flow = lorenz.own_flow(lorenz.SIGMA + SystemRandom().random())
    values = {"rho": lorenz.rhos(size), "horizon": np.ones(size)}
    return _lanes(flow, Method("tsit5", TOL, TOL, 100_000, settle=0.0), values, ("x_final",), False)


def copied_home(numbers: int, *, pinned: bool) -> Work:
    """A copy of doubles from the device to the host: as a run makes it, or into `pinned` memory."""
    import jax
    import jax.numpy as jnp
    from equisweep.engine.grid.launches import Launch
    from jax.sharding import SingleDeviceSharding

    made = jax.block_until_ready(jnp.zeros(numbers))
    another = jax.jit(lambda a: a + 1)  # what has been copied once lies on the host already
    if pinned:
        there = SingleDeviceSharding(jax.devices()[0], memory_kind="pinned_host")
        return lambda: jax.block_until_ready(jax.device_put(another(made), there))
    return lambda: np.asarray(Launch({"a": another(made)}).values["a"])


def command(file: Path, folder: Path, device: str) -> Work:
    """The whole command, in a process of its own: from its start, and that of CUDA, to its end."""
    import subprocess
    import sys

    entry = "from equisweep.entry import entry; entry()"
    cube = str(folder / f"{file.stem}.command.zarr")
    words = ["run", str(file), "-o", cube, "--device", device, "--overwrite", "--quiet"]
    return partial(subprocess.run, [sys.executable, "-c", entry, *words], check=True)


def lorenz_diffrax(size: int, *, fixed: bool = False) -> Work:
    """The same by diffrax's Tsit5 under vmap, all at once."""
    return lorenz.diffrax_vmap(size, fixed, None, TOL)[0]


def replicator_lanes(
    size: int, *, solver: str, kind: str = "even", swings: bool = False, single: bool = False
) -> Work:
    """The supervision game with both mechanisms dynamic, at 1e-6, from device memory to device memory.

    `single`: at 1e-5, in float32.
    """
    from equisweep.engine.ode.method import Method
    from equisweep.kernels.games.supervision.model import FLOW

    flow = FLOW if swings else replace(FLOW, swings=())
    tol, dtype = (10 * TOL, np.float32) if single else (TOL, np.float64)
    method = Method(solver, tol, tol, settle=0.0, max_steps=1_000_000)
    choices = {"reward": "dynamic", "punishment": "dynamic"}
    values = {name: v.astype(dtype) for name, v in whole_case(problem(kind, size)).items()}
    return _lanes(flow, method, values, ("x_final", "y_final"), False, **choices)


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
