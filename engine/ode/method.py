"""How trajectories are integrated: the solvers by name, and a choice among them with its tolerances.

A new solver is a `Stepper` in a file of its own and one line in `SOLVERS`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any

import numpy as np

from ...kernels.flow import Flow
from ..errors import SweepError
from .steps import tableaux
from .steps.rosenbrock import Rosenbrock
from .steps.runge_kutta import ImplicitRungeKutta, RungeKutta
from .steps.stepper import Control, Field, Stepper
from .steps.taylor import Taylor
from .steps.tolerance import Tolerance

SOLVERS: dict[str, Callable[[Field, Control], Stepper]] = {
    "heun": partial(RungeKutta, tableaux.HEUN),
    "bosh3": partial(RungeKutta, tableaux.BOSH3),
    "tsit5": partial(RungeKutta, tableaux.TSIT5),
    "dopri5": partial(RungeKutta, tableaux.DOPRI5),
    "dopri8": partial(RungeKutta, tableaux.DOPRI8),
    "kvaerno5": partial(ImplicitRungeKutta, tableaux.KVAERNO5),
    "rodas5p": Rosenbrock,
    "taylor": Taylor,
}

# Tolerances are not below so many roundings.
_ROUNDINGS = 50
# Of these the tolerances can be tightened without a solver of higher order: stiff flows need them.
_IMPLICIT = ("kvaerno5", "rodas5p")
# Whether an orbit returns is looked at with errors of this size, by solvers of order 8 and 5.
_SHARP, _SHARP_IMPLICIT = 1e-12, 1e-10

# Steps tried at most, where nothing is said: of low order it takes far more at the default rtol.
_MOST, _MOST_LOW = 20_000, {"heun": 10_000_000, "bosh3": 1_000_000}

# What an error of its steps takes from the radius of a spiral in a radian, or adds to it, as a part of that
# error: of a step along z' = iz the logarithm of |z| over the step and the estimate of its error.
_DAMPING = {"heun": 0.01, "bosh3": 2.0, "tsit5": 0.15, "dopri5": 0.5, "dopri8": 0.15, "kvaerno5": 1.8}
_OF_OTHERS = 0.01

# As far as this go orbits that are to go on until they are decided, unless another time is given.
LONGEST = 1e6


@dataclass(frozen=True)
class Method:
    """How to integrate, the same for all trajectories of a sweep.

    The defaults keep the first integral of the supervision game to 1e-6 over 1,000 periods. Times are in the
    flow's own unit, that of its horizon; `rtol` and `settle` are without a unit, `atol` in the unit of what
    is integrated.

    Parameters
    ----------
    solver : one of `SOLVERS`. rodas5p and kvaerno5 suit stiff flows, the others are explicit; taylor
        takes its order from the tolerances and is the fastest where they are tight (`taylor`). Where they
        are from: heun (Heun 1900, with Euler's step as its error), bosh3 (Bogacki and Shampine 1989), tsit5
        (Tsitouras 2011), dopri5 (Dormand and Prince 1980), dopri8 (Prince and Dormand 1981), kvaerno5
        (Kværnø 2004), rodas5p (Steinebach 2023), taylor (Jorba and Zou 2005).
    rtol : error a step may have, relative to each component of the state.
    atol : absolute error it may have besides, a number or one for each component. None: rtol times the
        component's scale, at most rtol (`Tolerance`).
    max_steps : steps tried, kept or not, before a trajectory is given up (status ``max_steps``). None:
        20,000, and a million with bosh3, ten with heun, which take short steps.
    fixed_steps : if given, this many equal steps span the horizon, whatever their error.
    settle : a trajectory stops once its distance to a rest point, in the coordinates integrated, is below
        this, in units of their scale, and the rest point attracts it. Steps beside a rest point are wrong by
        less than a thousandth of that. 0: never stop.
    max_step : the largest step. By default there is none, but for a field that depends on time other than by
        switches and polynomials: a hundredth of the horizon.
    breaks : further times at which steps end, numbers or names of parameters: where the field switches in a
        way that its trace does not show. Switches that it shows need none (`switches`).
    native : on CPUs and NVIDIA's GPUs, step in machine code made from the flow, on a CPU several times as
        fast (`lane_loop`); False: through XLA.
    decide : "mathematics": the attractor is what the flow's own `decide` says, where it has one; or
        "integration": what the orbit is seen to reach, always.
    horizon : "given": orbits end at their horizon; or "decided": one that is not decided there goes on, to
        twice that time and again, until it has settled, is seen to close or to be bound for a boundary cycle,
        or fails.
    longest : with "decided", the time at which it ends all the same; None: `LONGEST`.

    Raises
    ------
    ValueError
        A value that cannot be: an unknown solver, a negative tolerance, no step allowed.
    """

    solver: str = "dopri8"
    rtol: float = 1e-10
    atol: float | tuple[float, ...] | None = None
    max_steps: int | None = None
    fixed_steps: int | None = None
    settle: float = 1e-7
    max_step: float | None = None
    breaks: tuple[float | str, ...] = ()
    native: bool = True
    decide: str = "mathematics"
    horizon: str = "given"
    longest: float | None = None

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise ValueError(f"solver = {self.solver!r}: must be one of {', '.join(SOLVERS)}")
        self._check_tolerances()
        if self.max_steps is not None and self.max_steps < 1:
            raise ValueError(f"max_steps = {self.max_steps}: must be at least 1")
        if self.fixed_steps is not None and self.fixed_steps < 1:
            raise ValueError(f"fixed_steps = {self.fixed_steps}: must be at least 1")
        if self.fixed_steps is not None and self.fixed_steps % 1 != 0:
            raise ValueError(f"fixed_steps = {self.fixed_steps}: must be a whole number")
        object.__setattr__(self, "breaks", _breaks(self.breaks))
        if self.max_step is not None and not self.max_step > 0:
            raise ValueError(f"max_step = {self.max_step}: must be above 0")
        for name, given in (("max_step", self.max_step is not None), ("breaks", bool(self.breaks))):
            if given and self.fixed_steps is not None:
                raise ValueError(f"{name} does not go with fixed_steps = {self.fixed_steps}: leave one out")
        if not 0 <= self.settle < inf:
            raise ValueError(f"settle = {self.settle}: must be a distance, 0 or above")
        if self.decide not in ("mathematics", "integration"):
            raise ValueError(f"decide = {self.decide!r}: must be mathematics or integration")
        self._check_horizon()
        self.require_range(np.float64)

    def _check_horizon(self) -> None:
        if self.horizon not in ("given", "decided"):
            raise ValueError(
                f"horizon = {self.horizon!r}: must be given or decided; the time itself is a parameter"
            )
        if self.longest is None:
            return
        if isinstance(self.longest, bool | str) or not 0 < self.longest < inf:
            raise ValueError(f"longest = {self.longest}: must be a time above 0")
        if not self.extends:
            raise ValueError(f'longest = {self.longest} goes with horizon = "decided" alone')

    @property
    def most_steps(self) -> int:
        """How many steps are tried at most: no more than the number that counts them holds."""
        most = _MOST_LOW.get(self.solver, _MOST) if self.max_steps is None else self.max_steps
        return min(most, np.iinfo(np.int32).max)

    @property
    def damping(self) -> float:
        """What a spiral of size 1 loses, or gains, in a radian by errors of steps as large as are allowed."""
        if self.fixed_steps is not None:
            return 0.0
        atol = self.rtol if self.atol is None else min(self.tolerance().nominal - self.rtol, self.rtol)
        return (self.rtol + atol) * _DAMPING.get(self.solver, _OF_OTHERS)

    @property
    def extends(self) -> bool:
        """Whether orbits go on past their horizon until they are decided."""
        return self.horizon == "decided"

    @property
    def latest(self) -> float:
        """The time up to which they do."""
        return LONGEST if self.longest is None else self.longest

    def require_decidable(self, flow: Flow, driven: bool = False) -> None:
        """SweepError where orbits are to go on until decided, and nothing decides those of this flow.

        `driven`: the trace of the field shows that it depends on t.
        """
        driven |= flow.motion is None
        if self.extends and not flow.swings and (driven or self.settle == 0):
            why = "settle is 0" if self.settle == 0 else "the field depends on t, so that nothing rests"
            raise SweepError(
                f'horizon = "decided": nothing decides an orbit, as {why} and the flow follows no swings;'
                " name observables in swings=[...] of the model, or leave it out"
            )

    def _check_tolerances(self) -> None:
        atol = tuple(self.atol) if isinstance(self.atol, (list, tuple)) else self.atol
        object.__setattr__(self, "atol", atol)  # a list of a sweep file: methods are keys of what is compiled
        each = atol if isinstance(atol, tuple) else () if atol is None else (atol,)
        smallest = min(each, default=0.0 if atol is None else -1.0)
        if not (self.rtol >= 0 and smallest >= 0 and self.rtol + smallest > 0):
            raise ValueError(f"rtol = {self.rtol}, atol = {self.atol}: neither may be negative, nor both 0")
        if not all(one < inf for one in each):
            raise ValueError(f"atol = {self.atol}: must be finite")
        if not self.rtol < 1 and self.fixed_steps is None:
            raise ValueError(f"rtol = {self.rtol}: must be below 1, an error as large as the state itself")
        self.require_precision(np.float64)

    def require_precision(self, dtype: Any, *names: str) -> None:
        """ValueError where this dtype cannot hold what `rtol` or `settle`, or those `names`, ask for."""
        least = _ROUNDINGS * float(np.finfo(dtype).eps)
        for name in names or ("rtol", "settle"):
            if 0 < getattr(self, name) < least:
                raise ValueError(
                    f"{name} = {getattr(self, name)}: numbers are {np.dtype(dtype).name}, which round at"
                    f" {np.finfo(dtype).eps:.1e}; take {least:.1e} or more"
                )

    def require_range(self, dtype: Any) -> None:
        """ValueError where this dtype makes 0 or infinity of a tolerance or a time that is neither.

        A largest step that becomes infinite is none, as it nearly was.
        """
        held = np.finfo(dtype)
        least, most = float(held.tiny), float(held.max)
        for name, given in (("atol", self.atol), ("max_step", self.max_step), ("longest", self.longest)):
            for one in given if isinstance(given, tuple) else () if given is None else (given,):
                if not (one in (0, inf) or least <= one <= (inf if name == "max_step" else most)):
                    or_none = ", or 0" if name == "atol" and self.rtol > 0 else ""
                    what = f"{least:.2e} or more{or_none}" if one < least else f"{most:.2e} or less"
                    raise ValueError(
                        f"{name} = {one}: numbers are {np.dtype(dtype).name}, which are 0 or from"
                        f" {least:.2e} to {most:.2e}; take {what}"
                    )

    def require(self, state: Any) -> None:
        """ValueError where the method does not suit a state of this shape and dtype."""
        self.require_precision(state.dtype)
        self.require_range(state.dtype)
        if isinstance(self.atol, tuple) and len(self.atol) != len(state):
            raise ValueError(f"atol has {len(self.atol)} numbers, the state {len(state)} components")

    def sharp(self, dtype: Any) -> "Method":
        """The method by which it is looked at whether an orbit of this dtype returns: as exact as pays."""
        implicit = self.solver in _IMPLICIT
        most = max(_SHARP_IMPLICIT if implicit else _SHARP, _ROUNDINGS * float(np.finfo(dtype).eps))
        rtol = min(self.rtol, most) if self.rtol > 0 else most
        solver = self.solver if implicit else "dopri8"
        return replace(self, solver=solver, rtol=rtol, atol=None, fixed_steps=None)

    def tolerance(
        self, scale: Any = None, noise: Any = None, sticks: Any = None, part: Any = None, *,
        halves: tuple[float, ...] = (),
    ) -> Tolerance:  # fmt: skip
        """How accurate steps are, for a state of this `scale` and so on, as in `Tolerance`."""
        implicit = self.solver in _IMPLICIT
        return Tolerance(self.rtol, self.atol, self.fixed_steps, scale, noise, sticks, part, implicit, halves)

    def stepper(self, field: Field, control: Control | None = None) -> Stepper:
        """What takes steps of this method along ``field(t, state)``, as accurate as `control` asks for."""
        return SOLVERS[self.solver](field, control or self.tolerance())


def _breaks(given: object) -> tuple[float | str, ...]:
    """Times at which steps end, as a tuple that can be hashed."""
    if isinstance(given, str | int | float) or not isinstance(given, Iterable):
        raise ValueError(f"breaks = {given!r}: must be a list of times or names of parameters")
    for time in given:
        if isinstance(time, bool) or not isinstance(time, str | int | float):
            raise ValueError(f"breaks: {time!r} is neither a time nor the name of a parameter")
        if not isinstance(time, str) and not 0 <= time < inf:
            raise ValueError(f"breaks: {time!r} is no time from 0 on")
    return tuple(given)
