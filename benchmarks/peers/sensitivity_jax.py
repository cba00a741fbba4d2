"""Sobol' indices of Sobol's g-function at points that jaxgsa draws: by equisweep and by jaxgsa."""

import resource
from typing import Any

import numpy as np

COEFFICIENTS = (0.0, 1.0, 4.5, 9.0, 99.0)
RESAMPLES = 100
KINDS = ("S1", "ST", "S2")
COMPARED = ("S1", "ST")
DIMS = len(COEFFICIENTS)


def drawn(samples: int, outputs: int) -> tuple[Any, np.ndarray]:
    """Jaxgsa's design, and the values of every output at its points, shape (points, outputs)."""
    import jaxgsa

    problem = jaxgsa.Problem([f"x{i}" for i in range(DIMS)], [(0.0, 1.0)] * DIMS)
    design = jaxgsa.sobol.sample(problem, base_n=samples, seed=1, verbose=False)
    values = np.ones((len(design.samples), outputs))
    for x, coefficient in zip(np.asarray(design.samples).T, COEFFICIENTS, strict=True):
        of_output = coefficient * np.linspace(0.2, 1.0, outputs)
        values *= (np.abs(4 * x[:, None] - 2) + of_output) / (1 + of_output)
    return design, values


def in_order(design: Any, values: np.ndarray) -> np.ndarray:
    """The same by base sample, shape (samples, points of each, outputs)."""
    return values[design.expanded_to_unique].reshape(design.base_n, 2 * DIMS + 2, -1)


def our_indices(values: np.ndarray) -> dict[str, np.ndarray]:
    """All indices of values in this order, parameters first."""
    from equisweep.sweeps.sensitivity.bootstrap import Resampler
    from equisweep.sweeps.sensitivity.sobol import sobol_indices

    resampler = Resampler(len(values), RESAMPLES, 0, 0.95)
    return sobol_indices(values, np.isfinite(values), DIMS, True, resampler)


def ours(samples: int, outputs: int) -> tuple[Any, Any]:
    """Values in the order in which a cube has them."""
    design, values = drawn(samples, outputs)
    by_sample = in_order(design, values)
    return lambda: our_indices(by_sample), lambda _: _resident()


def theirs(samples: int, outputs: int, double: bool) -> tuple[Any, Any]:
    """Values at its points; it orders them for its estimators, and looks for what is not finite."""
    import jax
    import jaxgsa

    jax.config.update("jax_enable_x64", double)
    design, values = drawn(samples, outputs)

    def run() -> dict[str, np.ndarray]:
        analysis = jaxgsa.sobol.analyze(
            design, values, n_bootstrap=RESAMPLES, ci_method="gaussian", key=0, verbose=False
        )
        return {kind: np.asarray(getattr(analysis, kind)) for kind in KINDS}

    def check(analysis: dict[str, np.ndarray]) -> dict[str, Any]:
        resident, expected = _resident(), our_indices(in_order(design, values))
        apart = (np.abs(analysis[kind].reshape(outputs, DIMS).T - expected[kind]).max() for kind in COMPARED)
        return {"error": float(max(apart))} | resident

    return run, check


def _resident() -> dict[str, int]:
    return {"MB resident": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
