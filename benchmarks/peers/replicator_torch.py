"""The replicator problem by torchode and torchdiffeq, on all cores."""

from typing import Any

import numpy as np
from replicator import X0, Y0, achieved, field_shares, problem


def torchode(kind: str, size: int, solver: str, tol: float, lanes: int) -> tuple[Any, Any]:
    """Case: torchode, which gives every lane its own step; only the first `lanes` of them.

    Not compiled: torch.compile made it slower (8 s for 7) with torch 2.13, and torch.jit failed.
    """
    import torch
    import torchode as to

    p = {k: torch.from_numpy(v[:lanes].copy()) for k, v in problem(kind, size).items()}
    r, f, c1 = p["r"], p["f"], p["c1"]

    def field(t: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
        return torch.stack(field_shares(s[:, 0], s[:, 1], r, f, c1), 1)

    term = to.ODETerm(field)
    controller = to.IntegralController(atol=tol, rtol=tol, term=term)
    solver_of_all = to.AutoDiffAdjoint(getattr(to, solver)(term=term), controller)
    start = torch.tensor([[X0, Y0]], dtype=torch.float64).repeat(lanes, 1)
    begin = torch.zeros(lanes, dtype=torch.float64)
    ivp = to.InitialValueProblem(y0=start, t_start=begin, t_end=p["horizon"])

    def run() -> Any:
        with torch.no_grad():
            return solver_of_all.solve(ivp)

    def check(done: Any) -> dict[str, float]:
        steps = float(done.stats["n_steps"].sum())
        return achieved(kind, done.ys[:, -1].numpy(), size) | {"steps": steps}

    return run, check


def torchdiffeq(kind: str, size: int, solver: str, tol: float, lanes: int) -> tuple[Any, Any]:
    """Case: torchdiffeq, all lanes as one state with one step size; only the first `lanes` of them.

    Time is scaled by each lane's horizon.
    """
    import torch
    from torchdiffeq import odeint

    p = {k: torch.from_numpy(v[:lanes].copy()) for k, v in problem(kind, size).items()}
    r, f, c1, horizon = p["r"], p["f"], p["c1"], p["horizon"]
    times = torch.tensor([0.0, 1.0], dtype=torch.float64)
    start = torch.tensor([[X0], [Y0]], dtype=torch.float64).repeat(1, lanes)

    def field(_t: Any, s: Any) -> Any:
        return torch.stack(field_shares(s[0], s[1], r, f, c1)) * horizon

    def run() -> np.ndarray:
        with torch.no_grad():
            return odeint(field, start, times, rtol=tol, atol=tol, method=solver)[-1].numpy()

    return run, lambda end: achieved(kind, end.T, size)
