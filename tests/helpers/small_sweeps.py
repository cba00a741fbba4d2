"""Small sweeps that many tests run."""

from typing import Any

from equisweep.sweeps import Sweep


def small_sweep(**changes: Any) -> Sweep:
    """A few hundred points of the external model; keywords replace parts of it."""
    parts: dict[str, Any] = {
        "model": "external",
        "axes": {
            "mechanism": ["noncooperation", "sharing"],
            "alpha": {"start": 0.1, "stop": 0.9, "num": 9},
            "beta": [0.05, 0.2, 0.3],
            "n": [3, 4],
        },
        "fixed": {"L": 400, "v": 0.5, "E": 0.1},
        "outputs": ["investment", "expected_loss"],
        "derivatives": {"investment": ["alpha", "beta"]},
    }
    return Sweep(**(parts | changes))


def tiled_sweep() -> Sweep:
    """About 20,000 points that fall into many tiles when run with ``tile_points=1000``."""
    return Sweep(
        model="external",
        axes={
            "alpha": {"start": 0.0, "stop": 1.0, "num": 41},
            "beta": {"start": 0.01, "stop": 1, "num": 501},
        },
        outputs=["investment", "equilibrium_count"],
    )


# Of these keywords `small_sweep` makes the least grid, and of these others each a sweep of another function.
LEAST = {"axes": {"alpha": [0.1, 0.5], "beta": [0.2, 0.4, 0.6]}, "derivatives": {}}
OTHERS = {
    "a choice": {"fixed": {"mechanism": "sharing"}},
    "a fixed number": {"fixed": {"L": 401.0}},
    "the largest integer": {"fixed": {"n": 5}},
    "outputs": {"outputs": ["investment"]},
    "derivatives": {"derivatives": {"investment": ["alpha"]}},
    "single precision": {"dtype": "float32"},
    "axes the other way round": {"axes": {"beta": [0.2, 0.4, 0.6], "alpha": [0.1, 0.5]}},
    "axes that vary together": {
        "zip": [["alpha", "beta"]], "axes": {"alpha": [0.1, 0.5], "beta": [0.2, 0.4]}
    },
}  # fmt: skip
