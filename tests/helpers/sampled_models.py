"""Ishigami's function and Sobol's g function as a user's own models, and what is known of them; designs."""

from pathlib import Path
from typing import Any

import numpy as np
from equisweep.sweeps import Sweep
from equisweep.sweeps.spec.sampling.drawn import Drawn
from equisweep.sweeps.spec.sampling.points import Points
from equisweep.sweeps.spec.sampling.sobol import SobolPoints

TEXT = """
import jax.numpy as jnp
from equisweep.kernels.declare import model
from equisweep.kernels.model import Dim, Domain, Output, Parameter
from equisweep.kernels.status import Status

def number(name, default=0.0):
    return Parameter(name, name, "1", default, Domain(), "a number")

@model(
    parameters=[number("x1"), number("x2"), number("x3"), number("a", 7.0), number("b", 0.1),
                number("edge", 10.0)],
    dims=[Dim("multiple", "how often", ("one", "two"))],
    outputs=[Output("y", "y", "1", "Ishigami's function"),
             Output("terms", "t", "1", "its terms", dims=("multiple",)),
             Output("constant", "c", "1", "always the same"),
             Output("side", "s", "1", "which side", kind="class", classes={"low": 0, "high": 1})],
)
def ishigami(p):
    "Ishigami's function; no answer beyond the edge of x1."
    first = jnp.sin(p["x1"]) * (1 + p["b"] * p["x3"] ** 4)
    second = p["a"] * jnp.sin(p["x2"]) ** 2
    return {
        "y": first + second,
        "terms": jnp.stack([first, 1000 + second]),
        "constant": jnp.asarray(0.1) + 0 * p["x1"],
        "side": (p["x1"] > 0).astype(int),
        "status": jnp.where(p["x1"] > p["edge"], Status.infeasible, Status.ok),
    }

@model(
    parameters=[
        Parameter("x", "x", "1", {"1": 0.5}, Domain(0, 1), "where", dim="input"),
        Parameter("a", "a", "1", {"1": 0.0}, Domain(0), "how unimportant", dim="input"),
    ],
    dims=[Dim("input", "an input")],
    outputs=[Output("g", "g", "1", "Sobol's g function")],
)
def sobol_g(p):
    "Sobol's g function."
    return {"g": jnp.prod((jnp.abs(4 * p["x"] - 2) + p["a"]) / (1 + p["a"]))}
"""

PI = float(np.pi)
UNIFORM = {name: {"uniform": [-PI, PI]} for name in ("x1", "x2", "x3")}
WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0])


def ishigami_sweep(folder: Path, design: dict[str, Any], **changes: Any) -> Sweep:
    """Ishigami's function over a design of its three inputs; keywords replace parts."""
    (folder / "sampled.py").write_text(TEXT)
    parts = {"outputs": ["y", "terms", "constant"]} | changes
    return Sweep(model="sampled.py:ishigami", folder=folder, design={"parameters": UNIFORM} | design, **parts)


def g_sweep(folder: Path, design: dict[str, Any]) -> Sweep:
    """Sobol's g function over a design of the four components of x."""
    (folder / "sampled.py").write_text(TEXT)
    parameters = {f"x.{i}": {"uniform": [0, 1]} for i in (1, 2, 3, 4)}
    fixed = {"a": {str(i): float(w) for i, w in enumerate(WEIGHTS, 1)}}
    return Sweep(
        model="sampled.py:sobol_g", folder=folder, fixed=fixed, design={"parameters": parameters} | design
    )


def ishigami_indices(a: float, b: float = 0.1) -> dict[str, Any]:
    """First, total and second-order indices, variance and mean squared derivatives, in closed form."""
    v1, v2 = (1 + b * PI**4 / 5) ** 2 / 2, a**2 / 8
    v13 = b**2 * PI**8 * (1 / 18 - 1 / 50)
    variance = v1 + v2 + v13
    second = np.zeros((3, 3))
    second[0, 2] = second[2, 0] = v13 / variance
    return {
        "variance": variance,
        "S1": np.array([v1, v2, 0]) / variance,
        "ST": np.array([v1 + v13, v2, v13]) / variance,
        "S2": second,
        "nu": np.array([(1 + 2 * b * PI**4 / 5 + b**2 * PI**8 / 9) / 2, a**2 / 2, 8 * b**2 * PI**6 / 7]),
    }


def g_indices(weights: np.ndarray = WEIGHTS) -> dict[str, np.ndarray]:
    """First and total indices of Sobol's g function, in closed form."""
    parts = 1 / (3 * (1 + weights) ** 2)
    variance = np.prod(1 + parts) - 1
    return {"S1": parts / variance, "ST": parts / (1 + parts) * (1 + variance) / variance}


def in_unit_cube(points: Points, dims: int, samples: int) -> np.ndarray:
    """All points of a design, shape (samples * group, dims)."""
    size = samples * points.points_per_sample
    return np.stack([Drawn(points, dim, size, lambda u: u)[:] for dim in range(dims)], axis=1)


def even(count: int) -> np.ndarray:
    """So many numbers, a power of two, one in each of as many equal parts of (0, 1)."""
    return SobolPoints(1, 0, False).two(0, np.arange(count, dtype=np.uint32))[0]
