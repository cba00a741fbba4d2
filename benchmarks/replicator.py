"""The replicator problem of `work_precision` and `uneven_lanes`, and its reference solution.

Lanes of the supervision game under dynamic reward and punishment, with random caps r, f and cost c1; all else
is `FIXED`, whatever the model's defaults are, so that results of any two versions are of one problem. Wanted:
the shares (x, y) at the horizon. With its constants inserted,

    x' = x (1 - x) A,    A = -c1 - r y^2 + (1 - y) (f (1 - y) + a0),
    y' = y (1 - y) B,    B = b0 + x (r y + f (1 - y) + b1),

which the hand-written peers use; equisweep uses its model, with the same numbers.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

# Every parameter of the model but those that a lane draws. R1 and R2 cancel from the motion.
FIXED = {
    "c2": 6.0, "Lg": 8.0, "Le": 50.0, "S": 2.0, "p1": 0.05, "p2": 0.10, "R1": 0.0, "R2": 0.0,
    "x0": 0.4, "y0": 0.25,
}  # fmt: skip
A0 = FIXED["p2"] * (FIXED["Lg"] + FIXED["S"]) - FIXED["p1"] * FIXED["Lg"]
B0 = FIXED["p2"] * FIXED["Le"] - FIXED["c2"]
B1 = (FIXED["p1"] - FIXED["p2"]) * FIXED["Le"]
X0, Y0 = FIXED["x0"], FIXED["y0"]
U0, W0 = float(np.log(X0 / (1 - X0))), float(np.log(Y0 / (1 - Y0)))

# Problems of quick runs are smaller.
LARGE = 20_000

HORIZON, SHORTEST, LONGEST = 20.0, 2.0, 200.0

# How far other integrators may be from the reference, which is to judge errors of 1e-10.
_AGREES = 5e-11

Problem = dict[str, np.ndarray]


def problem(kind: str, size: int) -> Problem:
    """Caps, cost and horizon of each lane; the same for the same arguments.

    "even": every horizon is 20. "uneven": horizons spread evenly on a log scale from 2 to 200, at random.
    "sorted": those lanes by rising horizon.
    """
    random = np.random.default_rng(2021)
    result = {
        "r": random.uniform(0.5, 12, size),
        "f": random.uniform(5, 25, size),
        "c1": random.uniform(2, 8, size),
        "horizon": np.full(size, HORIZON),
    }
    if kind in ("uneven", "sorted"):
        result["horizon"] = random.permutation(np.geomspace(SHORTEST, LONGEST, size))
    if kind == "sorted":
        order = np.argsort(result["horizon"])
        result = {name: values[order] for name, values in result.items()}
    return result


def whole_case(drawn: Problem) -> Problem:
    """All parameters of the model in each lane: those drawn, and `FIXED`."""
    size = len(drawn["c1"])
    return {name: np.full(size, value) for name, value in FIXED.items()} | drawn


def field_shares(x: Any, y: Any, r: Any, f: Any, c1: Any) -> tuple[Any, Any]:
    """Derivatives of the shares."""
    a = -c1 - r * y * y + (1 - y) * (f * (1 - y) + A0)
    b = B0 + x * (r * y + f * (1 - y) + B1)
    return x * (1 - x) * a, y * (1 - y) * b


def field_logits(x: Any, y: Any, r: Any, f: Any, c1: Any) -> tuple[Any, Any]:
    """Derivatives of the logits, at the shares they stand for."""
    return -c1 - r * y * y + (1 - y) * (f * (1 - y) + A0), B0 + x * (r * y + f * (1 - y) + B1)


def ours(
    kind: str, size: int, method: dict[str, Any], swings: bool, lanes_done: int | None = None
) -> tuple[Any, Any]:
    """Case: `equisweep.engine.integrate.lanes`, with or without following the swings of every orbit.

    `lanes_done`: only the first so many lanes.
    """
    from dataclasses import replace

    import jax

    jax.config.update("jax_enable_x64", True)
    from equisweep.engine.ode.method import Method
    from equisweep.engine.ode.trajectory import lanes
    from equisweep.kernels.games.supervision.model import FLOW

    values = {name: v[:lanes_done] for name, v in whole_case(problem(kind, size)).items()}
    flow = FLOW if swings else replace(FLOW, swings=())
    run = lanes(flow, Method(**method), reward="dynamic", punishment="dynamic")

    def whole() -> Problem:
        return {name: np.asarray(value) for name, value in _kept(run(values)).items()}

    def check(result: Problem) -> dict[str, float]:
        return achieved(kind, _shares(result), size) | {"steps": float(result["steps"].sum())}

    return whole, check


def _shares(result: Problem) -> np.ndarray:
    return np.stack([result["x_final"], result["y_final"]], 1)


def _kept(out: dict[str, Any]) -> dict[str, Any]:
    return {name: out[name] for name in ("x_final", "y_final", "steps")}


def achieved(kind: str, shares: np.ndarray, lanes: int | None = None) -> dict[str, float]:
    """Largest error of (x, y), and the error that one lane in a thousand exceeds.

    `lanes`: how many lanes the problem has, where `shares`, (n, 2), holds only its first n.
    """
    exact = exact_shares(kind, lanes or len(shares))[: len(shares)]
    error = np.abs(shares - exact).max(axis=1)
    failed = ~np.isfinite(error)
    errors = {"error": float(error[~failed].max(initial=0.0)), "error_999": float("nan")}
    if not failed.any():
        return errors | {"error_999": float(np.quantile(error, 0.999))}
    return {"error": float("inf"), "error_999": float("inf"), "lanes failed": int(failed.sum())}


def exact_shares(kind: str, size: int) -> np.ndarray:
    """The reference, (size, 2), once `reference` has made it."""
    if kind == "sorted":
        return exact_shares("uneven", size)[np.argsort(problem("uneven", size)["horizon"])]
    return np.load(reference_file(kind, size), allow_pickle=False)


def reference_file(kind: str, size: int) -> Path:
    """Where the reference lies: a folder of temporary files that only this user can write."""
    folder = Path(tempfile.gettempdir()) / f"equisweep-benchmarks-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise OSError(f"{folder}: belongs to somebody else; remove it")
    return folder / f"replicator-{kind}-{size}-{_code()}.npy"


def _code() -> str:
    """A digest of all that the reference is computed by."""
    here, root = Path(__file__), Path(__file__).parents[1]
    files = [here, *sorted((root / "engine").glob("*.py")), *sorted((root / "kernels").glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def reference(kind: str, size: int) -> str:
    """Make sure that the reference is there; says how well it agrees with other integrators."""
    file = reference_file(kind, size)
    record = file.with_suffix(".json")
    if not record.exists():
        command = [sys.executable, __file__, "--kind", kind, "--size", str(size)]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)})
    differences = json.loads(record.read_text(encoding="utf-8"))
    return "Reference: dopri8 at tolerance 1e-13; it differs from " + " and ".join(
        f"{who} by at most {error:.1e}" for who, error in differences.items()
    )


def main() -> None:
    """Compute a reference and compare it with SciPy's DOP853 and, where there is one, heyoka."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kind", choices=("even", "uneven"), default="even")
    parser.add_argument("--size", type=int, default=1000)
    options = parser.parse_args()
    kind, size = options.kind, options.size
    method = {"solver": "dopri8", "rtol": 1e-13, "atol": 1e-13, "settle": 0.0, "max_steps": 1_000_000}
    exact = _shares(ours(kind, size, method, swings=False)[0]())
    if not np.isfinite(exact).all():
        raise ArithmeticError("the reference is not finite everywhere")
    np.save(reference_file(kind, size), exact)
    from peers.replicator import scipy_loop

    differences = {}
    if size >= LARGE:  # XLA compiles for seconds
        by_xla = ours(kind, size, method | {"native": False}, swings=False, lanes_done=500)[0]()
        differences["the same through XLA (500 lanes)"] = float(np.abs(_shares(by_xla) - exact[:500]).max())
    few = min(size, 32 if size >= LARGE else 8)
    # Long orbits come so near the boundary that steps in shares lose them.
    coordinates = "logits" if kind == "uneven" else "shares"
    shares = scipy_loop(kind, size, "DOP853", 3e-14, few, coordinates)[0]()
    differences[f"SciPy's DOP853 at 3e-14 ({few} lanes)"] = float(np.abs(shares - exact[:few]).max())
    try:
        from peers.replicator_compiled import heyoka_batch

        run, check = heyoka_batch(kind, size, 1e-16, 8, coordinates=coordinates)
        differences[f"heyoka at 1e-16 ({size:,} lanes)"] = check(run())["error"]
    except ImportError:
        pass
    if max(differences.values()) > _AGREES:
        raise ArithmeticError(f"the reference differs from others: {differences}")
    reference_file(kind, size).with_suffix(".json").write_text(json.dumps(differences), encoding="utf-8")


if __name__ == "__main__":
    main()
