"""A stepper that heeds where its field switches, as far as its limits ask for that."""

from collections.abc import Mapping
from typing import Any, Protocol

import jax.numpy as jnp

from ...errors import SweepError
from ..steps.stepper import Control, Stepper
from ..steps.taylor import Taylor
from .smoothness import Smoothed
from .switches import Switches
from .watch import SwitchWatch

Array = Any

# Where time changes the field in a way that a long step may miss, as many steps at least span the horizon.
LEAST_STEPS = 100
NOT_SMOOTH = (
    "integrator.solver = 'taylor' does not suit this flow (its field decides within loops or chains of"
    " comparisons, of which no series is known); use dopri8"
)


class SwitchLimits(Protocol):
    """How large steps are at most, and where they end besides; with `fixed_steps` they heed nothing."""

    @property
    def fixed_steps(self) -> int | None: ...
    @property
    def max_step(self) -> float | None: ...
    @property
    def breaks(self) -> tuple[float | str, ...]: ...


def watched(
    stepper: Stepper,
    control: Control,
    limits: SwitchLimits,
    switches: Switches,
    p: Mapping[str, Array],
    horizon: Array,
) -> Stepper:
    """The stepper, or a `SwitchWatch` over it where its steps are to heed switches or a largest size.

    Where the field decides unseen it is `Smoothed`. Equal steps, which `fixed_steps` asks for, heed nothing.
    """
    if limits.fixed_steps is not None:
        return stepper
    longest = limits.max_step
    if longest is None and switches.hides:
        longest = horizon / LEAST_STEPS
    if switches.unseen:
        if isinstance(stepper, Taylor):
            raise SweepError(NOT_SMOOTH)
        stepper = Smoothed(stepper, control, longest)
    breaks = [jnp.ravel(jnp.asarray(p[time] if isinstance(time, str) else time)) for time in limits.breaks]
    if longest is None and not breaks and not switches.any:
        return stepper
    return SwitchWatch(switches, stepper, control, p, longest, jnp.concatenate(breaks) if breaks else None)
