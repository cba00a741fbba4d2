"""How trajectories are integrated: the solvers by name, and a choice among them with its tolerances.

A new solver is a `Stepper` in a file of its own and one line in `SOLVERS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import diffrax

from .runge_kutta import ImplicitRungeKutta, RungeKutta
from .stepper import Control, Field, Stepper
from .taylor import Taylor

SOLVERS: dict[str, Callable[[Field, Control], Stepper]] = {
    "heun": partial(RungeKutta, diffrax.Heun),
    "bosh3": partial(RungeKutta, diffrax.Bosh3),
    "tsit5": partial(RungeKutta, diffrax.Tsit5),
    "dopri5": partial(RungeKutta, diffrax.Dopri5),
    "dopri8": partial(RungeKutta, diffrax.Dopri8),
    "kvaerno5": partial(ImplicitRungeKutta, diffrax.Kvaerno5),
    "taylor": Taylor,
}


@dataclass(frozen=True)
class Method:
    """How to integrate, the same for all trajectories of a sweep.

    The defaults keep the first integral of the supervision game to 1e-6 over 1,000 periods.

    Parameters
    ----------
    solver : one of `SOLVERS`. All but kvaerno5, which suits stiff flows, are explicit; taylor, for smooth
        flows, takes its order from the tolerances and is the fastest where they are tight (`taylor`).
    rtol, atol : a step is kept where every component's error is below ``atol + rtol * abs(state)``.
    max_steps : steps tried, kept or not, before a trajectory is given up (status ``max_steps``).
    fixed_steps : if given, this many equal steps span the horizon, whatever their error.
    settle : a trajectory stops once its distance to a rest point, in the coordinates integrated, is below
        this. Well above rtol and atol, or it is lost in the noise of the steps. 0: never stop.
    native : on a CPU, step in machine code made from the flow, several times as fast (`lane_loop`);
        False: through XLA, as on a GPU.

    Raises
    ------
    ValueError
        A value that cannot be: an unknown solver, a negative tolerance, no step allowed.
    """

    solver: str = "dopri8"
    rtol: float = 1e-10
    atol: float = 1e-10
    max_steps: int = 20_000
    fixed_steps: int | None = None
    settle: float = 1e-7
    native: bool = True

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise ValueError(f"solver = {self.solver!r}: must be one of {', '.join(SOLVERS)}")
        if not (self.rtol >= 0 and self.atol >= 0 and self.rtol + self.atol > 0):
            raise ValueError(f"rtol = {self.rtol}, atol = {self.atol}: neither may be negative, nor both 0")
        if self.max_steps < 1:
            raise ValueError(f"max_steps = {self.max_steps}: must be at least 1")
        if self.fixed_steps is not None and self.fixed_steps < 1:
            raise ValueError(f"fixed_steps = {self.fixed_steps}: must be at least 1")
        if self.settle < 0:
            raise ValueError(f"settle = {self.settle}: must not be negative")

    def stepper(self, field: Field) -> Stepper:
        """What takes steps of this method along ``field(t, state)``."""
        return SOLVERS[self.solver](field, self)
